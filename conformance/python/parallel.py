"""Suite `parallel`: one handler for each of 8-1 to 8-22.

One branch runs at a time, except in 8-11, so that the history has one order.
"""

from aws_durable_execution_sdk_python import ParallelBranch, durable_execution
from aws_durable_execution_sdk_python.config import CompletionConfig, NestingType, ParallelConfig

from batch import FAIL_FAST, Envelope, projection, tolerating, tolerating_percent
from support import fail, seconds

COUNTS = ("completionReason", "successCount", "failureCount", "totalCount")
ALL = ("status", *COUNTS)


def returning(value):
    """A branch without a step."""
    return lambda _: value


def stepping(value):
    """A branch with one step."""
    return lambda branch: branch.step(lambda _: value)


def one_by_one(completion=None, **more):
    if completion is not None:
        more["completion_config"] = completion
    return ParallelConfig(max_concurrency=1, **more)


def counted(context, branches, completion, keys=ALL):
    """Runs the branches and returns facts of the batch."""
    batch = context.parallel(branches, name="parallel", config=one_by_one(completion))
    return projection(batch, *keys)


@durable_execution
def basic(_event, context):
    """8-1: two branches, each a step."""
    branches = [stepping("task-1"), stepping("task-2")]
    return context.parallel(branches, name="parallel", config=one_by_one()).get_results()


@durable_execution
def unnamed(_event, context):
    """8-2: without a name and without steps."""
    return context.parallel([returning("alpha"), returning("beta")], config=one_by_one()).get_results()


@durable_execution
def named_branches(_event, context):
    """8-3: branches with names."""
    branches = [
        ParallelBranch(returning("one"), name="first"),
        ParallelBranch(returning("two"), name="second"),
    ]
    return context.parallel(branches, name="parallel", config=one_by_one()).get_results()


@durable_execution
def mixed_types(_event, context):
    """8-4: a string, a number and an object."""
    branches = [returning(value) for value in ("hello", 42, {"k": "v"})]
    return context.parallel(branches, name="parallel", config=one_by_one()).get_results()


@durable_execution
def empty(_event, context):
    """8-5: no branches."""
    return context.parallel([], name="parallel", config=one_by_one()).get_results()


@durable_execution
def fail_fast(_event, context):
    """8-6: the first failure ends it."""
    return counted(context, [returning("ok"), fail, returning("never")], FAIL_FAST)


@durable_execution
def rethrow(_event, context):
    """8-7: the handler raises the branch's error."""
    batch = context.parallel([fail, returning("never")], name="parallel", config=one_by_one(FAIL_FAST))
    batch.throw_if_error()


@durable_execution
def min_successful(_event, context):
    """8-8: two successes are enough."""
    branches = [returning(f"b{i}") for i in range(4)]
    keys = ("completionReason", "successCount", "totalCount")
    return counted(context, branches, CompletionConfig(min_successful=2), keys)


@durable_execution
def failure_tolerated(_event, context):
    """8-9: one failure is tolerated."""
    return counted(context, [returning("b0"), fail, returning("b2")], tolerating(1))


@durable_execution
def failures_exceeded(_event, context):
    """8-10: the second failure ends it."""
    return counted(context, [fail, fail, returning("never")], tolerating(1), COUNTS)


@durable_execution
def concurrent(_event, context):
    """8-11: two at a time; the results are in the order of the branches."""
    branches = [returning(f"r{i}") for i in range(3)]
    return context.parallel(branches, config=ParallelConfig(max_concurrency=2)).get_results()


@durable_execution
def flat(_event, context):
    """8-12: branches without contexts of their own."""
    config = one_by_one(nesting_type=NestingType.FLAT)
    return context.parallel([stepping("fa"), stepping("fb")], name="parallel", config=config).get_results()


@durable_execution
def percentage_exceeded(_event, context):
    """8-13: two failures of four are more than a quarter."""
    branches = [fail, fail, returning("never"), returning("never")]
    return counted(context, branches, tolerating_percent(25), COUNTS)


@durable_execution
def wait_in_branch(_event, context):
    """8-14: the second branch waits; the replay has the first one's result."""

    def waiting(branch):
        branch.wait(seconds(2))
        return "b1"

    return context.parallel([stepping("b0"), waiting], name="replay", config=one_by_one()).get_results()


@durable_execution
def item_serdes(_event, context):
    """8-15: a serdes for each branch's result."""
    config = one_by_one(item_serdes=Envelope())
    return context.parallel([returning("x"), returning("y")], name="parallel", config=config).get_results()


@durable_execution
def all_fail_tolerated(_event, context):
    """8-16: all fail, and as many may."""
    return counted(context, [fail, fail, fail], tolerating(3))


@durable_execution
def min_successful_missed(_event, context):
    """8-17: three successes were asked for; two come."""
    completion = CompletionConfig(min_successful=3)
    return counted(context, [returning("b0"), fail, returning("b2")], completion)


@durable_execution
def failures_before_successes(_event, context):
    """8-18: too many failures before there are enough successes."""
    completion = CompletionConfig(min_successful=3, tolerated_failure_count=1)
    return counted(context, [fail, fail, returning("b2"), returning("b3")], completion, COUNTS)


@durable_execution
def invalid_concurrency(_event, context):
    """8-19: no branch at a time is refused."""
    config = ParallelConfig(max_concurrency=0)
    return context.parallel([returning("a"), returning("b")], config=config).get_results()


@durable_execution
def accessors(_event, context):
    """8-20: what a batch says of its failures."""
    keys = ("hasFailure", "successCount", "failureCount", "errorCount")
    return counted(context, [returning("b0"), fail, returning("b2")], tolerating(1), keys)


@durable_execution
def nested(_event, context):
    """8-21: a parallel in a branch."""

    def inner(branch):
        branches = [stepping("i1"), stepping("i2")]
        return branch.parallel(branches, name="inner", config=one_by_one()).get_results()

    return context.parallel([inner], name="outer", config=one_by_one()).get_results()


@durable_execution
def percentage_equal(_event, context):
    """8-22: one failure of four is not more than a quarter."""
    branches = [fail, *(returning(f"b{i}") for i in range(1, 4))]
    return counted(context, branches, tolerating_percent(25))
