//! The Lambda API: one file per operation, and the table that leads to them.
//!
//! A label may come percent-encoded (the SDKs) or raw (the CLI, `curl`), and an execution ARN contains slashes: the
//! path is split at its fixed prefix and its fixed last segment, and what lies between is the label, decoded once.

mod account_settings;
mod aliases;
mod callbacks;
mod checkpoint;
mod code;
mod concurrency;
mod configuration;
mod create_function;
mod delete;
mod delete_function;
mod function_settings;
mod functions;
mod get_execution;
mod get_history;
mod get_state;
mod invoke;
mod list_executions;
mod pause;
mod stop;
mod tags;
mod unsupported;
mod update_function_code;
mod update_function_configuration;
mod versions;

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
pub(crate) use code::body_bytes_max;
use http::{Method, Request};

use crate::engine::Engine;
use crate::logs::CloudWatchLogs;
use crate::rates::Rated;
use crate::wire::error::AwsError;
use crate::wire::query::{Query, decode};
use crate::wire::response::Answer;

/// The version in the paths of functions.
const FUNCTIONS: &str = "/2015-03-31/functions";
/// The version in the paths of everything durable.
const EXECUTIONS: &str = "/2025-12-01/durable-executions/";
const CALLBACKS: &str = "/2025-12-01/durable-execution-callbacks/";
const FUNCTION_EXECUTIONS: &str = "/2025-12-01/functions/";

/// The paths that came later, each with a version of its own.
const PUT_CONCURRENCY: &str = "/2017-10-31/functions/";
const GET_CONCURRENCY: &str = "/2019-09-30/functions/";
const TAGS: &str = "/2017-03-31/tags/";
const ACCOUNT_SETTINGS: &str = "/2016-08-19/account-settings";

/// What every operation is given.
pub(crate) struct Call {
    pub(crate) engine: Arc<Engine>,
    pub(crate) logs: CloudWatchLogs,
    pub(crate) query: Query,
    pub(crate) request: Request<Bytes>,
}

impl Call {
    /// A header's value. What is not UTF-8 in it is replaced, so that it breaks a constraint instead of being missing:
    /// a caller who gave a name must not get an execution without one.
    pub(crate) fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        self.request.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()))
    }

    fn check_rate(&self, operation: Option<Rated>) -> Result<(), AwsError> {
        operation.map_or(Ok(()), |operation| self.engine.rates.check(operation))
    }

    pub(crate) fn body(&self) -> &Bytes {
        self.request.body()
    }
}

/// Whether this path belongs to the Lambda API.
pub(crate) fn owns(path: &str) -> bool {
    let prefixes = [PUT_CONCURRENCY, GET_CONCURRENCY, TAGS, "/2015-03-31/", "/2025-12-01/"];
    prefixes.iter().any(|prefix| path.starts_with(prefix))
        || path.trim_end_matches('/') == ACCOUNT_SETTINGS
}

/// Answers a request of the Lambda API.
pub(crate) async fn answer(
    engine: Arc<Engine>,
    logs: CloudWatchLogs,
    request: Request<Bytes>,
) -> Answer {
    let path = request.uri().path().to_owned();
    let method = request.method().clone();
    let call = Call { engine, logs, query: Query::parse(request.uri().query()), request };
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
        call.check_rate(Some(Rated::List))?;
        return list_executions::answer(&call, &decode(name)).await;
    }
    if let Some(rest) = path.strip_prefix(FUNCTIONS)
        && (rest.is_empty() || rest.starts_with('/'))
    {
        return functions(&call, &method, rest).await;
    }
    if let Some(arn) = path.strip_prefix(TAGS) {
        return tags(&call, &method, arn).await;
    }
    if path.trim_end_matches('/') == ACCOUNT_SETTINGS && method == Method::GET {
        return account_settings::answer(&call);
    }
    concurrency(&call, &method, &path).await
}

async fn durable_execution(call: &Call, method: &Method, rest: &str) -> Answer {
    let (label, operation) =
        split_operation(rest, &["checkpoint", "state", "history", "stop", "pause", "resume"]);
    let arn = decode(label);
    call.check_rate(rated(method, operation))?;
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
    call.check_rate(rated(method, operation))?;
    match (method.as_str(), operation) {
        ("POST", Some("succeed")) => callbacks::succeed(call, &id).await,
        ("POST", Some("fail")) => callbacks::fail(call, &id).await,
        ("POST", Some("heartbeat")) => callbacks::heartbeat(call, &id).await,
        _ => Err(AwsError::unknown_operation()),
    }
}

/// The operations on executions and callbacks that have a rate, by method and last segment of the path.
fn rated(method: &Method, operation: Option<&str>) -> Option<Rated> {
    match (method.as_str(), operation) {
        ("POST", Some("checkpoint")) => Some(Rated::Checkpoint),
        ("GET", Some("state")) => Some(Rated::GetState),
        ("GET", Some("history")) => Some(Rated::GetHistory),
        ("GET", None) => Some(Rated::Get),
        ("POST", Some("stop")) => Some(Rated::Stop),
        ("POST", Some("succeed")) => Some(Rated::CallbackSuccess),
        ("POST", Some("fail")) => Some(Rated::CallbackFailure),
        ("POST", Some("heartbeat")) => Some(Rated::CallbackHeartbeat),
        _ => None,
    }
}

async fn functions(call: &Call, method: &Method, rest: &str) -> Answer {
    let Some(rest) = rest.strip_prefix('/').filter(|rest| !rest.is_empty()) else {
        return match *method {
            Method::GET => functions::list(call),
            Method::POST => create_function::answer(call).await,
            _ => Err(AwsError::unknown_operation()),
        };
    };
    if let Some((label, alias)) = rest.split_once("/aliases/") {
        return alias_of(call, method, &decode(label), &decode(alias)).await;
    }
    let operations = ["aliases", "code", "configuration", "invocations", "versions"];
    let (label, operation) = split_operation(rest, &operations);
    let name = decode(label);
    match (method.as_str(), operation) {
        ("POST", Some("invocations")) => invoke::answer(call, &name).await,
        ("GET", Some("configuration")) => functions::get_configuration(call, &name),
        ("PUT", Some("configuration")) => update_function_configuration::answer(call, &name).await,
        ("PUT", Some("code")) => update_function_code::answer(call, &name).await,
        ("POST", Some("versions")) => versions::publish(call, &name).await,
        ("GET", Some("versions")) => versions::list(call, &name),
        ("POST", Some("aliases")) => aliases::create(call, &name).await,
        ("GET", Some("aliases")) => aliases::list(call, &name),
        ("GET", None) if !name.contains('/') => functions::get(call, &name),
        ("DELETE", None) if !name.contains('/') => delete_function::answer(call, &name).await,
        _ => Err(AwsError::not_implemented("This operation on functions")),
    }
}

async fn alias_of(call: &Call, method: &Method, function: &str, alias: &str) -> Answer {
    match *method {
        Method::GET => aliases::get(call, function, alias),
        Method::PUT => aliases::update(call, function, alias).await,
        Method::DELETE => aliases::delete(call, function, alias).await,
        _ => Err(AwsError::unknown_operation()),
    }
}

async fn tags(call: &Call, method: &Method, arn: &str) -> Answer {
    let arn = decode(arn);
    match *method {
        Method::GET => tags::list(call, &arn),
        Method::POST => tags::tag(call, &arn).await,
        Method::DELETE => tags::untag(call, &arn).await,
        _ => Err(AwsError::unknown_operation()),
    }
}

/// Written at a path of one version and read at one of another.
async fn concurrency(call: &Call, method: &Method, path: &str) -> Answer {
    let name = |prefix| Some(decode(path.strip_prefix(prefix)?.strip_suffix("/concurrency")?));
    match (method.as_str(), name(PUT_CONCURRENCY), name(GET_CONCURRENCY)) {
        ("PUT", Some(name), _) => concurrency::put(call, &name).await,
        ("DELETE", Some(name), _) => concurrency::delete(call, &name).await,
        ("GET", _, Some(name)) => concurrency::get(call, &name),
        _ => Err(AwsError::unknown_operation()),
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
