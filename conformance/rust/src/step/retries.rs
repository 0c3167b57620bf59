//! Steps that fail and are tried again. Between two attempts no process runs: the service keeps
//! the delay.
//!
//! A step learns from its context which attempt it is, so nothing else has to count them.

use std::time::Duration;

use aws_durable_execution_sdk as durable;
use durable::builders::{JitterStrategy, RetryStrategyConfig};
use durable::{BoxError, DurableContext, RetryDecision, StepContext, StepError};
use serde_json::Value;

use crate::support::{TransientError, every_second};

/// A body that succeeds on the attempt `success` and fails before it.
async fn unreliable(step: StepContext, success: u32) -> Result<String, BoxError> {
    if step.attempt() < success { Err("not yet".into()) } else { Ok("Operation succeeded".into()) }
}

/// 1-11: a step that fails once is tried again.
pub(super) async fn second_attempt(_: Value, ctx: DurableContext) -> Result<String, BoxError> {
    let result =
        ctx.step(|step| unreliable(step, 2)).retry_strategy_config(every_second(3)).await?;
    Ok(result)
}

/// 1-12: the execution fails with the last attempt of a step.
pub(super) async fn exhausted(_: Value, ctx: DurableContext) -> Result<(), BoxError> {
    ctx.step(|_| async { Err::<(), _>("this never works".into()) })
        .retry_strategy_config(every_second(4))
        .await?;
    Ok(())
}

/// 1-13: a step without a strategy uses the SDK's.
pub(super) async fn default_strategy(_: Value, ctx: DurableContext) -> Result<String, BoxError> {
    let result = ctx.step(|step| unreliable(step, 3)).await?;
    Ok(result)
}

/// 1-14: a strategy with a longer delay after each attempt.
pub(super) async fn backoff(_: Value, ctx: DurableContext) -> Result<String, BoxError> {
    let slower_each_time = RetryStrategyConfig::builder()
        .max_attempts(5)
        .initial_delay(Duration::from_secs(2))
        .backoff_rate(3.0)
        .jitter(JitterStrategy::None)
        .build();
    let result =
        ctx.step(|step| unreliable(step, 3)).retry_strategy_config(slower_each_time).await?;
    Ok(result)
}

/// 1-15: a strategy of the handler's own looks at the error.
pub(super) async fn transient_retried(_: Value, ctx: DurableContext) -> Result<u32, BoxError> {
    let attempts = ctx
        .step(|step| async move {
            match step.attempt() {
                1 => Err(TransientError::boxed()),
                attempt => Ok(attempt),
            }
        })
        .retry_strategy(retry_transient)
        .await?;
    Ok(attempts)
}

fn retry_transient(error: &StepError, _: u32) -> RetryDecision {
    if TransientError::is_cause_of(error) {
        RetryDecision::Retry { delay: Duration::from_secs(1) }
    } else {
        RetryDecision::Stop
    }
}

/// 1-16: the same error is final under the opposite strategy.
pub(super) async fn transient_not_retried(_: Value, ctx: DurableContext) -> Result<(), BoxError> {
    ctx.step(|_| async { Err::<(), _>(TransientError::boxed()) })
        .retry_strategy(retry_all_but_transient)
        .await?;
    Ok(())
}

fn retry_all_but_transient(error: &StepError, _: u32) -> RetryDecision {
    if TransientError::is_cause_of(error) {
        RetryDecision::Stop
    } else {
        RetryDecision::Retry { delay: Duration::from_secs(1) }
    }
}
