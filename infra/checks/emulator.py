"""The bootstraps between AWS's emulator of durable functions and other people's emulators of the rest.

Nothing of this project serves them: `dex-local-runner` keeps the executions, `cargo lambda` is the Lambda Runtime API and
invokes, `moto_server` is DynamoDB. Our own is a router, because two of them share what is one address on AWS:

    client ──► dex-local-runner ──invoke──► cargo lambda ──next──► validate_order ──tables──► moto_server
                        ▲                         ▲                       │ checkpoints, invocations of workers
                        └─────────────────────── router ◄─────────────────┘

The programs are those of `requirements/emulator.txt`, in `target/tools/emulator` or the virtual environment that
DURABLE_ORDERS_EMULATOR names.
"""

import contextlib
import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from router import Router

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = ROOT / "infra/artifacts/x86_64"
TOOLS = Path(os.environ.get("DURABLE_ORDERS_EMULATOR", ROOT / "target/tools/emulator"), "bin")
# `cargo lambda` knows functions by the names of binaries.
FUNCTIONS = ["validate_order", "authorize_payment", "allocate_inventory", "fulfill_order"]
TABLES = {"ProductCatalog": "productId", "InventoryReservations": "orderId"}
REGION = "us-east-1"
ACCOUNT = "123456789012"
# The account of no one; what they sign is not checked.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_REGION": REGION}
PATIENCE_SECONDS = 60
POLL_SECONDS = 0.1


class Emulator:
    def __init__(self, directory):
        self.directory = Path(directory)
        self.ending = contextlib.ExitStack()
        self.processes = {}
        # They are free now; who takes one in between makes the start fail.
        self.durable, self.lambda_, self.tables = free_ports(3)
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    def start(self):
        environment = {**os.environ, **CREDENTIALS, "AWS_DEFAULT_REGION": REGION}
        environment.pop("AWS_ENDPOINT_URL", None)
        host = ["--host", "127.0.0.1"]
        self.run("moto_server", [TOOLS / "moto_server", *host, "--port", str(self.tables)], environment)
        invoke = ["--invoke-address", "127.0.0.1", "--invoke-port", str(self.lambda_)]
        apis = [TOOLS / "cargo-lambda", "lambda", "watch", "--only-lambda-apis", *invoke]
        self.run("cargo-lambda", apis, environment)
        runner = [TOOLS / "dex-local-runner", "start-server", *host, "--port", str(self.durable)]
        endpoint = ["--lambda-endpoint", f"http://127.0.0.1:{self.lambda_}", "--local-runner-region", REGION]
        self.run("dex-local-runner", [*runner, *endpoint], environment)
        router = Router(self.durable, self.lambda_)
        self.ending.callback(router.close)
        for port in (self.tables, self.lambda_, self.durable):
            self.wait_for(lambda port=port: accepts(port))
        for name in FUNCTIONS:
            self.run(name, [ARTIFACTS / name / "bootstrap"], self.lambda_environment(name, router.server_port))

    def lambda_environment(self, name, router):
        """What Lambda gives to a function, and the names of this one's neighbours."""
        return {
            **CREDENTIALS,
            "AWS_LAMBDA_RUNTIME_API": f"http://127.0.0.1:{self.lambda_}/.rt/{name}",
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "local",
            "AWS_ENDPOINT_URL_LAMBDA": f"http://127.0.0.1:{router}",
            "AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{self.tables}",
            **{f"{worker.upper()}_FUNCTION": worker for worker in FUNCTIONS[1:]},
        }

    def run(self, name, command, environment):
        log = self.ending.enter_context((self.directory / f"{name}.log").open("wb"))
        # In the repository: `cargo lambda` asks Cargo which binaries there are.
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=ROOT)
        self.processes[name] = process
        self.ending.callback(process.wait)
        self.ending.callback(process.terminate)

    def close(self):
        self.ending.close()

    def wait_for(self, look):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (found := look()):
            dead = [name for name, process in self.processes.items() if process.poll() is not None]
            if dead or time.monotonic() > deadline:
                logs = [f"== {log.name}\n{log.read_text()}" for log in self.directory.glob("*.log")]
                raise AssertionError("\n".join([f"ended: {dead}", *logs]))
            time.sleep(POLL_SECONDS)
        return found

    def dynamodb(self, operation, body):
        # `moto_server` reads service and region from here, and no more.
        scope = f"AWS4-HMAC-SHA256 Credential=local/20260101/{REGION}/dynamodb/aws4_request"
        target = {"X-Amz-Target": f"DynamoDB_20120810.{operation}", "Content-Type": "application/x-amz-json-1.0"}
        return call(self.tables, "/", body, {**target, "Authorization": scope})

    def create_table(self, name):
        key = TABLES[name]
        self.dynamodb(
            "CreateTable",
            {
                "TableName": name,
                "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"}],
                "BillingMode": "PAY_PER_REQUEST",
            },
        )

    def start_execution(self, name, event):
        """The ARN of a new execution of the orchestrator. The emulator starts them by a call of its own."""
        start = {
            "AccountId": ACCOUNT,
            "FunctionName": FUNCTIONS[0],
            "FunctionQualifier": "$LATEST",
            "ExecutionName": name,
            "ExecutionTimeoutSeconds": 300,
            "ExecutionRetentionPeriodDays": 1,
            "Input": json.dumps(event),
        }
        return call(self.durable, "/start-durable-execution", start)["ExecutionArn"]

    def outcome(self, arn):
        ended = self.wait_for(lambda: (it := self.execution(arn))["Status"] != "RUNNING" and it)
        if ended["Status"] != "SUCCEEDED":
            raise AssertionError(ended)
        return json.loads(ended["Result"])

    def execution(self, arn):
        return call(self.durable, f"/2025-12-01/durable-executions/{quoted(arn)}")

    def history(self, arn):
        query = "IncludeExecutionData=true&MaxItems=1000"
        return call(self.durable, f"/2025-12-01/durable-executions/{quoted(arn)}/history?{query}")["Events"]


def free_ports(count):
    with contextlib.ExitStack() as open_sockets:
        sockets = [open_sockets.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in sockets]


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def call(port, path, body=None, headers=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, headers or {})
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:
        return json.loads(response.read() or b"null")


def quoted(arn):
    return urllib.parse.quote(arn, safe="")
