//! Tables, indexes and pragmas.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::error::OpenError;

/// The number of the format, in the file itself.
const FORMAT: i64 = 1;

/// Statements that stay prepared on each connection.
const STATEMENT_CACHE: usize = 32;

/// Keys are never used again, so events of a deleted group or stream, which go bit by bit, belong to nobody.
const TABLES: &str = "
CREATE TABLE groups (
    key            INTEGER PRIMARY KEY AUTOINCREMENT,
    name           TEXT NOT NULL UNIQUE,
    created        INTEGER NOT NULL,
    retention_days INTEGER,
    bytes          INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE streams (
    key       INTEGER PRIMARY KEY AUTOINCREMENT,
    log_group INTEGER NOT NULL,
    name      TEXT NOT NULL,
    created   INTEGER NOT NULL,
    first_at  INTEGER,
    last_at   INTEGER,
    ingested  INTEGER,
    UNIQUE (log_group, name)
) STRICT;
CREATE INDEX streams_by_last_event ON streams (log_group, coalesce(last_at, 0), name);
CREATE TABLE events (
    key       INTEGER PRIMARY KEY AUTOINCREMENT,
    log_group INTEGER NOT NULL,
    stream    INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    ingested  INTEGER NOT NULL,
    message   TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_group ON events (log_group, at);
CREATE INDEX events_by_stream ON events (stream, at);
CREATE TABLE deleted_groups (log_group INTEGER PRIMARY KEY) STRICT;
CREATE TABLE deleted_streams (stream INTEGER PRIMARY KEY) STRICT;
";

/// The connection that writes. Commits are not synced one by one: a log is worth no fsync.
pub(crate) fn open_writer(file: &Path) -> Result<Connection, OpenError> {
    let unusable = |error: rusqlite::Error| unusable(file, &error);
    let connection = Connection::open(file).map_err(unusable)?;
    let found: i64 =
        connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(unusable)?;
    if found > FORMAT {
        return Err(OpenError::Newer { path: file.to_owned(), found, known: FORMAT });
    }
    connection
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")
        .map_err(unusable)?;
    if found == 0 {
        let create = format!("BEGIN; {TABLES} PRAGMA user_version = {FORMAT}; COMMIT;");
        connection.execute_batch(&create).map_err(unusable)?;
    }
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    Ok(connection)
}

/// A connection that only reads.
pub(crate) fn open_reader(file: &Path) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(file, flags).map_err(|error| unusable(file, &error))?;
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    Ok(connection)
}

fn unusable(file: &Path, error: &rusqlite::Error) -> OpenError {
    OpenError::Unusable { path: file.to_owned(), reason: error.to_string() }
}
