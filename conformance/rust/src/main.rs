//! The handlers of AWS's conformance suite for durable execution SDKs, all in one program.
//!
//! Each suite is a module with a `run` that takes the part of `_HANDLER` behind the dot and serves that handler for as long as the
//! process lives; `templates/` maps the suite's test ids to handlers.

mod callback;
mod child;
mod invoke;
mod map;
mod parallel;
mod plugin;
mod step;
mod support;
mod wait;
mod wait_for_callback;
mod wait_for_condition;

use lambda_runtime::Error;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let handler = std::env::var("_HANDLER").unwrap_or_default();
    let (suite, name) = handler.split_once('.').unwrap_or((&handler, ""));
    match suite {
        "step" => step::run(name).await,
        "wait" => wait::run(name).await,
        "child" => child::run(name).await,
        "callback" => callback::run(name).await,
        "invoke" => invoke::run(name).await,
        "wait_for_condition" => wait_for_condition::run(name).await,
        "wait_for_callback" => wait_for_callback::run(name).await,
        "parallel" => parallel::run(name).await,
        "map" => map::run(name).await,
        "plugin" => plugin::run(name).await,
        _ => Err(unknown(&handler)),
    }
}

/// What a process says that is started for a handler nobody wrote.
fn unknown(handler: &str) -> Error {
    format!("there is no handler {handler}: a Handler is SUITE.NAME").into()
}
