//! The handlers of the suite `callback`: results that somebody outside delivers by the id of a
//! callback.
//!
//! Here are the handlers that do nothing but await a callback; `between` has those that do
//! something before or after, and `two` those with two callbacks.

mod between;
mod two;

use std::time::Duration;

use aws_durable_execution_sdk as durable;
use durable::{BoxError, DurableContext};
use lambda_runtime::Error;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::support::ReadWith;

/// Serves one handler of this suite.
pub(crate) async fn run(name: &str) -> Result<(), Error> {
    match name {
        "basic" => durable::run(basic).await,
        "named" => durable::run(named).await,
        "timeout" => durable::run(timeout).await,
        "heartbeat" => durable::run(heartbeat).await,
        "heartbeat_kept" => durable::run(heartbeat_kept).await,
        "custom_message" => durable::run(custom_message).await,
        "custom_number" => durable::run(custom_number).await,
        "step_first" => durable::run(between::step_first).await,
        "step_first_timeout" => durable::run(between::step_first_timeout).await,
        "wait_first" => durable::run(between::wait_first).await,
        "wait_first_timeout" => durable::run(between::wait_first_timeout).await,
        "wait_after" => durable::run(between::wait_after).await,
        "wait_after_failure" => durable::run(between::wait_after_failure).await,
        "wait_after_timeout" => durable::run(between::wait_after_timeout).await,
        "one_by_one" => durable::run(two::one_by_one).await,
        "both_in_order" => durable::run(two::both_in_order).await,
        "both_reversed" => durable::run(two::both_reversed).await,
        _ => Err(crate::unknown(name)),
    }
}

/// 4-1, 4-6: the execution sleeps until somebody delivers the result. If a failure comes instead, the
/// execution fails with the very type and message that were sent.
async fn basic(name: String, ctx: DurableContext) -> Result<String, BoxError> {
    let callback = ctx.create_callback::<String>().name(name).await?;
    let result = callback.result().await?;
    Ok(result)
}

/// 4-2: the history shows the name of a callback.
async fn named(_: Value, ctx: DurableContext) -> Result<String, BoxError> {
    let callback = ctx.create_callback::<String>().name("approval").await?;
    let result = callback.result().await?;
    Ok(result)
}

/// 4-3: a callback that nobody answers in time fails the execution.
async fn timeout(name: String, ctx: DurableContext) -> Result<String, BoxError> {
    let callback =
        ctx.create_callback::<String>().name(name).timeout(Duration::from_secs(5)).await?;
    let result = callback.result().await?;
    Ok(result)
}

/// 4-4: a callback times out when no sign of life comes.
async fn heartbeat(name: String, ctx: DurableContext) -> Result<String, BoxError> {
    let callback =
        ctx.create_callback::<String>().name(name).heartbeat(Duration::from_secs(5)).await?;
    let result = callback.result().await?;
    Ok(result)
}

/// 4-5: a heartbeat keeps a callback open until its result comes.
async fn heartbeat_kept(name: String, ctx: DurableContext) -> Result<String, BoxError> {
    let callback =
        ctx.create_callback::<String>().name(name).heartbeat(Duration::from_secs(10)).await?;
    let result = callback.result().await?;
    Ok(result)
}

/// A message whose time comes as a text, is a point in time in the handler, and leaves as seconds.
#[derive(Serialize, Deserialize)]
struct Message {
    id: String,
    message: String,
    #[serde(
        deserialize_with = "time::serde::rfc3339::deserialize",
        serialize_with = "time::serde::timestamp::serialize"
    )]
    timestamp: OffsetDateTime,
}

/// 4-15: a function of the handler's own turns the payload into a structure.
async fn custom_message(name: String, ctx: DurableContext) -> Result<Value, BoxError> {
    let callback = ctx
        .create_callback::<Message>()
        .name(name)
        .serdes(ReadWith(|payload| Ok(serde_json::from_str(payload)?)))
        .await?;
    let received = callback.result().await?;
    Ok(json!({ "received": received }))
}

/// 4-16: a function of the handler's own turns the payload into a number.
async fn custom_number(name: String, ctx: DurableContext) -> Result<Value, BoxError> {
    let callback = ctx
        .create_callback::<i64>()
        .name(name)
        .serdes(ReadWith(|payload| Ok(payload.trim().parse()?)))
        .await?;
    let count = callback.result().await?;
    Ok(json!({ "count": count, "doubled": count * 2 }))
}
