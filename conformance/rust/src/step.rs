//! The handlers of the suite `step`: work whose result is recorded.
//!
//! Here are the handlers that are done in one invocation; `retries` has those that try again, and
//! `replays` those that come back to a step that was recorded or interrupted.

mod replays;
mod retries;

use aws_durable_execution_sdk as durable;
use durable::{BoxError, DurableContext};
use lambda_runtime::Error;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::support::{Uppercase, log_as_json, no_retry};

/// Serves one handler of this suite.
pub(crate) async fn run(name: &str) -> Result<(), Error> {
    log_as_json();
    match name {
        "basic" => durable::run(basic).await,
        "named" => durable::run(named).await,
        "sequential" => durable::run(sequential).await,
        "structured" => durable::run(structured).await,
        "nothing" => durable::run(nothing).await,
        "uppercase" => durable::run(uppercase).await,
        "logging" => durable::run(logging).await,
        "fails" => durable::run(fails).await,
        "fallback" => durable::run(fallback).await,
        "then_wait" => durable::run(replays::then_wait).await,
        "skipped_on_replay" => durable::run(replays::skipped_on_replay).await,
        "fails_again_on_replay" => durable::run(replays::fails_again_on_replay).await,
        "at_most_once" => durable::run(replays::at_most_once).await,
        "at_most_once_retried" => durable::run(replays::at_most_once_retried).await,
        "second_attempt" => durable::run(retries::second_attempt).await,
        "exhausted" => durable::run(retries::exhausted).await,
        "default_strategy" => durable::run(retries::default_strategy).await,
        "backoff" => durable::run(retries::backoff).await,
        "transient_retried" => durable::run(retries::transient_retried).await,
        "transient_not_retried" => durable::run(retries::transient_not_retried).await,
        _ => Err(crate::unknown(name)),
    }
}

/// 1-1: one step, which succeeds.
async fn basic(name: String, ctx: DurableContext) -> Result<String, BoxError> {
    let greeting = ctx.step(|_| async move { Ok(greet(&name)) }).await?;
    Ok(greeting)
}

/// 1-2: the history shows the name of a step.
async fn named(name: String, ctx: DurableContext) -> Result<String, BoxError> {
    let greeting = ctx.step(|_| async move { Ok(greet(&name)) }).name("custom_step_name").await?;
    Ok(greeting)
}

fn greet(name: &str) -> String {
    format!("Hello, {name}!")
}

/// 1-3: a step uses what the step before it returned.
async fn sequential(_: Value, ctx: DurableContext) -> Result<String, BoxError> {
    let first = ctx.step(|_| async { Ok("first".to_owned()) }).await?;
    let both = ctx.step(|_| async move { Ok(format!("{first}_second")) }).await?;
    Ok(both)
}

#[derive(Serialize, Deserialize)]
struct User {
    name: String,
    tags: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Profile {
    user: User,
    count: usize,
}

/// 1-4: a step returns a structure of the handler's own.
async fn structured(user: User, ctx: DurableContext) -> Result<Profile, BoxError> {
    let profile = ctx.step(|_| async move { Ok(Profile { count: user.tags.len(), user }) }).await?;
    Ok(profile)
}

/// 1-5: a step that returns nothing is recorded as null.
async fn nothing(_: Value, ctx: DurableContext) -> Result<(), BoxError> {
    ctx.step(|_| async { Ok(()) }).await?;
    Ok(())
}

/// 1-6: a step with a serializer of its own returns what was stored, not what the body returned.
async fn uppercase(text: String, ctx: DurableContext) -> Result<String, BoxError> {
    let stored = ctx.step(|_| async move { Ok(text) }).serdes(Uppercase).await?;
    Ok(stored)
}

/// 1-7: what a step logs carries the execution it belongs to.
async fn logging(name: String, ctx: DurableContext) -> Result<String, BoxError> {
    let greeting = ctx
        .step(|_| async move {
            tracing::info!("Greeting step started for: {name}");
            let greeting = greet(&name);
            tracing::info!("Greeting step completed with: {greeting}");
            Ok(greeting)
        })
        .await?;
    Ok(greeting)
}

/// 1-19: a step that fails for good fails the execution.
async fn fails(_: Value, ctx: DurableContext) -> Result<(), BoxError> {
    ctx.step(|_| async { Err::<(), _>("this never works".into()) })
        .retry_strategy(no_retry)
        .await?;
    Ok(())
}

/// 1-20: the handler goes on with another value after a step that failed.
async fn fallback(_: Value, ctx: DurableContext) -> Result<String, BoxError> {
    let attempted = ctx
        .step(|_| async { Err::<String, _>("this never works".into()) })
        .retry_strategy(no_retry)
        .await;
    let value = attempted.unwrap_or_else(|_| "fallback_result".to_owned());
    let kept = ctx.step(|_| async move { Ok(value) }).await?;
    Ok(kept)
}
