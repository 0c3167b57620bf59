"""Suite `wait_for_condition`: handlers for 6-1 to 6-13."""

from aws_durable_execution_sdk_python import WaitForConditionError, durable_execution
from aws_durable_execution_sdk_python.config import JitterStrategy
from aws_durable_execution_sdk_python.serdes import SerDes
from aws_durable_execution_sdk_python.waits import (
    WaitForConditionConfig,
    WaitStrategyConfig,
    create_wait_strategy,
)

from support import fail, seconds


def polling(goes_on, initial, delay=1, max_attempts=10, serdes=None):
    """Polls while `goes_on(state)`, always with the same delay."""
    strategy = create_wait_strategy(
        WaitStrategyConfig(
            should_continue_polling=goes_on,
            max_attempts=max_attempts,
            initial_delay=seconds(delay),
            backoff_rate=1,
            jitter_strategy=JitterStrategy.NONE,
        )
    )
    return WaitForConditionConfig(wait_strategy=strategy, initial_state=initial, serdes=serdes)


def add_one(state, _check):
    return state + 1


def count_to(context, goal, initial=0, delay=1, name=None):
    """Adds one at each poll until the goal is reached."""
    config = polling(lambda state: state < goal, initial, delay)
    return context.wait_for_condition(add_one, config, name=name)


@durable_execution
def basic(event, context):
    """6-1: counts to the input."""
    return count_to(context, event)


@durable_execution
def immediate(event, context):
    """6-2: the first poll is enough."""
    config = polling(lambda state: state < event, initial=5)
    return context.wait_for_condition(lambda state, _: state, config)


@durable_execution
def named(event, context):
    """6-3: with a name."""
    return count_to(context, event, name="poll-status")


@durable_execution
def initial_state(event, context):
    """6-4: counts from 5."""
    return count_to(context, event, initial=5)


@durable_execution
def fixed_delay(event, context):
    """6-5: polls every 2 seconds."""
    return count_to(context, event, delay=2)


@durable_execution
def attempts_exhausted(event, context):
    """6-6: three polls are not enough, and there is no fourth."""
    return context.wait_for_condition(add_one, polling(lambda _: True, event, max_attempts=3))


@durable_execution
def check_fails(_event, context):
    """6-7: the check fails, and so does the execution."""
    return context.wait_for_condition(fail, polling(lambda _: True, 0))


@durable_execution
def check_fails_caught(_event, context):
    """6-8: the check fails, and the handler goes on."""
    try:
        return context.wait_for_condition(fail, polling(lambda _: True, 0))
    except WaitForConditionError:
        return "recovered"


@durable_execution
def object_state(_event, context):
    """6-9: the state is an object."""

    def check(state, _check):
        attempts = state["attempts"] + 1
        return {"status": "DONE" if attempts == 2 else "PENDING", "attempts": attempts}

    pending = {"status": "PENDING", "attempts": 0}
    return context.wait_for_condition(check, polling(lambda state: state["status"] == "PENDING", pending))


@durable_execution
def null_state(_event, context):
    """6-10: the state is nothing."""
    return context.wait_for_condition(lambda _state, _check: None, polling(lambda _: False, 0))


class Reversed(SerDes):
    """Keeps a string back to front, behind a mark."""

    MARK = "reversed:"

    def serialize(self, value, _context):
        return self.MARK + value[::-1]

    def deserialize(self, data, _context):
        return data.removeprefix(self.MARK)[::-1]


@durable_execution
def custom_serdes(_event, context):
    """6-11: a serdes for the state."""
    config = polling(lambda state: len(state) < 2, "", serdes=Reversed())
    return context.wait_for_condition(lambda state, _: state + "x", config)


@durable_execution
def then_step(event, context):
    """6-12: a step uses the last state."""
    count = count_to(context, event)
    return context.step(lambda _: count * 10)


@durable_execution
def sequential(_event, context):
    """6-13: the second goes on where the first has ended."""
    return count_to(context, 4, initial=count_to(context, 2))
