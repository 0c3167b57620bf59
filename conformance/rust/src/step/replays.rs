//! Steps that a later invocation meets again: recorded ones are not run, and what becomes of
//! interrupted ones is for their semantics to say.

use std::time::Duration;

use aws_durable_execution_sdk as durable;
use durable::{BoxError, DurableContext, StepSemantics};
use serde_json::Value;

use crate::support::{every_second, no_retry};

/// 1-8: the invocation behind a wait gets the step's result from the record.
pub(super) async fn then_wait(_: Value, ctx: DurableContext) -> Result<String, BoxError> {
    let result = ctx.step(|_| async { Ok("computed".to_owned()) }).await?;
    ctx.wait(Duration::from_secs(2)).await?;
    Ok(result)
}

/// 1-9: the body of a recorded step does not run again; its log line appears once.
pub(super) async fn skipped_on_replay(_: Value, ctx: DurableContext) -> Result<String, BoxError> {
    let result = ctx
        .step(|_| async {
            tracing::info!("step executed");
            Ok("cached_value".to_owned())
        })
        .await?;
    ctx.wait(Duration::from_secs(1)).await?;
    Ok(result)
}

/// 1-10: a recorded failure is returned again without running the body.
pub(super) async fn fails_again_on_replay(
    _: Value,
    ctx: DurableContext,
) -> Result<String, BoxError> {
    let attempted = ctx
        .step(|_| async {
            tracing::info!("step executed");
            Err::<(), _>("this never works".into())
        })
        .retry_strategy(no_retry)
        .await;
    ctx.wait(Duration::from_secs(1)).await?;
    let Err(error) = attempted else { return Err("the step should have failed".into()) };
    // The failure as it was recorded, which reads the same in each invocation.
    match error.wire() {
        Some(recorded) => Ok(format!("caught: {recorded}")),
        None => Err(error.into()),
    }
}

/// 1-17: a step that the process did not survive is not run again; without a retry it has failed.
pub(super) async fn at_most_once(text: String, ctx: DurableContext) -> Result<(), BoxError> {
    ctx.step(|_| async move {
        tracing::info!("about to crash on {text}");
        crash()
    })
    .name("at_most_once_flaky_step")
    .semantics(StepSemantics::AtMostOncePerRetry)
    .retry_strategy(no_retry)
    .await
    .map_err(Into::into)
}

/// 1-18: with a retry, the interruption counts as a failed attempt.
pub(super) async fn at_most_once_retried(
    text: String,
    ctx: DurableContext,
) -> Result<String, BoxError> {
    let result = ctx
        .step(|step| async move {
            tracing::info!("attempt {} on {text}", step.attempt());
            if step.attempt() == 1 {
                crash();
            }
            Ok("succeeded on second attempt".to_owned())
        })
        .semantics(StepSemantics::AtMostOncePerRetry)
        .retry_strategy_config(every_second(3))
        .await?;
    Ok(result)
}

/// Ends the process, as running out of memory would.
fn crash() -> ! {
    std::process::exit(1)
}
