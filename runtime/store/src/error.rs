//! What can go wrong with the journal, told apart by what the caller can do.

use std::path::PathBuf;

/// Why the journal could not be opened.
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
        "{} was written by a newer version (format {found}, this version knows {known}); \
         use that version, or another data directory", path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// Another process uses the directory.
    #[error("{} is in use by another process; stop it, or choose another data directory", path.display())]
    Locked {
        /// The directory.
        path: PathBuf,
    },
}

/// Why a read or a write failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// A commit failed, now or earlier; nothing is written any more until the process is started again.
    #[error(
        "the store refuses writes because a commit failed ({0}); restart the server once the cause is gone"
    )]
    Unavailable(String),
    /// The store was closed.
    #[error("the store is closed because the server is shutting down")]
    Closed,
    /// The file cannot be read.
    #[error("the store cannot be read: {0}")]
    Read(String),
    /// A row does not hold what this version can read.
    #[error("the journal of execution {key} is damaged at record {seq}: {reason}")]
    Damaged {
        /// The execution's key.
        key: i64,
        /// The record's number.
        seq: u64,
        /// Why it cannot be read.
        reason: String,
    },
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Read(error.to_string())
    }
}
