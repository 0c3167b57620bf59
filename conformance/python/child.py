"""Suite `child`: one handler for each of 3-1 to 3-18."""

from aws_durable_execution_sdk_python import ChildContextError, durable_execution
from aws_durable_execution_sdk_python.config import ChildConfig

from support import NO_RETRY, TransientError, Upper, crash_once, fail, retrying, seconds

# Beyond what the SDK writes into one checkpoint.
LARGE = 300 * 1024


@durable_execution
def basic(event, context):
    """3-1: a child context with one step."""
    return context.run_in_child_context(lambda child: child.step(lambda _: event))


@durable_execution
def named(event, context):
    """3-2: a child context with a name."""
    return context.run_in_child_context(
        lambda child: child.step(lambda _: event["value"]), name=event["name"]
    )


@durable_execution
def sequential(event, context):
    """3-3: two steps in a child context."""

    def two_steps(child):
        first = child.step(lambda _: event)
        return child.step(lambda _: first)

    return context.run_in_child_context(two_steps, name="two-steps")


@durable_execution
def step_fails(_event, context):
    """3-4: the step in it fails, and so does the execution."""
    return context.run_in_child_context(lambda child: child.step(fail, config=NO_RETRY), name="failing")


@durable_execution
def caught(event, context):
    """3-5: the step in it fails, and the handler goes on."""
    try:
        context.run_in_child_context(lambda child: child.step(fail, config=NO_RETRY))
    except ChildContextError:
        pass
    return context.step(lambda _: event)


@durable_execution
def nested(event, context):
    """3-6: a child context in a child context."""

    def inner(child):
        return child.step(lambda _: event)

    def outer(child):
        child.step(lambda _: event)
        return child.run_in_child_context(inner, name="inner")

    return context.run_in_child_context(outer, name="outer")


@durable_execution
def step_retry(event, context):
    """3-7: the step in it succeeds at its second attempt."""

    def unreliable(step):
        if step.attempt < 2:
            raise TransientError("not yet")
        return event

    return context.run_in_child_context(
        lambda child: child.step(unreliable, config=retrying(3)), name="retrying"
    )


@durable_execution
def step_retry_exhaustion(_event, context):
    """3-8: the step in it fails twice, which is all it may."""
    return context.run_in_child_context(lambda child: child.step(fail, config=retrying(2)), name="retrying")


@durable_execution
def replay(event, context):
    """3-9: the replay has the result of the child context."""
    result = context.run_in_child_context(lambda child: child.step(lambda _: event))
    context.wait(seconds(1))
    return result


@durable_execution
def step_and_wait(event, context):
    """3-10: a step and a wait in a child context."""

    def body(child):
        result = child.step(lambda _: event)
        child.wait(seconds(1))
        return result

    return context.run_in_child_context(body, name="step-and-wait")


@durable_execution
def large_result(event, context):
    """3-11: a result that is too large to be kept, so that the replay runs the child context again."""

    def body(child):
        log_always(child, event)
        small = child.step(lambda _: "x")
        return small * LARGE

    result = context.run_in_child_context(body, name="large")
    context.wait(seconds(1))
    return len(result)


def log_always(context, text):
    """Logs in replays too, which the context's own logger does not."""
    arn = context.execution_context.durable_execution_arn
    context.logger.get_logger().info("child context runs with %s", text, extra={"executionArn": arn})


@durable_execution
def interrupted(event, context):
    """3-12: the process ends in the step; the next one runs the step again."""

    def body(child):
        def step(_step):
            crash_once(context, "StepStarted")
            return event

        return child.step(step)

    return context.run_in_child_context(body)


@durable_execution
def wait_inside(event, context):
    """3-13: only a wait in the child context, and a step behind it."""

    def body(child):
        child.wait(seconds(1))
        return event

    result = context.run_in_child_context(body, name="wait-inside")
    return context.step(lambda _: result)


@durable_execution
def custom_serdes(event, context):
    """3-14: a serdes of the child context's own."""
    return context.run_in_child_context(
        lambda child: child.step(lambda _: event), name="upper", config=ChildConfig(serdes=Upper())
    )


@durable_execution
def fails(_event, context):
    """3-15: the child context fails without a step."""
    return context.run_in_child_context(fail, name="failing")


@durable_execution
def null_result(_event, context):
    """3-16: a child context without a result."""
    return context.run_in_child_context(lambda _: None, name="nothing")


@durable_execution
def logger(event, context):
    """3-17: the replay does not run the child context again, and so does not log."""

    def body(child):
        log_always(child, event)
        return event

    result = context.run_in_child_context(body, name="logging")
    context.wait(seconds(1))
    return result


@durable_execution
def inside_and_after(event, context):
    """3-18: a step and a wait in the child context, and the same behind it."""

    def body(child):
        result = child.step(lambda _: event)
        child.wait(seconds(1))
        return result

    inner = context.run_in_child_context(body, name="inside")
    result = context.step(lambda _: inner)
    context.wait(seconds(1))
    return result
