//! Asynchronous invocations of plain functions that were accepted and are not carried out yet.
//!
//! A durable execution needs no such row: its own journal is the promise. A plain function has nothing else.

use rusqlite::{Connection, Row, Transaction, params};

use crate::error::StoreError;
use crate::model::QueuedInvocation;

/// The table; part of the schema.
pub(crate) const TABLE: &str = "
CREATE TABLE invocations (
    key            INTEGER PRIMARY KEY AUTOINCREMENT,
    request_id     TEXT NOT NULL,
    function       TEXT NOT NULL,
    version        TEXT NOT NULL DEFAULT '$LATEST',
    payload        BLOB NOT NULL,
    trace_header   TEXT,
    tenant_id      TEXT,
    client_context TEXT,
    attempts       INTEGER NOT NULL,
    due            INTEGER NOT NULL
) STRICT;
CREATE INDEX invocations_by_due ON invocations (due, key);
";

/// How many there are, up to a bound. From the index: the rows hold payloads.
pub(crate) const COUNT: &str =
    "SELECT count(*) FROM (SELECT 1 FROM invocations ORDER BY due LIMIT ?1)";

/// What a file of format 2 lacks.
pub(crate) const SINCE_FORMAT_3: &str =
    "ALTER TABLE invocations ADD COLUMN version TEXT NOT NULL DEFAULT '$LATEST';";

pub(crate) fn enqueue(
    transaction: &Transaction<'_>,
    queued: &QueuedInvocation,
) -> rusqlite::Result<i64> {
    transaction
        .prepare_cached(
            "INSERT INTO invocations
                 (request_id, function, version, payload, trace_header, tenant_id, client_context, attempts,
                  due)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            queued.request_id,
            queued.function,
            queued.version,
            queued.payload,
            queued.trace_header,
            queued.tenant_id,
            queued.client_context,
            queued.attempts,
            queued.due
        ])?;
    Ok(transaction.last_insert_rowid())
}

pub(crate) fn requeue(
    transaction: &Transaction<'_>,
    key: i64,
    attempts: u32,
    due: i64,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("UPDATE invocations SET attempts = ?2, due = ?3 WHERE key = ?1")?
        .execute(params![key, attempts, due])?;
    Ok(())
}

pub(crate) fn dequeue(transaction: &Transaction<'_>, key: i64) -> rusqlite::Result<()> {
    transaction.prepare_cached("DELETE FROM invocations WHERE key = ?1")?.execute([key])?;
    Ok(())
}

/// The next ones in the order in which they are due.
pub(crate) fn first(
    connection: &Connection,
    limit: usize,
) -> Result<Vec<QueuedInvocation>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT key, request_id, function, version, payload, trace_header, tenant_id,
                client_context, attempts, due
         FROM invocations ORDER BY due, key LIMIT ?1",
    )?;
    let rows = statement.query_map([limit as i64], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<QueuedInvocation> {
    Ok(QueuedInvocation {
        key: row.get(0)?,
        request_id: row.get(1)?,
        function: row.get(2)?,
        version: row.get(3)?,
        payload: row.get(4)?,
        trace_header: row.get(5)?,
        tenant_id: row.get(6)?,
        client_context: row.get(7)?,
        attempts: row.get(8)?,
        due: row.get(9)?,
    })
}
