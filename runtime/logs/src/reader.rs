//! Reading: pages of events.

use std::collections::HashSet;

use rusqlite::{Connection, Row, params};

use crate::database::{EVENT_BYTES, group_key, stream_key};
use crate::error::LogsError;
use crate::model::{
    Event, EventsPage, EventsQuery, FilterPage, FilterQuery, Position, StreamName, Streams,
};

/// The bytes of one page, as CloudWatch counts them. The first event is there in any case.
const PAGE_BYTES_MAX: usize = 1024 * 1024;
/// Events that are looked at for one page. The page may be empty then, and the next one goes on.
const EXAMINED_MAX: usize = 50_000;

/// Which streams of a group are meant, by key where that is known.
enum Chosen<'q> {
    All,
    Keys(HashSet<i64>),
    Prefix(&'q str),
}

impl<'q> Chosen<'q> {
    fn of(connection: &Connection, group: i64, streams: &'q Streams) -> Result<Self, LogsError> {
        Ok(match streams {
            Streams::All => Self::All,
            Streams::Prefix(prefix) => Self::Prefix(prefix),
            Streams::Named(names) => {
                let keys = names.iter().map(|name| stream_key(connection, group, name));
                Self::Keys(keys.collect::<Result<_, _>>()?)
            }
        })
    }

    fn has(&self, row: &Row<'_>) -> Result<bool, rusqlite::Error> {
        Ok(match self {
            Self::All => true,
            Self::Keys(keys) => keys.contains(&row.get(5)?),
            Self::Prefix(prefix) => row.get_ref(3)?.as_str()?.starts_with(prefix),
        })
    }
}

/// A page that is being filled.
#[derive(Default)]
struct Filling {
    events: Vec<Event>,
    bytes: usize,
}

impl Filling {
    /// Takes an event, unless the page is too full for it.
    fn take(&mut self, event: Event) -> bool {
        let bytes = self.bytes + event.message.len() + EVENT_BYTES as usize;
        if bytes > PAGE_BYTES_MAX && !self.events.is_empty() {
            return false;
        }
        self.bytes = bytes;
        self.events.push(event);
        true
    }
}

/// Events of a group. The streams are looked up per event: a join the other way round would lose the order.
const OF_GROUP: &str = "
    SELECT e.key, e.at, e.ingested, s.name, e.message, e.stream
    FROM events e CROSS JOIN streams s ON s.key = e.stream
    WHERE e.log_group = ?1 AND e.at >= ?2 AND (e.at > ?2 OR e.key > ?3) AND e.at <= ?4
    ORDER BY e.at, e.key";

pub(crate) fn filter(
    connection: &Connection,
    query: &FilterQuery,
) -> Result<FilterPage, LogsError> {
    let group = group_key(connection, &query.group)?;
    let chosen = Chosen::of(connection, group, &query.streams)?;
    let begin = Position { at: query.start, key: 0 };
    let mut last = query.after.map_or(begin, |after| after.max(begin));
    let mut statement = connection.prepare_cached(OF_GROUP)?;
    let mut rows = statement.query(params![group, last.at, last.key, query.end])?;
    let mut page = Filling::default();
    let mut examined = 0;
    while let Some(row) = rows.next()? {
        if page.events.len() >= query.limit || examined >= EXAMINED_MAX {
            return Ok(FilterPage { events: page.events, reached: last, more: true });
        }
        examined += 1;
        let meant = chosen.has(row)?
            && query.pattern.matches(row.get_ref(4)?.as_str().map_err(rusqlite::Error::from)?);
        if meant && !page.take(event(row)?) {
            return Ok(FilterPage { events: page.events, reached: last, more: true });
        }
        last = Position { at: row.get(1)?, key: row.get(0)? };
    }
    Ok(FilterPage { events: page.events, reached: last, more: false })
}

const OF_STREAM_FORWARD: &str = "
    SELECT key, at, ingested, ?5, message FROM events
    WHERE stream = ?1 AND at >= ?2 AND (at > ?2 OR key > ?3) AND at < ?4 ORDER BY at, key";

const OF_STREAM_BACKWARD: &str = "
    SELECT key, at, ingested, ?5, message FROM events
    WHERE stream = ?1 AND at <= ?2 AND (at < ?2 OR key < ?3) AND at >= ?4
    ORDER BY at DESC, key DESC";

pub(crate) fn events(
    connection: &Connection,
    query: &EventsQuery,
) -> Result<EventsPage, LogsError> {
    let StreamName { group, stream } = &query.name;
    let group = group_key(connection, group)?;
    let key = stream_key(connection, group, stream)?;
    let begin = Position { at: query.start, key: 0 };
    let end = Position { at: query.end, key: 0 };
    let (sql, from, bound) = if query.forward {
        (OF_STREAM_FORWARD, query.from.map_or(begin, |from| from.max(begin)), query.end)
    } else {
        (OF_STREAM_BACKWARD, query.from.map_or(end, |from| from.min(end)), query.start)
    };
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![key, from.at, from.key, bound, stream])?;
    let mut page = Filling::default();
    while page.events.len() < query.limit
        && let Some(row) = rows.next()?
    {
        if !page.take(event(row)?) {
            break;
        }
    }
    if !query.forward {
        page.events.reverse();
    }
    Ok(EventsPage { events: page.events })
}

fn event(row: &Row<'_>) -> Result<Event, rusqlite::Error> {
    let at = row.get(1)?;
    Ok(Event {
        position: Position { at, key: row.get(0)? },
        at,
        ingested: row.get(2)?,
        stream: row.get(3)?,
        message: row.get(4)?,
    })
}
