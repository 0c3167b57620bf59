//! AWS's errors: name, status and body, exactly (specification section 0.5).

use bytes::Bytes;
use durable_core::Rejection;
use durable_store::StoreError;
use http::{Response, StatusCode};
use serde_json::json;

/// An error as AWS's services answer it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AwsError {
    pub(crate) code: &'static str,
    pub(crate) status: u16,
    pub(crate) message: String,
    /// The body member that carries the text: the model spells it differently per error.
    member: &'static str,
    /// For `TooManyRequestsException`.
    reason: Option<&'static str>,
}

impl AwsError {
    fn new(code: &'static str, status: u16, member: &'static str, message: String) -> Self {
        Self { code, status, message, member, reason: None }
    }

    pub(crate) fn invalid_parameter(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterValueException", 400, "message", message.into())
    }

    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationException", 400, "message", message.into())
    }

    pub(crate) fn serialization(message: impl Into<String>) -> Self {
        Self::new("SerializationException", 400, "message", message.into())
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new("ResourceNotFoundException", 404, "Message", message.into())
    }

    pub(crate) fn function_not_found(arn: &str) -> Self {
        Self::not_found(format!("Function not found: {arn}"))
    }

    pub(crate) fn no_such_execution() -> Self {
        Self::not_found("Durable Execution does not exist")
    }

    pub(crate) fn already_started(arn: &str) -> Self {
        Self::new(
            "DurableExecutionAlreadyStartedException",
            409,
            "Message",
            format!("Execution already started: {arn}"),
        )
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new("ResourceConflictException", 409, "message", message.into())
    }

    pub(crate) fn callback_closed() -> Self {
        let text = Rejection::CallbackClosed.to_string();
        Self::new("CallbackTimeoutException", 400, "Message", text)
    }

    pub(crate) fn invalid_request_content(message: impl Into<String>) -> Self {
        Self::new("InvalidRequestContentException", 400, "message", message.into())
    }

    pub(crate) fn too_large(message: impl Into<String>) -> Self {
        Self::new("RequestTooLargeException", 413, "message", message.into())
    }

    pub(crate) fn entity_too_large(message: impl Into<String>) -> Self {
        Self::new("RequestEntityTooLargeException", 413, "message", message.into())
    }

    pub(crate) fn stale_revision() -> Self {
        let text = "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API \
                    to retrieve the latest Revision Id";
        Self::new("PreconditionFailedException", 412, "message", text.to_owned())
    }

    pub(crate) fn too_many_requests(reason: &'static str) -> Self {
        let mut error =
            Self::new("TooManyRequestsException", 429, "message", "Rate Exceeded.".to_owned());
        error.reason = Some(reason);
        error
    }

    pub(crate) fn access_denied(message: impl Into<String>) -> Self {
        Self::new("AccessDeniedException", 403, "Message", message.into())
    }

    pub(crate) fn service(message: impl Into<String>) -> Self {
        Self::new("ServiceException", 500, "Message", message.into())
    }

    /// An operation that AWS has and this server has not. 501, so that SDKs do not retry it.
    pub(crate) fn not_implemented(what: &str) -> Self {
        let message = format!("{what} is not supported by this server.");
        Self::new("NotImplementedException", 501, "message", message)
    }

    pub(crate) fn unknown_operation() -> Self {
        let message = "No AWS operation of this server has this method and path.";
        Self::new("UnknownOperationException", 404, "message", message.to_owned())
    }

    pub(crate) fn response(&self) -> Response<Bytes> {
        let kind = if self.status < 500 { "User" } else { "Service" };
        let mut body = json!({ "__type": self.code, "Type": kind, self.member: self.message });
        let mut builder = Response::builder()
            .status(StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
            .header("content-type", "application/json")
            .header("x-amzn-errortype", self.code);
        if let Some(reason) = self.reason {
            builder = builder.header("retry-after", "1");
            if let Some(members) = body.as_object_mut() {
                members.insert("Reason".to_owned(), reason.into());
            }
        }
        builder.body(Bytes::from(body.to_string())).unwrap_or_default()
    }
}

impl From<Rejection> for AwsError {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::InvalidParameter(message) => Self::invalid_parameter(message),
            Rejection::CallbackClosed => Self::callback_closed(),
            Rejection::Conflict(message) => Self::conflict(message),
        }
    }
}

impl From<StoreError> for AwsError {
    fn from(error: StoreError) -> Self {
        Self::service(error.to_string())
    }
}
