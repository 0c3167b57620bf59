//! One process per data directory.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use crate::error::OpenError;

/// Holds a data directory. The system releases it when the process ends, however it ends.
#[derive(Debug)]
pub struct DirectoryLock {
    _file: File,
}

impl DirectoryLock {
    /// Creates the directory if there is none, and takes it.
    ///
    /// # Errors
    /// [`OpenError::Locked`] when another process holds it, [`OpenError::Unusable`] when it cannot be written.
    pub fn acquire(directory: &Path) -> Result<Self, OpenError> {
        let unusable = |error: std::io::Error| OpenError::Unusable {
            path: directory.to_owned(),
            reason: error.to_string(),
        };
        if directory.exists() && !directory.is_dir() {
            let path = directory.to_owned();
            return Err(OpenError::Unusable { path, reason: "it is not a directory".to_owned() });
        }
        // The journal holds what callers sent, so nobody else may look into it.
        let private = 0o700;
        DirBuilder::new().recursive(true).mode(private).create(directory).map_err(unusable)?;
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(directory.join("LOCK"))
            .map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::Locked { path: directory.to_owned() }),
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
    }
}
