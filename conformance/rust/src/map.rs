//! The handlers of the suite `map`: what the function is given and how results come back. When a batch ends is in
//! [`completion`], how results are recorded in [`serdes`].
//!
//! Most handlers work on one item at a time, so that their history has one order.

mod completion;
mod serdes;

use std::time::Duration;

use aws_durable_execution_sdk::builders::map_parallel::NestingMode;
use aws_durable_execution_sdk::{self as durable, BoxError, DurableContext};
use lambda_runtime::Error;
use serde_json::{Value, json};

/// Serves one handler of this suite.
pub(crate) async fn run(name: &str) -> Result<(), Error> {
    match name {
        "basic" => durable::run(basic).await,
        "unnamed" => durable::run(unnamed).await,
        "indexed" => durable::run(indexed).await,
        "empty" => durable::run(empty).await,
        "concurrent" => durable::run(concurrent).await,
        "flat" => durable::run(flat).await,
        "named_items" => durable::run(named_items).await,
        "suspend" => durable::run(suspend).await,
        "large" => durable::run(large).await,
        "then_wait" => durable::run(then_wait).await,
        "fail_fast" => durable::run(completion::fail_fast).await,
        "throwing" => durable::run(completion::throwing).await,
        "enough_succeeded" => durable::run(completion::enough_succeeded).await,
        "failure_tolerated" => durable::run(completion::failure_tolerated).await,
        "too_many_failed" => durable::run(completion::too_many_failed).await,
        "too_large_a_part_failed" => durable::run(completion::too_large_a_part_failed).await,
        "failure_then_wait" => durable::run(completion::failure_then_wait).await,
        "item_serdes" => durable::run(serdes::item_serdes).await,
        "result_serdes" => durable::run(serdes::result_serdes).await,
        "result_serdes_replay" => durable::run(serdes::result_serdes_replay).await,
        _ => Err(crate::unknown(name)),
    }
}

/// The map function that runs nothing durable and gives its item back.
async fn identity(
    _child: DurableContext,
    item: &'static str,
    _index: usize,
) -> Result<String, BoxError> {
    Ok(item.to_owned())
}

/// The map function that gives its item back in capitals.
async fn uppercase(
    _child: DurableContext,
    item: &'static str,
    _index: usize,
) -> Result<String, BoxError> {
    Ok(item.to_uppercase())
}

/// 9-1: one step for each item.
async fn basic(names: Vec<String>, ctx: DurableContext) -> Result<Vec<String>, BoxError> {
    let greetings = ctx
        .map(names, |child: DurableContext, name, _index| async move {
            Ok(child.step(move |_| async move { Ok(format!("Hello, {name}!")) }).await?)
        })
        .name("map")
        .max_concurrency(1)
        .await?;
    Ok(greetings)
}

/// 9-2: the operation needs no name, and an item needs no step.
async fn unnamed(numbers: Vec<i64>, ctx: DurableContext) -> Result<Vec<i64>, BoxError> {
    let double = |_child, number: i64, _index| async move { Ok(number * 2) };
    Ok(ctx.map(numbers, double).max_concurrency(1).await?)
}

/// 9-3: the function is given the index of its item.
async fn indexed(numbers: Vec<usize>, ctx: DurableContext) -> Result<Vec<usize>, BoxError> {
    let add_index = |_child, number: usize, index: usize| async move { Ok(number + index) };
    Ok(ctx.map(numbers, add_index).name("indexed").max_concurrency(1).await?)
}

/// 9-4: without items the operation succeeds at once.
async fn empty(items: Vec<String>, ctx: DurableContext) -> Result<Vec<String>, BoxError> {
    Ok(ctx.map(items, |_child, item: String, _index| async move { Ok(item) }).name("empty").await?)
}

/// 9-11: results keep the order of the items, whichever ends first.
async fn concurrent(_event: Value, ctx: DurableContext) -> Result<Vec<String>, BoxError> {
    Ok(ctx.map(["r0", "r1", "r2"], identity).name("concurrent").max_concurrency(2).await?)
}

/// 9-12: flat items have no context of their own in the history.
async fn flat(_event: Value, ctx: DurableContext) -> Result<Vec<String>, BoxError> {
    let results = ctx
        .map(["fa", "fb"], |child: DurableContext, item, _index| async move {
            Ok(child.step(move |_| async move { Ok(item.to_owned()) }).await?)
        })
        .name("flat")
        .max_concurrency(1)
        .nesting(NestingMode::Flat)
        .await?;
    Ok(results)
}

/// 9-13: each item has a name in the history. The namer is given the index only, so it brings the names along.
async fn named_items(numbers: Vec<i64>, ctx: DurableContext) -> Result<Vec<i64>, BoxError> {
    let names: Vec<String> = numbers.iter().map(|number| format!("item-{number}")).collect();
    let results = ctx
        .map(numbers, |_child, number: i64, _index| async move { Ok(number * 10) })
        .name("named-items")
        .max_concurrency(1)
        .item_namer(move |index| names.get(index).cloned().unwrap_or_default())
        .await?;
    Ok(results)
}

/// 9-15: after the wait inside the second item the first one is read back, not run again.
async fn suspend(_event: Value, ctx: DurableContext) -> Result<Vec<String>, BoxError> {
    let results = ctx
        .map(["r0", "r1"], |child: DurableContext, item, index| async move {
            if index == 1 {
                child.wait(Duration::from_secs(1)).await?;
            }
            Ok(child.step(move |_| async move { Ok(item.to_owned()) }).await?)
        })
        .name("suspend")
        .max_concurrency(1)
        .await?;
    Ok(results)
}

/// How long each result of [`large`] is. Four of them are more than the 256 KiB that a result may have in the history.
const LARGE_RESULT_BYTES: usize = 70 * 1024;

/// 9-16: a batch too large to be recorded as one result is recorded as the results of its items.
async fn large(_event: Value, ctx: DurableContext) -> Result<Value, BoxError> {
    let batch = ctx
        .map(["a", "b", "c", "d"], |_child, letter: &'static str, _index| async move {
            Ok(letter.repeat(LARGE_RESULT_BYTES))
        })
        .name("large")
        .max_concurrency(1)
        .await_batch()
        .await?;
    Ok(json!({ "successCount": batch.success_count(), "totalCount": batch.total_count() }))
}

/// 9-17: after a wait the whole map is read back, not run again.
async fn then_wait(_event: Value, ctx: DurableContext) -> Result<Vec<String>, BoxError> {
    let results = ctx.map(["a", "b"], uppercase).name("then-wait").max_concurrency(1).await?;
    ctx.wait(Duration::from_secs(1)).await?;
    Ok(results)
}
