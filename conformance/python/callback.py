"""Suite `callback`: handlers for 4-1 to 4-19.

Without a serdes the SDK hands on what the callback was completed with as it is: JSON text.
"""

import json
from datetime import datetime

from aws_durable_execution_sdk_python import CallbackError, durable_execution
from aws_durable_execution_sdk_python.config import CallbackConfig
from aws_durable_execution_sdk_python.serdes import JsonSerDes

from support import seconds


@durable_execution
def basic(event, context):
    """4-1, 4-6: waits for a callback that the input names."""
    return context.create_callback(name=event).result()


@durable_execution
def named(_event, context):
    """4-2: a callback with a name."""
    return context.create_callback(name="approval").result()


@durable_execution
def times_out(event, context):
    """4-3: nobody answers within 5 seconds."""
    return context.create_callback(name=event, config=CallbackConfig(timeout=seconds(5))).result()


@durable_execution
def heartbeat_times_out(event, context):
    """4-4: no sign of life within 5 seconds."""
    config = CallbackConfig(heartbeat_timeout=seconds(5))
    return context.create_callback(name=event, config=config).result()


@durable_execution
def heartbeat(event, context):
    """4-5: a sign of life, then the result."""
    config = CallbackConfig(heartbeat_timeout=seconds(10))
    return context.create_callback(name=event, config=config).result()


@durable_execution
def step_before_result(event, context):
    """4-7: a step runs while the callback is open."""
    callback = context.create_callback(name=event)
    context.step(lambda _: "done")
    return callback.result()


@durable_execution
def step_before_timeout(event, context):
    """4-8: a step runs, then nobody answers within 5 seconds."""
    callback = context.create_callback(name=event, config=CallbackConfig(timeout=seconds(5)))
    context.step(lambda _: "done")
    return callback.result()


@durable_execution
def wait_before_result(event, context):
    """4-9, 4-10: the callback is completed during a wait."""
    callback = context.create_callback(name=event)
    context.wait(seconds(5))
    return callback.result()


@durable_execution
def wait_before_timeout(event, context):
    """4-11: the callback times out during a wait."""
    callback = context.create_callback(name=event, config=CallbackConfig(timeout=seconds(3)))
    context.wait(seconds(6))
    return callback.result()


@durable_execution
def wait_after_result(event, context):
    """4-12: a wait behind the callback."""
    result = context.create_callback(name=event).result()
    context.wait(seconds(2))
    return result


@durable_execution
def failure_caught(event, context):
    """4-13: the handler catches the failure and waits."""
    try:
        message = context.create_callback(name=event).result()
    except CallbackError as error:
        message = error.message
    context.wait(seconds(2))
    return message


@durable_execution
def timeout_caught(event, context):
    """4-14: the handler catches the timeout and waits."""
    callback = context.create_callback(name=event, config=CallbackConfig(timeout=seconds(3)))
    try:
        message = callback.result()
    except CallbackError as error:
        message = error.message
    context.wait(seconds(2))
    return message


class Received(JsonSerDes):
    """The object that 4-15 receives, with its time in seconds."""

    def deserialize(self, data, context):
        received = super().deserialize(data, context)
        time = datetime.fromisoformat(received["timestamp"])
        return {**received, "timestamp": int(time.timestamp())}


@durable_execution
def typed_result(event, context):
    """4-15: a serdes that makes an object with a time of the answer."""
    callback = context.create_callback(name=event, config=CallbackConfig(serdes=Received()))
    return {"received": callback.result()}


class Number(JsonSerDes):
    """A whole number."""

    def deserialize(self, data, _context):
        return int(json.loads(data))


@durable_execution
def number_result(event, context):
    """4-16: a serdes that makes a number of the answer."""
    count = context.create_callback(name=event, config=CallbackConfig(serdes=Number())).result()
    return {"count": count, "doubled": count * 2}


@durable_execution
def sequential(event, context):
    """4-17: two callbacks, one after the other."""
    first = context.create_callback(name=event[0]).result()
    second = context.create_callback(name=event[1]).result()
    return [first, second]


@durable_execution
def both_in_order(event, context):
    """4-18: two callbacks at once, awaited in their order."""
    first, second = (context.create_callback(name=name) for name in event)
    return [first.result(), second.result()]


@durable_execution
def both_in_reverse(event, context):
    """4-19: two callbacks at once, awaited the other way round."""
    first, second = (context.create_callback(name=name) for name in event)
    result = second.result()
    return [first.result(), result]
