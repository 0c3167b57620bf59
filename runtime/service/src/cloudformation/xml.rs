//! The query protocol's XML: an answer and an error.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Serialize;

const NAMESPACE: &str = "http://cloudformation.amazonaws.com/doc/2010-05-15/";

/// An error as CloudFormation answers it. All of them are the caller's, with status 400.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn validation(message: impl Into<String>) -> Self {
        Self { code: "ValidationError", message: message.into() }
    }

    pub(super) fn no_such_stack(name_or_id: &str) -> Self {
        Self::validation(format!("Stack with id {name_or_id} does not exist"))
    }

    pub(super) fn missing(member: &str) -> Self {
        Self::validation(format!(
            "1 validation error detected: Value null at '{member}' failed to satisfy constraint: \
             Member must not be null"
        ))
    }
}

/// A list as the protocol writes it.
#[derive(Serialize)]
pub(super) struct List<T> {
    member: Vec<T>,
}

impl<T> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self { member: items.into_iter().collect() }
    }
}

/// Writes what an operation gives as the inside of its answer.
///
/// # Errors
/// Of CloudFormation's form, if it cannot be written.
pub(super) fn result(operation: &str, result: &impl Serialize) -> Result<String, Refusal> {
    quick_xml::se::to_string_with_root(&format!("{operation}Result"), result)
        .map_err(|error| Refusal::validation(format!("cannot write the answer: {error}")))
}

pub(super) fn answer(operation: &str, result: &str, request_id: &str) -> Response<Bytes> {
    let document = format!(
        "<{operation}Response xmlns=\"{NAMESPACE}\">{result}\
         <ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>\
         </{operation}Response>"
    );
    respond(StatusCode::OK, document)
}

pub(super) fn refuse(refusal: &Refusal, request_id: &str) -> Response<Bytes> {
    let message = quick_xml::escape::escape(refusal.message.as_str());
    let document = format!(
        "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>Sender</Type><Code>{}</Code>\
         <Message>{message}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>",
        refusal.code
    );
    respond(StatusCode::BAD_REQUEST, document)
}

fn respond(status: StatusCode, mut document: String) -> Response<Bytes> {
    // Characters that XML cannot carry, not even escaped; they come from a template or a request.
    document.retain(|c| matches!(c, '\t' | '\n' | ' '..='\u{fffd}' | '\u{10000}'..));
    Response::builder()
        .status(status)
        .header("content-type", "text/xml")
        .body(Bytes::from(document))
        .unwrap_or_default()
}
