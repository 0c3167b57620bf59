//! Deleting what is too old, too much, or belongs to a group or stream that was deleted: in small pieces, so that nobody
//! who writes waits for it.
//!
//! What is freed in the file is used again, so it stays near its bound.

use std::collections::HashMap;

use durable_sidefile::bytes_in_use;
use rusqlite::{Connection, OptionalExtension, ToSql, params};

use crate::database::{Database, EVENT_BYTES};

/// Events deleted in one transaction.
const DELETED_EVENTS_MAX: usize = 2_000;
/// Streams deleted in one transaction.
const DELETED_STREAMS_MAX: usize = 500;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// For groups that say nothing else.
    pub(crate) retention_days: u32,
    /// The pages in use, in bytes.
    pub(crate) bytes_max: u64,
}

impl Database {
    /// Deletes one piece. Says whether there may be more.
    pub(crate) fn sweep(&mut self, bounds: Bounds, now: i64) -> Result<bool, rusqlite::Error> {
        Ok(self.sweep_deleted()?
            || self.sweep_old(bounds.retention_days, now)?
            || self.sweep_excess(bounds.bytes_max)?)
    }

    fn sweep_deleted(&mut self) -> Result<bool, rusqlite::Error> {
        for (table, column) in [("deleted_groups", "log_group"), ("deleted_streams", "stream")] {
            let first = format!("SELECT {column} FROM {table} LIMIT 1");
            let key =
                self.connection.query_row(&first, [], |row| row.get::<_, i64>(0)).optional()?;
            let Some(key) = key else { continue };
            if self.delete_events(&format!("{column} = ?2"), &[&key])? == 0 {
                let done = format!("DELETE FROM {table} WHERE {column} = ?1");
                self.connection.execute(&done, [key])?;
            }
            return Ok(true);
        }
        Ok(false)
    }

    fn sweep_old(&mut self, default_days: u32, now: i64) -> Result<bool, rusqlite::Error> {
        for (group, days) in groups(&self.connection)? {
            let days = i64::from(days.unwrap_or(default_days));
            let kept_from = now.saturating_sub(days.saturating_mul(DAY_MS));
            if self.delete_events("log_group = ?2 AND at < ?3", &[&group, &kept_from])? > 0
                || self.delete_streams(group, kept_from)? > 0
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The oldest go first, whichever group they are in.
    fn sweep_excess(&mut self, bytes_max: u64) -> Result<bool, rusqlite::Error> {
        if bytes_in_use(&self.connection)? <= bytes_max {
            return Ok(false);
        }
        Ok(self.delete_events("TRUE", &[])? > 0)
    }

    /// Deletes some of these events, the earliest put first. Says how many.
    fn delete_events(
        &mut self,
        condition: &str,
        values: &[&dyn ToSql],
    ) -> Result<usize, rusqlite::Error> {
        let transaction = self.connection.transaction()?;
        let mut count = 0;
        let mut bytes: HashMap<i64, u64> = HashMap::new();
        {
            let sql = format!(
                "DELETE FROM events
                 WHERE key IN (SELECT key FROM events WHERE {condition} LIMIT ?1)
                 RETURNING log_group, octet_length(message)"
            );
            let limit = DELETED_EVENTS_MAX as i64;
            let mut all: Vec<&dyn ToSql> = vec![&limit];
            all.extend(values);
            let mut statement = transaction.prepare_cached(&sql)?;
            let mut rows = statement.query(all.as_slice())?;
            while let Some(row) = rows.next()? {
                count += 1;
                let length: i64 = row.get(1)?;
                *bytes.entry(row.get(0)?).or_default() += length.unsigned_abs() + EVENT_BYTES;
            }
        }
        for (group, bytes) in bytes {
            transaction
                .prepare_cached("UPDATE groups SET bytes = max(bytes - ?2, 0) WHERE key = ?1")?
                .execute(params![group, bytes as i64])?;
        }
        transaction.commit()?;
        Ok(count)
    }

    /// Deletes some of the streams that have no events left and got none for so long: each process makes one.
    fn delete_streams(&mut self, group: i64, kept_from: i64) -> Result<usize, rusqlite::Error> {
        let deleted = self
            .connection
            .prepare_cached(
                "DELETE FROM streams WHERE key IN (
                     SELECT key FROM streams
                     WHERE log_group = ?1 AND max(created, coalesce(ingested, 0)) < ?2
                       AND NOT EXISTS (SELECT 1 FROM events WHERE stream = streams.key)
                     LIMIT ?3)",
            )?
            .execute(params![group, kept_from, DELETED_STREAMS_MAX as i64])?;
        if deleted > 0 {
            self.forget_streams();
        }
        Ok(deleted)
    }
}

fn groups(connection: &Connection) -> Result<Vec<(i64, Option<u32>)>, rusqlite::Error> {
    let mut statement = connection.prepare_cached("SELECT key, retention_days FROM groups")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}
