//! The Lambda API: one file per operation, and the table that leads to them.
//!
//! A label may come percent-encoded (the SDKs) or raw (the CLI, `curl`), and an execution ARN contains slashes: the
//! path is split at its fixed prefix and its fixed last segment, and what lies between is the label, decoded once.

mod callbacks;
mod checkpoint;
mod delete;
mod functions;
mod get_execution;
mod get_history;
mod get_state;
mod invoke;
mod list_executions;
mod pause;
mod stop;

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request};

use crate::engine::Engine;
use crate::wire::error::AwsError;
use crate::wire::query::{Query, decode};
use crate::wire::response::Answer;

/// The version in the paths of functions.
const FUNCTIONS: &str = "/2015-03-31/functions";
/// The version in the paths of everything durable.
const EXECUTIONS: &str = "/2025-12-01/durable-executions/";
const CALLBACKS: &str = "/2025-12-01/durable-execution-callbacks/";
const FUNCTION_EXECUTIONS: &str = "/2025-12-01/functions/";

/// What every operation is given.
pub(crate) struct Call {
    pub(crate) engine: Arc<Engine>,
    pub(crate) query: Query,
    pub(crate) request: Request<Bytes>,
}

impl Call {
    /// A header's value. What is not UTF-8 in it is replaced, so that it breaks a constraint instead of being missing:
    /// a caller who gave a name must not get an execution without one.
    pub(crate) fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        self.request.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()))
    }

    pub(crate) fn body(&self) -> &Bytes {
        self.request.body()
    }
}

/// Whether this path belongs to the Lambda API.
pub(crate) fn owns(path: &str) -> bool {
    path.starts_with("/2015-03-31/") || path.starts_with("/2025-12-01/")
}

/// Answers a request of the Lambda API.
pub(crate) async fn answer(engine: Arc<Engine>, request: Request<Bytes>) -> Answer {
    let path = request.uri().path().to_owned();
    let method = request.method().clone();
    let call = Call { engine, query: Query::parse(request.uri().query()), request };
    if let Some(rest) = path.strip_prefix(EXECUTIONS) {
        return durable_execution(&call, &method, rest).await;
    }
    if let Some(rest) = path.strip_prefix(CALLBACKS) {
        return callback(&call, &method, rest).await;
    }
    if let Some(rest) = path.strip_prefix(FUNCTION_EXECUTIONS)
        && let Some(name) = rest.strip_suffix("/durable-executions")
        && method == Method::GET
    {
        return list_executions::answer(&call, &decode(name)).await;
    }
    if let Some(rest) = path.strip_prefix(FUNCTIONS)
        && (rest.is_empty() || rest.starts_with('/'))
    {
        return function(&call, &method, rest).await;
    }
    Err(AwsError::unknown_operation())
}

async fn durable_execution(call: &Call, method: &Method, rest: &str) -> Answer {
    let (label, operation) =
        split_operation(rest, &["checkpoint", "state", "history", "stop", "pause", "resume"]);
    let arn = decode(label);
    match (method.as_str(), operation) {
        ("POST", Some("checkpoint")) => checkpoint::answer(call, &arn).await,
        ("GET", Some("state")) => get_state::answer(call, &arn).await,
        ("GET", Some("history")) => get_history::answer(call, &arn).await,
        ("POST", Some("stop")) => stop::answer(call, &arn).await,
        ("GET", None) => get_execution::answer(call, &arn).await,
        ("POST", Some("pause")) => pause::pause(call, &arn).await,
        ("POST", Some("resume")) => pause::resume(call, &arn).await,
        ("DELETE", None) => delete::answer(call, &arn).await,
        _ => Err(AwsError::unknown_operation()),
    }
}

async fn callback(call: &Call, method: &Method, rest: &str) -> Answer {
    let (label, operation) = split_operation(rest, &["succeed", "fail", "heartbeat"]);
    let id = decode(label);
    match (method.as_str(), operation) {
        ("POST", Some("succeed")) => callbacks::succeed(call, &id).await,
        ("POST", Some("fail")) => callbacks::fail(call, &id).await,
        ("POST", Some("heartbeat")) => callbacks::heartbeat(call, &id).await,
        _ => Err(AwsError::unknown_operation()),
    }
}

async fn function(call: &Call, method: &Method, rest: &str) -> Answer {
    let Some(rest) = rest.strip_prefix('/').filter(|rest| !rest.is_empty()) else {
        return match *method {
            Method::GET => functions::list(call),
            Method::POST => Err(AwsError::not_implemented("CreateFunction")),
            _ => Err(AwsError::unknown_operation()),
        };
    };
    let (label, operation) = split_operation(rest, &["invocations", "configuration"]);
    let name = decode(label);
    match (method.as_str(), operation) {
        ("POST", Some("invocations")) => invoke::answer(call, &name).await,
        ("GET", Some("configuration")) => functions::get_configuration(call, &name),
        ("GET", None) if !name.contains('/') => functions::get(call, &name),
        _ => Err(AwsError::not_implemented("This operation on functions")),
    }
}

/// Splits a path into its label and, if the last segment is one of these, its operation.
fn split_operation<'a>(rest: &'a str, operations: &[&'a str]) -> (&'a str, Option<&'a str>) {
    match rest.rsplit_once('/') {
        Some((label, last)) => match operations.iter().find(|operation| **operation == last) {
            Some(operation) => (label, Some(*operation)),
            None => (rest, None),
        },
        None => (rest, None),
    }
}
