//! Reading: lists of metrics, and points.

use rusqlite::{Connection, params};

use crate::database::{dimensions, dimensions_text, summary};
use crate::error::MetricsError;
use crate::model::{ListQuery, MetricId, Point, PointsQuery, SeriesPoints};

const METRICS: &str = "
    SELECT namespace, name, dimensions FROM series
    WHERE (namespace, name, dimensions) > (?1, ?2, ?3)
      AND namespace = coalesce(?4, namespace) AND name = coalesce(?5, name)
    GROUP BY namespace, name, dimensions HAVING max(last) >= ?6
    ORDER BY namespace, name, dimensions";

pub(crate) fn list(
    connection: &Connection,
    query: &ListQuery,
) -> Result<Vec<MetricId>, MetricsError> {
    let (namespace, name, after) = match &query.after {
        Some(metric) => {
            (metric.namespace.as_str(), metric.name.as_str(), dimensions_text(&metric.dimensions))
        }
        None => ("", "", String::new()),
    };
    let values = params![namespace, name, after, query.namespace, query.name, query.active_from];
    let mut statement = connection.prepare_cached(METRICS)?;
    let mut rows = statement.query(values)?;
    let mut found = Vec::new();
    while found.len() < query.limit
        && let Some(row) = rows.next()?
    {
        let text: String = row.get(2)?;
        let metric =
            MetricId { namespace: row.get(0)?, name: row.get(1)?, dimensions: dimensions(&text) };
        if query.matches(&metric) {
            found.push(metric);
        }
    }
    Ok(found)
}

impl ListQuery {
    fn matches(&self, metric: &MetricId) -> bool {
        self.dimensions.iter().all(|filter| {
            metric.dimensions.iter().any(|(name, value)| {
                *name == filter.name && filter.value.as_ref().is_none_or(|it| it == value)
            })
        })
    }
}

const SERIES: &str = "
    SELECT key, unit FROM series
    WHERE namespace = ?1 AND name = ?2 AND dimensions = ?3 AND unit = coalesce(?4, unit)
    ORDER BY unit";

/// Without the buckets, unless somebody needs them.
const POINTS: &str = "
    SELECT minute, count, sum, min, max, iif(?4, buckets, NULL) FROM points
    WHERE series = ?1 AND minute >= ?2 AND minute < ?3 ORDER BY minute";

pub(crate) fn points(
    connection: &Connection,
    query: &PointsQuery,
) -> Result<Vec<SeriesPoints>, MetricsError> {
    let MetricId { namespace, name, dimensions } = &query.metric;
    let mut statement = connection.prepare_cached(SERIES)?;
    let series = statement
        .query_map(params![namespace, name, dimensions_text(dimensions), query.unit], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    let mut all = Vec::new();
    for (key, unit) in series {
        let points = spans(connection, key, query)?;
        if !points.is_empty() {
            all.push(SeriesPoints { unit, points });
        }
    }
    Ok(all)
}

/// The minutes of a series, merged into spans.
fn spans(
    connection: &Connection,
    series: i64,
    query: &PointsQuery,
) -> Result<Vec<Point>, MetricsError> {
    let span = query.span.max(1);
    let mut statement = connection.prepare_cached(POINTS)?;
    let mut rows = statement.query(params![series, query.start, query.end, query.percentiles])?;
    let mut points: Vec<Point> = Vec::new();
    while let Some(row) = rows.next()? {
        let minute: i64 = row.get(0)?;
        let begin = query.start + (minute - query.start).div_euclid(span) * span;
        let more = summary(row, 1)?;
        match points.last_mut() {
            Some(point) if point.minute == begin => point.summary.merge(&more),
            _ => points.push(Point { minute: begin, summary: more }),
        }
    }
    Ok(points)
}
