//! What can go wrong with logs, told apart by what the caller can do.

use durable_sidefile::CallError;

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogsError {
    /// There is no group of this name.
    #[error("the log group does not exist")]
    NoSuchGroup,
    /// There is no stream of this name in the group.
    #[error("the log stream does not exist")]
    NoSuchStream,
    /// There is a group of this name already.
    #[error("the log group exists already")]
    GroupExists,
    /// There is a stream of this name in the group already.
    #[error("the log stream exists already")]
    StreamExists,
    /// Too many calls wait for the thread; try again.
    #[error("the log is busy")]
    Busy,
    /// The store was closed.
    #[error("the log is closed because the server is shutting down")]
    Closed,
    /// The file cannot be read or written.
    #[error("the log cannot be used: {0}")]
    Unusable(String),
}

impl From<rusqlite::Error> for LogsError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Unusable(error.to_string())
    }
}

impl From<CallError> for LogsError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Busy => Self::Busy,
            CallError::Closed => Self::Closed,
            CallError::Unusable(reason) => Self::Unusable(reason),
        }
    }
}
