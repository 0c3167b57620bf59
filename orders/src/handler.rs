//! What the three workers have in common as Lambda functions: how they read requests and how they
//! fail.
//!
//! A worker answers business outcomes (declined, out of stock) as results. It fails only when it
//! could not do its work, with a [`WorkerError`] whose kind becomes the `errorType` the caller
//! sees. The kinds in [`PERMANENT_ERROR_TYPES`] will not go away by trying again.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use lambda_runtime::Diagnostic;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::dynamo::StoreError;
use crate::payment::GatewayError;

/// The future of one invocation of a worker.
pub type WorkerFuture<A> = Pin<Box<dyn Future<Output = Result<A, WorkerError>> + Send>>;

/// Error types after which the caller does not try again.
pub(crate) const PERMANENT_ERROR_TYPES: [&str; 4] =
    [MALFORMED_REQUEST, RESERVATION_CONFLICT, PAYMENT_REFUSED, PAYMENT_CONFLICT];

const MALFORMED_REQUEST: &str = "MalformedRequest";
/// The order id is already in use by an order with other lines.
pub(crate) const RESERVATION_CONFLICT: &str = "ReservationConflict";
/// A table could not be used, or holds a row that makes no sense.
pub(crate) const STORE_UNAVAILABLE: &str = "StoreUnavailable";
const PAYMENT_REFUSED: &str = "PaymentRefused";
/// The payment under this order id is that of another order.
pub(crate) const PAYMENT_CONFLICT: &str = "PaymentConflict";

/// Why a worker could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The request makes no sense. The text is fixed or gives a position; it quotes nothing.
    #[error("malformed request: {0}")]
    MalformedRequest(String),
    /// Another order with this id has reserved something else.
    #[error("order {order_id} already has a reservation of other products or quantities")]
    ReservationConflict {
        /// The id both orders use.
        order_id: String,
    },
    /// A table could not be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The payment gateway could not be used.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
}

impl WorkerError {
    /// The `errorType` that callers match on.
    #[must_use]
    pub fn error_type(&self) -> &'static str {
        match self {
            Self::MalformedRequest(_) => MALFORMED_REQUEST,
            Self::ReservationConflict { .. } => RESERVATION_CONFLICT,
            Self::Store(_) => STORE_UNAVAILABLE,
            Self::Gateway(GatewayError::Refused(_)) => PAYMENT_REFUSED,
            Self::Gateway(GatewayError::Conflict(_)) => PAYMENT_CONFLICT,
            Self::Gateway(GatewayError::Unavailable(_)) => "PaymentGatewayUnavailable",
        }
    }
}

impl From<WorkerError> for Diagnostic {
    fn from(error: WorkerError) -> Self {
        Self { error_type: error.error_type().to_owned(), error_message: error.to_string() }
    }
}

/// The JSON a worker was invoked with, unread.
///
/// Workers read it themselves instead of leaving it to the Lambda runtime, for two reasons: a
/// malformed request becomes a `MalformedRequest` the caller recognises, and no message repeats a
/// value of the request, which may be a card number.
pub struct WorkerRequest(Box<RawValue>);

impl WorkerRequest {
    /// Reads the request.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, WorkerError> {
        serde_json::from_str(self.0.get()).map_err(|error| {
            // Not the error's text: "invalid type" errors quote the value.
            WorkerError::MalformedRequest(format!(
                "cannot be read at line {}, column {}",
                error.line(),
                error.column()
            ))
        })
    }
}

impl<'de> Deserialize<'de> for WorkerRequest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Self)
    }
}

impl fmt::Debug for WorkerRequest {
    /// The request may hold a card number, so nothing of it is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkerRequest").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::money::Money;

    #[test]
    fn a_request_survives_the_way_the_lambda_runtime_reads_it() {
        let body = br#"{"amount": 13.50}"#;
        let mut json = serde_json::Deserializer::from_slice(body);
        let request: WorkerRequest = serde_path_to_error::deserialize(&mut json).unwrap();

        #[derive(Deserialize)]
        struct Body {
            amount: Money,
        }
        assert_eq!(request.read::<Body>().unwrap().amount, Money::from_cents(1350));
    }

    #[test]
    fn an_unreadable_request_is_reported_without_quoting_it() {
        let request: WorkerRequest = serde_json::from_str("[4532123456789012]").unwrap();
        let error = request.read::<String>().unwrap_err();
        assert_eq!(error.error_type(), MALFORMED_REQUEST);
        assert!(!error.to_string().contains("4532"), "{error}");
        assert!(!format!("{request:?}").contains("4532"));
    }
}
