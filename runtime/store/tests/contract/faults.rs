//! Goal: a commit that fails applies nothing of its batch and poisons the store: later writes are refused with the
//! reason, reading goes on, and the next opening finds what was acknowledged.
//!
//! Method: backends that fail on purpose, behind the seam that is made for it; a duplicate record number, which SQLite
//! refuses itself; and a file that may not grow.

use std::future::Future;
use std::pin::Pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::{Context, Waker};

use durable_store::{Backend, IndexChange, Outcome, Store, StoreError, Write};
use tempfile::TempDir;

use crate::support::{DEADLINE, append, bodies, new, start, within};

/// Fails the n-th commit; holds each of them back until the gate opens, so that a batch gathers.
struct Failing {
    inner: Box<dyn Backend>,
    fails_at: u32,
    commits: u32,
    entered: Sender<()>,
    gate: Receiver<()>,
}

impl Backend for Failing {
    fn commit(&mut self, batch: &[Write]) -> Result<Vec<Outcome>, String> {
        // A test that does not listen does not want to know; a gate that is gone is open.
        let _ = self.entered.send(());
        let _ = self.gate.recv();
        self.commits += 1;
        if self.commits == self.fails_at {
            return Err("the disk is on fire".to_owned());
        }
        self.inner.commit(batch)
    }
}

/// The store, what hears of each commit's beginning, and the gate.
fn failing(directory: &TempDir, fails_at: u32) -> (Store, Receiver<()>, Sender<()>) {
    let (open, gate) = channel();
    let (entered, entering) = channel();
    let store = Store::open_with(directory.path(), |backend| {
        Box::new(Failing { inner: Box::new(backend), fails_at, commits: 0, entered, gate })
    });
    (store.unwrap(), entering, open)
}

#[tokio::test]
async fn a_failed_commit_poisons_the_store_and_leaves_reading_alone() {
    let directory = TempDir::new().unwrap();
    let (store, _, open) = failing(&directory, 2);
    drop(open);
    let key = start(&store, new("one", 1)).await;
    assert_eq!(store.poisoned(), None);
    for write in [new("two", 2), append(key, 1, IndexChange::default()), new("one", 3)] {
        let refused = store.write(write).await.unwrap_err();
        assert!(matches!(refused, StoreError::Unavailable(_)), "{refused}");
        assert_eq!(
            refused.to_string(),
            "the store refuses writes because a commit failed (the disk is on fire); \
             restart the server once the cause is gone"
        );
    }
    assert_eq!(store.poisoned().as_deref(), Some("the disk is on fire"));
    assert!(store.execution("id-one").await.unwrap().is_some());
    assert_eq!(store.execution("id-two").await.unwrap(), None);
    assert_eq!(bodies(&store, key).await.len(), 1);
    within("a poisoned store closes", store.close()).await;

    let store = Store::open(directory.path()).unwrap();
    assert_eq!(store.poisoned(), None);
    start(&store, new("two", 2)).await;
    store.write(append(key, 1, IndexChange::default())).await.unwrap();
}

#[tokio::test]
async fn a_batch_is_committed_with_all_its_writes_or_none() {
    for with_a_bad_one in [false, true] {
        let directory = TempDir::new().unwrap();
        let (store, entering, open) = failing(&directory, 0);
        // The first commit holds the writer at the gate; what is queued meanwhile is one batch.
        let mut first = Box::pin(store.write(new("first", 1)));
        poll_once(first.as_mut());
        entering.recv_timeout(DEADLINE).expect("the first commit begins");
        let mut batch: Vec<_> =
            (0..20).map(|number| Box::pin(store.write(new(&format!("n{number}"), 1)))).collect();
        if with_a_bad_one {
            batch.insert(10, Box::pin(store.write(append(1, 0, IndexChange::default()))));
        }
        for write in &mut batch {
            poll_once(write.as_mut());
        }
        drop(open);
        within("the first commit", first).await.unwrap();
        let mut written = 0;
        for write in batch {
            written += u64::from(within("the batch", write).await.is_ok());
        }
        assert_eq!(written, if with_a_bad_one { 0 } else { 20 });
        assert_eq!(store.open_count().await.unwrap(), 1 + written);
    }
}

/// Puts a write into the queue.
fn poll_once(write: Pin<&mut impl Future>) {
    let _ = write.poll(&mut Context::from_waker(Waker::noop()));
}

#[tokio::test]
async fn a_record_number_that_is_taken_is_a_failed_commit() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let key = start(&store, new("one", 1)).await;
    let index = IndexChange { next_wake: Some(Some(5)), ..IndexChange::default() };
    let refused = store.write(append(key, 0, index)).await.unwrap_err();
    assert!(refused.to_string().contains("UNIQUE constraint failed"), "{refused}");
    // The index did not change without its record.
    assert_eq!(store.next_wake().await.unwrap(), Some(300_001));
    assert!(store.poisoned().is_some());
}

/// Forbids the file to grow before the n-th commit.
struct Full {
    inner: Box<dyn Backend>,
    at: u32,
    commits: u32,
}

impl Backend for Full {
    fn commit(&mut self, batch: &[Write]) -> Result<Vec<Outcome>, String> {
        self.commits += 1;
        if self.commits == self.at {
            self.inner.limit_pages(1)?;
        }
        self.inner.commit(batch)
    }
}

#[tokio::test]
async fn a_full_disk_refuses_the_write_that_does_not_fit_and_keeps_the_others() {
    let directory = TempDir::new().unwrap();
    let store = Store::open_with(directory.path(), |backend| {
        Box::new(Full { inner: Box::new(backend), at: 20, commits: 0 })
    })
    .unwrap();
    let key = start(&store, new("one", 1)).await;
    let mut written = 1;
    let refused = loop {
        let body = vec![b'x'; 3_000];
        let index = IndexChange::default();
        let write = Write::Append { key, seq: written, first_event: written + 1, body, index };
        match store.write(write).await {
            Ok(_) => written += 1,
            Err(error) => break error,
        }
        assert!(written < 1_000, "the file grows without end");
    };
    assert!(refused.to_string().contains("database or disk is full"), "{refused}");
    assert!(written >= 19);
    let seqs = async |store: &Store| {
        let rows = store.journal(key).await.unwrap();
        rows.iter().map(|row| row.seq).collect::<Vec<_>>()
    };
    let expected: Vec<_> = (0..written).collect();
    assert_eq!(seqs(&store).await, expected);
    within("it closes", store.close()).await;
    let store = Store::open(directory.path()).unwrap();
    assert_eq!(seqs(&store).await, expected);
    store.write(append(key, written, IndexChange::default())).await.unwrap();
}

#[tokio::test]
async fn a_backend_without_a_page_limit_says_so() {
    let directory = TempDir::new().unwrap();
    let store = Store::open_with(directory.path(), |backend| {
        let (entered, gate) = channel();
        let inner = Box::new(backend);
        let mut failing = Failing { inner, fails_at: 0, commits: 0, entered, gate };
        assert_eq!(failing.limit_pages(1), Err("this backend has no page limit".to_owned()));
        Box::new(failing)
    });
    start(&store.unwrap(), new("one", 1)).await;
}
