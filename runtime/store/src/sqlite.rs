//! A batch of writes as one SQLite transaction.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use crate::error::OpenError;
use crate::model::{IndexChange, NewExecution, Outcome, Write};
use crate::wal::WalKeeper;
use crate::{chained, deployments, outbox, queue, schema};

/// Where batches are committed. The seam at which tests inject faults.
pub trait Backend: Send + 'static {
    /// Commits all of these or none; when it returns `Ok`, they are on disk. One outcome per write, in order.
    ///
    /// # Errors
    /// Why nothing was committed, for people.
    fn commit(&mut self, batch: &[Write]) -> Result<Vec<Outcome>, String>;

    /// Called after a commit's callers have their answers: time for what need not keep them waiting.
    fn answered(&mut self, writes: usize) {
        let _ = writes;
    }

    /// Leaves the file tidy before it is closed; nothing depends on it.
    fn finish(&mut self) {}

    /// Limits the file to this many pages: how a test fills the disk without filling a disk.
    ///
    /// # Errors
    /// When the backend has no such limit.
    fn limit_pages(&mut self, pages: u32) -> Result<(), String> {
        let _ = pages;
        Err("this backend has no page limit".to_owned())
    }
}

/// Commits to an SQLite file.
#[derive(Debug)]
pub struct SqliteBackend {
    connection: Connection,
    keeper: WalKeeper,
    /// Status changes that were pushed out of the outbox.
    dropped: Arc<AtomicU64>,
}

impl SqliteBackend {
    pub(crate) fn open(file: &Path) -> Result<Self, OpenError> {
        Ok(Self {
            connection: schema::open_writer(file)?,
            keeper: WalKeeper::spawn(file)?,
            dropped: Arc::default(),
        })
    }

    /// Status changes that were pushed out of the outbox since it was opened.
    pub(crate) fn dropped(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.dropped)
    }

    fn commit_batch(&mut self, batch: &[Write]) -> rusqlite::Result<Vec<Outcome>> {
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let outcomes = batch
            .iter()
            .map(|write| apply(&transaction, write, &self.dropped))
            .collect::<Result<_, _>>()?;
        transaction.commit()?;
        Ok(outcomes)
    }
}

impl Backend for SqliteBackend {
    fn commit(&mut self, batch: &[Write]) -> Result<Vec<Outcome>, String> {
        self.commit_batch(batch).map_err(|error| error.to_string())
    }

    fn answered(&mut self, writes: usize) {
        self.keeper.committed(writes);
    }

    fn finish(&mut self) {
        // Folds the write-ahead log into the file. A reader in the way only means that the next start does it.
        let folded = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        if let Err(error) = folded {
            tracing::debug!(%error, "the write-ahead log stays beside the journal");
        }
    }

    fn limit_pages(&mut self, pages: u32) -> Result<(), String> {
        self.connection
            .query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
            .map_err(|error| error.to_string())
    }
}

fn apply(
    transaction: &Transaction<'_>,
    write: &Write,
    dropped: &AtomicU64,
) -> rusqlite::Result<Outcome> {
    match write {
        Write::Start(new) => return start(transaction, new, dropped),
        Write::Append { key, seq, first_event, body, index } => {
            append(transaction, *key, *seq, *first_event, body)?;
            change_index(transaction, *key, index, dropped)?;
            for change in &index.chained {
                chained::change(transaction, *key, *seq, change)?;
            }
        }
        Write::Index { key, index } => change_index(transaction, *key, index, dropped)?,
        Write::Enqueue(queued) => {
            return Ok(Outcome::Done { key: queue::enqueue(transaction, queued)? });
        }
        Write::Requeue { key, attempts, due } => {
            queue::requeue(transaction, *key, *attempts, *due)?;
        }
        Write::Dequeue { key } => queue::dequeue(transaction, *key)?,
        Write::ForgetChained { key } => chained::remove(transaction, *key)?,
        Write::Delete { keys } => {
            for key in keys {
                delete(transaction, *key)?;
            }
        }
        Write::Deploy(changes) => {
            for change in changes {
                deployments::change(transaction, change)?;
            }
        }
        Write::ClearOutbox { keys } => {
            for key in keys {
                outbox::remove(transaction, *key)?;
            }
        }
    }
    Ok(Outcome::Done { key: 0 })
}

fn start(
    transaction: &Transaction<'_>,
    new: &NewExecution,
    dropped: &AtomicU64,
) -> rusqlite::Result<Outcome> {
    let inserted = transaction
        .prepare_cached(
            "INSERT INTO executions (id, function, version, name, status, started, next_wake, active)
             VALUES (?1, ?2, ?3, ?4, 'RUNNING', ?5, ?6, 1)
             ON CONFLICT (function, name) DO NOTHING",
        )?
        .execute(params![
            new.id,
            new.function,
            new.version,
            new.name,
            new.started,
            new.next_wake
        ])?;
    if inserted == 0 {
        return Ok(Outcome::NameTaken);
    }
    let key = transaction.last_insert_rowid();
    append(transaction, key, 0, 1, &new.body)?;
    if let Some(parent) = &new.parent {
        chained::child_started(transaction, &parent.execution, &parent.operation)?;
    }
    if let Some(change) = &new.told {
        outbox::insert(transaction, change, dropped)?;
    }
    Ok(Outcome::Done { key })
}

fn append(
    transaction: &Transaction<'_>,
    key: i64,
    seq: u64,
    first_event: u64,
    body: &[u8],
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO journal (execution, seq, first_event, body) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![key, seq as i64, first_event as i64, body])?;
    Ok(())
}

fn change_index(
    transaction: &Transaction<'_>,
    key: i64,
    change: &IndexChange,
    dropped: &AtomicU64,
) -> rusqlite::Result<()> {
    if let Some(closing) = &change.closing {
        transaction
            .prepare_cached(
                "UPDATE executions SET status = ?2, ended = ?3, delete_at = ?4, closing_seq = ?5,
                        next_wake = NULL, active = 0
                 WHERE key = ?1",
            )?
            .execute(params![
                key,
                closing.status.as_str(),
                closing.ended,
                closing.delete_at,
                closing.seq as i64
            ])?;
        if let Some(change) = &closing.told {
            outbox::insert(transaction, change, dropped)?;
        }
        return Ok(());
    }
    if let Some(pause) = change.pause {
        transaction
            .prepare_cached("UPDATE executions SET status = ?2, pause_seq = ?3 WHERE key = ?1")?
            .execute(params![key, pause.status.as_str(), pause.seq as i64])?;
    }
    if let Some(next_wake) = change.next_wake {
        transaction
            .prepare_cached("UPDATE executions SET next_wake = ?2 WHERE key = ?1")?
            .execute(params![key, next_wake])?;
    }
    if let Some(active) = change.active {
        transaction
            .prepare_cached("UPDATE executions SET active = ?2 WHERE key = ?1")?
            .execute(params![key, active])?;
    }
    Ok(())
}

fn delete(transaction: &Transaction<'_>, key: i64) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("DELETE FROM journal WHERE execution = ?1")?
        .execute(params![key])?;
    transaction.prepare_cached("DELETE FROM executions WHERE key = ?1")?.execute(params![key])?;
    Ok(())
}
