"""Handlers for the cases beyond AWS's suite: `conformance/beyond/cases.py` says what each has to do."""

import time

import boto3
from aws_durable_execution_sdk_python import durable_execution
from aws_durable_execution_sdk_python.config import MapConfig

from support import crash_once, first_time, seconds

# Longer than the function's timeout.
HANG_SECONDS = 60


@durable_execution
def pages(event, context):
    """Many large results, then a wait: the replay reads a state of several pages."""
    texts = [text_of(event["size"], index) for index in range(event["steps"])]
    results = [context.step(text, name=f"step-{index}") for index, text in enumerate(texts)]
    context.wait(seconds(1))
    return {"first": [text[:8] for text in results], "lengths": sum(len(text) for text in results)}


def text_of(size, index):
    """A step with a result that tells its number."""
    return lambda _: f"{index:08}" + "x" * (size - 8)


@durable_execution
def waits(event, context):
    """Many waits at one time, of 1 to 3 seconds."""

    def wait(branch, item, index, _items):
        branch.wait(seconds(1 + index % 3), name=f"wait-{index}")
        return item

    config = MapConfig(max_concurrency=event["count"])
    return context.map(list(range(event["count"])), wait, name="waits", config=config).get_results()


@durable_execution
def crash(_event, context):
    """The process ends in the second of three steps, once."""
    first = context.step(lambda _: time.time_ns(), name="before")

    def unstable(_step):
        crash_once(context, "StepSucceeded")
        return "survived"

    second = context.step(unstable, name="unstable")
    third = context.step(lambda _: "after", name="after")
    return {"first": first, "rest": [second, third]}


@durable_execution
def hang(_event, context):
    """An invocation that the function's timeout ends, once."""
    first = context.step(lambda _: time.time_ns(), name="before")

    def unstable(_step):
        if first_time(context):
            time.sleep(HANG_SECONDS)
        return "survived"

    return {"first": first, "second": context.step(unstable, name="unstable")}


@durable_execution
def sizes(event, context):
    """A large input and a large result."""
    length = context.step(lambda _: len(event["data"]), name="measure")
    return {"length": length, "data": event["data"][: event["back"]]}


@durable_execution
def answered_at_once(event, context):
    """A callback that is completed before the invocation that made it has ended."""

    def submit(callback_id, _submitter):
        boto3.client("lambda").send_durable_execution_callback_success(CallbackId=callback_id, Result=event)

    return context.wait_for_callback(submit, name="at-once")


@durable_execution
def many(event, context):
    """Many small steps, several at a time."""

    def square(iteration, item, _index, _items):
        return iteration.step(lambda _: item * item)

    config = MapConfig(max_concurrency=10)
    return sum(context.map(list(range(event["count"])), square, name="squares", config=config).get_results())


@durable_execution
def journey(event, context):
    """A quick step, a slow one and a wait: time enough to end the server in each."""

    def slow(_step):
        time.sleep(event["seconds"])
        return time.time_ns()

    first = context.step(lambda _: time.time_ns(), name="quick")
    second = context.step(slow, name="slow")
    context.wait(seconds(event["seconds"]))
    return [first, second]
