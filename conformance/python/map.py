"""Suite `map`: one handler for each of 9-1 to 9-20.

One item runs at a time, except in 9-11, so that the history has one order.
"""

from aws_durable_execution_sdk_python import durable_execution
from aws_durable_execution_sdk_python.config import CompletionConfig, MapConfig, NestingType
from aws_durable_execution_sdk_python.serdes import JsonSerDes

from batch import FAIL_FAST, Joined, Prefixed, projection, tolerating, tolerating_percent
from support import fail, seconds

COUNTS = ("completionReason", "successCount", "failureCount", "totalCount")
ALL = ("status", *COUNTS)
# Four of these are beyond what the SDK writes into one checkpoint.
LARGE = 70 * 1024


def one_by_one(completion=None, **more):
    if completion is not None:
        more["completion_config"] = completion
    return MapConfig(max_concurrency=1, **more)


def itself(_context, item, _index, _items):
    return item


def upper(_context, item, _index, _items):
    return item.upper()


def ok_unless_bad(_context, item, _index, _items):
    """Fails for the item `bad`."""
    if item == "bad":
        fail()
    return item


def counted(context, items, completion, keys=ALL):
    """Maps the items and returns facts of the batch."""
    batch = context.map(items, ok_unless_bad, name="map", config=one_by_one(completion))
    return projection(batch, *keys)


@durable_execution
def basic(event, context):
    """9-1: a step for each item."""

    def greet(iteration, item, _index, _items):
        return iteration.step(lambda _: f"Hello, {item}!")

    return context.map(event, greet, name="map", config=one_by_one()).get_results()


@durable_execution
def unnamed(event, context):
    """9-2: without a name and without steps."""
    return context.map(event, lambda _c, item, _i, _a: item * 2, config=one_by_one()).get_results()


@durable_execution
def with_index(event, context):
    """9-3: the function is told the item's index."""
    return context.map(
        event, lambda _c, item, index, _a: item + index, name="map", config=one_by_one()
    ).get_results()


@durable_execution
def empty(event, context):
    """9-4: no items."""
    return context.map(event, itself, name="map", config=one_by_one()).get_results()


@durable_execution
def fail_fast(_event, context):
    """9-5: the first failure ends it."""
    return counted(context, ["ok", "bad", "never"], FAIL_FAST)


@durable_execution
def rethrow(_event, context):
    """9-6: the handler raises the item's error."""
    batch = context.map(["bad", "never"], ok_unless_bad, name="map", config=one_by_one(FAIL_FAST))
    batch.throw_if_error()


@durable_execution
def min_successful(_event, context):
    """9-7: two successes are enough."""
    keys = ("completionReason", "successCount", "totalCount")
    return counted(context, ["i0", "i1", "i2", "i3"], CompletionConfig(min_successful=2), keys)


@durable_execution
def failure_tolerated(_event, context):
    """9-8: one failure is tolerated."""
    return counted(context, ["i0", "bad", "i2"], tolerating(1))


@durable_execution
def failures_exceeded(_event, context):
    """9-9: the second failure ends it."""
    return counted(context, ["bad", "bad", "never"], tolerating(1), COUNTS)


@durable_execution
def percentage_exceeded(_event, context):
    """9-10: two failures of four are more than a quarter."""
    return counted(context, ["bad", "bad", "never", "never"], tolerating_percent(25), COUNTS)


@durable_execution
def concurrent(_event, context):
    """9-11: two at a time; the results are in the order of the items."""
    config = MapConfig(max_concurrency=2)
    return context.map(["r0", "r1", "r2"], itself, name="map", config=config).get_results()


@durable_execution
def flat(_event, context):
    """9-12: items without contexts of their own."""
    return context.map(
        ["fa", "fb"],
        lambda iteration, item, _i, _a: iteration.step(lambda _: item),
        name="map",
        config=one_by_one(nesting_type=NestingType.FLAT),
    ).get_results()


@durable_execution
def item_namer(event, context):
    """9-13: a name for each item."""
    config = one_by_one(item_namer=lambda item, _index: f"item-{item}")
    return context.map(event, lambda _c, item, _i, _a: item * 10, name="map", config=config).get_results()


@durable_execution
def item_serdes(_event, context):
    """9-14: a serdes for each item's result."""
    config = one_by_one(item_serdes=Prefixed())
    return context.map(["x", "y"], upper, name="map", config=config).get_results()


@durable_execution
def wait_in_item(_event, context):
    """9-15: the second item waits; the replay has the first one's result."""

    def wait_for_second(iteration, item, index, _items):
        if index == 1:
            iteration.wait(seconds(1))
        return iteration.step(lambda _: item)

    return context.map(["r0", "r1"], wait_for_second, name="map", config=one_by_one()).get_results()


@durable_execution
def large_results(_event, context):
    """9-16: results that together are too large to be kept in one piece."""
    batch = context.map(list("abcd"), lambda _c, item, _i, _a: item * LARGE, name="map", config=one_by_one())
    return projection(batch, "successCount", "totalCount")


@durable_execution
def then_wait(_event, context):
    """9-17: a wait behind it; the replay has its results."""
    results = context.map(["a", "b"], upper, name="map", config=one_by_one()).get_results()
    context.wait(seconds(1))
    return results


@durable_execution
def failure_then_wait(_event, context):
    """9-18: a failure in it and a wait behind it."""
    facts = counted(context, ["ok", "bad"], tolerating(1))
    context.wait(seconds(1))
    return facts


def joined(context):
    """A map with a serdes for the batch, and the SDK's own for the items."""
    config = one_by_one(serdes=Joined(), item_serdes=JsonSerDes())
    return context.map(["x", "y"], upper, name="map", config=config)


@durable_execution
def batch_serdes(_event, context):
    """9-19: a serdes for the batch."""
    return joined(context).get_results()


@durable_execution
def batch_serdes_replay(_event, context):
    """9-20: the replay reads the batch with that serdes."""
    results = joined(context).get_results()
    context.wait(seconds(1))
    return results
