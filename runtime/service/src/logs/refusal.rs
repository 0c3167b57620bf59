//! Errors as CloudWatch Logs answers them.

use durable_logs::{InvalidPattern, LogsError};
use http::StatusCode;
use serde_json::json;

use crate::wire::constraints::Constraints;

#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    code: &'static str,
    message: String,
}

impl Refusal {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, message: message.into() }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterException", message)
    }

    pub(super) fn invalid_token() -> Self {
        Self::invalid("The specified nextToken is invalid.")
    }

    pub(super) fn serialization(message: impl Into<String>) -> Self {
        Self::new("SerializationException", message)
    }

    /// AWS streams it from another host. 501, so that SDKs do not retry.
    pub(super) fn no_live_tail() -> Self {
        let message = "StartLiveTail is not supported by this server. FilterLogEvents shows new events at once: \
                       `aws logs tail --follow` uses it.";
        let status = StatusCode::NOT_IMPLEMENTED;
        Self { status, ..Self::new("NotImplementedException", message) }
    }

    pub(super) fn unknown_operation(operation: &str) -> Self {
        Self::new(
            "UnknownOperationException",
            format!("{operation} is not supported by this server."),
        )
    }

    pub(super) fn unavailable(message: impl Into<String>) -> Self {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self { status, ..Self::new("ServiceUnavailableException", message) }
    }

    pub(super) fn body(&self) -> Vec<u8> {
        json!({ "__type": self.code, "message": self.message }).to_string().into_bytes()
    }
}

impl From<LogsError> for Refusal {
    fn from(error: LogsError) -> Self {
        let missing = |what| format!("The specified log {what} does not exist.");
        let existing = |what| format!("The specified log {what} already exists");
        match error {
            LogsError::NoSuchGroup => Self::new("ResourceNotFoundException", missing("group")),
            LogsError::NoSuchStream => Self::new("ResourceNotFoundException", missing("stream")),
            LogsError::GroupExists => {
                Self::new("ResourceAlreadyExistsException", existing("group"))
            }
            LogsError::StreamExists => {
                Self::new("ResourceAlreadyExistsException", existing("stream"))
            }
            LogsError::Busy => {
                let status = StatusCode::SERVICE_UNAVAILABLE;
                Self { status, ..Self::unavailable("The log is busy.") }
            }
            LogsError::Closed | LogsError::Unusable(_) => Self::unavailable(error.to_string()),
        }
    }
}

impl From<InvalidPattern> for Refusal {
    fn from(error: InvalidPattern) -> Self {
        Self::invalid(error.to_string())
    }
}

/// All violations of a request at once. CloudWatch Logs has another name for them than Lambda.
pub(super) fn check(constraints: Constraints) -> Result<(), Refusal> {
    constraints.check().map_err(|error| Refusal::invalid(error.message))
}
