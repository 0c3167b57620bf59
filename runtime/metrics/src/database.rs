//! Writing: points, and the series that they belong to. On the thread only.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use crate::error::MetricsError;
use crate::model::{MetricId, Minute, SeriesId};
use crate::summary::Summary;

/// Series whose keys are remembered.
const KNOWN_SERIES_MAX: usize = 16_384;

/// What a minute of a series grows by.
#[derive(Clone, Debug)]
pub(crate) struct Addition {
    pub(crate) series: SeriesId,
    pub(crate) minute: Minute,
    pub(crate) summary: Summary,
}

/// A series in the file.
#[derive(Clone, Copy)]
struct Known {
    key: i64,
    /// The last minute that has values.
    last: Minute,
}

/// The connection that writes.
pub(crate) struct Database {
    pub(crate) connection: Connection,
    series_max: usize,
    known: HashMap<SeriesId, Known>,
}

impl Database {
    pub(crate) fn new(connection: Connection, series_max: usize) -> Self {
        Self { connection, series_max, known: HashMap::new() }
    }

    /// Adds to points in one transaction. Gives how many values were refused, because they are of new series and there
    /// are as many as there may be.
    pub(crate) fn write(&mut self, additions: &[Addition]) -> Result<u64, rusqlite::Error> {
        if self.known.len() >= KNOWN_SERIES_MAX {
            self.known.clear();
        }
        let written = self.try_write(additions);
        if written.is_err() {
            // It may hold keys of what was rolled back.
            self.known.clear();
        }
        written
    }

    /// As [`write`](Self::write), but all or nothing.
    pub(crate) fn write_all(&mut self, additions: &[Addition]) -> Result<(), MetricsError> {
        let series: std::collections::HashSet<_> =
            additions.iter().map(|addition| &addition.series).collect();
        let mut new = 0;
        for series in series {
            if !self.known.contains_key(series) && find(&self.connection, series)?.is_none() {
                new += 1;
            }
        }
        if new > 0 && count(&self.connection)? + new > self.series_max {
            return Err(MetricsError::TooManySeries);
        }
        self.write(additions)?;
        Ok(())
    }

    fn try_write(&mut self, additions: &[Addition]) -> Result<u64, rusqlite::Error> {
        let transaction = self.connection.transaction()?;
        let mut refused = 0;
        for Addition { series, minute, summary } in additions {
            let known = match self.known.get(series) {
                Some(known) => Some(*known),
                None => ensure(&transaction, series, *minute, self.series_max)?,
            };
            let Some(mut known) = known else {
                refused += summary.count() as u64;
                continue;
            };
            add(&transaction, known.key, *minute, summary)?;
            if *minute > known.last {
                known.last = *minute;
                transaction
                    .prepare_cached("UPDATE series SET last = max(last, ?2) WHERE key = ?1")?
                    .execute([known.key, *minute])?;
            }
            self.known.insert(series.clone(), known);
        }
        transaction.commit()?;
        Ok(refused)
    }

    /// Forgets the keys of series, some of which may be deleted.
    pub(crate) fn forget_series(&mut self) {
        self.known.clear();
    }
}

/// Adds to one point.
fn add(
    transaction: &Transaction<'_>,
    series: i64,
    minute: Minute,
    more: &Summary,
) -> Result<(), rusqlite::Error> {
    let known = transaction
        .prepare_cached(
            "SELECT count, sum, min, max, buckets FROM points WHERE series = ?1 AND minute = ?2",
        )?
        .query_row([series, minute], |row| summary(row, 0))
        .optional()?;
    let mut all = known.unwrap_or_default();
    all.merge(more);
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO points (series, minute, count, sum, min, max, buckets)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            series,
            minute,
            all.count(),
            all.sum(),
            all.min(),
            all.max(),
            all.encoded_buckets()
        ])?;
    Ok(())
}

/// A summary from count, sum, min, max and buckets, the first of which is at this place.
pub(crate) fn summary(row: &Row<'_>, first: usize) -> Result<Summary, rusqlite::Error> {
    let buckets = row.get_ref(first + 4)?.as_blob_or_null()?;
    let (count, sum) = (row.get(first)?, row.get(first + 1)?);
    Ok(Summary::decoded(count, sum, row.get(first + 2)?, row.get(first + 3)?, buckets))
}

/// A series, which is created if it is missing and there is room for it.
fn ensure(
    transaction: &Transaction<'_>,
    series: &SeriesId,
    minute: Minute,
    series_max: usize,
) -> Result<Option<Known>, rusqlite::Error> {
    if let Some(known) = find(transaction, series)? {
        return Ok(Some(known));
    }
    if count(transaction)? >= series_max {
        return Ok(None);
    }
    let SeriesId { metric, unit } = series;
    let MetricId { namespace, name, dimensions } = metric;
    let key = transaction
        .prepare_cached(
            "INSERT INTO series (namespace, name, dimensions, unit, last)
             VALUES (?1, ?2, ?3, ?4, ?5) RETURNING key",
        )?
        .query_row(params![namespace, name, dimensions_text(dimensions), unit, minute], |row| {
            row.get(0)
        })?;
    Ok(Some(Known { key, last: minute }))
}

fn find(connection: &Connection, series: &SeriesId) -> Result<Option<Known>, rusqlite::Error> {
    let SeriesId { metric, unit } = series;
    let MetricId { namespace, name, dimensions } = metric;
    connection
        .prepare_cached(
            "SELECT key, last FROM series
             WHERE namespace = ?1 AND name = ?2 AND dimensions = ?3 AND unit = ?4",
        )?
        .query_row(params![namespace, name, dimensions_text(dimensions), unit], |row| {
            Ok(Known { key: row.get(0)?, last: row.get(1)? })
        })
        .optional()
}

fn count(connection: &Connection) -> Result<usize, rusqlite::Error> {
    let count: i64 = connection
        .prepare_cached("SELECT count(*) FROM series")?
        .query_row([], |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// Dimensions as the file keeps them: equal ones are the same text.
pub(crate) fn dimensions_text(dimensions: &[(String, String)]) -> String {
    serde_json::Value::from_iter(
        dimensions.iter().map(|(name, value)| vec![name.as_str(), value.as_str()]),
    )
    .to_string()
}

/// What the file keeps, as dimensions.
pub(crate) fn dimensions(text: &str) -> Vec<(String, String)> {
    serde_json::from_str(text).unwrap_or_default()
}
