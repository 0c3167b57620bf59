//! The Lambda Runtime API of one process.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>. What a call means is decided in [`process`]; here
//! it gets its HTTP. `/next` is held open until there is work, for as long as it takes: runtimes take every answer for
//! an event. What a runtime does not need here (SnapStart, streamed responses) is not answered.
//!
//! [`process`]: super::process

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use bytes::{Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::event::INVOCATION_ID;
use super::extensions;
use super::failure::{self, RESPONSE_BYTES_MAX};
use super::platform::Ending;
use super::process::{Answer, Process, Refusal};
use super::report;
use super::spec::ProcessSpec;

/// How much of a response that is too large is read, so that the runtime can send it and read the refusal. One that is
/// larger still gets the refusal while it sends.
const DISCARDED_BYTES_MAX: usize = 64 * 1024 * 1024;

/// What the handlers know.
#[derive(Clone)]
pub(super) struct Api {
    pub(super) spec: Arc<ProcessSpec>,
    pub(super) process: Arc<Process>,
}

/// Serves one process until the task is aborted.
pub(super) async fn serve(listener: TcpListener, spec: Arc<ProcessSpec>, process: Arc<Process>) {
    let routes = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(init_error))
        .merge(extensions::routes())
        .layer(DefaultBodyLimit::disable())
        .with_state(Api { spec, process });
    // An answer must not wait for the acknowledgement of the one before.
    let listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(%error, "a function's connection stays with Nagle's algorithm");
        }
    });
    if let Err(error) = axum::serve(listener, routes).await {
        tracing::error!(%error, "the Runtime API of a function's process has ended");
    }
}

async fn next(State(api): State<Api>) -> Response {
    let work = match api.process.open_next() {
        Ok(work) => work,
        Err(refusal) => return refused(refusal),
    };
    match work.await {
        Ok(work) => (work.headers, work.event).into_response(),
        // The process is about to be stopped.
        Err(_) => std::future::pending().await,
    }
}

async fn response(
    State(api): State<Api>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match read(body).await {
        Read::Whole(body) => finish(&api, &id, &headers, Ok(body)).await,
        Read::TooLarge(bytes) => {
            let error = failure::response_too_large(bytes);
            let finished = finish(&api, &id, &headers, Err(error)).await;
            if finished.status().is_success() { too_large() } else { finished }
        }
        Read::Broken => broken(),
    }
}

async fn error(
    State(api): State<Api>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match read(body).await {
        Read::Whole(body) => finish(&api, &id, &headers, Err(report::read(&headers, &body))).await,
        Read::TooLarge(_) => too_large(),
        Read::Broken => broken(),
    }
}

async fn init_error(State(api): State<Api>, headers: HeaderMap, body: Body) -> Response {
    match read(body).await {
        Read::Whole(body) => match api.process.fail_init(report::read(&headers, &body)) {
            Ok(()) => accepted(),
            Err(refusal) => refused(refusal),
        },
        Read::TooLarge(_) => too_large(),
        Read::Broken => broken(),
    }
}

async fn finish(api: &Api, id: &str, headers: &HeaderMap, answer: Answer) -> Response {
    let attempt = headers.get(INVOCATION_ID).and_then(|value| value.to_str().ok());
    // Before the answer is passed on: whoever has it may look for the lines. And before the process can ask for its
    // next invocation, whose lines come after these.
    if let Some(report) = api.process.take_report(id, attempt) {
        let ending = match &answer {
            Ok(_) => Ending::Succeeded,
            Err(error) => Ending::Failed(&error.error_type),
        };
        api.process.log_end(&report, &ending).await;
    }
    match api.process.finish(id, attempt, answer) {
        Ok(()) => accepted(),
        Err(refusal) => refused(refusal),
    }
}

enum Read {
    Whole(Bytes),
    TooLarge(usize),
    Broken,
}

/// Reads a body; of one that is too large only the size is kept.
async fn read(mut body: Body) -> Read {
    let mut kept = BytesMut::new();
    let mut size = 0;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return Read::Broken };
        let Ok(data) = frame.into_data() else { continue };
        size += data.len();
        if size <= RESPONSE_BYTES_MAX {
            kept.extend_from_slice(&data);
        } else {
            kept.clear();
        }
        if size > DISCARDED_BYTES_MAX {
            break;
        }
    }
    if size > RESPONSE_BYTES_MAX { Read::TooLarge(size) } else { Read::Whole(kept.freeze()) }
}

fn accepted() -> Response {
    answer(StatusCode::ACCEPTED, json!({"status": "OK"}))
}

fn refused(refusal: Refusal) -> Response {
    let (status, kind, message) = match refusal {
        Refusal::UnknownRequest => {
            (StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID")
        }
        Refusal::WrongState => {
            (StatusCode::FORBIDDEN, "InvalidStateTransition", "Not allowed in this state")
        }
        Refusal::TooLate => (
            StatusCode::GONE,
            "InvocationGone",
            "The invocation has timed out or is run by another process",
        ),
    };
    problem(status, kind, message)
}

fn too_large() -> Response {
    let message = format!("Exceeded maximum allowed payload size ({RESPONSE_BYTES_MAX} bytes).");
    problem(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", &message)
}

/// The connection broke in the middle of the body; probably nobody reads this.
fn broken() -> Response {
    problem(StatusCode::BAD_REQUEST, "InvalidRequestContent", "The request body has no end")
}

/// The shape of every refusal of this API.
pub(super) fn problem(status: StatusCode, kind: &str, message: &str) -> Response {
    answer(status, json!({"errorMessage": message, "errorType": kind}))
}

/// Everything that this API answers but an event.
pub(super) fn answer(status: StatusCode, body: Value) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}
