//! Chained invocations together with other operations.

use std::time::Duration;

use aws_durable_execution_sdk as durable;
use durable::{BoxError, DurableContext};
use serde_json::Value;

use super::calls::or_fallback;
use super::{SECOND_TARGET, TARGET, target};

const ONE_SECOND: Duration = Duration::from_secs(1);

/// 5-9: after the wait the target's result comes from the record; the target does not run again.
pub(super) async fn wait_afterwards(
    _event: Value,
    ctx: DurableContext,
) -> Result<String, BoxError> {
    let greeting = ctx.invoke(target(TARGET)?, ()).await?;
    ctx.wait(ONE_SECOND).await?;
    Ok(greeting)
}

/// 5-10: after the wait the target's failure comes from the record, and is caught again.
pub(super) async fn wait_after_failure(
    _event: Value,
    ctx: DurableContext,
) -> Result<String, BoxError> {
    let answer = or_fallback(ctx.invoke(target(TARGET)?, ()).await)?;
    ctx.wait(ONE_SECOND).await?;
    Ok(answer)
}

/// 5-11: a step's result is the target's input.
pub(super) async fn step_first(_event: Value, ctx: DurableContext) -> Result<String, BoxError> {
    let name: String = ctx.step(|_| async { Ok("world".to_owned()) }).await?;
    Ok(ctx.invoke(target(TARGET)?, name).await?)
}

/// 5-12: the target's result is a step's input.
pub(super) async fn step_afterwards(
    _event: Value,
    ctx: DurableContext,
) -> Result<String, BoxError> {
    let greeting: String = ctx.invoke(target(TARGET)?, ()).await?;
    Ok(ctx.step(|_| async move { Ok(greeting.to_uppercase()) }).await?)
}

/// 5-13: an invocation belongs to the child context that made it.
pub(super) async fn in_child_context(
    _event: Value,
    ctx: DurableContext,
) -> Result<String, BoxError> {
    let target = target(TARGET)?;
    let greeting = ctx
        .run_in_child_context(|child| async move { Ok(child.invoke(target, ()).await?) })
        .await?;
    Ok(greeting)
}

/// 5-14: the second target is called with what the first returned.
pub(super) async fn two_targets(_event: Value, ctx: DurableContext) -> Result<Value, BoxError> {
    let greeting: String = ctx.invoke(target(TARGET)?, ()).await?;
    Ok(ctx.invoke(target(SECOND_TARGET)?, greeting).await?)
}
