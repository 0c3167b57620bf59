//! CloudWatch's errors.

use durable_metrics::MetricsError;

/// An error as CloudWatch answers it. It has two names: the code of the oldest protocol, which clients show in all of
/// them, and that of the exception.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) exception: &'static str,
    pub(super) status: u16,
    pub(super) message: String,
}

impl Refusal {
    fn new(code: &'static str, exception: &'static str, message: impl Into<String>) -> Self {
        Self { code, exception, status: 400, message: message.into() }
    }

    pub(super) fn missing(parameter: &str) -> Self {
        let message = format!("The parameter {parameter} is required.");
        Self::new("MissingParameter", "MissingRequiredParameterException", message)
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterValue", "InvalidParameterValueException", message)
    }

    /// A text that is none of those that may be.
    pub(super) fn not_one_of(parameter: &str, allowed: &[&str]) -> Self {
        let allowed = allowed.join(", ");
        Self::invalid(format!(
            "The parameter {parameter} must be a value in the set [ {allowed} ]."
        ))
    }

    pub(super) fn combination(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterCombination", "InvalidParameterCombinationException", message)
    }

    pub(super) fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationError", "ValidationError", message)
    }

    pub(super) fn next_token() -> Self {
        Self::new("InvalidNextToken", "InvalidNextToken", "The NextToken is invalid.")
    }

    pub(super) fn serialization(message: impl Into<String>) -> Self {
        Self::new("MalformedInput", "SerializationException", message)
    }

    pub(super) fn unknown_operation(operation: &str) -> Self {
        let message = format!("The operation {operation} is not supported by this server.");
        Self::new("InvalidAction", "UnknownOperationException", message)
    }

    /// Whose fault it is, in the words of the query protocol.
    pub(super) fn fault(&self) -> &'static str {
        if self.status < 500 { "Sender" } else { "Receiver" }
    }
}

impl From<MetricsError> for Refusal {
    fn from(error: MetricsError) -> Self {
        let message = error.to_string();
        match error {
            MetricsError::TooManySeries => {
                Self::new("LimitExceeded", "LimitExceededException", message)
            }
            MetricsError::Busy | MetricsError::Closed | MetricsError::Unusable(_) => Self {
                status: 500,
                ..Self::new("InternalServiceError", "InternalServiceFault", message)
            },
        }
    }
}
