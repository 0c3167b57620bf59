#!/usr/bin/env python3
"""A function on the Lambda Runtime API. A plain invocation is answered at once; a durable one waits for a callback."""
import json
import os
import time
import urllib.parse
import urllib.request

CODE = "@CODE@"
RUNTIME = "http://%s/2018-06-01/runtime/invocation/" % os.environ["AWS_LAMBDA_RUNTIME_API"]
served = []


def fetch(url, body=None):
    return urllib.request.urlopen(urllib.request.Request(url, data=body, method=body and "POST"))


def about(headers):
    return {
        "code": CODE,
        "version": os.environ["AWS_LAMBDA_FUNCTION_VERSION"],
        "stage": os.environ.get("STAGE"),
        "directory": os.environ["LAMBDA_TASK_ROOT"],
        "process": os.getpid(),
        "tenant": headers.get("Lambda-Runtime-Aws-Tenant-Id"),
        "served": served,
    }


def plain(event, headers):
    if "entered" in event:
        open(event["entered"], "w").close()
    while "gate" in event and not os.path.exists(event["gate"]):
        time.sleep(0.005)
    return about(headers)


def call(envelope, update):
    arn = urllib.parse.quote(envelope["DurableExecutionArn"], safe="")
    url = "%s/2025-12-01/durable-executions/%s/checkpoint" % (os.environ["AWS_ENDPOINT_URL"], arn)
    body = {"CheckpointToken": envelope["CheckpointToken"], "Updates": [update]}
    fetch(url, json.dumps(body).encode()).read()


def durable(envelope, headers):
    operations = {it["Id"]: it for it in envelope["InitialExecutionState"]["Operations"]}
    details = envelope["InitialExecutionState"]["Operations"][0]["ExecutionDetails"]
    target = json.loads(details["InputPayload"]).get("call")
    if target:
        if "t" not in operations:
            options = {"FunctionName": target["function"]}
            if "tenant" in target:
                options["TenantId"] = target["tenant"]
            call(envelope, {"Id": "t", "Type": "CHAINED_INVOKE", "Action": "START", "Payload": "{}",
                            "ChainedInvokeOptions": options})
            return {"Status": "PENDING"}
        details = operations["t"].get("ChainedInvokeDetails", {})
        return {"Status": "SUCCEEDED", "Result": json.dumps(details)}
    if "c" not in operations:
        call(envelope, {"Id": "c", "Type": "CALLBACK", "Action": "START"})
        return {"Status": "PENDING"}
    if operations["c"]["Status"] == "STARTED":
        return {"Status": "PENDING"}
    return {"Status": "SUCCEEDED", "Result": json.dumps(about(headers))}


while True:
    with fetch(RUNTIME + "next") as reply:
        headers, event = reply.headers, json.load(reply)
    request = headers["Lambda-Runtime-Aws-Request-Id"]
    served.append(headers.get("Lambda-Runtime-Aws-Tenant-Id"))
    run = durable if "DurableExecutionArn" in event else plain
    fetch(RUNTIME + request + "/response", json.dumps(run(event, headers)).encode()).read()
