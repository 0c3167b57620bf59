"""What the handlers of several suites need."""

import hashlib
import os
import sys
import tempfile
import time
from pathlib import Path

import boto3
from aws_durable_execution_sdk_python.config import Duration, JitterStrategy, StepConfig
from aws_durable_execution_sdk_python.retries import (
    RetryPresets,
    RetryStrategyConfig,
    create_retry_strategy,
)
from aws_durable_execution_sdk_python.serdes import SerDes

# A crash waits for a checkpoint that the SDK sends in the background; it comes within moments.
CHECKPOINT_WAIT_MAX = 30

NO_RETRY = StepConfig(retry_strategy=RetryPresets.none())


def seconds(number):
    return Duration.from_seconds(number)


def retry_strategy(max_attempts, delay=1, backoff_rate=1, **more):
    """Retries without jitter, so that the delays in the history are known."""
    return create_retry_strategy(
        RetryStrategyConfig(
            max_attempts=max_attempts,
            initial_delay=seconds(delay),
            backoff_rate=backoff_rate,
            jitter_strategy=JitterStrategy.NONE,
            **more,
        )
    )


def retrying(max_attempts, **more):
    """A step that is tried so often."""
    return StepConfig(retry_strategy=retry_strategy(max_attempts, **more))


class TransientError(Exception):
    """An error that a retry may cure."""


class Upper(SerDes):
    """Keeps a string in upper case and without JSON's quotes."""

    def serialize(self, value, _context):
        return value.upper()

    def deserialize(self, data, _context):
        return data


def fail(*_arguments):
    """A step, branch or item that never succeeds."""
    raise ValueError("this always fails")


def crash():
    """Ends the process in the middle of an invocation; what it has logged gets out."""
    sys.stdout.flush()
    os._exit(1)


def first_time(context):
    """Whether this is the first call in an execution. The second, in another process perhaps, forgets it again."""
    arn = context.execution_context.durable_execution_arn
    marker = Path(tempfile.gettempdir(), f"first-time-{hashlib.sha256(arn.encode()).hexdigest()}")
    try:
        marker.touch(exist_ok=False)
        return True
    except FileExistsError:
        marker.unlink()
        return False


def crash_once(context, event_type):
    """Ends the process when the history has an event of this type, but only the first time in an execution."""
    if first_time(context):
        wait_for_event(context.execution_context.durable_execution_arn, event_type)
        crash()


def wait_for_event(arn, event_type):
    """Returns when the execution's history has an event of this type."""
    client = boto3.client("lambda")
    deadline = time.monotonic() + CHECKPOINT_WAIT_MAX
    while time.monotonic() < deadline:
        history = client.get_durable_execution_history(DurableExecutionArn=arn)
        if any(event["EventType"] == event_type for event in history["Events"]):
            return
        time.sleep(0.05)
    raise TimeoutError(f"the history has no {event_type}")
