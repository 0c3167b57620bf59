//! Two callbacks in one execution. The input is the list of their names.

use aws_durable_execution_sdk as durable;
use durable::{BoxError, DurableContext};

/// What was delivered for the first and for the second name.
type Results = (String, String);

/// 4-17: the second callback is created when the first has its result.
pub(super) async fn one_by_one(
    (a, b): (String, String),
    ctx: DurableContext,
) -> Result<Results, BoxError> {
    let a = ctx.create_callback::<String>().name(a).await?.result().await?;
    let b = ctx.create_callback::<String>().name(b).await?.result().await?;
    Ok((a, b))
}

/// 4-18: both callbacks are open at once; the first result alone is not enough to go on.
pub(super) async fn both_in_order(
    (a, b): (String, String),
    ctx: DurableContext,
) -> Result<Results, BoxError> {
    let a = ctx.create_callback::<String>().name(a).await?;
    let b = ctx.create_callback::<String>().name(b).await?;
    let a = a.result().await?;
    let b = b.result().await?;
    Ok((a, b))
}

/// 4-19: the results may be awaited in another order than the callbacks were created.
pub(super) async fn both_reversed(
    (a, b): (String, String),
    ctx: DurableContext,
) -> Result<Results, BoxError> {
    let a = ctx.create_callback::<String>().name(a).await?;
    let b = ctx.create_callback::<String>().name(b).await?;
    let b = b.result().await?;
    let a = a.result().await?;
    Ok((a, b))
}
