//! Deleting what is too old or too much: in small pieces, so that nobody who reads or writes waits for it.
//!
//! What is freed in the file is used again, so it stays near its bound.

use durable_sidefile::bytes_in_use;
use rusqlite::params;

use crate::database::Database;
use crate::model::{MINUTE_MS, Minute};

/// Points deleted in one transaction.
const DELETED_POINTS_MAX: usize = 2_000;
/// Series deleted in one transaction.
const DELETED_SERIES_MAX: usize = 500;

const DAY_MINUTES: i64 = 24 * 60;

/// What is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) retention_days: u32,
    /// The pages in use, in bytes.
    pub(crate) bytes_max: u64,
}

impl Bounds {
    /// The first minute that is kept.
    pub(crate) fn kept_from(self, now: i64) -> Minute {
        now.div_euclid(MINUTE_MS) - i64::from(self.retention_days) * DAY_MINUTES
    }
}

impl Database {
    /// Deletes one piece. Says whether there may be more.
    pub(crate) fn sweep(&mut self, bounds: Bounds, now: i64) -> Result<bool, rusqlite::Error> {
        let kept_from = bounds.kept_from(now);
        Ok(self.delete_points("WHERE minute < ?2", kept_from)? > 0
            || self.delete_series(kept_from)? > 0
            || self.sweep_excess(bounds.bytes_max)?)
    }

    /// The oldest go first, whichever series they are of.
    fn sweep_excess(&mut self, bytes_max: u64) -> Result<bool, rusqlite::Error> {
        if bytes_in_use(&self.connection)? <= bytes_max {
            return Ok(false);
        }
        Ok(self.delete_points("WHERE ?2 IS NOT NULL ORDER BY minute", 0)? > 0)
    }

    fn delete_points(&mut self, which: &str, value: i64) -> Result<usize, rusqlite::Error> {
        let sql = format!(
            "DELETE FROM points WHERE (series, minute) IN
             (SELECT series, minute FROM points {which} LIMIT ?1)"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        statement.execute(params![DELETED_POINTS_MAX as i64, value])
    }

    /// Deletes some of the series that have no points left and got none for so long.
    fn delete_series(&mut self, kept_from: Minute) -> Result<usize, rusqlite::Error> {
        let deleted = self
            .connection
            .prepare_cached(
                "DELETE FROM series WHERE key IN (
                     SELECT key FROM series WHERE last < ?1
                       AND NOT EXISTS (SELECT 1 FROM points WHERE series = series.key)
                     LIMIT ?2)",
            )?
            .execute(params![kept_from, DELETED_SERIES_MAX as i64])?;
        if deleted > 0 {
            self.forget_series();
        }
        Ok(deleted)
    }
}
