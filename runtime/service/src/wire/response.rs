//! Successful answers.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Serialize;

use crate::wire::error::AwsError;

pub(crate) type Answer = Result<Response<Bytes>, AwsError>;

/// A JSON document.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Answer {
    let body = serde_json::to_vec(body)
        .map_err(|error| AwsError::service(format!("cannot write the answer: {error}")))?;
    Ok(json_bytes(status, body))
}

/// A JSON document that is already written.
pub(crate) fn json_bytes(status: StatusCode, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let content_type = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(http::header::CONTENT_TYPE, content_type);
    response
}

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}

/// Adds a header whose value the server made or has checked; one that HTTP cannot carry is left out.
pub(crate) fn with_header(
    mut response: Response<Bytes>,
    name: &'static str,
    value: &str,
) -> Response<Bytes> {
    if let Ok(value) = http::HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
    response
}
