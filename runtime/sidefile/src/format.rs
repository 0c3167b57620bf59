//! Opening the file: its tables, its version, its pragmas.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::error::OpenError;

/// Statements that stay prepared on each connection.
const STATEMENT_CACHE: usize = 32;

/// What is in a file.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// Its version, which the file itself holds; from 1.
    pub version: i64,
    /// The statements that make its tables and indexes.
    pub tables: &'static str,
}

impl Format {
    /// The connection that writes; makes the file if there is none. Commits are not synced one by one: nothing here is
    /// worth an fsync.
    pub(crate) fn open_writer(self, file: &Path) -> Result<Connection, OpenError> {
        let unusable = |error: rusqlite::Error| OpenError::unusable(file, &error);
        let connection = Connection::open(file).map_err(unusable)?;
        let found: i64 =
            connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(unusable)?;
        let Self { version, tables } = self;
        if found > version {
            return Err(OpenError::Newer { path: file.to_owned(), found, known: version });
        }
        connection
            .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")
            .map_err(unusable)?;
        if found == 0 {
            let create = format!("BEGIN; {tables} PRAGMA user_version = {version}; COMMIT;");
            connection.execute_batch(&create).map_err(unusable)?;
        }
        connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
        Ok(connection)
    }
}

/// A connection that only reads.
pub(crate) fn open_reader(file: &Path) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)
        .map_err(|error| OpenError::unusable(file, &error))?;
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    Ok(connection)
}

/// The bytes of all pages in use. The file itself never shrinks; what is freed in it is used again.
///
/// # Errors
/// When the file cannot be read.
pub fn bytes_in_use(connection: &Connection) -> Result<u64, rusqlite::Error> {
    let pragma = |name: &str| {
        let sql = format!("PRAGMA {name}");
        connection.query_row(&sql, [], |row| row.get::<_, i64>(0))
    };
    let pages = pragma("page_count")? - pragma("freelist_count")?;
    Ok(pages.unsigned_abs() * pragma("page_size")?.unsigned_abs())
}
