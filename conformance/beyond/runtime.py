"""Executions on a server, as the cases see them."""

import json
import time
from collections import Counter

import boto3
from botocore.config import Config

# How long an execution may take until it counts as stuck.
CLOSED_SECONDS_MAX = 180


class Execution:
    """An execution that has closed."""

    def __init__(self, client, arn):
        execution = closed(client, arn)
        self.status = execution["Status"]
        self.result = json.loads(execution["Result"]) if "Result" in execution else None
        self.events = history(client, arn)

    def of_type(self, event_type):
        return [event for event in self.events if event["EventType"] == event_type]

    def names_of(self, event_type):
        """How often each name is in the events of this type."""
        return Counter(event["Name"] for event in self.of_type(event_type))


class Runtime:
    """Starts executions of a stack's functions."""

    def __init__(self, stack):
        pages = boto3.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
        resources = [resource for page in pages for resource in page["StackResourceSummaries"]]
        self.names = {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in resources}
        # A synchronous call must not be repeated: it would start another execution.
        config = Config(read_timeout=CLOSED_SECONDS_MAX, retries={"total_max_attempts": 1})
        self.client = boto3.client("lambda", config=config)

    def invoke(self, function, payload, kind="Event", **more):
        return self.client.invoke(
            FunctionName=self.names[function],
            Qualifier="$LATEST",
            InvocationType=kind,
            Payload=json.dumps(payload).encode(),
            **more,
        )

    def start(self, function, payload):
        """Starts an execution and returns its ARN."""
        return self.invoke(function, payload)["DurableExecutionArn"]

    def run(self, function, payload=None):
        """Starts an execution and returns it when it has closed."""
        return Execution(self.client, self.invoke(function, payload)["DurableExecutionArn"])


def closed(client, arn):
    """The execution when it has closed."""

    def look():
        execution = client.get_durable_execution(DurableExecutionArn=arn)
        return execution if execution["Status"] != "RUNNING" else None

    return until(look, f"still running: {arn}")


def until(look, complaint):
    """What `look` finds as soon as it finds something."""
    deadline = time.monotonic() + CLOSED_SECONDS_MAX
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.2)
    raise TimeoutError(f"{complaint}, after {CLOSED_SECONDS_MAX} s")


def history(client, arn):
    """Every event of an execution."""
    pages = client.get_paginator("get_durable_execution_history").paginate(
        DurableExecutionArn=arn, IncludeExecutionData=True
    )
    return [event for page in pages for event in page["Events"]]


def same(found, expected):
    assert found == expected, f"expected {expected!r}, found {found!r}"
