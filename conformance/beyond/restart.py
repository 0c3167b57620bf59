"""The server ends with executions in work, and is started again on its data: `run.py` does that between two calls.

`begin` leaves executions in the middle of a step and in a wait and writes down their histories. `finish` expects that
nothing of these is lost and that all of them end.
"""

import argparse
import json
import sys
import traceback
from pathlib import Path

from runtime import Execution, Runtime, history, same, until

EXECUTIONS = 6
# Of the slow step and of the wait: both have to outlast the other executions' way there.
SECONDS = 5
WAYS = {"killed": "The server is killed.", "stopped": "The server is asked to end."}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("phase", choices=("begin", "finish"))
    parser.add_argument("--how", required=True, choices=WAYS, help="how the server ends")
    parser.add_argument("--stack", required=True)
    parser.add_argument("--state", required=True, type=Path)
    parser.add_argument("--report-file", type=Path)
    arguments = parser.parse_args()
    runtime = Runtime(arguments.stack)
    if arguments.phase == "begin":
        state = json.dumps(begin(runtime), default=str)
        arguments.state.write_text(state, encoding="utf-8")
    else:
        histories = json.loads(arguments.state.read_text(encoding="utf-8"))
        result = finished(runtime, histories, arguments.how)
        report = json.dumps({"results": [result]}, indent=2)
        arguments.report_file.with_suffix(".json").write_text(report, encoding="utf-8")
    return 0


def begin(runtime):
    """Returns the histories by ARN when half of the executions wait and the others have begun their slow step."""
    waiting = [start(runtime) for _ in range(EXECUTIONS // 2)]
    for arn in waiting:
        reached(runtime, arn, "WaitStarted")
    stepping = [start(runtime) for _ in range(EXECUTIONS // 2)]
    for arn in stepping:
        reached(runtime, arn, "StepSucceeded")
    return {arn: history(runtime.client, arn) for arn in (*waiting, *stepping)}


def start(runtime):
    return runtime.invoke("Journey", {"seconds": SECONDS})["DurableExecutionArn"]


def reached(runtime, arn, event_type):
    def look():
        return any(event["EventType"] == event_type for event in history(runtime.client, arn))

    until(look, f"no {event_type}: {arn}")


def finished(runtime, histories, how):
    result = {
        "id": f"server-{how}",
        "description": f"{WAYS[how]} Started again, it has lost nothing, and every execution ends.",
        "reason": None,
    }
    try:
        for arn, events in histories.items():
            check(Execution(runtime.client, arn), events)
        return {**result, "status": "PASSED", "errors": []}
    except Exception:
        return {**result, "status": "FAILED", "errors": traceback.format_exc().splitlines()}


def check(execution, before):
    """The history goes on where it was, and the steps have the results that were recorded."""
    same(execution.status, "SUCCEEDED")
    same(json.loads(json.dumps(execution.events[: len(before)], default=str)), before)
    same(execution.names_of("StepStarted"), {"quick": 1, "slow": 1})
    steps = [
        event["StepSucceededDetails"]["Result"]["Payload"] for event in execution.of_type("StepSucceeded")
    ]
    same([json.loads(step) for step in steps], execution.result)
    same(len(execution.of_type("WaitSucceeded")), 1)
    # That the server ends is no failure of the function.
    assert not any("Error" in event["InvocationCompletedDetails"] for event in execution.of_type("InvocationCompleted"))


if __name__ == "__main__":
    sys.exit(main())
