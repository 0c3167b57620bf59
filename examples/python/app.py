"""A durable function: it prepares a reminder, waits, and sends it."""

from aws_durable_execution_sdk_python import durable_execution
from aws_durable_execution_sdk_python.config import Duration


@durable_execution
def handler(event, context):
    text = context.step(lambda _: f"{event['name']}, your order is ready", name="prepare")
    # No process runs meanwhile, and a server that is killed here goes on here.
    context.wait(Duration.from_seconds(2), name="pause")
    return context.step(lambda _: {"sent": text}, name="send")
