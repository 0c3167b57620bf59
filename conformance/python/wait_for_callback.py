"""Suite `wait_for_callback`: handlers for 7-1 to 7-15.

Nobody needs to be told the callback's id here: the suite reads it in the history.
"""

from aws_durable_execution_sdk_python import CallbackError, durable_execution
from aws_durable_execution_sdk_python.config import WaitForCallbackConfig
from aws_durable_execution_sdk_python.serdes import JsonSerDes

from support import fail, retry_strategy, seconds


def submit(_callback_id, _submitter):
    """Would tell an external system the id."""


@durable_execution
def basic(event, context):
    """7-1, 7-4, 7-15: waits for a callback that the input names."""
    return context.wait_for_callback(submit, name=event)


@durable_execution
def named(_event, context):
    """7-2: with a name."""
    return context.wait_for_callback(submit, name="approval")


@durable_execution
def unnamed(_event, context):
    """7-3: without a name."""
    return context.wait_for_callback(lambda _callback_id, _submitter: None)


@durable_execution
def times_out(event, context):
    """7-5: nobody answers within 3 seconds."""
    return context.wait_for_callback(submit, name=event, config=WaitForCallbackConfig(timeout=seconds(3)))


@durable_execution
def failure_caught(event, context):
    """7-6: the handler catches the failure."""
    try:
        return context.wait_for_callback(submit, name=event)
    except CallbackError:
        return "recovered"


@durable_execution
def submitter_fails(event, context):
    """7-7: the submitter fails twice, which is all it may."""
    config = WaitForCallbackConfig(retry_strategy=retry_strategy(2))
    return context.wait_for_callback(fail, name=event, config=config)


@durable_execution
def in_child(event, context):
    """7-8: in a child context."""
    return context.run_in_child_context(
        lambda child: child.wait_for_callback(submit, name=event), name="wrapper"
    )


@durable_execution
def sequential(_event, context):
    """7-9: two, one after the other."""
    context.wait_for_callback(submit, name="first")
    return context.wait_for_callback(submit, name="second")


@durable_execution
def after_wait_and_step(event, context):
    """7-10: behind a wait and a step."""
    context.wait(seconds(1))
    context.step(lambda _: {"userId": 7})
    return context.wait_for_callback(submit, name=event)


@durable_execution
def object_result(event, context):
    """7-11: the answer is a JSON object."""
    config = WaitForCallbackConfig(serdes=JsonSerDes())
    return context.wait_for_callback(submit, name=event, config=config)["status"]


@durable_execution
def heartbeat_times_out(event, context):
    """7-12: no sign of life within 5 seconds."""
    config = WaitForCallbackConfig(heartbeat_timeout=seconds(5))
    return context.wait_for_callback(submit, name=event, config=config)


@durable_execution
def heartbeat(event, context):
    """7-13: a sign of life, then the result."""
    config = WaitForCallbackConfig(heartbeat_timeout=seconds(10))
    return context.wait_for_callback(submit, name=event, config=config)


@durable_execution
def timeout_caught(event, context):
    """7-14: the handler catches the timeout."""
    try:
        return context.wait_for_callback(submit, name=event, config=WaitForCallbackConfig(timeout=seconds(3)))
    except CallbackError:
        return "timed-out-handled"
