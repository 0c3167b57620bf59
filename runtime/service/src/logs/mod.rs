//! CloudWatch Logs: what functions print, at the same door.
//!
//! The store is `durable-logs`. Its calls may block for a moment, so they are made where blocking is allowed.
//!
//! | file | job |
//! |---|---|
//! | `sink` | from a function's output to the store |
//! | `tail` | the last lines of one invocation, for Invoke |
//! | `durable/` | `[DURABLE_EXECUTION]` lines |
//! | `groups` | operations on log groups |
//! | `streams` | operations on log streams |
//! | `events` | PutLogEvents, GetLogEvents, FilterLogEvents |
//! | `follow` | the AWS CLI's `logs tail --follow`, live |
//! | `names` | names and ARNs of groups and streams |
//! | `refusal` | errors |

mod durable;
mod events;
mod follow;
mod groups;
mod names;
mod refusal;
mod sink;
mod streams;
mod tail;

use std::any::Any;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use durable_functions::{FunctionLog, LogFormat, LogSink, LoggedFunction};
use durable_logs::{Logs, Options};
use http::{Request, Response, StatusCode};
use serde_json::Value;
use tokio::sync::Semaphore;

use self::durable::DurableLog;
use self::refusal::Refusal;
use self::sink::StoreSink;
pub(crate) use self::tail::Tail;
use self::tail::Tails;
use crate::clock::Clock;
use crate::functions::{FunctionSpec, Functions, LATEST};
use crate::wire::arn::Home;
use crate::wire::object;
use crate::wire::response::json_bytes;

const TARGET_PREFIX: &str = "Logs_20140328.";
const CONTENT_TYPE: &str = "application/x-amz-json-1.1";
/// Requests that are worked on at one time; further callers wait. A search reads much and keeps a core busy.
const REQUESTS_AT_ONCE_MAX: usize = 4;

/// What bounds the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogBounds {
    pub(crate) retention_days: u32,
    pub(crate) bytes_max: u64,
}

/// The log groups of this server; cheap to clone.
#[derive(Clone)]
pub(crate) struct CloudWatchLogs(Arc<Shared>);

struct Shared {
    store: Logs,
    sink: Arc<StoreSink>,
    tails: Arc<Tails>,
    places: Semaphore,
    followers: Semaphore,
    home: Home,
    clock: Clock,
}

/// What an operation is given.
pub(crate) struct Call<'a> {
    store: &'a Logs,
    home: &'a Home,
    now: i64,
    body: &'a [u8],
}

impl Call<'_> {
    /// The request's body.
    fn read<'b, T: serde::Deserialize<'b>>(&'b self) -> Result<T, Refusal> {
        object::read(self.body).map_err(|error| Refusal::serialization(error.message))
    }
}

type Answer = Result<Value, Refusal>;

impl CloudWatchLogs {
    /// Opens the log in this directory, which is held until it is closed.
    ///
    /// # Errors
    /// A sentence that says what cannot be used.
    pub(crate) fn open(
        directory: &Path,
        bounds: LogBounds,
        home: Home,
        clock: Clock,
        hold: impl Any + Send,
    ) -> Result<Self, String> {
        let time = clock.clone();
        let store = Logs::open(Options {
            retention_days: bounds.retention_days,
            bytes_max: bounds.bytes_max,
            hold: Some(Box::new(hold)),
            ..Options::new(directory, Arc::new(move || time.now()))
        })
        .map_err(|error| error.to_string())?;
        let tails = Arc::new(Tails::default());
        let sink = Arc::new(StoreSink::new(store.clone(), Arc::clone(&tails)));
        let places = Semaphore::new(REQUESTS_AT_ONCE_MAX);
        let followers = Semaphore::new(follow::FOLLOWERS_MAX);
        Ok(Self(Arc::new(Shared { store, sink, tails, places, followers, home, clock })))
    }

    /// Takes what functions print. It never waits.
    pub(crate) fn sink(&self) -> Arc<dyn LogSink> {
        Arc::clone(&self.0.sink) as Arc<dyn LogSink>
    }

    /// Gives a function in this process a log, as processes have one.
    pub(crate) fn logged(&self, spec: FunctionSpec) -> FunctionSpec {
        let log = FunctionLog {
            function_name: spec.name.clone(),
            version: LATEST.to_owned(),
            log_group: spec.config().log_group(),
            log_format: LogFormat::Text,
            memory_mb: spec.memory_mb,
            sink: self.sink(),
        };
        let now_ms = self.0.clock.now().unsigned_abs();
        let host = Arc::new(LoggedFunction::new(Arc::clone(&spec.host), log, now_ms));
        FunctionSpec { host, ..spec }
    }

    /// Writes lines about the executions of these functions.
    pub(crate) fn durable(&self, functions: Arc<Functions>) -> Arc<DurableLog> {
        let Shared { store, home, clock, .. } = &*self.0;
        Arc::new(DurableLog::new(store.clone(), home.clone(), clock.clone(), functions))
    }

    /// Makes a group that a template asks for, if there is none of its name, and sets for how long its events are kept.
    ///
    /// # Errors
    /// A sentence.
    pub(crate) async fn ensure_group(
        &self,
        name: String,
        retention_days: Option<u32>,
    ) -> Result<(), String> {
        let store = self.0.store.clone();
        let work = move || {
            match store.create_group(name.clone()) {
                Ok(()) | Err(durable_logs::LogsError::GroupExists) => {}
                Err(error) => return Err(error),
            }
            store.set_retention(name, retention_days)
        };
        let done = tokio::task::spawn_blocking(work).await.map_err(|error| error.to_string())?;
        done.map_err(|error| error.to_string())
    }

    /// Deletes a group with its events; one that is not there is deleted already.
    ///
    /// # Errors
    /// A sentence.
    pub(crate) async fn remove_group(&self, name: String) -> Result<(), String> {
        let store = self.0.store.clone();
        let done = tokio::task::spawn_blocking(move || store.delete_group(name)).await;
        match done.map_err(|error| error.to_string())? {
            Ok(()) | Err(durable_logs::LogsError::NoSuchGroup) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Collects the last lines of an invocation from now on.
    pub(crate) fn tail(&self, request_id: &str) -> Tail {
        Tail::begin(&self.0.tails, request_id)
    }

    /// How many events of functions were dropped since the start, because they came too fast.
    pub(crate) fn dropped(&self) -> u64 {
        self.0.store.dropped()
    }

    /// Writes what waits and closes the file.
    pub(crate) async fn close(&self) {
        let store = self.0.store.clone();
        // An error means that the runtime is shutting down; then dropping the store closes it.
        let _ = tokio::task::spawn_blocking(move || store.close()).await;
    }

    /// Whether this request is for CloudWatch Logs, by its target.
    pub(crate) fn operation(request: &Request<Bytes>) -> Option<String> {
        let target = request.headers().get("x-amz-target")?.to_str().ok()?;
        target.strip_prefix(TARGET_PREFIX).map(str::to_owned)
    }

    pub(crate) async fn answer(&self, operation: &str, request: Request<Bytes>) -> Response<Bytes> {
        let follows = operation == "FilterLogEvents" && follow::follows(request.headers());
        let body = request.into_body();
        let answer = if follows {
            self.follow(body).await
        } else {
            let operation = operation.to_owned();
            self.work(body, move |call| run(&operation, call)).await
        };
        match answer {
            Ok(Value::Null) => respond(StatusCode::OK, Vec::new()),
            Ok(body) => respond(StatusCode::OK, body.to_string().into_bytes()),
            Err(refusal) => respond(refusal.status, refusal.body()),
        }
    }

    /// Works on a request where blocking is allowed.
    async fn work<T: Send + 'static>(
        &self,
        body: Bytes,
        work: impl FnOnce(&Call<'_>) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let shared = Arc::clone(&self.0);
        // It fails only if it is closed, which never happens.
        let _place = self.0.places.acquire().await;
        let work = move || {
            let (store, home, now) = (&shared.store, &shared.home, shared.clock.now());
            let body: &[u8] = if body.is_empty() { b"{}" } else { &body };
            work(&Call { store, home, now, body })
        };
        let worked = tokio::task::spawn_blocking(work).await;
        worked.unwrap_or_else(|failure| Err(Refusal::unavailable(failure.to_string())))
    }
}

fn run(operation: &str, call: &Call<'_>) -> Answer {
    match operation {
        "CreateLogGroup" => groups::create(call),
        "DeleteLogGroup" => groups::delete(call),
        "DescribeLogGroups" => groups::describe(call),
        "PutRetentionPolicy" => groups::put_retention(call),
        "DeleteRetentionPolicy" => groups::delete_retention(call),
        "ListTagsForResource" => groups::list_tags(call),
        "CreateLogStream" => streams::create(call),
        "DeleteLogStream" => streams::delete(call),
        "DescribeLogStreams" => streams::describe(call),
        "PutLogEvents" => events::put(call),
        "GetLogEvents" => events::get(call),
        "FilterLogEvents" => events::filter(call),
        "StartLiveTail" => Err(Refusal::no_live_tail()),
        unknown => Err(Refusal::unknown_operation(unknown)),
    }
}

fn respond(status: StatusCode, body: Vec<u8>) -> Response<Bytes> {
    let mut response = json_bytes(status, body);
    let content_type = http::HeaderValue::from_static(CONTENT_TYPE);
    response.headers_mut().insert(http::header::CONTENT_TYPE, content_type);
    response
}
