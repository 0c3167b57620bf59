//! A store in a directory, with a clock that stands where a test puts it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use durable_logs::{
    Event, FilterPage, FilterQuery, Logs, Options, Pattern, Position, StreamName, Streams,
};

/// No wait of a test lasts longer.
const DEADLINE: Duration = Duration::from_secs(60);

/// Some time in 2026.
pub const NOW: i64 = 1_790_000_000_000;
pub const DAY: i64 = 24 * 60 * 60 * 1000;

#[derive(Clone)]
pub struct Time(Arc<AtomicI64>);

impl Time {
    pub fn at(now: i64) -> Self {
        Self(Arc::new(AtomicI64::new(now)))
    }

    pub fn set(&self, now: i64) {
        self.0.store(now, Ordering::Relaxed);
    }

    pub fn options(&self, directory: &Path) -> Options {
        let time = Arc::clone(&self.0);
        Options::new(directory, Arc::new(move || time.load(Ordering::Relaxed)))
    }
}

pub fn open(directory: &Path, time: &Time) -> Logs {
    Logs::open(time.options(directory)).unwrap()
}

pub fn name(group: &str, stream: &str) -> Arc<StreamName> {
    Arc::new(StreamName { group: group.to_owned(), stream: stream.to_owned() })
}

/// Everything in a group.
pub fn all(group: &str) -> FilterQuery {
    FilterQuery {
        group: group.to_owned(),
        streams: Streams::All,
        start: 0,
        end: i64::MAX,
        pattern: Pattern::parse("").unwrap(),
        after: None,
        limit: 10_000,
    }
}

/// Every page of a query, and how many there were.
pub fn pages(logs: &Logs, mut query: FilterQuery) -> (Vec<Event>, usize) {
    let mut events = Vec::new();
    for number in 1.. {
        let FilterPage { events: page, reached, more } = logs.filter(&query).unwrap();
        events.extend(page);
        if !more {
            return (events, number);
        }
        query.after = Some(reached);
    }
    unreachable!()
}

pub fn messages(logs: &Logs, query: FilterQuery) -> Vec<String> {
    pages(logs, query).0.into_iter().map(|event| event.message).collect()
}

pub fn positions(events: &[Event]) -> Vec<Position> {
    events.iter().map(|event| event.position).collect()
}

pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < DEADLINE, "deadline passed: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
