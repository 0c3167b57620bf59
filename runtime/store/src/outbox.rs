//! Status changes that somebody outside is to be told of.
//!
//! A row is written in the transaction of the change itself, so a crash neither loses one nor makes one up, and removed
//! when it has been taken or given up. The table is bounded: when one is written, those with [`OUTBOX_ROWS_MAX`] or more
//! behind them go, the oldest first. Keys are never used again, so that is a look at one end of the table.

use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::{Connection, Row, Transaction, params};

use crate::error::StoreError;
use crate::model::{OutboxRow, StatusChange};

/// Status changes that are kept; about 100 MB.
pub const OUTBOX_ROWS_MAX: i64 = 100_000;

/// The table; part of the schema.
pub(crate) const TABLE: &str = "
CREATE TABLE outbox (
    key       INTEGER PRIMARY KEY AUTOINCREMENT,
    id        TEXT NOT NULL,
    execution TEXT NOT NULL,
    at        INTEGER NOT NULL,
    body      BLOB NOT NULL
) STRICT;
";

/// Writes one, and counts those that it pushes out.
pub(crate) fn insert(
    transaction: &Transaction<'_>,
    change: &StatusChange,
    dropped: &AtomicU64,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("INSERT INTO outbox (id, execution, at, body) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![change.id, change.execution, change.at, change.body])?;
    let last_out = transaction.last_insert_rowid() - OUTBOX_ROWS_MAX;
    let gone =
        transaction.prepare_cached("DELETE FROM outbox WHERE key <= ?1")?.execute([last_out])?;
    dropped.fetch_add(gone as u64, Ordering::Relaxed);
    Ok(())
}

/// One that was taken or given up. It may have been pushed out already.
pub(crate) fn remove(transaction: &Transaction<'_>, key: i64) -> rusqlite::Result<()> {
    transaction.prepare_cached("DELETE FROM outbox WHERE key = ?1")?.execute([key])?;
    Ok(())
}

/// The next ones behind this key, in the order in which they were written.
pub(crate) fn page(
    connection: &Connection,
    after: i64,
    limit: usize,
) -> Result<Vec<OutboxRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT key, id, execution, at, body FROM outbox WHERE key > ?1 ORDER BY key LIMIT ?2",
    )?;
    let rows = statement.query_map(params![after, limit as i64], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many there are, counted up to `limit`.
pub(crate) fn count(connection: &Connection, limit: usize) -> Result<usize, StoreError> {
    let sql = "SELECT count(*) FROM (SELECT 1 FROM outbox LIMIT ?1)";
    let count: i64 = connection.prepare_cached(sql)?.query_row([limit as i64], |row| row.get(0))?;
    Ok(count.unsigned_abs() as usize)
}

fn read(row: &Row<'_>) -> rusqlite::Result<OutboxRow> {
    let change = StatusChange {
        id: row.get(1)?,
        execution: row.get(2)?,
        at: row.get(3)?,
        body: row.get(4)?,
    };
    Ok(OutboxRow { key: row.get(0)?, change })
}
