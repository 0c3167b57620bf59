//! Goal: a wall clock that is set back or forward makes timers late, and never early or lost.
//!
//! Method: the service lives by a clock that is the system's plus an offset, which the test changes while an execution
//! waits. What the history says is compared with what the wait was told.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use durable_service::Clock;
use serde_json::json;
use tempfile::TempDir;

use crate::support::{Server, Setup, eventually, workflow};

/// By how many milliseconds the wall clock is ahead of the system's.
type Offset = Arc<AtomicI64>;

async fn open(directory: &TempDir) -> (Server, Offset) {
    let offset = Offset::default();
    let ahead = Arc::clone(&offset);
    let setup = Setup::new(directory.path())
        .durable_for("flow", 100_000, |turn| workflow::run(turn, |_| {}))
        .with(|setup| {
            setup.config.clock = Clock::reading(move || {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
                since.as_millis() as i64 + ahead.load(Ordering::SeqCst)
            });
        });
    (setup.open().await, offset)
}

/// An execution that waits for so many seconds and has been suspended.
async fn waiting(server: &Server, seconds: u32) -> String {
    let arn = server.plan("flow", json!([{ "wait": "w", "seconds": seconds }])).await;
    eventually("the invocation has ended", async || {
        server.event_types(&arn).await.contains(&"InvocationCompleted".to_owned()).then_some(())
    })
    .await;
    arn
}

/// Waits for the end; the wait must not have ended before its time.
async fn ends_in_time(server: &Server, arn: &str) {
    assert_eq!(server.closed(arn).await["Status"], "SUCCEEDED");
    let events = server.history(arn).await;
    let event = |kind: &str| events.iter().find(|event| event["EventType"] == kind).unwrap();
    let due = &event("WaitStarted")["WaitStartedDetails"]["ScheduledEndTimestamp"];
    let fired = &event("WaitSucceeded")["EventTimestamp"];
    assert!(fired.as_f64().unwrap() >= due.as_f64().unwrap(), "{fired} is before {due}");
    let times: Vec<_> = events.iter().map(|event| event["EventTimestamp"].as_f64()).collect();
    assert!(times.is_sorted(), "{times:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_timer_fires_late_and_not_early_after_the_wall_clock_was_set_back() {
    let directory = TempDir::new().unwrap();
    let (server, offset) = open(&directory).await;
    let begun = Instant::now();
    let before = waiting(&server, 1).await;
    offset.store(-2_000, Ordering::SeqCst);
    // What is begun while time stands still is no earlier, either.
    let after = waiting(&server, 1).await;
    for arn in [before, after] {
        ends_in_time(&server, &arn).await;
    }
    // The wall clock had to make up for its two seconds first.
    assert!(begun.elapsed() >= Duration::from_secs(3), "{:?}", begun.elapsed());
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_due_fires_after_the_wall_clock_was_set_forward() {
    let directory = TempDir::new().unwrap();
    let (server, offset) = open(&directory).await;
    let long = waiting(&server, 3_600).await;
    // The clock sleeps until this one is due; it finds the other due as well.
    let short = waiting(&server, 1).await;
    offset.store(3_600_000, Ordering::SeqCst);
    ends_in_time(&server, &short).await;
    ends_in_time(&server, &long).await;
    // An hour that has passed for others is no hour for what begins now.
    let fresh = waiting(&server, 3_600).await;
    assert_eq!(server.status(&fresh).await, "RUNNING");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_with_an_earlier_wall_clock_waits_for_what_is_due_by_it() {
    let directory = TempDir::new().unwrap();
    let (server, offset) = open(&directory).await;
    offset.store(2_000, Ordering::SeqCst);
    let arn = waiting(&server, 1).await;
    server.close().await;
    // The second life has never seen the two seconds.
    let (server, _) = open(&directory).await;
    ends_in_time(&server, &arn).await;
    server.close().await;
}
