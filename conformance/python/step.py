"""Suite `step`: one handler for each of 1-1 to 1-20."""

from aws_durable_execution_sdk_python import StepError, durable_execution
from aws_durable_execution_sdk_python.config import StepConfig, StepSemantics
from aws_durable_execution_sdk_python.retries import RetryDecision

from support import NO_RETRY, TransientError, Upper, crash, fail, retry_strategy, retrying, seconds


@durable_execution
def basic(event, context):
    """1-1: one step."""
    return context.step(lambda _: f"Hello, {event}!")


@durable_execution
def named(event, context):
    """1-2: a step with a name."""
    return context.step(lambda _: f"Hello, {event}!", name="custom_step_name")


@durable_execution
def sequential(_event, context):
    """1-3: the second step uses the result of the first."""
    first = context.step(lambda _: "first")
    return context.step(lambda _: f"{first}_second")


@durable_execution
def complex_result(event, context):
    """1-4: a result with objects and lists."""
    tags = event["tags"]
    return context.step(lambda _: {"user": {"name": event["name"], "tags": tags}, "count": len(tags)})


@durable_execution
def null_result(_event, context):
    """1-5: a step without a result."""
    return context.step(lambda _: None)


@durable_execution
def custom_serdes(event, context):
    """1-6: a serdes of the step's own."""
    return context.step(lambda _: event, config=StepConfig(serdes=Upper()))


@durable_execution
def logger(event, context):
    """1-7: the logger of a step."""

    def greet(step):
        step.logger.info("Greeting step started for: %s", event)
        greeting = f"Hello, {event}!"
        step.logger.info("Greeting step completed with: %s", greeting)
        return greeting

    return context.step(greet)


@durable_execution
def then_wait(_event, context):
    """1-8: a step, then a wait; the replay has the step's result."""
    result = context.step(lambda _: "computed")
    context.wait(seconds(2))
    return result


@durable_execution
def replay_skips(_event, context):
    """1-9: the replay does not run the step again."""

    def compute(step):
        step.logger.info("step executed")
        return "cached_value"

    result = context.step(compute)
    context.wait(seconds(1))
    return result


@durable_execution
def replay_rethrows(_event, context):
    """1-10: the replay raises the step's error again without running it."""
    try:
        context.step(fail, config=NO_RETRY)
        outcome = "not failed"
    except StepError as error:
        outcome = error.message
    context.wait(seconds(1))
    return outcome


@durable_execution
def retry(_event, context):
    """1-11: the second attempt succeeds."""

    def unreliable(step):
        if step.attempt < 2:
            raise TransientError("not yet")
        return "Operation succeeded"

    return context.step(unreliable, config=retrying(3))


@durable_execution
def retry_exhaustion(_event, context):
    """1-12: four attempts, none of which succeeds."""
    return context.step(fail, config=retrying(4))


@durable_execution
def default_retry(_event, context):
    """1-13: the third attempt succeeds; the delays are the SDK's own."""
    return context.step(third_time_lucky)


@durable_execution
def custom_retry(_event, context):
    """1-14: the third attempt succeeds, after 2 and 6 seconds."""
    return context.step(third_time_lucky, config=retrying(5, delay=2, backoff_rate=3))


def third_time_lucky(step):
    if step.attempt < 3:
        raise TransientError(f"attempt {step.attempt}")
    return "Operation succeeded"


@durable_execution
def retry_transient(_event, context):
    """1-15: the strategy retries this type of error."""

    def unreliable(step):
        if step.attempt < 2:
            raise TransientError("not yet")
        return "Operation succeeded"

    return context.step(unreliable, config=retrying(3, retryable_error_types=[TransientError]))


@durable_execution
def no_retry_transient(_event, context):
    """1-16: the strategy does not retry this type of error."""

    def unreliable(_step):
        raise TransientError("never")

    def strategy(error, attempt):
        if isinstance(error, TransientError):
            return RetryDecision.no_retry()
        return retry_strategy(3)(error, attempt)

    return context.step(unreliable, config=StepConfig(retry_strategy=strategy))


@durable_execution
def at_most_once(event, context):
    """1-17: the process ends in the step; the attempt counts as failed, and there is no other."""

    def flaky(step):
        step.logger.info("running with %s", event)
        crash()

    config = StepConfig(
        retry_strategy=NO_RETRY.retry_strategy,
        step_semantics=StepSemantics.AT_MOST_ONCE_PER_RETRY,
    )
    return context.step(flaky, name="at_most_once_flaky_step", config=config)


@durable_execution
def at_most_once_retry(event, context):
    """1-18: the process ends in the first attempt; the second succeeds."""

    def flaky(step):
        step.logger.info("running with %s", event)
        if step.attempt < 2:
            crash()
        return "succeeded on second attempt"

    config = StepConfig(
        retry_strategy=retry_strategy(3),
        step_semantics=StepSemantics.AT_MOST_ONCE_PER_RETRY,
    )
    return context.step(flaky, config=config)


@durable_execution
def fails(_event, context):
    """1-19: one attempt, which fails."""
    return context.step(fail, config=NO_RETRY)


@durable_execution
def caught(_event, context):
    """1-20: the handler catches the error and goes on."""
    try:
        result = context.step(fail, config=NO_RETRY)
    except StepError:
        result = "fallback"
    return context.step(lambda _: f"{result}_result")
