//! What can go wrong with metrics, told apart by what the caller can do.

use std::path::PathBuf;

/// Why the file could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file or its directory cannot be used.
    #[error("cannot open {}: {reason}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What SQLite or the system said.
        reason: String,
    },
    /// A newer version of this program wrote it.
    #[error(
        "{} was written by a newer version (format {found}, this version knows {known}); use that \
         version, or another data directory", path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// Ours.
        known: i64,
    },
}

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
