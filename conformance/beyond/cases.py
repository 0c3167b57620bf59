"""What both SDKs have to be able to do, besides AWS's suite. Each case looks at the result and at the history.

A case is a function with one line of documentation. The handlers are `python/beyond.py` and `typescript/src/beyond.ts`.
"""

import json

from runtime import Execution, same

# What fits into the envelope of an invocation: the state beyond it is read page by page.
ENVELOPE_BYTES = 5 * 1024 * 1024


def pages_of_state(runtime):
    """60 steps with 100,000 bytes each: the replay has every result, from several pages."""
    steps, size = 60, 100_000
    assert steps * size > ENVELOPE_BYTES
    execution = runtime.run("Pages", {"steps": steps, "size": size})
    same(execution.status, "SUCCEEDED")
    same(execution.result, {"first": [f"{i:08}" for i in range(steps)], "lengths": steps * size})
    same(len(execution.of_type("StepStarted")), steps)
    details = [event["StepSucceededDetails"] for event in execution.of_type("StepSucceeded")]
    results = [json.loads(detail["Result"]["Payload"]) for detail in details]
    same([result[:8] for result in results], [f"{i:08}" for i in range(steps)])
    same(len(execution.of_type("InvocationCompleted")), 2)
    same([event["EventId"] for event in execution.events], list(range(1, len(execution.events) + 1)))


def concurrent_waits(runtime):
    """20 waits at one time: each ends once and not too early, and the results are in order."""
    count = 20
    execution = runtime.run("Waits", {"count": count})
    same(execution.status, "SUCCEEDED")
    same(execution.result, list(range(count)))
    started = {event["Name"]: event for event in execution.of_type("WaitStarted")}
    ended = {event["Name"]: event for event in execution.of_type("WaitSucceeded")}
    same(sorted(started), sorted(f"wait-{i}" for i in range(count)))
    same(len(execution.of_type("WaitSucceeded")), count)
    for name, start in started.items():
        waited = (ended[name]["EventTimestamp"] - start["EventTimestamp"]).total_seconds()
        assert waited >= start["WaitStartedDetails"]["Duration"] - 0.001, f"{name} took {waited} s only"


def crash_in_a_step(runtime):
    """The process ends in a step: the step runs again, and what was recorded before does not."""
    execution = runtime.run("Crash")
    same(execution.status, "SUCCEEDED")
    same(execution.result["rest"], ["survived", "after"])
    # A step that is interrupted is still the same attempt.
    same(execution.names_of("StepStarted"), {"before": 1, "unstable": 1, "after": 1})
    same(invocation_errors(execution), ["Runtime.ExitError", None])


def timeout_of_an_invocation(runtime):
    """An invocation takes longer than the function may: the next one goes on from the last checkpoint."""
    execution = runtime.run("Hang")
    same(execution.status, "SUCCEEDED")
    same(execution.result["second"], "survived")
    same(execution.names_of("StepStarted"), {"before": 1, "unstable": 1})
    same(invocation_errors(execution), ["Sandbox.Timedout", None])


def invocation_errors(execution):
    """The type of each invocation's error, None for one that has ended well."""
    details = [event["InvocationCompletedDetails"] for event in execution.of_type("InvocationCompleted")]
    return [detail.get("Error", {}).get("Payload", {}).get("ErrorType") for detail in details]


def large_asynchronous_input(runtime):
    """An input of about 1 MiB, the most that an asynchronous call takes."""
    length = 1_000_000
    execution = runtime.run("Sizes", {"data": "x" * length, "back": 8})
    same(execution.status, "SUCCEEDED")
    same(execution.result, {"length": length, "data": "x" * 8})


def large_synchronous_input(runtime):
    """An input of more than an envelope holds, and a result of 5 MB."""
    length, back = 5_900_000, 5_000_000
    assert length > ENVELOPE_BYTES
    answer = runtime.invoke("Sizes", {"data": "y" * length, "back": back}, "RequestResponse")
    result = {"length": length, "data": "y" * back}
    assert json.loads(answer["Payload"].read()) == result, "the answer is another"
    execution = Execution(runtime.client, answer["DurableExecutionArn"])
    same(execution.status, "SUCCEEDED")
    assert execution.result == result, "the recorded result is another"
    started = json.loads(execution.events[0]["ExecutionStartedDetails"]["Input"]["Payload"])
    same(len(started["data"]), length)


def callback_answered_at_once(runtime):
    """A callback that is completed before its invocation has ended is not missed."""
    execution = runtime.run("AnsweredAtOnce", "yes")
    same(execution.status, "SUCCEEDED")
    same(execution.result, "yes")
    same(len(execution.of_type("CallbackSucceeded")), 1)


def many_small_steps(runtime):
    """200 steps, ten at a time: each is recorded once."""
    count = 200
    execution = runtime.run("Many", {"count": count})
    same(execution.status, "SUCCEEDED")
    same(execution.result, sum(i * i for i in range(count)))
    same(len(execution.of_type("StepStarted")), count)
    same(len({event["Id"] for event in execution.of_type("StepSucceeded")}), count)


def more_executions_than_processes(runtime):
    """30 executions of one function at one time: those that have no process yet wait for one."""
    executions = range(30)
    arns = [runtime.invoke("Sizes", {"data": "z" * n, "back": 0})["DurableExecutionArn"] for n in executions]
    for length, arn in zip(executions, arns, strict=True):
        execution = Execution(runtime.client, arn)
        same(execution.status, "SUCCEEDED")
        same(execution.result, {"length": length, "data": ""})
        same(invocation_errors(execution), [None])


CASES = (
    pages_of_state,
    concurrent_waits,
    crash_in_a_step,
    timeout_of_an_invocation,
    large_asynchronous_input,
    large_synchronous_input,
    callback_answered_at_once,
    many_small_steps,
    more_executions_than_processes,
)
