"""Suite `wait`: one handler for each of 2-1 to 2-5."""

from aws_durable_execution_sdk_python import durable_execution
from aws_durable_execution_sdk_python.config import Duration


@durable_execution
def basic(_event, context):
    """2-1: one wait."""
    context.wait(Duration.from_seconds(2))


@durable_execution
def named(_event, context):
    """2-2: a wait with a name."""
    context.wait(Duration.from_seconds(2), name="custom_wait_name")


@durable_execution
def sequential(_event, context):
    """2-3: two waits, one after the other."""
    context.wait(Duration.from_seconds(2), name="wait-1")
    context.wait(Duration.from_seconds(2), name="wait-2")
    return {"completedWaits": 2}


@durable_execution
def minutes(_event, context):
    """2-4: a wait in minutes."""
    context.wait(Duration.from_minutes(1))


@durable_execution
def hours(_event, context):
    """2-5: a wait in hours."""
    context.wait(Duration.from_hours(1))
