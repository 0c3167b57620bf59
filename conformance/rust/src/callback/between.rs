//! Callbacks with a step or a wait before or after their result.

use std::time::Duration;

use aws_durable_execution_sdk as durable;
use durable::{BoxError, DurableContext};

/// 4-7: a step runs between creating a callback and awaiting its result, which is a failure.
pub(super) async fn step_first(name: String, ctx: DurableContext) -> Result<String, BoxError> {
    let callback = ctx.create_callback::<String>().name(name).await?;
    ctx.step(|_| async { Ok("meanwhile".to_owned()) }).await?;
    let result = callback.result().await?;
    Ok(result)
}

/// 4-8: the same with a callback that times out.
pub(super) async fn step_first_timeout(
    name: String,
    ctx: DurableContext,
) -> Result<String, BoxError> {
    let callback =
        ctx.create_callback::<String>().name(name).timeout(Duration::from_secs(5)).await?;
    ctx.step(|_| async { Ok("meanwhile".to_owned()) }).await?;
    let result = callback.result().await?;
    Ok(result)
}

/// 4-9, 4-10: the callback is answered during a wait; the handler sees it when the wait is over.
pub(super) async fn wait_first(name: String, ctx: DurableContext) -> Result<String, BoxError> {
    let callback = ctx.create_callback::<String>().name(name).await?;
    ctx.wait(Duration::from_secs(5)).await?;
    let result = callback.result().await?;
    Ok(result)
}

/// 4-11: the callback times out during the wait.
pub(super) async fn wait_first_timeout(
    name: String,
    ctx: DurableContext,
) -> Result<String, BoxError> {
    let callback =
        ctx.create_callback::<String>().name(name).timeout(Duration::from_secs(3)).await?;
    ctx.wait(Duration::from_secs(6)).await?;
    let result = callback.result().await?;
    Ok(result)
}

/// 4-12: the result is recorded; the invocation behind the wait has it too.
pub(super) async fn wait_after(name: String, ctx: DurableContext) -> Result<String, BoxError> {
    let callback = ctx.create_callback::<String>().name(name).await?;
    let result = callback.result().await?;
    ctx.wait(Duration::from_secs(2)).await?;
    Ok(result)
}

/// 4-13: the handler goes on after a callback that was answered with a failure.
pub(super) async fn wait_after_failure(
    name: String,
    ctx: DurableContext,
) -> Result<String, BoxError> {
    let callback = ctx.create_callback::<String>().name(name).await?;
    let message = match callback.result().await {
        Ok(result) => result,
        Err(error) => format!("caught: {error:#}"),
    };
    ctx.wait(Duration::from_secs(2)).await?;
    Ok(message)
}

/// 4-14: the handler goes on after a callback that timed out.
pub(super) async fn wait_after_timeout(
    name: String,
    ctx: DurableContext,
) -> Result<String, BoxError> {
    let callback =
        ctx.create_callback::<String>().name(name).timeout(Duration::from_secs(3)).await?;
    let message = match callback.result().await {
        Ok(result) => result,
        Err(error) => format!("caught: {error:#}"),
    };
    ctx.wait(Duration::from_secs(2)).await?;
    Ok(message)
}
