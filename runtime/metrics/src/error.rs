//! What can go wrong with metrics, told apart by what the caller can do.

use durable_sidefile::CallError;

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetricsError {
    /// There are as many series as there may be, and this would be one more.
    #[error("there are too many metrics; no new one is taken until old ones have ended")]
    TooManySeries,
    /// Too many calls wait for the thread; try again.
    #[error("the metrics are busy")]
    Busy,
    /// The store was closed.
    #[error("the metrics are closed because the server is shutting down")]
    Closed,
    /// The file cannot be read or written.
    #[error("the metrics cannot be used: {0}")]
    Unusable(String),
}

impl From<rusqlite::Error> for MetricsError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Unusable(error.to_string())
    }
}

impl From<CallError> for MetricsError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Busy => Self::Busy,
            CallError::Closed => Self::Closed,
            CallError::Unusable(reason) => Self::Unusable(reason),
        }
    }
}
