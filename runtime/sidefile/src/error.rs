//! What can go wrong with any such file.

use std::path::{Path, PathBuf};

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

impl OpenError {
    pub(crate) fn unusable(file: &Path, error: &impl ToString) -> Self {
        Self::Unusable { path: file.to_owned(), reason: error.to_string() }
    }
}

/// Why a call did not come through to the file. Each store says it in its own words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Too many calls wait for the thread, or this one waited too long.
    #[error("busy")]
    Busy,
    /// The file was closed.
    #[error("closed")]
    Closed,
    /// The file cannot be opened for reading.
    #[error("unusable: {0}")]
    Unusable(String),
}
