//! Goal: whoever counts is told of every commit with what was in it, and how much waits is counted up to a bound.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use durable_store::{
    Backend, Backlog, ChainedChange, Commit, CommitObserver, IndexChange, Outcome,
    QueuedInvocation, Store, Write,
};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::support::{append, new, start};

/// What was told: writes, bytes, and whether it is on disk.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<(usize, usize, bool)>>>);

impl CommitObserver for Told {
    fn committed(&self, commit: &Commit) {
        assert!(commit.duration > Duration::ZERO);
        self.0.lock().unwrap().push((commit.writes, commit.record_bytes, commit.ok));
    }
}

struct Failing {
    inner: Box<dyn Backend>,
    left: u32,
}

impl Backend for Failing {
    fn commit(&mut self, batch: &[Write]) -> Result<Vec<Outcome>, String> {
        self.left = self.left.checked_sub(1).ok_or("the disk is on fire")?;
        self.inner.commit(batch)
    }
}

fn queued(request_id: &str) -> QueuedInvocation {
    QueuedInvocation {
        key: 0,
        request_id: request_id.to_owned(),
        function: "plain".to_owned(),
        version: "$LATEST".to_owned(),
        payload: b"{}".to_vec(),
        trace_header: None,
        tenant_id: None,
        client_context: None,
        attempts: 0,
        due: 1,
    }
}

#[tokio::test]
async fn every_commit_is_told_with_its_writes_and_bytes_and_a_failed_one_as_failed() {
    let directory = TempDir::new().unwrap();
    let store = Store::open_with(directory.path(), |inner| {
        Box::new(Failing { inner: Box::new(inner), left: 3 })
    })
    .unwrap();
    let told = Told::default();
    store.observe(Arc::new(told.clone()));
    let first = new("one", 1);
    let Write::Start(begun) = &first else { unreachable!() };
    let first_bytes = begun.body.len();
    let key = start(&store, first).await;
    let second = append(key, 1, IndexChange::default());
    store.write(second).await.unwrap();
    store.write(Write::Index { key, index: IndexChange::default() }).await.unwrap();
    for _ in 0..2 {
        // The first one fails, the second one is not tried.
        store.write(append(key, 2, IndexChange::default())).await.unwrap_err();
    }
    let bytes = format!("record 1 of {key}").len();
    let expected = [(1, first_bytes, true), (1, bytes, true), (1, 0, true), (1, bytes, false)];
    assert_eq!(*told.0.lock().unwrap(), expected);
    assert_eq!(store.writes_waiting(), 0);
}

#[tokio::test]
async fn what_waits_is_counted_but_not_beyond_the_bound() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    assert_eq!(store.backlog(10).await.unwrap(), Backlog::default());
    for request_id in ["a", "b", "c"] {
        store.write(Write::Enqueue(queued(request_id))).await.unwrap();
    }
    let parent = start(&store, new("parent", 1)).await;
    let started = ["x", "y"].map(|operation| ChainedChange::Started {
        parent: "id-parent".to_owned(),
        operation: operation.to_owned(),
        due: 1,
    });
    let index = IndexChange { chained: started.to_vec(), ..IndexChange::default() };
    store.write(append(parent, 1, index)).await.unwrap();
    assert_eq!(store.backlog(10).await.unwrap(), Backlog { invocations: 3, chained: 2 });
    assert_eq!(store.backlog(2).await.unwrap(), Backlog { invocations: 2, chained: 2 });
    assert_eq!(store.backlog(1).await.unwrap(), Backlog { invocations: 1, chained: 1 });
}

/// The rows hold payloads of megabytes: a count that reads them would read gigabytes.
#[tokio::test]
async fn what_waits_is_counted_without_reading_the_rows() {
    let directory = TempDir::new().unwrap();
    Store::open(directory.path()).unwrap().close().await;
    let connection = Connection::open(directory.path().join("journal.db")).unwrap();
    for (sql, index) in [
        ("SELECT 1 FROM invocations ORDER BY due LIMIT 9", "invocations_by_due"),
        ("SELECT 1 FROM chained WHERE state <> 1 ORDER BY due LIMIT 9", "chained_to_do"),
    ] {
        let plan = format!("EXPLAIN QUERY PLAN SELECT count(*) FROM ({sql})");
        let mut statement = connection.prepare(&plan).unwrap();
        let details = statement.query_map([], |row| row.get::<_, String>(3)).unwrap();
        let details: Vec<String> = details.map(Result::unwrap).collect();
        assert!(details.iter().any(|detail| detail.contains(index)), "{details:?}");
        assert!(!details.iter().any(|detail| detail.contains("TEMP B-TREE")), "{details:?}");
    }
}
