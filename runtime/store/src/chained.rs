//! Chained invocations that have not ended: what a restart must dispatch or report, found without reading a journal.
//!
//! A row is written with the parent's record that starts the operation and removed with the one that ends it. In
//! between it changes with the child's own records: when the child starts, nothing is left to do until it closes. So
//! whatever was acknowledged is either in the row's state or in a journal, and a crash loses neither a child nor its
//! outcome.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use crate::error::StoreError;
use crate::model::{ChainedChange, ChainedRow, ChainedWork};

/// The table; part of the schema.
pub(crate) const TABLE: &str = "
CREATE TABLE chained (
    key        INTEGER PRIMARY KEY AUTOINCREMENT,
    parent     TEXT NOT NULL,
    operation  TEXT NOT NULL,
    parent_key INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    state      INTEGER NOT NULL,
    due        INTEGER NOT NULL,
    UNIQUE (parent, operation)
) STRICT;
CREATE INDEX chained_to_do ON chained (due, key) WHERE state <> 1;
";

/// How many have something to do, up to a bound.
pub(crate) const COUNT: &str =
    "SELECT count(*) FROM (SELECT 1 FROM chained WHERE state <> 1 ORDER BY due LIMIT ?1)";

const TO_DISPATCH: i64 = 0;
/// The child runs. The partial index leaves these out.
const RUNNING: i64 = 1;
const TO_REPORT: i64 = 2;

const COLUMNS: &str = "key, parent, operation, parent_key, seq, state, due FROM chained";

/// Applies what the record `seq` of the execution `key` changes.
pub(crate) fn change(
    transaction: &Transaction<'_>,
    key: i64,
    seq: u64,
    change: &ChainedChange,
) -> rusqlite::Result<()> {
    match change {
        ChainedChange::Started { parent, operation, due } => {
            transaction
                .prepare_cached(
                    "INSERT INTO chained (parent, operation, parent_key, seq, state, due)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute(params![parent, operation, key, seq as i64, TO_DISPATCH, due])?;
        }
        ChainedChange::Released { parent, due } => {
            transaction
                .prepare_cached(
                    "UPDATE chained SET due = ?2 WHERE parent = ?1 AND state = 0 AND due > ?2",
                )?
                .execute(params![parent, due])?;
        }
        ChainedChange::Ended { parent, operation } => {
            transaction
                .prepare_cached("DELETE FROM chained WHERE parent = ?1 AND operation = ?2")?
                .execute(params![parent, operation])?;
        }
        ChainedChange::ChildClosed { parent, operation, due } => {
            set_state(transaction, parent, operation, TO_REPORT, *due)?;
        }
    }
    Ok(())
}

/// A child has started: nothing is left to do for its parent until it closes.
pub(crate) fn child_started(
    transaction: &Transaction<'_>,
    parent: &str,
    operation: &str,
) -> rusqlite::Result<()> {
    set_state(transaction, parent, operation, RUNNING, 0)
}

/// A row that nobody needs: its parent is closed, or gone.
pub(crate) fn remove(transaction: &Transaction<'_>, key: i64) -> rusqlite::Result<()> {
    transaction.prepare_cached("DELETE FROM chained WHERE key = ?1")?.execute([key])?;
    Ok(())
}

fn set_state(
    transaction: &Transaction<'_>,
    parent: &str,
    operation: &str,
    state: i64,
    due: i64,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "UPDATE chained SET state = ?3, due = ?4 WHERE parent = ?1 AND operation = ?2",
        )?
        .execute(params![parent, operation, state, due])?;
    Ok(())
}

/// The next ones with something to do, in the order in which they are due.
pub(crate) fn first(connection: &Connection, limit: usize) -> Result<Vec<ChainedRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} WHERE state <> 1 ORDER BY due, key LIMIT ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([limit as i64], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The row of one operation, if something is to do for it.
pub(crate) fn of(
    connection: &Connection,
    parent: &str,
    operation: &str,
) -> Result<Option<ChainedRow>, StoreError> {
    let sql =
        format!("SELECT {COLUMNS} WHERE parent = ?1 AND operation = ?2 AND state <> {RUNNING}");
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_row([parent, operation], read).optional()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<ChainedRow> {
    let state: i64 = row.get(5)?;
    Ok(ChainedRow {
        key: row.get(0)?,
        parent: row.get(1)?,
        operation: row.get(2)?,
        parent_key: row.get(3)?,
        seq: row.get::<_, i64>(4)?.unsigned_abs(),
        work: if state == TO_REPORT { ChainedWork::Report } else { ChainedWork::Dispatch },
        due: row.get(6)?,
    })
}
