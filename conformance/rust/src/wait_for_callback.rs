//! The handlers of the suite `wait_for_callback`: a handler gives an id away and is suspended until somebody outside reports
//! success or failure under that id, or does not in time.
//!
//! The suite plays the outside: it finds the id in the execution's history. So the submitters here have nobody to send it to.

use std::time::Duration;

use aws_durable_execution_sdk as durable;
use durable::{BoxError, DurableContext, OperationError, StepContext, WireError};
use lambda_runtime::Error;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::support::every_second;

const ONE_SECOND: Duration = Duration::from_secs(1);
/// How long 7-5 and 7-14 wait for a callback that nobody sends.
const SHORT_TIMEOUT: Duration = Duration::from_secs(3);

/// Serves one handler of this suite.
pub(crate) async fn run(name: &str) -> Result<(), Error> {
    match name {
        "basic" => durable::run(basic).await,
        "approval" => durable::run(approval).await,
        "anonymous" => durable::run(anonymous).await,
        "timeout" => durable::run(timeout).await,
        "failure_caught" => durable::run(failure_caught).await,
        "submitter_fails" => durable::run(submitter_fails).await,
        "in_child_context" => durable::run(in_child_context).await,
        "two_callbacks" => durable::run(two_callbacks).await,
        "wait_and_step_first" => durable::run(wait_and_step_first).await,
        "object_result" => durable::run(object_result).await,
        "heartbeat_missed" => durable::run(heartbeat_missed).await,
        "heartbeat_sent" => durable::run(heartbeat_sent).await,
        "timeout_caught" => durable::run(timeout_caught).await,
        "empty_result" => durable::run(empty_result).await,
        _ => Err(crate::unknown(name)),
    }
}

/// 7-1, 7-4: what the callback brings is the result, or the failure.
async fn basic(name: String, ctx: DurableContext) -> Result<String, BoxError> {
    Ok(ctx.wait_for_callback(submit).name(name).await?)
}

/// 7-2: a name that is always the same.
async fn approval(_event: Value, ctx: DurableContext) -> Result<String, BoxError> {
    Ok(ctx.wait_for_callback(submit).name("approval").await?)
}

/// 7-3: no name, and a submitter written in place.
async fn anonymous(_event: Value, ctx: DurableContext) -> Result<String, BoxError> {
    Ok(ctx.wait_for_callback(|_step, _callback_id| async { Ok(()) }).await?)
}

/// 7-5: a callback that does not come in time fails the operation, and so the execution.
async fn timeout(name: String, ctx: DurableContext) -> Result<String, BoxError> {
    Ok(ctx.wait_for_callback(submit).name(name).timeout(SHORT_TIMEOUT).await?)
}

/// 7-6: the handler knows what to do when the other side says no.
async fn failure_caught(name: String, ctx: DurableContext) -> Result<String, BoxError> {
    let outcome = ctx.wait_for_callback(submit).name(name).await;
    or_answer(outcome, "RejectedError", "recovered")
}

/// 7-7: a submitter that fails is tried again; when its last attempt has failed, nobody waits for the callback.
async fn submitter_fails(name: String, ctx: DurableContext) -> Result<String, BoxError> {
    let submit = |_step, _callback_id| async { Err("the other side is not there".into()) };
    let callback = ctx.wait_for_callback(submit).name(name);
    Ok(callback.submitter_retry_config(every_second(2)).await?)
}

/// 7-8: the operation belongs to the child context that made it.
async fn in_child_context(name: String, ctx: DurableContext) -> Result<String, BoxError> {
    let wrapper = ctx.run_in_child_context(|child| async move {
        Ok(child.wait_for_callback(submit).name(name).await?)
    });
    Ok(wrapper.name("wrapper").await?)
}

/// 7-9: two callbacks, one after the other; the second brings the result.
async fn two_callbacks(_event: Value, ctx: DurableContext) -> Result<String, BoxError> {
    let _first: String = ctx.wait_for_callback(submit).name("first").await?;
    Ok(ctx.wait_for_callback(submit).name("second").await?)
}

/// 7-10: a wait and a step before the callback.
async fn wait_and_step_first(name: String, ctx: DurableContext) -> Result<String, BoxError> {
    ctx.wait(ONE_SECOND).await?;
    let _request: String = ctx.step(|_| async { Ok("request-1".to_owned()) }).await?;
    Ok(ctx.wait_for_callback(submit).name(name).await?)
}

/// What [`object_result`] is told.
#[derive(Serialize, Deserialize)]
struct Decision {
    status: String,
}

/// 7-11: the callback brings an object; its type says how it is read.
async fn object_result(name: String, ctx: DurableContext) -> Result<String, BoxError> {
    let decision: Decision = ctx.wait_for_callback(submit).name(name).await?;
    Ok(decision.status)
}

/// 7-12: a side that sends no sign of life for five seconds is given up.
async fn heartbeat_missed(name: String, ctx: DurableContext) -> Result<String, BoxError> {
    let callback = ctx.wait_for_callback(submit).name(name);
    Ok(callback.heartbeat(Duration::from_secs(5)).await?)
}

/// 7-13: a sign of life starts the ten seconds anew.
async fn heartbeat_sent(name: String, ctx: DurableContext) -> Result<String, BoxError> {
    let callback = ctx.wait_for_callback(submit).name(name);
    Ok(callback.heartbeat(Duration::from_secs(10)).await?)
}

/// 7-14: the handler knows what to do when no callback comes.
async fn timeout_caught(name: String, ctx: DurableContext) -> Result<String, BoxError> {
    let outcome = ctx.wait_for_callback(submit).name(name).timeout(SHORT_TIMEOUT).await;
    or_answer(outcome, "Callback.Timeout", "timed-out-handled")
}

/// 7-15: a callback may bring nothing but success.
async fn empty_result(name: String, ctx: DurableContext) -> Result<Option<String>, BoxError> {
    Ok(ctx.wait_for_callback(submit).name(name).await?)
}

/// Would hand the id to the side that is to call back.
async fn submit(_step: StepContext, _callback_id: String) -> Result<(), BoxError> {
    Ok(())
}

/// The callback's result; an answer of the handler's own if it failed with this type of error.
///
/// The recorded type is the same whenever the handler runs. The SDK's kind of error is not: a failure from outside is one of the
/// callback when it arrives and one of a child context when it is replayed.
fn or_answer(
    outcome: Result<String, OperationError>,
    error_type: &str,
    answer: &str,
) -> Result<String, BoxError> {
    match outcome {
        Ok(result) => Ok(result),
        Err(error) if error.wire().and_then(WireError::error_type) == Some(error_type) => {
            Ok(answer.to_owned())
        }
        Err(error) => Err(error.into()),
    }
}
