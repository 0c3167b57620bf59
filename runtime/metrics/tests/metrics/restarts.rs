//! What survives.

use std::sync::Arc;

use durable_metrics::{MetricsError, OpenError, Options};

use crate::support::{NOW, Store, copy};

#[test]
fn a_restart_finds_everything_and_adds_to_it() {
    let store = Store::open();
    store.record("m", NOW, &[1.0, 2.0]);
    store.metrics.close();
    assert_eq!(store.metrics.flush(), Err(MetricsError::Closed));

    let again = Store::open_in(Arc::clone(&store.directory), |_| {});
    again.record("m", NOW, &[4.0]);
    let points = again.points("m");
    assert_eq!(points.len(), 1);
    let summary = &points[0].summary;
    assert_eq!((summary.count(), summary.sum(), summary.max()), (3.0, 7.0, 4.0));
    assert_eq!(summary.percentile(50.0), Some(2.0));
}

#[test]
fn a_kill_loses_nothing_that_was_read() {
    let store = Store::open();
    store.record("m", NOW, &[1.0, 2.0]);
    assert_eq!(store.points("m").len(), 1);
    let killed = Store::open_in(copy(store.directory.path()), |_| {});
    assert_eq!(killed.points("m"), store.points("m"));
}

#[test]
fn what_is_recorded_gets_to_the_file_although_nobody_reads() {
    let store = Store::open();
    store.record("m", NOW, &[1.0]);
    // The thread writes once a second; the deadline only keeps a hang from lasting.
    let found = (0..600).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        !Store::open_in(copy(store.directory.path()), |_| {}).points("m").is_empty()
    });
    assert!(found);
}

#[test]
fn whoever_waits_in_memory_is_written_at_the_close() {
    let store = Store::open();
    for minute in 0..5 {
        store.record("m", NOW + minute, &[1.0]);
    }
    store.metrics.close();
    let again = Store::open_in(Arc::clone(&store.directory), |_| {});
    assert_eq!(again.points("m").len(), 5);
}

#[test]
fn a_file_of_a_newer_version_is_left_alone() {
    let store = Store::open();
    store.metrics.close();
    let file = store.directory.path().join("metrics.db");
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection.execute_batch("PRAGMA user_version = 99").unwrap();
    drop(connection);
    let opened =
        durable_metrics::Metrics::open(Options::new(store.directory.path(), Arc::new(|| 0)));
    assert!(matches!(opened.err(), Some(OpenError::Newer { found: 99, known: 1, .. })));
}
