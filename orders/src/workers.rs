//! Calling a worker: one synchronous invocation through the Lambda API.
//!
//! A [`CallError`] reaches the execution history, so it says which function failed and how, and
//! quotes nothing of the request.

use std::time::Duration;

use aws_durable_execution_sdk::{BoxError, StepError, TypedError};
use aws_sdk_lambda::Client;
use aws_sdk_lambda::error::ProvideErrorMetadata as _;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::handler::PERMANENT_ERROR_TYPES;

/// The longest a step waits for its worker. Workers answer in well under a second; this bounds a
/// hanging connection, so that the step fails and is tried again instead of using up the
/// orchestrator's own timeout.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);
/// Characters of a worker's error message that are kept.
const MAX_MESSAGE: usize = 500;
/// A run of this many digits in a worker's message may be a card number.
const HIDDEN_DIGITS: usize = 12;

/// A worker was not reached, failed, or gave an answer that makes no sense.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    #[error("{function} could not be invoked: {detail}")]
    NotInvoked { function: String, detail: String },
    #[error("{function} did not answer within {} seconds", CALL_TIMEOUT.as_secs())]
    TimedOut { function: String },
    #[error("{function} failed with {error_type}: {message}")]
    Failed { function: String, error_type: String, message: String },
    #[error("{function} gave an answer that cannot be read")]
    UnreadableAnswer { function: String },
}

impl CallError {
    /// The `ErrorType` of the failed attempt in the execution history.
    fn error_type(&self) -> &str {
        match self {
            Self::NotInvoked { .. } => "WorkerNotInvoked",
            Self::TimedOut { .. } => "WorkerTimedOut",
            Self::Failed { error_type, .. } => error_type,
            Self::UnreadableAnswer { .. } => "WorkerAnswerUnreadable",
        }
    }

    /// As a `TypedError`, because the SDK takes the recorded `ErrorType` from it.
    fn into_step_error(self) -> BoxError {
        Box::new(TypedError::with_type(self.error_type().to_owned(), self))
    }

    fn is_permanent(&self) -> bool {
        matches!(self, Self::Failed { error_type, .. } if PERMANENT_ERROR_TYPES.contains(&error_type.as_str()))
    }
}

/// Whether a step failed in a way that trying again does not mend.
pub(crate) fn is_permanent(error: &StepError) -> bool {
    let mut link = std::error::Error::source(error);
    while let Some(cause) = link {
        if let Some(call) = cause.downcast_ref::<CallError>() {
            return call.is_permanent();
        }
        link = cause.source();
    }
    false
}

/// Invokes `function` with `request` and waits for its answer.
pub(crate) async fn call<A: DeserializeOwned>(
    client: &Client,
    function: &str,
    request: &(impl Serialize + Sync),
) -> Result<A, BoxError> {
    let payload = serde_json::to_vec(request)?;
    let answer = match tokio::time::timeout(CALL_TIMEOUT, invoke(client, function, payload)).await {
        Ok(answer) => answer,
        Err(_) => Err(CallError::TimedOut { function: function.to_owned() }),
    };
    answer
        .and_then(|body| {
            serde_json::from_slice(&body)
                .map_err(|_| CallError::UnreadableAnswer { function: function.to_owned() })
        })
        .map_err(CallError::into_step_error)
}

async fn invoke(client: &Client, function: &str, payload: Vec<u8>) -> Result<Vec<u8>, CallError> {
    let answered = client
        .invoke()
        .function_name(function)
        .invocation_type(InvocationType::RequestResponse)
        .payload(Blob::new(payload))
        .send()
        .await
        .map_err(|error| CallError::NotInvoked {
            function: function.to_owned(),
            // Code and message of the service only: a full error chain may show the exchange.
            detail: match error.code() {
                Some(code) => format!("{code}: {}", error.message().unwrap_or_default()),
                None => error.to_string(),
            },
        })?;
    let body = answered.payload.map(Blob::into_inner).unwrap_or_default();
    match answered.function_error {
        None => Ok(body),
        Some(_) => Err(read_failure(function.to_owned(), &body)),
    }
}

fn read_failure(function: String, body: &[u8]) -> CallError {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Failure {
        error_type: String,
        error_message: String,
    }
    let Failure { mut error_type, error_message } =
        serde_json::from_slice(body).unwrap_or_default();
    if error_type.is_empty() {
        "WorkerFailed".clone_into(&mut error_type);
    }
    CallError::Failed {
        function,
        error_type,
        message: hide_long_numbers(&error_message).chars().take(MAX_MESSAGE).collect(),
    }
}

/// Replaces digits in runs that may be card numbers. Workers do not put card numbers into messages;
/// this is for the messages they do not write themselves.
fn hide_long_numbers(text: &str) -> String {
    let mut hidden = String::with_capacity(text.len());
    let mut digits = String::new();
    for c in text.chars().chain(std::iter::once('\0')) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        if digits.len() < HIDDEN_DIGITS {
            hidden.push_str(&digits);
        } else {
            hidden.push_str("[number]");
        }
        digits.clear();
        if c != '\0' {
            hidden.push(c);
        }
    }
    hidden
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_in_messages_are_hidden_and_short_ones_kept() {
        let text = "invalid type: integer `4532123456789012` at line 17";
        assert_eq!(hide_long_numbers(text), "invalid type: integer `[number]` at line 17");
        assert_eq!(hide_long_numbers("4532123456789012"), "[number]");
    }

    #[test]
    fn only_known_error_types_are_permanent() {
        let failure = |body: &str| read_failure("F".to_owned(), body.as_bytes());
        assert!(failure(r#"{"errorType":"MalformedRequest","errorMessage":"x"}"#).is_permanent());
        assert!(!failure(r#"{"errorType":"StoreUnavailable","errorMessage":"x"}"#).is_permanent());
        assert!(!failure("not json").is_permanent());
    }
}
