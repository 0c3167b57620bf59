//! An answer of the server, taken apart.

use bytes::Bytes;
use http::{HeaderMap, Response};
use serde_json::Value;

#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl From<Response<Bytes>> for Reply {
    fn from(response: Response<Bytes>) -> Self {
        let (parts, body) = response.into_parts();
        Self { status: parts.status.as_u16(), headers: parts.headers, body }
    }
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {}: {}", self.status, self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The error's code, as SDKs read it first.
    pub fn code(&self) -> &str {
        self.header("x-amzn-errortype").unwrap_or_default()
    }

    /// The error's text, in either spelling.
    pub fn message(&self) -> String {
        let body = self.json();
        let text = body.get("message").or_else(|| body.get("Message"));
        text.and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// Status, code and text of an error at once.
    #[track_caller]
    pub fn assert_error(&self, status: u16, code: &str, message: &str) {
        let found = (self.status, self.code(), self.message());
        assert_eq!(found, (status, code, message.to_owned()));
        assert_eq!(self.json()["__type"], code);
    }

    /// One `ValidationException` that holds all of these and counts them.
    #[track_caller]
    pub fn assert_violations(&self, violations: &[&str]) {
        let (status, code, message) = (self.status, self.code(), self.message());
        assert_eq!((status, code), (400, "ValidationException"), "{message}");
        let errors = if violations.len() == 1 { "error" } else { "errors" };
        let beginning = format!("{} validation {errors} detected: ", violations.len());
        assert!(message.starts_with(&beginning), "{beginning} in {message}");
        for violation in violations {
            assert!(message.contains(violation), "{violation} in {message}");
        }
    }

    #[track_caller]
    pub fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        self.json()
    }
}
