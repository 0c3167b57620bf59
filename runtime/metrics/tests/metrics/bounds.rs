//! Nothing grows without end.

use durable_metrics::{ListQuery, MINUTE_MS, MetricsError, Summary};

use crate::support::{NOW, Store, series};

const DAY: i64 = 24 * 60;

/// Looks for what the thread does in the background.
fn eventually(what: &str, mut look: impl FnMut() -> bool) {
    let seen = (0..600).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        look()
    });
    assert!(seen, "{what}");
}

#[test]
fn points_are_deleted_after_fifteen_days_and_their_series_with_them() {
    let directory = {
        let store = Store::open();
        store.record("old", NOW - 16 * DAY, &[1.0]);
        for minute in 0..5 {
            store.record("both", NOW - 16 * DAY - minute, &[1.0]);
            store.record("both", NOW - 14 * DAY - minute, &[1.0]);
        }
        store.metrics.close();
        std::sync::Arc::clone(&store.directory)
    };
    // The first look is made at the start.
    let store = Store::open_in(directory, |_| {});
    assert_eq!(store.metrics.kept_from(), NOW - 15 * DAY);
    eventually("old points are deleted", || store.points("both").len() == 5);
    assert!(store.points("both").iter().all(|point| point.minute > NOW - 15 * DAY));
    let list = ListQuery { limit: 10, ..Default::default() };
    eventually("the old series is deleted", || {
        let listed = store.metrics.list(&list).unwrap();
        listed.len() == 1 && listed[0].name == "both"
    });
    // Its key was remembered: it comes back as a new one.
    store.record("old", NOW, &[1.0]);
    assert_eq!(store.points("old").len(), 1);
}

#[test]
fn a_file_that_is_too_large_loses_its_oldest_points() {
    let directory = {
        let store = Store::open();
        let mut one = Summary::default();
        one.record(1.0);
        let data = (0..20_000).map(|minute| (series("m"), NOW - minute, one.clone()));
        store.metrics.put(data.collect()).unwrap();
        store.metrics.close();
        std::sync::Arc::clone(&store.directory)
    };
    let bytes_max = 600 * 1024;
    let before = std::fs::metadata(directory.path().join("metrics.db")).unwrap().len();
    assert!(before > bytes_max, "{before}");
    let store = Store::open_in(directory, |options| options.bytes_max = bytes_max);
    eventually("points are deleted", || store.points("m").len() < 15_000);
    let points = store.points("m");
    assert_eq!(points.last().unwrap().minute, NOW, "the newest are kept");
}

#[test]
fn values_of_too_many_series_are_dropped_and_counted() {
    let store = Store::open_with(|options| options.series_max = 2);
    store.record("a", NOW, &[1.0]);
    store.record("b", NOW, &[1.0]);
    assert_eq!(store.points("b").len(), 1);
    store.record("c", NOW, &[1.0, 2.0]);
    store.record("a", NOW, &[1.0]);
    assert_eq!(store.points("c").len(), 0);
    assert_eq!(store.points("a")[0].summary.count(), 2.0, "known ones go on");
    assert_eq!(store.metrics.dropped(), 2);
}

#[test]
fn data_that_would_be_one_series_too_many_is_refused_as_a_whole() {
    let store = Store::open_with(|options| options.series_max = 2);
    let mut one = Summary::default();
    one.record(1.0);
    let data = ["a", "b", "c"].map(|name| (series(name), NOW, one.clone()));
    assert_eq!(store.metrics.put(data.to_vec()), Err(MetricsError::TooManySeries));
    assert_eq!(store.points("a").len(), 0);
    store.metrics.put(data[..2].to_vec()).unwrap();
    assert_eq!(store.metrics.put(data[1..].to_vec()), Err(MetricsError::TooManySeries));
    assert_eq!(store.points("b")[0].summary.count(), 1.0);
}

#[test]
fn values_of_many_threads_are_all_counted() {
    let store = Store::open();
    let meter = store.metrics.meter(vec![series("m")]);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let meter = std::sync::Arc::clone(&meter);
            scope.spawn(move || {
                for value in 0..5_000 {
                    meter.record((NOW + thread % 2) * MINUTE_MS, f64::from(value % 100));
                }
            });
        }
    });
    let count: f64 = store.points("m").iter().map(|point| point.summary.count()).sum();
    assert_eq!(count, 40_000.0);
    assert_eq!(store.metrics.dropped(), 0);
}
