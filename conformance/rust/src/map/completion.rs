//! When a map ends, and what its batch result says about it.
//!
//! `await_batch` gives the whole result, failed items included. A plain `await` gives the results of those that succeeded, or
//! the first failure if more items failed than is tolerated.

use std::time::Duration;

use aws_durable_execution_sdk::builders::map_parallel::{BatchResult, CompletionConfig};
use aws_durable_execution_sdk::{BoxError, DurableContext, OperationError};
use serde_json::{Value, json};

use crate::support::{batch_counts, batch_summary};

/// The map function that fails for the item `fail` and gives any other back.
async fn unless_fail(
    _child: DurableContext,
    item: &'static str,
    _index: usize,
) -> Result<String, BoxError> {
    if item == "fail" { Err("this item always fails".into()) } else { Ok(item.to_owned()) }
}

/// Works on the items one after the other until `completion` ends the batch.
async fn in_turn(
    ctx: &DurableContext,
    name: &str,
    items: impl IntoIterator<Item = &'static str>,
    completion: CompletionConfig,
) -> Result<BatchResult<String>, OperationError> {
    let map = ctx.map(items, unless_fail).name(name).max_concurrency(1);
    map.completion(completion).await_batch().await
}

/// 9-5: when no failure is tolerated, the first one ends the batch and the third item is never begun.
pub(super) async fn fail_fast(_event: Value, ctx: DurableContext) -> Result<Value, BoxError> {
    let none_tolerated = CompletionConfig::with_tolerated_failure_count(0);
    let batch = in_turn(&ctx, "failfast", ["ok", "fail", "ok"], none_tolerated).await?;
    Ok(batch_summary(&batch))
}

/// 9-6: a plain `await` gives the failure of the first item to the handler, and so to the execution.
pub(super) async fn throwing(_event: Value, ctx: DurableContext) -> Result<Vec<String>, BoxError> {
    let results = ctx
        .map(["fail", "ok"], unless_fail)
        .name("throwing")
        .max_concurrency(1)
        .completion(CompletionConfig::with_tolerated_failure_count(0))
        .await?;
    Ok(results)
}

/// 9-7: two successes are enough; the other items are never begun.
pub(super) async fn enough_succeeded(
    _event: Value,
    ctx: DurableContext,
) -> Result<Value, BoxError> {
    let two = CompletionConfig::with_min_successful(2);
    let batch = in_turn(&ctx, "min-successful", ["a", "b", "c", "d"], two).await?;
    Ok(json!({
        "completionReason": batch.reason.as_str(),
        "successCount": batch.success_count(),
        "totalCount": batch.total_count(),
    }))
}

/// 9-8: one failure is tolerated, so every item is worked on. The batch is FAILED all the same.
pub(super) async fn failure_tolerated(
    _event: Value,
    ctx: DurableContext,
) -> Result<Value, BoxError> {
    let one_tolerated = CompletionConfig::with_tolerated_failure_count(1);
    let batch = in_turn(&ctx, "tolerated", ["ok", "fail", "ok"], one_tolerated).await?;
    Ok(batch_summary(&batch))
}

/// 9-9: the second failure is one too many; the third item is never begun.
pub(super) async fn too_many_failed(_event: Value, ctx: DurableContext) -> Result<Value, BoxError> {
    let one_tolerated = CompletionConfig::with_tolerated_failure_count(1);
    let batch = in_turn(&ctx, "tolerated-exceeded", ["fail", "fail", "ok"], one_tolerated).await?;
    Ok(batch_counts(&batch))
}

/// 9-10: two of four are more than 25 percent.
pub(super) async fn too_large_a_part_failed(
    _event: Value,
    ctx: DurableContext,
) -> Result<Value, BoxError> {
    let a_quarter = CompletionConfig::with_tolerated_failure_percentage(25);
    let batch = in_turn(&ctx, "tolerated-pct", ["fail", "fail", "ok", "ok"], a_quarter).await?;
    Ok(batch_counts(&batch))
}

/// 9-18: after a wait the whole map is read back with its failure, not run again.
pub(super) async fn failure_then_wait(
    _event: Value,
    ctx: DurableContext,
) -> Result<Value, BoxError> {
    let one_tolerated = CompletionConfig::with_tolerated_failure_count(1);
    let batch = in_turn(&ctx, "fail-then-wait", ["ok", "fail"], one_tolerated).await?;
    ctx.wait(Duration::from_secs(1)).await?;
    Ok(batch_summary(&batch))
}
