//! The store is bounded by age and by size.

use std::path::Path;

use durable_logs::{GroupsQuery, Logs, StreamOrder, StreamsQuery};
use tempfile::TempDir;

use super::support::{DAY, NOW, Time, all, eventually, messages, name, open};

fn stream_count(logs: &Logs) -> usize {
    let query = StreamsQuery {
        group: "g".to_owned(),
        prefix: String::new(),
        order: StreamOrder::Name { after: None },
        descending: false,
        limit: 100,
    };
    logs.streams(&query).unwrap().len()
}

/// A store with an event of each day from `days` days ago until today, each in a stream of its own.
fn fill(directory: &Path, days: i64) {
    let time = Time::at(NOW);
    let logs = open(directory, &time);
    for ago in (0..days).rev() {
        time.set(NOW - ago * DAY);
        logs.put(&name("g", &format!("s{ago}")), ago.to_string());
        logs.put(&name("long", "s"), ago.to_string());
    }
    logs.close();
}

#[test]
fn events_go_when_they_are_too_old_and_so_do_their_streams() {
    let directory = TempDir::new().unwrap();
    fill(directory.path(), 30);
    let time = Time::at(NOW - 23 * DAY);
    let logs = open(directory.path(), &time);
    logs.set_retention("long".to_owned(), Some(14)).unwrap();
    logs.close();
    let logs = open(directory.path(), &Time::at(NOW));
    let expected: Vec<String> = (0..=7).rev().map(|ago| ago.to_string()).collect();
    eventually("old events are deleted", || (messages(&logs, all("g")) == expected).then_some(()));
    eventually("their streams are deleted", || (stream_count(&logs) == 8).then_some(()));
    // A group may keep them for longer.
    eventually("old events are deleted", || {
        (messages(&logs, all("long")).len() == 15).then_some(())
    });
    let groups = logs.groups(&GroupsQuery { limit: 9, ..GroupsQuery::default() }).unwrap();
    let bytes: Vec<_> = groups.iter().map(|group| group.bytes).collect();
    assert_eq!(bytes, [8 * 27, 15 * 26 + 10 + 5 * 2]);
}

#[test]
fn the_oldest_events_go_when_there_are_too_many() {
    let directory = TempDir::new().unwrap();
    let bytes_max = 2 * 1024 * 1024;
    let time = Time::at(NOW);
    let logs = Logs::open(durable_logs::Options { bytes_max, ..time.options(directory.path()) });
    let logs = logs.unwrap();
    let count = 24_000;
    for number in 0..count {
        time.set(NOW + number);
        logs.put(&name("g", "s"), format!("{number:0>1000}"));
        if number % 1_000 == 0 {
            logs.flush().unwrap();
        }
    }
    logs.close();
    assert_eq!(logs.dropped(), 0);
    let logs = Logs::open(durable_logs::Options { bytes_max, ..time.options(directory.path()) });
    let logs = logs.unwrap();
    let left = eventually("the oldest events are deleted", || {
        let left = messages(&logs, all("g"));
        (left.len() < 2_100).then_some(left)
    });
    let first = count - left.len() as i64;
    let expected: Vec<String> = (first..count).map(|number| format!("{number:0>1000}")).collect();
    assert_eq!(left, expected);
    logs.close();
    // What was freed was used again: 24 MB went through.
    let size = std::fs::metadata(directory.path().join("logs.db")).unwrap().len();
    assert!(size < 16 * 1024 * 1024, "{size}");
}
