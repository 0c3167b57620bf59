"""Suite `invoke`: handlers for 5-1 to 5-16, and the functions that they invoke.

Each handler's variable TARGET names the function that it invokes.
"""

import os

from aws_durable_execution_sdk_python import InvokeError, durable_execution
from aws_durable_execution_sdk_python.config import InvokeConfig
from aws_durable_execution_sdk_python.serdes import JsonSerDes, SerDes

from support import seconds

TARGET = os.environ.get("TARGET", "")
# An asynchronous invocation takes 1 MiB; some of it is left for the rest of the checkpoint.
LARGE = 1_000_000


@durable_execution
def echo(event, _context):
    """A target: returns its input."""
    return event


@durable_execution
def broken(_event, _context):
    """A target: fails."""
    raise ValueError("the target failed")


@durable_execution
def size(event, _context):
    """A target: says how large its input is."""
    return {"size": len(event["data"])}


@durable_execution
def basic(event, context):
    """5-1, 5-3, 5-4: hands on the input and returns what comes back."""
    return context.invoke(TARGET, event)


@durable_execution
def named(event, context):
    """5-2: with a name."""
    return context.invoke(TARGET, event["payload"], name=event["name"])


@durable_execution
def target_fails(_event, context):
    """5-5: the target fails, and so does the execution."""
    return context.invoke(TARGET, {"fail": True})


@durable_execution
def failure_caught(_event, context):
    """5-6: the target fails, and the handler has another answer."""
    try:
        return context.invoke(TARGET, {"fail": True})
    except InvokeError:
        return "fallback"


@durable_execution
def large_payload(_event, context):
    """5-7: about as much as an asynchronous invocation takes."""
    return context.invoke(TARGET, {"data": "x" * LARGE})


@durable_execution
def tenant(event, context):
    """5-8: for a tenant of the target."""
    return context.invoke(TARGET, event["payload"], config=InvokeConfig(tenant_id=event["tenantId"]))


@durable_execution
def replay(_event, context):
    """5-9: the replay has the result."""
    result = context.invoke(TARGET, "once")
    context.wait(seconds(1))
    return result


@durable_execution
def replay_rethrows(_event, context):
    """5-10: the replay raises the error again."""
    try:
        result = context.invoke(TARGET, "once")
    except InvokeError as error:
        result = error.message
    context.wait(seconds(1))
    return result


@durable_execution
def after_step(_event, context):
    """5-11: a step, then the invocation."""
    return context.invoke(TARGET, context.step(lambda _: "from the step"))


@durable_execution
def before_step(_event, context):
    """5-12: the invocation, then a step."""
    result = context.invoke(TARGET, "from the target")
    return context.step(lambda _: f"{result}, seen by the step")


@durable_execution
def in_child(_event, context):
    """5-13: in a child context."""
    return context.run_in_child_context(lambda child: child.invoke(TARGET, "from the child"))


@durable_execution
def sequential(_event, context):
    """5-14: two invocations, one after the other."""
    first = context.invoke(TARGET, "first")
    return [first, context.invoke(TARGET, "second")]


class UpperData(JsonSerDes):
    """Sends `data` in upper case."""

    def serialize(self, value, context):
        return super().serialize({**value, "data": value["data"].upper()}, context)


@durable_execution
def payload_serdes(event, context):
    """5-15: a serdes for what is sent."""
    return context.invoke(TARGET, event, config=InvokeConfig(serdes_payload=UpperData()))


class UpperText(SerDes):
    """Reads the JSON text itself, in upper case."""

    def serialize(self, value, _context):
        return value

    def deserialize(self, data, _context):
        return data.upper()


@durable_execution
def result_serdes(event, context):
    """5-16: a serdes for what comes back."""
    return context.invoke(TARGET, event, config=InvokeConfig(serdes_result=UpperText()))
