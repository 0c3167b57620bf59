//! The handlers of the suite `child`: operations that belong together under a context of their own.
//!
//! Here are the handlers that show what a child context records; `replays` has those whose context
//! a later invocation meets again.

mod replays;

use aws_durable_execution_sdk as durable;
use durable::{BoxError, DurableContext};
use lambda_runtime::Error;
use serde::Deserialize;
use serde_json::Value;

use crate::support::{Uppercase, every_second, log_as_json, no_retry};

/// Serves one handler of this suite.
pub(crate) async fn run(name: &str) -> Result<(), Error> {
    log_as_json();
    match name {
        "basic" => durable::run(basic).await,
        "named" => durable::run(named).await,
        "sequential_steps" => durable::run(sequential_steps).await,
        "step_fails" => durable::run(step_fails).await,
        "failure_caught" => durable::run(failure_caught).await,
        "nested" => durable::run(nested).await,
        "step_retried" => durable::run(step_retried).await,
        "retries_exhausted" => durable::run(retries_exhausted).await,
        "uppercase" => durable::run(uppercase).await,
        "body_fails" => durable::run(body_fails).await,
        "nothing" => durable::run(nothing).await,
        "skipped_on_replay" => durable::run(replays::skipped_on_replay).await,
        "step_and_wait" => durable::run(replays::step_and_wait).await,
        "large_result" => durable::run(replays::large_result).await,
        "interrupted" => durable::run(replays::interrupted).await,
        "wait_only" => durable::run(replays::wait_only).await,
        "logs_once" => durable::run(replays::logs_once).await,
        "waits_inside_and_after" => durable::run(replays::waits_inside_and_after).await,
        _ => Err(crate::unknown(name)),
    }
}

/// 3-1: a step inside a child context has the context as its parent.
async fn basic(text: String, ctx: DurableContext) -> Result<String, BoxError> {
    let result = ctx
        .run_in_child_context(|child| async move {
            let text = child.step(|_| async move { Ok(text) }).await?;
            Ok(text)
        })
        .await?;
    Ok(result)
}

#[derive(Deserialize)]
struct Named {
    name: String,
    value: String,
}

/// 3-2: the history shows the name of a child context, here one from the input.
async fn named(input: Named, ctx: DurableContext) -> Result<String, BoxError> {
    let Named { name, value } = input;
    let result = ctx
        .run_in_child_context(|child| async move {
            let value = child.step(|_| async move { Ok(value) }).await?;
            Ok(value)
        })
        .name(name)
        .await?;
    Ok(result)
}

/// 3-3: the second step in a child context uses the result of the first.
async fn sequential_steps(text: String, ctx: DurableContext) -> Result<String, BoxError> {
    let result = ctx
        .run_in_child_context(|child| async move {
            let first = child.step(|_| async move { Ok(text) }).await?;
            let second = child.step(|_| async move { Ok(first) }).await?;
            Ok(second)
        })
        .name("two-steps")
        .await?;
    Ok(result)
}

/// 3-4: a step that fails for good fails its context, and that the execution.
async fn step_fails(_: Value, ctx: DurableContext) -> Result<(), BoxError> {
    ctx.run_in_child_context(failing_step).name("fails").await?;
    Ok(())
}

/// 3-5: the handler goes on after a child context that failed.
async fn failure_caught(text: String, ctx: DurableContext) -> Result<String, BoxError> {
    match ctx.run_in_child_context(failing_step).await {
        Ok(()) => Err("the child context should have failed".into()),
        Err(_) => {
            let recovered = ctx.step(|_| async move { Ok(text) }).await?;
            Ok(recovered)
        }
    }
}

/// The body of a child context whose only step fails for good.
async fn failing_step(child: DurableContext) -> Result<(), BoxError> {
    child
        .step(|_| async { Err::<(), _>("this never works".into()) })
        .retry_strategy(no_retry)
        .await?;
    Ok(())
}

/// 3-6: a child context may hold another one.
async fn nested(text: String, ctx: DurableContext) -> Result<String, BoxError> {
    let result = ctx
        .run_in_child_context(|outer| async move {
            let text = outer.step(|_| async move { Ok(text) }).await?;
            let inner = outer
                .run_in_child_context(|inner| async move {
                    let text = inner.step(|_| async move { Ok(text) }).await?;
                    Ok(text)
                })
                .name("inner")
                .await?;
            Ok(inner)
        })
        .name("outer")
        .await?;
    Ok(result)
}

/// 3-7: a child context stays open while a step inside waits for its next attempt.
async fn step_retried(text: String, ctx: DurableContext) -> Result<String, BoxError> {
    let result = ctx
        .run_in_child_context(|child| async move {
            let text = child
                .step(|step| async move {
                    if step.attempt() == 1 { Err("not yet".into()) } else { Ok(text) }
                })
                .retry_strategy_config(every_second(3))
                .await?;
            Ok(text)
        })
        .name("retried")
        .await?;
    Ok(result)
}

/// 3-8: a child context fails with the last attempt of its step.
async fn retries_exhausted(_: Value, ctx: DurableContext) -> Result<(), BoxError> {
    ctx.run_in_child_context(|child| async move {
        child
            .step(|_| async { Err::<(), _>("this never works".into()) })
            .retry_strategy_config(every_second(2))
            .await?;
        Ok(())
    })
    .name("exhausted")
    .await?;
    Ok(())
}

/// 3-14: a child context with a serializer of its own returns what was stored.
async fn uppercase(text: String, ctx: DurableContext) -> Result<String, BoxError> {
    let stored = ctx
        .run_in_child_context(|child| async move {
            let text = child.step(|_| async move { Ok(text) }).await?;
            Ok(text)
        })
        .name("uppercase")
        .serdes(Uppercase)
        .await?;
    Ok(stored)
}

/// 3-15: a child context fails with its body, also without an operation inside.
async fn body_fails(_: Value, ctx: DurableContext) -> Result<(), BoxError> {
    ctx.run_in_child_context(|_| async { Err::<(), _>("no operation was begun".into()) })
        .name("body-fails")
        .await?;
    Ok(())
}

/// 3-16: a child context that returns nothing is recorded as null.
async fn nothing(_: Value, ctx: DurableContext) -> Result<(), BoxError> {
    ctx.run_in_child_context(|_| async { Ok(()) }).name("nothing").await?;
    Ok(())
}
