//! Look-ups and pages, on connections that only read.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use durable_core::ExecutionStatus;
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params, params_from_iter};

use crate::error::{OpenError, StoreError};
use crate::model::{
    ChainedRow, DeployedItem, ExecutionRow, JournalRow, ListFilter, OutboxRow, QueuedInvocation,
};
use crate::observe::Backlog;
use crate::{chained, deployments, outbox, queue, schema};

/// Idle connections that are kept; more are opened when more read at once, and closed afterwards.
const IDLE_MAX: usize = 4;

pub(crate) struct Readers {
    file: PathBuf,
    idle: Mutex<Vec<Reader>>,
}

impl Readers {
    pub(crate) fn open(file: &Path) -> Result<Self, OpenError> {
        let first = Reader { connection: schema::open_reader(file)? };
        Ok(Self { file: file.to_owned(), idle: Mutex::new(vec![first]) })
    }

    pub(crate) fn with<T>(
        &self,
        query: impl FnOnce(&Reader) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let reader = match idle {
            Some(reader) => reader,
            None => Reader {
                connection: schema::open_reader(&self.file)
                    .map_err(|error| StoreError::Read(error.to_string()))?,
            },
        };
        let result = query(&reader);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_MAX {
            idle.push(reader);
        }
        result
    }
}

const COLUMNS: &str =
    "key, id, function, version, name, status, started, ended, closing_seq, pause_seq
     FROM executions";

/// What a start, the clock and the deletion of a version ask of the open executions. Each is answered from one place of
/// the index, however many there are: SQLite would read all rows of an equal pair to compare `(function, version)` as
/// one value, and all versions of the function for a condition that is optional.
const NEXT_VERSION: &str = "SELECT function, version FROM executions
    WHERE ended IS NULL AND function = ?1 AND version > ?2 ORDER BY version LIMIT 1";
const NEXT_FUNCTION: &str = "SELECT function, version FROM executions
    WHERE ended IS NULL AND function > ?1 ORDER BY function, version LIMIT 1";
const OPEN_OF_FUNCTION: &str =
    "SELECT 1 FROM executions WHERE ended IS NULL AND function = ?1 LIMIT 1";
const OPEN_OF_VERSION: &str =
    "SELECT 1 FROM executions WHERE ended IS NULL AND function = ?1 AND version = ?2 LIMIT 1";
const NEXT_WAKE: &str = "SELECT min(next_wake) FROM executions WHERE next_wake IS NOT NULL";

pub(crate) struct Reader {
    connection: Connection,
}

impl Reader {
    pub(crate) fn execution(&self, id: &str) -> Result<Option<ExecutionRow>, StoreError> {
        self.one(&format!("SELECT {COLUMNS} WHERE id = ?1"), &[&id])
    }

    pub(crate) fn execution_named(
        &self,
        function: &str,
        name: &str,
    ) -> Result<Option<ExecutionRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} WHERE function = ?1 AND name = ?2");
        self.one(&sql, &[&function, &name])
    }

    pub(crate) fn due(&self, now: i64, limit: usize) -> Result<Vec<ExecutionRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} WHERE next_wake IS NOT NULL AND next_wake <= ?1
             ORDER BY next_wake LIMIT ?2"
        );
        self.many(&sql, &[&now, &(limit as i64)])
    }

    pub(crate) fn next_wake(&self) -> Result<Option<i64>, StoreError> {
        Ok(self.connection.prepare_cached(NEXT_WAKE)?.query_row([], |row| row.get(0))?)
    }

    pub(crate) fn active(&self, after: i64, limit: usize) -> Result<Vec<ExecutionRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} WHERE active = 1 AND key > ?1 ORDER BY key LIMIT ?2");
        self.many(&sql, &[&after, &(limit as i64)])
    }

    pub(crate) fn expired(&self, now: i64, limit: usize) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT key FROM executions WHERE delete_at IS NOT NULL AND delete_at <= ?1
                   ORDER BY delete_at LIMIT ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let keys = statement.query_map(params![now, limit as i64], |row| row.get(0))?;
        Ok(keys.collect::<Result<_, _>>()?)
    }

    pub(crate) fn queued_invocations(
        &self,
        limit: usize,
    ) -> Result<Vec<QueuedInvocation>, StoreError> {
        queue::first(&self.connection, limit)
    }

    pub(crate) fn chained_work(&self, limit: usize) -> Result<Vec<ChainedRow>, StoreError> {
        chained::first(&self.connection, limit)
    }

    pub(crate) fn chained_work_of(
        &self,
        parent: &str,
        operation: &str,
    ) -> Result<Option<ChainedRow>, StoreError> {
        chained::of(&self.connection, parent, operation)
    }

    /// Counted in the partial index of each table, and no further than `most`.
    pub(crate) fn backlog(&self, most: usize) -> Result<Backlog, StoreError> {
        let count = |sql: &str| -> Result<u64, StoreError> {
            let mut statement = self.connection.prepare_cached(sql)?;
            let count: i64 = statement.query_row([most as i64], |row| row.get(0))?;
            Ok(count.unsigned_abs())
        };
        Ok(Backlog { invocations: count(queue::COUNT)?, chained: count(chained::COUNT)? })
    }

    pub(crate) fn outbox(&self, after: i64, limit: usize) -> Result<Vec<OutboxRow>, StoreError> {
        outbox::page(&self.connection, after, limit)
    }

    pub(crate) fn outbox_count(&self, limit: usize) -> Result<usize, StoreError> {
        outbox::count(&self.connection, limit)
    }

    pub(crate) fn deployed(&self) -> Result<Vec<DeployedItem>, StoreError> {
        deployments::all(&self.connection)
    }

    /// Hops through the index from one pair to the next, so that a million executions of one version cost one look.
    pub(crate) fn open_versions(&self) -> Result<Vec<(String, String)>, StoreError> {
        let mut same_function = self.connection.prepare_cached(NEXT_VERSION)?;
        let mut next_function = self.connection.prepare_cached(NEXT_FUNCTION)?;
        let pair = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let mut found: Vec<(String, String)> = Vec::new();
        loop {
            let (function, version) = match found.last() {
                Some((function, version)) => (function.as_str(), version.as_str()),
                None => ("", ""),
            };
            let mut next = same_function.query_row([function, version], pair).optional()?;
            if next.is_none() {
                next = next_function.query_row([function], pair).optional()?;
            }
            match next {
                Some(next) => found.push(next),
                None => return Ok(found),
            }
        }
    }

    pub(crate) fn has_open(
        &self,
        function: &str,
        version: Option<&str>,
    ) -> Result<bool, StoreError> {
        let exists = |sql: &str, values: &[&dyn ToSql]| {
            let mut statement = self.connection.prepare_cached(sql)?;
            Ok(statement.query_row(values, |_| Ok(())).optional()?.is_some())
        };
        match version {
            Some(version) => exists(OPEN_OF_VERSION, &[&function, &version]),
            None => exists(OPEN_OF_FUNCTION, &[&function]),
        }
    }

    /// How many executions of a function are open, and the first few of them.
    pub(crate) fn open_of(
        &self,
        function: &str,
        limit: usize,
    ) -> Result<(u64, Vec<ExecutionRow>), StoreError> {
        let condition = "ended IS NULL AND function = ?1";
        let sql = format!("SELECT count(*) FROM executions WHERE {condition}");
        let mut count = self.connection.prepare_cached(&sql)?;
        let count: i64 = count.query_row([function], |row| row.get(0))?;
        let sql = format!("SELECT {COLUMNS} WHERE {condition} ORDER BY version, key LIMIT ?2");
        let rows = self.many(&sql, &[&function, &(limit as i64)])?;
        Ok((count.unsigned_abs(), rows))
    }

    pub(crate) fn open_count(&self) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM executions WHERE ended IS NULL";
        let count: i64 = self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }

    pub(crate) fn journal(
        &self,
        key: i64,
        from: u64,
        limit: u64,
    ) -> Result<Vec<JournalRow>, StoreError> {
        let sql = "SELECT seq, first_event, body FROM journal
                   WHERE execution = ?1 AND seq >= ?2 ORDER BY seq LIMIT ?3";
        self.journal_rows(sql, key, from, limit)
    }

    pub(crate) fn journal_descending(
        &self,
        key: i64,
        from: u64,
        limit: u64,
    ) -> Result<Vec<JournalRow>, StoreError> {
        let sql = "SELECT seq, first_event, body FROM journal
                   WHERE execution = ?1 AND seq <= ?2 ORDER BY seq DESC LIMIT ?3";
        self.journal_rows(sql, key, from, limit)
    }

    fn journal_rows(
        &self,
        sql: &str,
        key: i64,
        from: u64,
        limit: u64,
    ) -> Result<Vec<JournalRow>, StoreError> {
        let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params![key, signed(from), signed(limit)], |row| {
            Ok(JournalRow {
                key,
                seq: row.get::<_, i64>(0)?.unsigned_abs(),
                first_event: row.get::<_, i64>(1)?.unsigned_abs(),
                body: row.get(2)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    pub(crate) fn list(&self, filter: &ListFilter) -> Result<Vec<ExecutionRow>, StoreError> {
        let mut sql = format!("SELECT {COLUMNS} WHERE function = ?");
        let mut values: Vec<Box<dyn ToSql>> = vec![Box::new(filter.function.clone())];
        let mut add = |condition: &str, value: Box<dyn ToSql>| {
            sql.push_str(condition);
            values.push(value);
        };
        if let Some(name) = &filter.name {
            add(" AND name = ?", Box::new(name.clone()));
        }
        if let Some(after) = filter.started_after {
            add(" AND started > ?", Box::new(after));
        }
        if let Some(before) = filter.started_before {
            add(" AND started < ?", Box::new(before));
        }
        if let Some(position) = filter.after {
            let compare = if filter.oldest_first { ">" } else { "<" };
            add(&format!(" AND (started, key) {compare} (?,"), Box::new(position.started));
            add(" ?)", Box::new(position.key));
        }
        let statuses = filter.statuses.iter().map(|status| status.as_str().to_owned()).collect();
        for (column, any_of) in [("version", filter.versions.clone()), ("status", statuses)] {
            if !any_of.is_empty() {
                sql.push_str(&format!(" AND {column} IN (?{})", ", ?".repeat(any_of.len() - 1)));
            }
            values.extend(any_of.into_iter().map(|value| Box::new(value) as Box<dyn ToSql>));
        }
        let order = if filter.oldest_first { "ASC" } else { "DESC" };
        sql.push_str(&format!(" ORDER BY started {order}, key {order} LIMIT {}", filter.limit));
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map(params_from_iter(values), execution_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn one(&self, sql: &str, values: &[&dyn ToSql]) -> Result<Option<ExecutionRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_row(values, execution_row).optional()?)
    }

    fn many(&self, sql: &str, values: &[&dyn ToSql]) -> Result<Vec<ExecutionRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(values, execution_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn execution_row(row: &Row<'_>) -> rusqlite::Result<ExecutionRow> {
    let status: String = row.get(5)?;
    Ok(ExecutionRow {
        key: row.get(0)?,
        id: row.get(1)?,
        function: row.get(2)?,
        version: row.get(3)?,
        name: row.get(4)?,
        status: ExecutionStatus::parse(&status).ok_or_else(|| {
            rusqlite::Error::FromSqlConversionFailure(
                5,
                rusqlite::types::Type::Text,
                format!("unknown status {status}").into(),
            )
        })?,
        started: row.get(6)?,
        ended: row.get(7)?,
        closing_seq: row.get::<_, Option<i64>>(8)?.map(i64::unsigned_abs),
        pause_seq: row.get::<_, Option<i64>>(9)?.map(i64::unsigned_abs),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    //! Goal: what a start, the clock and a deletion ask is answered from one place of an index, however many executions
    //! are suspended.
    //!
    //! Method: SQLite counts the steps of its machine per statement; they are the same beside ten and beside thousands.

    use rusqlite::StatementStatus;
    use tempfile::TempDir;

    use super::*;

    /// A journal's index with so many suspended executions of one version.
    fn with_suspended(directory: &TempDir, count: i64) -> Reader {
        let file = directory.path().join("journal.db");
        let writer = schema::open_writer(&file).unwrap();
        let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
             INSERT INTO executions (id, function, version, name, status, started, next_wake, active)
             SELECT 'id-' || i, 'f', '$LATEST', 'name-' || i, 'RUNNING', i, 1000000 + i, 0 FROM n";
        writer.execute(rows, [count]).unwrap();
        Reader { connection: schema::open_reader(&file).unwrap() }
    }

    impl Reader {
        /// Steps of these statements since they were prepared.
        fn steps(&self, statements: &[&str]) -> i32 {
            let steps = |sql: &&str| {
                let statement = self.connection.prepare_cached(sql).unwrap();
                statement.get_status(StatementStatus::VmStep)
            };
            statements.iter().map(steps).sum()
        }
    }

    /// The steps of all that is asked.
    fn cost(count: i64) -> [i32; 3] {
        let directory = TempDir::new().unwrap();
        let reader = with_suspended(&directory, count);
        let expected = [("f".to_owned(), "$LATEST".to_owned())];
        assert_eq!(reader.open_versions().unwrap(), expected);
        assert!(reader.has_open("f", None).unwrap());
        assert!(reader.has_open("f", Some("$LATEST")).unwrap());
        assert!(!reader.has_open("f", Some("7")).unwrap());
        assert_eq!(reader.next_wake().unwrap(), Some(1_000_001));
        [
            reader.steps(&[NEXT_VERSION, NEXT_FUNCTION]),
            reader.steps(&[OPEN_OF_FUNCTION, OPEN_OF_VERSION]),
            reader.steps(&[NEXT_WAKE]),
        ]
    }

    #[test]
    fn the_looks_of_a_start_and_of_a_deletion_cost_the_same_beside_many_suspended_executions() {
        let few = cost(10);
        assert!(few.iter().all(|steps| *steps > 0), "{few:?}");
        assert_eq!(few, cost(5_000));
    }
}
