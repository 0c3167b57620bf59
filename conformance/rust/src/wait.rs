//! The handlers of the suite `wait`: timers during which no process runs.

use std::time::Duration;

use aws_durable_execution_sdk as durable;
use durable::{BoxError, DurableContext};
use lambda_runtime::Error;
use serde_json::{Value, json};

const SHORT: Duration = Duration::from_secs(2);

/// Serves one handler of this suite.
pub(crate) async fn run(name: &str) -> Result<(), Error> {
    match name {
        "basic" => durable::run(basic).await,
        "named" => durable::run(named).await,
        "sequential" => durable::run(sequential).await,
        "one_minute" => durable::run(one_minute).await,
        "one_hour" => durable::run(one_hour).await,
        _ => Err(crate::unknown(name)),
    }
}

/// 2-1: the execution sleeps, and a later invocation goes on behind the wait.
async fn basic(_: Value, ctx: DurableContext) -> Result<&'static str, BoxError> {
    ctx.wait(SHORT).await?;
    Ok("waited")
}

/// 2-2: the history shows the name of a wait.
async fn named(_: Value, ctx: DurableContext) -> Result<&'static str, BoxError> {
    ctx.wait(SHORT).name("custom_wait_name").await?;
    Ok("waited")
}

/// 2-3: each wait ends one invocation; the second is reached by replaying the first.
async fn sequential(_: Value, ctx: DurableContext) -> Result<Value, BoxError> {
    let mut completed = 0;
    for name in ["wait-1", "wait-2"] {
        ctx.wait(SHORT).name(name).await?;
        completed += 1;
    }
    Ok(json!({ "completedWaits": completed }))
}

/// 2-4: a duration in minutes is recorded in seconds.
async fn one_minute(_: Value, ctx: DurableContext) -> Result<&'static str, BoxError> {
    ctx.wait(Duration::from_mins(1)).await?;
    Ok("waited")
}

/// 2-5: a wait may be much longer than an invocation.
async fn one_hour(_: Value, ctx: DurableContext) -> Result<&'static str, BoxError> {
    ctx.wait(Duration::from_hours(1)).await?;
    Ok("waited")
}
