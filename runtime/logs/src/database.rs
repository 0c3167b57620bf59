//! Writing: events, and the groups and streams that they belong to. On the thread only.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::error::LogsError;
use crate::model::{Entry, StreamName};

/// Streams whose keys are remembered.
const KNOWN_STREAMS_MAX: usize = 4096;

/// What CloudWatch counts for an event besides its message.
pub(crate) const EVENT_BYTES: u64 = 26;

/// The connection that writes.
pub(crate) struct Database {
    pub(crate) connection: Connection,
    /// Keys of group and stream.
    known: HashMap<Arc<StreamName>, (i64, i64)>,
}

/// What a batch adds to a stream.
struct Growth {
    first: i64,
    last: i64,
    ingested: i64,
}

impl Database {
    pub(crate) fn new(connection: Connection) -> Self {
        Self { connection, known: HashMap::new() }
    }

    /// Writes events in one transaction. Groups and streams that are missing are created, as Lambda does.
    pub(crate) fn write(
        &mut self,
        events: &[(Arc<StreamName>, Entry)],
    ) -> Result<(), rusqlite::Error> {
        if self.known.len() >= KNOWN_STREAMS_MAX {
            self.known.clear();
        }
        let written = self.try_write(events);
        if written.is_err() {
            // It may hold keys of what was rolled back.
            self.known.clear();
        }
        written
    }

    fn try_write(&mut self, events: &[(Arc<StreamName>, Entry)]) -> Result<(), rusqlite::Error> {
        let transaction = self.connection.transaction()?;
        let mut streams: HashMap<i64, Growth> = HashMap::new();
        let mut groups: HashMap<i64, u64> = HashMap::new();
        let mut insert = transaction.prepare_cached(
            "INSERT INTO events (log_group, stream, at, ingested, message)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for (name, entry) in events {
            let (group, stream) = match self.known.get(name) {
                Some(keys) => *keys,
                None => {
                    let keys = ensure(&transaction, name, entry.ingested)?;
                    self.known.insert(Arc::clone(name), keys);
                    keys
                }
            };
            insert.execute(params![group, stream, entry.at, entry.ingested, entry.message])?;
            *groups.entry(group).or_default() += entry.message.len() as u64 + EVENT_BYTES;
            streams
                .entry(stream)
                .and_modify(|growth| growth.add(entry))
                .or_insert_with(|| Growth::of(entry));
        }
        drop(insert);
        for (stream, growth) in streams {
            growth.record(&transaction, stream)?;
        }
        for (group, bytes) in groups {
            transaction
                .prepare_cached("UPDATE groups SET bytes = bytes + ?2 WHERE key = ?1")?
                .execute(params![group, bytes as i64])?;
        }
        transaction.commit()
    }

    pub(crate) fn create_group(&mut self, name: &str, now: i64) -> Result<(), LogsError> {
        let created = self.connection.execute(
            "INSERT INTO groups (name, created) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![name, now],
        )?;
        if created == 0 { Err(LogsError::GroupExists) } else { Ok(()) }
    }

    pub(crate) fn create_stream(&mut self, name: &StreamName, now: i64) -> Result<(), LogsError> {
        let group = group_key(&self.connection, &name.group)?;
        let created = self.connection.execute(
            "INSERT INTO streams (log_group, name, created) VALUES (?1, ?2, ?3)
             ON CONFLICT DO NOTHING",
            params![group, name.stream, now],
        )?;
        if created == 0 { Err(LogsError::StreamExists) } else { Ok(()) }
    }

    /// The group is gone at once; its events go bit by bit.
    pub(crate) fn delete_group(&mut self, name: &str) -> Result<(), LogsError> {
        self.known.clear();
        let transaction = self.connection.transaction()?;
        let group = group_key(&transaction, name)?;
        transaction.execute("DELETE FROM streams WHERE log_group = ?1", [group])?;
        transaction.execute("DELETE FROM groups WHERE key = ?1", [group])?;
        transaction.execute("INSERT INTO deleted_groups VALUES (?1)", [group])?;
        Ok(transaction.commit()?)
    }

    /// As [`delete_group`](Self::delete_group).
    pub(crate) fn delete_stream(&mut self, name: &StreamName) -> Result<(), LogsError> {
        self.known.clear();
        let transaction = self.connection.transaction()?;
        let group = group_key(&transaction, &name.group)?;
        let stream = stream_key(&transaction, group, &name.stream)?;
        transaction.execute("DELETE FROM streams WHERE key = ?1", [stream])?;
        transaction.execute("INSERT INTO deleted_streams VALUES (?1)", [stream])?;
        Ok(transaction.commit()?)
    }

    pub(crate) fn set_retention(&mut self, name: &str, days: Option<u32>) -> Result<(), LogsError> {
        let changed = self.connection.execute(
            "UPDATE groups SET retention_days = ?2 WHERE name = ?1",
            params![name, days],
        )?;
        if changed == 0 { Err(LogsError::NoSuchGroup) } else { Ok(()) }
    }

    /// Fails unless the stream is there.
    pub(crate) fn check(&self, name: &StreamName) -> Result<(), LogsError> {
        let group = group_key(&self.connection, &name.group)?;
        stream_key(&self.connection, group, &name.stream).map(drop)
    }

    /// Forgets the keys of streams, some of which may be deleted.
    pub(crate) fn forget_streams(&mut self) {
        self.known.clear();
    }
}

impl Growth {
    fn of(entry: &Entry) -> Self {
        Self { first: entry.at, last: entry.at, ingested: entry.ingested }
    }

    fn add(&mut self, entry: &Entry) {
        self.first = self.first.min(entry.at);
        self.last = self.last.max(entry.at);
        self.ingested = self.ingested.max(entry.ingested);
    }

    fn record(&self, transaction: &Transaction<'_>, stream: i64) -> Result<(), rusqlite::Error> {
        transaction
            .prepare_cached(
                "UPDATE streams SET first_at = min(coalesce(first_at, ?2), ?2),
                                    last_at = max(coalesce(last_at, ?3), ?3),
                                    ingested = max(coalesce(ingested, ?4), ?4)
                 WHERE key = ?1",
            )?
            .execute(params![stream, self.first, self.last, self.ingested])?;
        Ok(())
    }
}

/// The keys of a group and a stream, which are created if they are missing.
fn ensure(
    transaction: &Transaction<'_>,
    name: &StreamName,
    now: i64,
) -> Result<(i64, i64), rusqlite::Error> {
    // An update that changes nothing, so that the key is returned in any case.
    let group: i64 = transaction
        .prepare_cached(
            "INSERT INTO groups (name, created) VALUES (?1, ?2)
             ON CONFLICT DO UPDATE SET name = name RETURNING key",
        )?
        .query_row(params![name.group, now], |row| row.get(0))?;
    let stream = transaction
        .prepare_cached(
            "INSERT INTO streams (log_group, name, created) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET name = name RETURNING key",
        )?
        .query_row(params![group, name.stream, now], |row| row.get(0))?;
    Ok((group, stream))
}

/// The key of the group of this name.
pub(crate) fn group_key(connection: &Connection, name: &str) -> Result<i64, LogsError> {
    let key = connection
        .prepare_cached("SELECT key FROM groups WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    key.ok_or(LogsError::NoSuchGroup)
}

/// The key of the stream of this name.
pub(crate) fn stream_key(
    connection: &Connection,
    group: i64,
    name: &str,
) -> Result<i64, LogsError> {
    let key = connection
        .prepare_cached("SELECT key FROM streams WHERE log_group = ?1 AND name = ?2")?
        .query_row(params![group, name], |row| row.get(0))
        .optional()?;
    key.ok_or(LogsError::NoSuchStream)
}
