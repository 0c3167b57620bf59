"""Suite `plugin`: handlers for 10-1 to 10-7, and the plugins that watch them.

A plugin writes JSON lines to the standard output. Each has the execution's ARN, by which the suite finds it.
"""

import json

from aws_durable_execution_sdk_python import durable_execution
from aws_durable_execution_sdk_python.plugin import DurableInstrumentationPlugin, OperationType

from support import NO_RETRY, TransientError, fail, retrying, seconds


class Watcher(DurableInstrumentationPlugin):
    """Serves one invocation."""

    def __init__(self, name, info):
        self.name = name
        self.arn = info.execution_arn

    def write(self, hook, **facts):
        record = {"plugin": self.name, "hook": hook, **facts, "durableExecutionArn": self.arn}
        print(json.dumps(record), flush=True)


def is_step(info):
    return info.operation_type is OperationType.STEP


class Invocations(Watcher):
    """Writes down when invocations begin and end."""

    def on_invocation_start(self, info):
        self.write("invocation-start", first=info.is_first_invocation)

    def on_invocation_end(self, info):
        self.write("invocation-end", status=info.status.value)


class Steps(Watcher):
    """Writes down when steps begin and end."""

    def on_operation_start(self, info):
        if is_step(info):
            self.write("operation-start", op=info.operation_id)

    def on_operation_end(self, info):
        if is_step(info):
            self.write("operation-end", op=info.operation_id, status=info.status.value)


class Attempts(Watcher):
    """Writes down when attempts of steps begin and end."""

    def on_user_function_start(self, info):
        if is_step(info):
            self.write("attempt-start", n=info.attempt, op=info.operation_id)

    def on_user_function_end(self, info):
        if is_step(info):
            outcome = info.outcome.value
            self.write("attempt-end", n=info.attempt, outcome=outcome, op=info.operation_id)


class Faulty(Watcher):
    """Writes down each hook, then fails."""

    def write_and_fail(self, hook):
        self.write(hook)
        raise RuntimeError(f"the plugin fails in {hook}")

    def on_invocation_start(self, _info):
        self.write_and_fail("invocation-start")

    def on_invocation_end(self, _info):
        self.write_and_fail("invocation-end")

    def on_operation_start(self, info):
        if is_step(info):
            self.write_and_fail("operation-start")

    def on_operation_end(self, info):
        if is_step(info):
            self.write_and_fail("operation-end")

    def on_user_function_start(self, info):
        if is_step(info):
            self.write_and_fail("attempt-start")

    def on_user_function_end(self, info):
        if is_step(info):
            self.write_and_fail("attempt-end")


class Factory:
    """Makes a plugin for each invocation."""

    def __init__(self, plugin, name="CONFPLUGIN"):
        self.plugin = plugin
        self.name = name

    def create_plugin(self, info):
        return self.plugin(self.name, info)


def greet(event, context):
    """One step, which logs."""

    def greeting(step):
        step.logger.info("Greeting step running for: %s", event)
        return f"Hello, {event}!"

    return context.step(greeting)


@durable_execution(plugins=[Factory(Invocations)])
def invocation(event, context):
    """10-1: the invocation's beginning and end."""
    return greet(event, context)


@durable_execution(plugins=[Factory(Steps)])
def operation(event, context):
    """10-2: the step's beginning and end."""
    return greet(event, context)


@durable_execution(plugins=[Factory(Attempts)])
def attempts(_event, context):
    """10-3: the beginning and end of each attempt."""

    def unreliable(step):
        if step.attempt < 2:
            raise TransientError("not yet")
        return "Operation succeeded"

    return context.step(unreliable, config=retrying(2))


@durable_execution(plugins=[Factory(Faulty, "CONFPLUGIN-FAULTY")])
def faulty(event, context):
    """10-4: a plugin that fails does not disturb the execution."""
    return greet(event, context)


@durable_execution(plugins=[Factory(Invocations, "CONFPLUGIN-A"), Factory(Invocations, "CONFPLUGIN-B")])
def two_plugins(event, context):
    """10-5: two plugins at once."""
    return greet(event, context)


@durable_execution(plugins=[Factory(Invocations)])
def replay(_event, context):
    """10-6: the first invocation and the replay."""
    context.wait(seconds(2))


@durable_execution(plugins=[Factory(Invocations)])
def failing(_event, context):
    """10-7: the invocation fails."""
    return context.step(fail, config=NO_RETRY)
