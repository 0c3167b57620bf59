"""Cases with people and programs that get in the way: many answers at once, stops, pauses, deadlines, noise.

Of the form of `cases.py`. The handlers are `python/adverse.py` and `typescript/src/adverse.ts`.
"""

import json
from concurrent.futures import ThreadPoolExecutor

from botocore.exceptions import ClientError

from runtime import Execution, history, same, until

# Callers at one time.
CALLERS = 20
# How long the zombie's step takes, and an operator waits before acting. Both are beyond any checkpoint.
ZOMBIE_SECONDS = 4


def one_answer_of_many(runtime):
    """Each of 5 callbacks is answered 20 times at one time while its invocation ends: one answer counts."""
    execution = runtime.start("Approval", {"count": 5})
    answers = [answered(runtime, execution, f"approval-{index}") for index in range(5)]
    execution = Execution(runtime.client, execution)
    same(execution.status, "SUCCEEDED")
    same(execution.result, [str(answer) for answer in answers])
    same(execution.names_of("CallbackSucceeded"), {f"approval-{index}": 1 for index in range(5)})


def answered(runtime, arn, name):
    """Answers a callback from many threads and returns which of them was heard."""
    started = until(lambda: find(runtime, arn, "CallbackStarted", name), f"no {name}: {arn}")
    callback_id = started["CallbackStartedDetails"]["CallbackId"]

    def answer(number):
        try:
            runtime.client.send_durable_execution_callback_success(CallbackId=callback_id, Result=str(number))
            return number
        except ClientError as error:
            same(error.response["Error"]["Code"], "CallbackTimeoutException")
            return None

    with ThreadPoolExecutor(CALLERS) as pool:
        heard = [number for number in pool.map(answer, range(CALLERS)) if number is not None]
    same(len(heard), 1)
    return heard[0]


def find(runtime, arn, event_type, name):
    """The first event of this type and name."""
    for event in history(runtime.client, arn):
        if event["EventType"] == event_type and event.get("Name") == name:
            return event
    return None


def stopped_with_a_zombie(runtime):
    """An execution is stopped while its function runs: what the function still says changes nothing."""
    arn = runtime.start("Zombie", {"seconds": ZOMBIE_SECONDS})
    until(lambda: find(runtime, arn, "StepStarted", "long"), f"no step: {arn}")
    error = {"ErrorType": "Operator", "ErrorMessage": "böse Überraschung"}
    runtime.client.stop_durable_execution(DurableExecutionArn=arn, Error=error)
    execution = Execution(runtime.client, arn)
    same(execution.status, "STOPPED")
    ended = execution.events
    same(ended[-1]["ExecutionStoppedDetails"]["Error"]["Payload"], error)
    until(lambda: len(history(runtime.client, arn)) > len(ended), f"the zombie is silent: {arn}")
    after = history(runtime.client, arn)
    same(after[: len(ended)], ended)
    same([event["EventType"] for event in after[len(ended) :]], ["InvocationCompleted"])
    same(runtime.client.get_durable_execution(DurableExecutionArn=arn)["Status"], "STOPPED")
    runtime.client.delete_durable_execution(DurableExecutionArn=arn)
    try:
        history(runtime.client, arn)
        raise AssertionError("a deleted execution has a history")
    except ClientError as error:
        same(error.response["Error"]["Code"], "ResourceNotFoundException")


def paused_and_resumed(runtime):
    """A wait ends while its execution is paused: the function is invoked once it is resumed."""
    arn = runtime.start("Zombie", {"seconds": 0, "wait": 1})
    until(lambda: find(runtime, arn, "WaitStarted", "wait"), f"no wait: {arn}")
    runtime.client.pause_durable_execution(DurableExecutionArn=arn, Reason="später")
    until(lambda: find(runtime, arn, "WaitSucceeded", "wait"), f"the wait does not end: {arn}")
    same(runtime.client.get_durable_execution(DurableExecutionArn=arn)["Status"], "PAUSED")
    before = history(runtime.client, arn)
    runtime.client.resume_durable_execution(DurableExecutionArn=arn)
    execution = Execution(runtime.client, arn)
    same(execution.status, "SUCCEEDED")
    same(execution.events[: len(before)], before)
    types = [event["EventType"] for event in execution.events]
    same([types.count(each) for each in ("ExecutionPaused", "ExecutionResumed", "WaitSucceeded")], [1, 1, 1])


def deadline_of_an_execution(runtime):
    """An execution waits for a callback beyond its deadline: it times out, and the callback is closed."""
    arn = runtime.start("Deadline", {"count": 1})
    started = until(lambda: find(runtime, arn, "CallbackStarted", "approval-0"), f"no callback: {arn}")
    execution = Execution(runtime.client, arn)
    same(execution.status, "TIMED_OUT")
    try:
        callback_id = started["CallbackStartedDetails"]["CallbackId"]
        runtime.client.send_durable_execution_callback_success(CallbackId=callback_id, Result="late")
        raise AssertionError("the callback is open still")
    except ClientError as error:
        same(error.response["Error"]["Code"], "CallbackTimeoutException")
    same(history(runtime.client, arn), execution.events)


def one_name_for_many_callers(runtime):
    """20 callers start an execution of one name and wait for it: there is one, and all get its result."""
    payload = {"seconds": 1, "text": "ein Auftrag"}

    def call(_):
        return runtime.invoke("Zombie", payload, "RequestResponse", DurableExecutionName="one-name")

    with ThreadPoolExecutor(CALLERS) as pool:
        answers = list(pool.map(call, range(CALLERS)))
    same(len({answer["DurableExecutionArn"] for answer in answers}), 1)
    same([json.loads(answer["Payload"].read()) for answer in answers], ["ein Auftrag"] * CALLERS)
    same(Execution(runtime.client, answers[0]["DurableExecutionArn"]).names_of("StepStarted"), {"long": 1})


def chained_thirty_times(runtime):
    """30 chained invocations at one time, which are more than the function has processes: each has its own answer."""
    target = f"{runtime.names['Zombie']}:$LATEST"
    execution = runtime.run("Chains", {"target": target, "count": 30})
    same(execution.status, "SUCCEEDED")
    same(execution.result, [f"€ {index}" for index in range(30)])
    same(len(execution.of_type("ChainedInvokeSucceeded")), 30)


def chained_ten_deep(runtime):
    """An execution invokes its own function, ten times inside each other."""
    execution = runtime.run("Deep", {"target": f"{runtime.names['Deep']}:$LATEST", "depth": 10})
    same(execution.status, "SUCCEEDED")
    same(execution.result, 10)


def large_children(runtime):
    """Contexts inside each other whose results are too large to be recorded: the replay runs into them again."""
    execution = runtime.run("Nested", {"depth": 2, "size": 100_000})
    same(execution.status, "SUCCEEDED")
    same(execution.result, 400_000)
    same(execution.names_of("StepStarted"), {"leaf": 4})
    same(execution.names_of("ContextSucceeded"), {"level-2": 1, "level-1": 2, "level-0": 4})


def hostile_text(runtime):
    """Text with a NUL, a line separator, half a surrogate pair and signs of four bytes comes back as it was."""
    text = "a\x00b\u2028c\ud800d€😀\r\n\"\\"
    execution = runtime.run("Zombie", {"seconds": 0, "text": text})
    same(execution.status, "SUCCEEDED")
    same(execution.result, text)


def noise_and_leftovers(runtime):
    """A function writes a megabyte that is no text, and leaves a child process behind: its result counts."""
    execution = runtime.run("Noise")
    same(execution.status, "SUCCEEDED")
    same(execution.result, "done")
    same(len(execution.of_type("InvocationCompleted")), 1)


CASES = (
    one_answer_of_many,
    stopped_with_a_zombie,
    paused_and_resumed,
    deadline_of_an_execution,
    one_name_for_many_callers,
    chained_thirty_times,
    chained_ten_deep,
    large_children,
    hostile_text,
    noise_and_leftovers,
)
