//! When a parallel operation ends, and what its batch result says about it.
//!
//! `await_batch` gives the whole result, failed branches included. A plain `await` gives the results of those that
//! succeeded, or the first failure if more branches failed than is tolerated.

use aws_durable_execution_sdk::builders::map_parallel::{BatchResult, CompletionConfig};
use aws_durable_execution_sdk::{BoxError, Branch, DurableContext, OperationError};
use serde_json::{Value, json};

use crate::support::{batch_counts, batch_summary};

use super::returns;

/// A branch that succeeds.
fn succeeds(name: &str) -> Branch<String> {
    returns(name, "ok")
}

/// A branch that fails.
fn fails(name: &str) -> Branch<String> {
    Branch::new(name, |_| async { Err("this branch always fails".into()) })
}

/// Runs the branches one after the other until `completion` ends the batch.
async fn in_turn(
    ctx: &DurableContext,
    name: &str,
    branches: impl IntoIterator<Item = Branch<String>>,
    completion: CompletionConfig,
) -> Result<BatchResult<String>, OperationError> {
    ctx.parallel(branches).name(name).max_concurrency(1).completion(completion).await_batch().await
}

/// 8-6: when no failure is tolerated, the first one ends the batch and the third branch never starts.
pub(super) async fn fail_fast(_event: Value, ctx: DurableContext) -> Result<Value, BoxError> {
    let branches = [succeeds("first"), fails("second"), succeeds("third")];
    let none_tolerated = CompletionConfig::with_tolerated_failure_count(0);
    let batch = in_turn(&ctx, "failfast", branches, none_tolerated).await?;
    Ok(batch_summary(&batch))
}

/// 8-7: a plain `await` gives the failure of the first branch to the handler, and so to the execution.
pub(super) async fn throwing(_event: Value, ctx: DurableContext) -> Result<Vec<String>, BoxError> {
    let results = ctx
        .parallel([fails("first"), succeeds("second")])
        .name("throwing")
        .max_concurrency(1)
        .completion(CompletionConfig::with_tolerated_failure_count(0))
        .await?;
    Ok(results)
}

/// 8-8: two successes are enough; the other branches never start.
pub(super) async fn enough_succeeded(
    _event: Value,
    ctx: DurableContext,
) -> Result<Value, BoxError> {
    let branches = [succeeds("first"), succeeds("second"), succeeds("third"), succeeds("fourth")];
    let two = CompletionConfig::with_min_successful(2);
    let batch = in_turn(&ctx, "min-successful", branches, two).await?;
    Ok(json!({
        "completionReason": batch.reason.as_str(),
        "successCount": batch.success_count(),
        "totalCount": batch.total_count(),
    }))
}

/// 8-9: one failure is tolerated, so every branch runs. The batch is FAILED all the same.
pub(super) async fn failure_tolerated(
    _event: Value,
    ctx: DurableContext,
) -> Result<Value, BoxError> {
    let branches = [succeeds("first"), fails("second"), succeeds("third")];
    let one_tolerated = CompletionConfig::with_tolerated_failure_count(1);
    let batch = in_turn(&ctx, "tolerated", branches, one_tolerated).await?;
    Ok(batch_summary(&batch))
}

/// 8-10: the second failure is one too many; the third branch never starts.
pub(super) async fn too_many_failed(_event: Value, ctx: DurableContext) -> Result<Value, BoxError> {
    let branches = [fails("first"), fails("second"), succeeds("third")];
    let one_tolerated = CompletionConfig::with_tolerated_failure_count(1);
    let batch = in_turn(&ctx, "tolerated-exceeded", branches, one_tolerated).await?;
    Ok(batch_counts(&batch))
}

/// 8-13: two of four are more than 25 percent.
pub(super) async fn too_large_a_part_failed(
    _event: Value,
    ctx: DurableContext,
) -> Result<Value, BoxError> {
    let branches = [fails("first"), fails("second"), succeeds("third"), succeeds("fourth")];
    let a_quarter = CompletionConfig::with_tolerated_failure_percentage(25);
    let batch = in_turn(&ctx, "tolerated-pct", branches, a_quarter).await?;
    Ok(batch_counts(&batch))
}

/// 8-22: one of four is 25 percent and not more, so every branch runs.
pub(super) async fn part_tolerated(_event: Value, ctx: DurableContext) -> Result<Value, BoxError> {
    let branches = [fails("first"), succeeds("second"), succeeds("third"), succeeds("fourth")];
    let a_quarter = CompletionConfig::with_tolerated_failure_percentage(25);
    let batch = in_turn(&ctx, "pct-boundary", branches, a_quarter).await?;
    Ok(batch_summary(&batch))
}

/// 8-16: every branch may fail, and does.
pub(super) async fn all_failed(_event: Value, ctx: DurableContext) -> Result<Value, BoxError> {
    let branches = [fails("first"), fails("second"), fails("third")];
    let all_tolerated = CompletionConfig::with_tolerated_failure_count(3);
    let batch = in_turn(&ctx, "all-fail", branches, all_tolerated).await?;
    Ok(batch_summary(&batch))
}

/// 8-17: a wanted number of successes says nothing of failures, so every branch runs although two successes are too few.
pub(super) async fn too_few_succeeded(
    _event: Value,
    ctx: DurableContext,
) -> Result<Value, BoxError> {
    let branches = [succeeds("first"), fails("second"), succeeds("third")];
    let three = CompletionConfig::with_min_successful(3);
    let batch = in_turn(&ctx, "min-not-reached", branches, three).await?;
    Ok(batch_summary(&batch))
}

/// 8-18: of two criteria the one that is met first ends the batch.
pub(super) async fn two_criteria(_event: Value, ctx: DurableContext) -> Result<Value, BoxError> {
    let branches = [fails("first"), fails("second"), succeeds("third"), succeeds("fourth")];
    let either =
        CompletionConfig::builder().min_successful(3).tolerated_failure_count(1).build()?;
    let batch = in_turn(&ctx, "combined", branches, either).await?;
    Ok(batch_counts(&batch))
}

/// 8-20: what a batch result can be asked.
pub(super) async fn accessors(_event: Value, ctx: DurableContext) -> Result<Value, BoxError> {
    let branches = [succeeds("first"), fails("second"), succeeds("third")];
    let one_tolerated = CompletionConfig::with_tolerated_failure_count(1);
    let batch = in_turn(&ctx, "accessors", branches, one_tolerated).await?;
    Ok(json!({
        "hasFailure": batch.has_failure(),
        "successCount": batch.results().len(),
        "failureCount": batch.failure_count(),
        "errorCount": batch.errors().len(),
    }))
}
