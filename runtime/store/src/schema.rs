//! Tables, indexes and pragmas.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::error::OpenError;
use crate::{chained, deployments, outbox, queue};

/// The format that this version writes, in SQLite's `user_version`.
const FORMAT: i64 = 4;

/// `executions` is the index, `journal` the truth. A journal's key leads with the execution, so its records lie
/// together and a page of history is one range. The partial indexes hold only rows that somebody will look for: a
/// closed execution costs the clock and a restart nothing.
const TABLES: &str = "
CREATE TABLE executions (
    key         INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT NOT NULL UNIQUE,
    function    TEXT NOT NULL,
    version     TEXT NOT NULL,
    name        TEXT NOT NULL,
    status      TEXT NOT NULL,
    started     INTEGER NOT NULL,
    ended       INTEGER,
    next_wake   INTEGER,
    active      INTEGER NOT NULL,
    delete_at   INTEGER,
    closing_seq INTEGER,
    pause_seq   INTEGER,
    UNIQUE (function, name)
) STRICT;
CREATE INDEX executions_by_start ON executions (function, started);
CREATE INDEX executions_by_status ON executions (function, status, started);
CREATE INDEX executions_to_wake ON executions (next_wake) WHERE next_wake IS NOT NULL;
CREATE INDEX executions_active ON executions (key) WHERE active = 1;
CREATE INDEX executions_open ON executions (function, version) WHERE ended IS NULL;
CREATE INDEX executions_to_delete ON executions (delete_at) WHERE delete_at IS NOT NULL;

CREATE TABLE journal (
    execution   INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    first_event INTEGER NOT NULL,
    body        BLOB NOT NULL,
    PRIMARY KEY (execution, seq)
) STRICT, WITHOUT ROWID;
";

/// Pages of the write-ahead log (4 KiB each) at which a commit moves the log itself.
const LOG_PAGES_MAX: u32 = 50_000;
/// Statements kept prepared per connection.
const STATEMENT_CACHE: usize = 64;

/// The one connection that writes.
pub(crate) fn open_writer(file: &Path) -> Result<Connection, OpenError> {
    let unusable = |error: rusqlite::Error| OpenError::Unusable {
        path: file.to_owned(),
        reason: error.to_string(),
    };
    let connection = Connection::open(file).map_err(unusable)?;
    let found = connection
        .query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))
        .map_err(unusable)?;
    if found > FORMAT {
        return Err(OpenError::Newer { path: file.to_owned(), found, known: FORMAT });
    }
    // WAL: readers never wait for the writer. FULL: a commit returns only after its fsync. The log is moved by the
    // keeper; a commit does it only if the keeper has fallen far behind.
    let settings = format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         PRAGMA wal_autocheckpoint = {LOG_PAGES_MAX};"
    );
    connection.execute_batch(&settings).map_err(unusable)?;
    let transaction = migration(found);
    if !transaction.is_empty() {
        let transaction = format!("BEGIN; {transaction} PRAGMA user_version = {FORMAT}; COMMIT;");
        connection.execute_batch(&transaction).map_err(unusable)?;
    }
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    Ok(connection)
}

/// What brings a file of this format to the present one.
fn migration(found: i64) -> String {
    let (invocations, chained, deployments) = (queue::TABLE, chained::TABLE, deployments::TABLE);
    let outbox = outbox::TABLE;
    match found {
        0 => format!("{TABLES} {invocations} {chained} {deployments} {outbox}"),
        // Format 1 knew neither chained invocations nor pauses, so there are none to carry over.
        1 => format!(
            "ALTER TABLE executions ADD COLUMN pause_seq INTEGER; {chained} {}",
            migration(2)
        ),
        2 => format!(
            "DROP INDEX executions_open;
             CREATE INDEX executions_open ON executions (function, version) WHERE ended IS NULL;
             {} {deployments} {}",
            queue::SINCE_FORMAT_3,
            migration(3)
        ),
        3 => outbox.to_owned(),
        _ => String::new(),
    }
}

/// A connection that only reads.
pub(crate) fn open_reader(file: &Path) -> Result<Connection, OpenError> {
    let unusable = |error: rusqlite::Error| OpenError::Unusable {
        path: file.to_owned(),
        reason: error.to_string(),
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).map_err(unusable)?;
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    Ok(connection)
}
