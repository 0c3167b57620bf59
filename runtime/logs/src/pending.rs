//! What waits for the thread: events, which may be dropped, and how many of them were.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{Entry, StreamName};

/// Events that may wait, and their bytes; one more is dropped. Ten times a second there is nothing left of them, so it
/// takes a burst of a hundred thousand lines a second, or a disk that hangs.
const QUEUED_EVENTS_MAX: usize = 16_384;
const QUEUED_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Streams that remember how many of their events were dropped. Those of others are only counted.
const DROPPED_STREAMS_MAX: usize = 1024;

/// An event, and where it belongs.
pub(crate) type Placed = (Arc<StreamName>, Entry);

#[derive(Default)]
pub(crate) struct Pending {
    pub(crate) events: Vec<Placed>,
    pub(crate) drops: Drops,
    bytes: usize,
}

impl Pending {
    /// Takes an event, or drops it. Says whether it was taken.
    pub(crate) fn put(&mut self, stream: &Arc<StreamName>, entry: Entry) -> bool {
        let bytes = self.bytes + entry.message.len();
        if self.events.len() >= QUEUED_EVENTS_MAX || bytes > QUEUED_BYTES_MAX {
            self.drops.add(stream, Dropped { count: 1, at: entry.at });
            return false;
        }
        self.bytes = bytes;
        self.events.push((Arc::clone(stream), entry));
        true
    }
}

/// Events of a stream that are gone, and when the last of them was.
#[derive(Clone, Copy, Default)]
pub(crate) struct Dropped {
    count: u64,
    at: i64,
}

/// Per stream.
#[derive(Default)]
pub(crate) struct Drops(HashMap<Arc<StreamName>, Dropped>);

impl Drops {
    pub(crate) fn add(&mut self, stream: &Arc<StreamName>, more: Dropped) {
        if self.0.len() < DROPPED_STREAMS_MAX || self.0.contains_key(stream) {
            let dropped = self.0.entry(Arc::clone(stream)).or_default();
            dropped.count += more.count;
            dropped.at = dropped.at.max(more.at);
        }
    }

    /// Counts events that could not be written.
    pub(crate) fn add_lost(&mut self, events: &[Placed]) {
        for (stream, entry) in events {
            self.add(stream, Dropped { count: 1, at: entry.at });
        }
    }

    pub(crate) fn add_all(&mut self, more: &Self) {
        for (stream, dropped) in &more.0 {
            self.add(stream, *dropped);
        }
    }

    /// An event for each stream that says it.
    pub(crate) fn told(&self, now: i64) -> Vec<Placed> {
        let told = |(stream, dropped): (&Arc<StreamName>, &Dropped)| {
            let count = dropped.count;
            let message = format!("[{count} log events were dropped: the log does not keep up]");
            (Arc::clone(stream), Entry::new(dropped.at, now, message))
        };
        self.0.iter().map(told).collect()
    }
}
