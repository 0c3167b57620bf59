"""Handlers for the cases that get in the way: `conformance/beyond/adverse.py` says what each has to do."""

import os
import subprocess
import time

from aws_durable_execution_sdk_python import durable_execution
from aws_durable_execution_sdk_python.config import MapConfig

from support import seconds

# Of the child process that stays behind.
CHILD_SECONDS = 60


@durable_execution
def approval(event, context):
    """Callbacks, one after the other."""
    return [context.create_callback(name=f"approval-{index}").result() for index in range(event["count"])]


@durable_execution
def zombie(event, context):
    """A long step, perhaps a wait, and the text back."""
    context.step(lambda _: time.sleep(event["seconds"]), name="long")
    if "wait" in event:
        context.wait(seconds(event["wait"]), name="wait")
    return event.get("text")


@durable_execution
def chains(event, context):
    """Many chained invocations at one time."""

    def chained(iteration, item, index, _items):
        return iteration.invoke(event["target"], {"seconds": 0, "text": f"€ {item}"}, name=f"chained-{index}")

    config = MapConfig(max_concurrency=event["count"])
    return context.map(list(range(event["count"])), chained, name="chains", config=config).get_results()


@durable_execution
def deep(event, context):
    """Invokes itself."""
    if event["depth"] == 0:
        return 0
    return 1 + context.invoke(event["target"], {**event, "depth": event["depth"] - 1}, name="deeper")


@durable_execution
def nested(event, context):
    """Contexts inside each other, two in each, with a step in the innermost."""

    def level(depth):
        def run(child):
            if depth == 0:
                return child.step(lambda _: "x" * event["size"], name="leaf")
            inner = [child.run_in_child_context(level(depth - 1), name=f"level-{depth - 1}") for _ in range(2)]
            return "".join(inner)

        return run

    text = context.run_in_child_context(level(event["depth"]), name=f"level-{event['depth']}")
    context.wait(seconds(1))
    return len(text)


@durable_execution
def noise(_event, context):
    """Whatever a process can do to the one who reads its output."""

    def loud(_step):
        os.write(1, bytes(range(256)) * 4096)
        subprocess.Popen(["sleep", str(CHILD_SECONDS)])
        return "done"

    return context.step(loud, name="loud")
