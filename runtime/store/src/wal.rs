//! Keeps SQLite's write-ahead log short without making a commit wait for it.
//!
//! A log that grows is slow: each fsync then also has to record the file's new size. SQLite moves the log into the file
//! within some unlucky commit, which waits tens of milliseconds for the fsync of the file. Here a thread of its own moves
//! the bulk; the thread that commits only moves what came in meanwhile, a few pages, and the next commit begins the
//! log again from its start.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, SyncSender};

use rusqlite::Connection;

use crate::error::OpenError;

/// Writes after which the log is moved; each takes a few pages of 4 KiB.
const WRITES_PER_PASS: usize = 500;

/// Belongs to the thread that commits.
#[derive(Debug)]
pub struct WalKeeper {
    connection: Connection,
    writes: usize,
    /// Asks for a pass; the thread ends when this is dropped.
    wanted: SyncSender<()>,
    /// The bulk is moved: the rest is little.
    bulk_moved: Arc<AtomicBool>,
}

impl WalKeeper {
    /// Looks after the log of this file, which must be an SQLite database with a write-ahead log.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn spawn(file: &Path) -> Result<Self, OpenError> {
        let unusable = |reason: String| OpenError::Unusable { path: file.to_owned(), reason };
        let open = || Connection::open(file).map_err(|error| unusable(error.to_string()));
        let (own, bulk) = (open()?, open()?);
        let (wanted, wishes) = mpsc::sync_channel(1);
        let bulk_moved = Arc::new(AtomicBool::new(false));
        let moved = Arc::clone(&bulk_moved);
        std::thread::Builder::new()
            .name("wal-keeper".to_owned())
            .spawn(move || {
                while wishes.recv().is_ok() {
                    move_log(&bulk);
                    moved.store(true, Ordering::Release);
                }
            })
            .map_err(|error| unusable(error.to_string()))?;
        Ok(Self { connection: own, writes: 0, wanted, bulk_moved })
    }

    /// To be called after each commit, with the number of writes in it.
    pub fn committed(&mut self, writes: usize) {
        if self.bulk_moved.swap(false, Ordering::Acquire) {
            move_log(&self.connection);
        }
        self.writes += writes;
        if self.writes >= WRITES_PER_PASS {
            self.writes = 0;
            // A full channel means that a pass is due already.
            let _ = self.wanted.try_send(());
        }
    }
}

/// Moves what nobody is reading. That some of it stays behind is no error: the next pass has it.
fn move_log(connection: &Connection) {
    let moved = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
    if let Err(error) = moved {
        tracing::debug!(%error, "the write-ahead log could not be moved");
    }
}
