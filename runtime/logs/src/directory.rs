//! Pages of groups and streams.

use rusqlite::{Connection, Row, params};

use crate::database::group_key;
use crate::error::LogsError;
use crate::model::{Group, GroupsQuery, Span, Stream, StreamOrder, StreamsQuery};

/// Case does not matter for what a name has to contain, as with CloudWatch's name patterns.
const GROUPS: &str = "
    SELECT name, created, retention_days, bytes FROM groups
    WHERE name > ?1 AND substr(name, 1, length(?2)) = ?2 AND instr(lower(name), lower(?3)) > 0
    ORDER BY name LIMIT ?4";

pub(crate) fn groups(
    connection: &Connection,
    query: &GroupsQuery,
) -> Result<Vec<Group>, LogsError> {
    let mut statement = connection.prepare_cached(GROUPS)?;
    let values = params![query.after, query.prefix, query.containing, query.limit as i64];
    let rows = statement.query_map(values, |row| {
        Ok(Group {
            name: row.get(0)?,
            created: row.get(1)?,
            retention_days: row.get(2)?,
            bytes: row.get::<_, i64>(3)?.unsigned_abs(),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(crate) fn streams(
    connection: &Connection,
    query: &StreamsQuery,
) -> Result<Vec<Stream>, LogsError> {
    let group = group_key(connection, &query.group)?;
    let (compare, direction) = if query.descending { ("<", "DESC") } else { (">", "ASC") };
    let (condition, order, time, name) = match &query.order {
        StreamOrder::Name { after } => {
            (format!("name {compare} ?3"), format!("name {direction}"), 0, after.as_deref())
        }
        StreamOrder::LastEvent { after } => {
            let after = after.as_ref().map(|(time, name)| (*time, name.as_str()));
            (
                format!("(coalesce(last_at, 0), name) {compare} (?2, ?3)"),
                format!("coalesce(last_at, 0) {direction}, name {direction}"),
                after.map_or(0, |(time, _)| time),
                after.map(|(_, name)| name),
            )
        }
    };
    let sql = format!(
        "SELECT name, created, first_at, last_at, ingested FROM streams
         WHERE log_group = ?1 AND (?3 IS NULL OR {condition})
           AND substr(name, 1, length(?4)) = ?4 AND ?2 IS NOT NULL
         ORDER BY {order} LIMIT ?5"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let values = params![group, time, name, query.prefix, query.limit as i64];
    let rows = statement.query_map(values, stream)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn stream(row: &Row<'_>) -> Result<Stream, rusqlite::Error> {
    let first: Option<i64> = row.get(2)?;
    let span = match first {
        Some(first) => Some(Span { first, last: row.get(3)?, ingested: row.get(4)? }),
        None => None,
    };
    Ok(Stream { name: row.get(0)?, created: row.get(1)?, span })
}
