//! Tables, indexes and pragmas.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::error::OpenError;

/// The number of the format, in the file itself.
const FORMAT: i64 = 1;

/// Statements that stay prepared on each connection.
const STATEMENT_CACHE: usize = 32;

/// Keys are never used again.
const TABLES: &str = "
CREATE TABLE series (
    key        INTEGER PRIMARY KEY AUTOINCREMENT,
    namespace  TEXT NOT NULL,
    name       TEXT NOT NULL,
    dimensions TEXT NOT NULL,
    unit       TEXT NOT NULL,
    last       INTEGER NOT NULL,
    UNIQUE (namespace, name, dimensions, unit)
) STRICT;
CREATE TABLE points (
    series  INTEGER NOT NULL,
    minute  INTEGER NOT NULL,
    count   REAL NOT NULL,
    sum     REAL NOT NULL,
    min     REAL NOT NULL,
    max     REAL NOT NULL,
    buckets BLOB,
    PRIMARY KEY (series, minute)
) STRICT, WITHOUT ROWID;
CREATE INDEX points_by_minute ON points (minute);
";

/// The connection that writes. Commits are not synced one by one: a metric is worth no fsync.
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
