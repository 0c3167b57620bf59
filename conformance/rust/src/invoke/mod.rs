//! The handlers of the suite `invoke`: a durable function calls another one and is suspended until that one has ended.
//!
//! `calls` has the handlers that show one chained invocation and its settings, `flows` those that combine it with other
//! operations, `targets` the functions that are called. The template tells a caller its target in the environment. The targets
//! are durable, so their names carry a qualifier: a durable function is never invoked by its bare name.

mod calls;
mod flows;
mod targets;

use aws_durable_execution_sdk as durable;
use durable::BoxError;
use lambda_runtime::Error;

/// The environment variable with the function that most handlers call.
const TARGET: &str = "TARGET_FUNCTION";
/// The environment variable with the second function of a handler that calls two.
const SECOND_TARGET: &str = "SECOND_TARGET_FUNCTION";

/// Serves one handler of this suite.
pub(crate) async fn run(name: &str) -> Result<(), Error> {
    match name {
        "echo" => durable::run(calls::echo).await,
        "named" => durable::run(calls::named).await,
        "large_payload" => durable::run(calls::large_payload).await,
        "tenant" => durable::run(calls::tenant).await,
        "payload_serdes" => durable::run(calls::payload_serdes).await,
        "result_serdes" => durable::run(calls::result_serdes).await,
        "failure" => durable::run(calls::failure).await,
        "failure_caught" => durable::run(calls::failure_caught).await,
        "wait_afterwards" => durable::run(flows::wait_afterwards).await,
        "wait_after_failure" => durable::run(flows::wait_after_failure).await,
        "step_first" => durable::run(flows::step_first).await,
        "step_afterwards" => durable::run(flows::step_afterwards).await,
        "in_child_context" => durable::run(flows::in_child_context).await,
        "two_targets" => durable::run(flows::two_targets).await,
        "target_echo" => durable::run(targets::echo).await,
        "target_greet" => durable::run(targets::greet).await,
        "target_measure" => durable::run(targets::measure).await,
        "target_fail" => durable::run(targets::fail).await,
        _ => Err(crate::unknown(name)),
    }
}

/// The function to call. It is read outside of a step, as it is the same in every invocation unless somebody deploys in between.
fn target(variable: &str) -> Result<String, BoxError> {
    std::env::var(variable).map_err(|error| format!("{variable}: {error}").into())
}
