//! Child contexts that a later invocation meets again: closed ones are not run, open ones are
//! entered again.

use std::time::Duration;

use aws_durable_execution_sdk as durable;
use durable::{BoxError, DurableContext};

const SHORT: Duration = Duration::from_secs(1);

/// More than the SDK records of a child context's result.
const LARGE: usize = 300 * 1024;

/// 3-9: the invocation behind a wait gets the result of a child context from the record.
pub(super) async fn skipped_on_replay(
    text: String,
    ctx: DurableContext,
) -> Result<String, BoxError> {
    let result = ctx
        .run_in_child_context(|child| async move {
            let text = child.step(|_| async move { Ok(text) }).await?;
            Ok(text)
        })
        .await?;
    ctx.wait(SHORT).await?;
    Ok(result)
}

/// 3-10: a child context may wait; the next invocation enters it again and skips the step.
pub(super) async fn step_and_wait(text: String, ctx: DurableContext) -> Result<String, BoxError> {
    let result = ctx
        .run_in_child_context(|child| async move {
            let text = child.step(|_| async move { Ok(text) }).await?;
            child.wait(SHORT).await?;
            Ok(text)
        })
        .name("step-and-wait")
        .await?;
    Ok(result)
}

/// 3-11: a result too large to record is made again by running the body on the recorded steps.
///
/// The log has no filter for replays, so the line appears in both invocations.
pub(super) async fn large_result(text: String, ctx: DurableContext) -> Result<usize, BoxError> {
    let large = ctx
        .run_in_child_context(|child| async move {
            tracing::info!("making a large result of {text}");
            let small = child.step(|_| async move { Ok(text) }).await?;
            Ok(small.repeat(LARGE.div_ceil(small.len().max(1))))
        })
        .name("large-result")
        .await?;
    ctx.wait(SHORT).await?;
    Ok(large.len())
}

/// 3-12: a step that the process did not survive is run again inside the same child context.
pub(super) async fn interrupted(text: String, ctx: DurableContext) -> Result<String, BoxError> {
    // Only the first invocation finds no record of the context.
    let first_invocation = !ctx.is_replaying();
    let result = ctx
        .run_in_child_context(move |child| async move {
            let text = child
                .step(move |_| async move {
                    if first_invocation {
                        std::process::exit(1);
                    }
                    Ok(text)
                })
                .await?;
            Ok(text)
        })
        .await?;
    Ok(result)
}

/// 3-13: what follows a child context runs in the invocation that closes it.
pub(super) async fn wait_only(text: String, ctx: DurableContext) -> Result<String, BoxError> {
    let text = ctx
        .run_in_child_context(|child| async move {
            child.wait(SHORT).await?;
            Ok(text)
        })
        .name("wait-only")
        .await?;
    let result = ctx.step(|_| async move { Ok(text) }).await?;
    Ok(result)
}

/// 3-17: the body of a closed child context does not run again; its log line appears once.
pub(super) async fn logs_once(text: String, ctx: DurableContext) -> Result<String, BoxError> {
    let result = ctx
        .run_in_child_context(|_| async move {
            tracing::info!("in the child context: {text}");
            Ok(text)
        })
        .name("logs-once")
        .await?;
    ctx.wait(SHORT).await?;
    Ok(result)
}

/// 3-18: steps and waits inside a child context and behind it, over three invocations.
pub(super) async fn waits_inside_and_after(
    text: String,
    ctx: DurableContext,
) -> Result<String, BoxError> {
    let text = ctx
        .run_in_child_context(|child| async move {
            let text = child.step(|_| async move { Ok(text) }).await?;
            child.wait(SHORT).await?;
            Ok(text)
        })
        .name("inside")
        .await?;
    let result = ctx.step(|_| async move { Ok(text) }).await?;
    ctx.wait(SHORT).await?;
    Ok(result)
}
