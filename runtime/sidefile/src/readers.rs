//! Connections that only read. They see what is committed and never wait for the thread.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;

use crate::error::{CallError, OpenError};
use crate::format::open_reader;

/// Connections that are kept while nobody reads. More are opened while more read at once.
const IDLE_MAX: usize = 2;

pub(crate) struct Readers {
    file: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    /// Opens the first, so that a file that cannot be read is known at once.
    pub(crate) fn open(file: &Path) -> Result<Self, OpenError> {
        let first = open_reader(file)?;
        Ok(Self { file: file.to_owned(), idle: Mutex::new(vec![first]) })
    }

    pub(crate) fn with<T, E: From<CallError>>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => {
                open_reader(&self.file).map_err(|error| CallError::Unusable(error.to_string()))?
            }
        };
        let result = read(&connection);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_MAX {
            idle.push(connection);
        }
        result
    }
}
