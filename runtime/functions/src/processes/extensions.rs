//! As much of the Lambda Extensions API as a runtime needs for itself.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html>. A runtime that wants SIGTERM before
//! SIGKILL registers an extension without events, as the graceful shutdown of `lambda_runtime` does. Its `/event/next`
//! is held open for ever. Extensions that ask for events are refused when they register, rather than left to wait for
//! events that never come.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::api::{Api, answer, problem};

/// As many extensions as Lambda allows.
const EXTENSIONS_MAX: usize = 10;

const NAME: &str = "lambda-extension-name";
const IDENTIFIER: &str = "lambda-extension-identifier";

#[derive(Deserialize)]
struct Registration {
    #[serde(default)]
    events: Vec<String>,
}

pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/2020-01-01/extension/register", post(register))
        .route("/2020-01-01/extension/event/next", get(next_event))
}

async fn register(State(api): State<Api>, headers: HeaderMap, body: axum::body::Bytes) -> Response {
    if !headers.contains_key(NAME) {
        return refused("Extension.InvalidExtensionName", "The extension has no name");
    }
    let Ok(registration) = serde_json::from_slice::<Registration>(&body) else {
        return refused("InvalidRequestFormat", "The registration is no JSON");
    };
    if let Some(event) = registration.events.first() {
        let message = format!("The event {event} is not available here");
        return refused("ShutdownEventNotSupportedForInternalExtension", &message);
    }
    let Some(id) = api.process.add_extension(EXTENSIONS_MAX) else {
        return problem(
            StatusCode::FORBIDDEN,
            "Extension.TooManyExtensions",
            "No more extensions are allowed",
        );
    };
    let registered = json!({
        "functionName": api.spec.function_name,
        "functionVersion": api.spec.version,
        "handler": api.spec.handler,
        "accountId": api.spec.account_id,
    });
    ([(IDENTIFIER, id.to_string())], answer(StatusCode::OK, registered)).into_response()
}

async fn next_event(State(api): State<Api>, headers: HeaderMap) -> Response {
    let id = headers.get(IDENTIFIER).and_then(|id| Uuid::parse_str(id.to_str().ok()?).ok());
    if !id.is_some_and(|id| api.process.has_extension(id)) {
        return problem(
            StatusCode::FORBIDDEN,
            "Extension.UnknownExtensionIdentifier",
            "No extension has this identifier",
        );
    }
    std::future::pending().await
}

fn refused(kind: &str, message: &str) -> Response {
    problem(StatusCode::BAD_REQUEST, kind, message)
}
