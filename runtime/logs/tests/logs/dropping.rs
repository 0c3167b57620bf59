//! Whoever puts events never waits. What does not fit is dropped, counted, and told.
//!
//! Method: another connection locks the file, so that the thread is stuck as on a disk that hangs.

use durable_logs::Logs;
use rusqlite::Connection;
use tempfile::TempDir;

use super::support::{NOW, Time, all, name, open, pages};

/// The events of the group, and how many were dropped according to those among them that say so.
fn account(logs: &Logs) -> (u64, u64) {
    let (events, _) = pages(logs, all("g"));
    let mut said = 0;
    let mut others = 0;
    for event in events {
        let number = event.message.strip_prefix('[').and_then(|rest| rest.split(' ').next());
        match number {
            Some(number) => said += number.parse::<u64>().unwrap(),
            None => others += 1,
        }
    }
    (others, said)
}

#[track_caller]
fn put_while_stuck(count: u64, message: &str) {
    let directory = TempDir::new().unwrap();
    let logs = open(directory.path(), &Time::at(NOW));
    let streams = [name("g", "a"), name("g", "b")];
    let file = Connection::open(directory.path().join("logs.db")).unwrap();
    file.execute_batch("BEGIN IMMEDIATE").unwrap();
    for number in 0..count {
        logs.put(&streams[(number % 2) as usize], message.to_owned());
    }
    let dropped = logs.dropped();
    file.execute_batch("ROLLBACK").unwrap();
    assert!(dropped > 0);
    let (written, said) = account(&logs);
    assert_eq!((written + dropped, said), (count, dropped));
    // It goes on as before.
    logs.put(&streams[0], "after".to_owned());
    assert_eq!(account(&logs), (written + 1, dropped));
    assert_eq!(logs.dropped(), dropped);
}

#[test]
fn too_many_events_are_dropped_and_a_later_event_says_how_many() {
    put_while_stuck(50_000, "x");
}

#[test]
fn too_many_bytes_are_dropped_and_a_later_event_says_how_many() {
    put_while_stuck(1_000, &"x".repeat(200_000));
}

#[test]
fn events_that_cannot_be_written_are_told_once_writing_works_again() {
    let directory = TempDir::new().unwrap();
    let logs = open(directory.path(), &Time::at(NOW));
    let stream = name("g", "s");
    logs.put(&stream, "before".to_owned());
    logs.flush().unwrap();
    let file = Connection::open(directory.path().join("logs.db")).unwrap();
    file.execute_batch("ALTER TABLE events RENAME TO hidden").unwrap();
    for _ in 0..3 {
        logs.put(&stream, "lost".to_owned());
    }
    logs.flush().unwrap();
    file.execute_batch("ALTER TABLE hidden RENAME TO events").unwrap();
    assert_eq!(logs.dropped(), 3);
    assert_eq!(account(&logs), (1, 3));
}
