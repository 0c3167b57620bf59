//! Goal: a write is applied as a whole or not at all, its outcome tells which, and what was acknowledged is there after
//! reopening.
//!
//! Method: writes through the public handle, alone and many at once, read back through a second opening of the file.

use durable_core::ExecutionStatus;
use durable_store::{IndexChange, Outcome, Store, Write};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::support::{append, bodies, closing, first_record, new, new_of, start, within};

#[tokio::test]
async fn a_start_is_an_index_row_and_a_first_record() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let key = start(&store, new("one", 1_000)).await;
    let row = store.execution("id-one").await.unwrap().unwrap();
    assert_eq!((row.key, row.name.as_str(), row.function.as_str()), (key, "one", "f"));
    assert_eq!((row.status, row.started, row.ended), (ExecutionStatus::Running, 1_000, None));
    assert_eq!(store.execution_named("f", "one").await.unwrap(), Some(row));
    let journal = store.journal(key).await.unwrap();
    assert_eq!((journal.len(), journal[0].seq, journal[0].first_event), (1, 0, 1));
    assert_eq!(journal[0].record().unwrap(), first_record("one", 1_000));
    assert_eq!(store.execution("id-two").await.unwrap(), None);
    assert_eq!(store.execution_named("g", "one").await.unwrap(), None);
}

#[tokio::test]
async fn a_taken_name_writes_nothing_and_harms_nobody() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let key = start(&store, new("one", 1_000)).await;
    let mut again = new("one", 2_000);
    if let Write::Start(new) = &mut again {
        new.id = "another".to_owned();
    }
    assert_eq!(store.write(again).await.unwrap(), Outcome::NameTaken);
    assert_eq!(store.execution("another").await.unwrap(), None);
    assert_eq!(store.open_count().await.unwrap(), 1);
    assert_eq!(store.poisoned(), None);
    // A name belongs to its function; a key is never used twice.
    let mut other = new_of("g", "one", 3_000);
    if let Write::Start(new) = &mut other {
        new.id = "third".to_owned();
    }
    assert!(start(&store, other).await > key);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_starts_with_one_name_one_is_written() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let mut callers = JoinSet::new();
    for caller in 0..50 {
        let store = store.clone();
        let mut write = new("one", 1_000);
        if let Write::Start(new) = &mut write {
            new.id = format!("caller-{caller}");
        }
        callers.spawn(async move { store.write(write).await.unwrap() });
    }
    let outcomes = within("fifty starts", callers.join_all()).await;
    let written = outcomes.iter().filter(|outcome| **outcome != Outcome::NameTaken).count();
    assert_eq!(written, 1);
    assert_eq!(store.open_count().await.unwrap(), 1);
}

#[tokio::test]
async fn a_record_and_its_index_change_are_one() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let key = start(&store, new("one", 1_000)).await;
    let change =
        IndexChange { next_wake: Some(Some(7)), active: Some(false), ..IndexChange::default() };
    assert!(!change.is_empty() && IndexChange::default().is_empty());
    store.write(append(key, 1, change)).await.unwrap();
    assert_eq!(store.next_wake().await.unwrap(), Some(7));
    assert_eq!(store.active(0, 10).await.unwrap(), []);
    store.write(append(key, 2, closing(ExecutionStatus::Stopped, 9_000, 2))).await.unwrap();
    let row = store.execution("id-one").await.unwrap().unwrap();
    assert_eq!((row.status, row.ended), (ExecutionStatus::Stopped, Some(9_000)));
    assert_eq!(row.closing_seq, Some(2));
    assert_eq!(store.next_wake().await.unwrap(), None);
    assert_eq!(store.open_count().await.unwrap(), 0);
    // The end of an invocation may still follow.
    store.write(append(key, 3, IndexChange::default())).await.unwrap();
    let records = bodies(&store, key).await;
    let expected = (1..=3).map(|seq| format!("record {seq} of {key}")).collect::<Vec<_>>();
    assert_eq!(records[1..], expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_acknowledged_is_there_after_reopening() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let mut writers = JoinSet::new();
    for number in 0..100i64 {
        let store = store.clone();
        writers.spawn(async move {
            let key = start(&store, new(&format!("n{number}"), number)).await;
            store.write(append(key, 1, IndexChange::default())).await.unwrap();
            if number % 2 == 0 {
                let index = closing(ExecutionStatus::Succeeded, number + 50, 2);
                store.write(append(key, 2, index)).await.unwrap();
            }
            key
        });
    }
    let keys = within("a hundred writers", writers.join_all()).await;
    let mut before = Vec::new();
    for number in 0..100 {
        before.push(store.execution(&format!("id-n{number}")).await.unwrap().unwrap());
    }
    within("the store closes", store.close()).await;

    let store = Store::open(directory.path()).unwrap();
    for (number, row) in before.iter().enumerate() {
        let found = store.execution(&format!("id-n{number}")).await.unwrap().unwrap();
        assert_eq!(found, *row);
        let expected = if number % 2 == 0 { 3 } else { 2 };
        let journal = store.journal(row.key).await.unwrap();
        let seqs: Vec<_> = journal.iter().map(|row| row.seq).collect();
        assert_eq!(seqs, (0..expected).collect::<Vec<_>>());
    }
    assert_eq!(store.open_count().await.unwrap(), 50);
    // Keys go on where they were.
    let next = start(&store, new("later", 1)).await;
    assert!(keys.iter().all(|key| *key < next));
}

#[tokio::test]
async fn a_closed_store_refuses_writes_and_says_why() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let key = start(&store, new("one", 1)).await;
    within("the store closes", store.close()).await;
    within("closing twice is fine", store.close()).await;
    let refused = store.write(append(key, 1, IndexChange::default())).await.unwrap_err();
    assert_eq!(refused.to_string(), "the store is closed because the server is shutting down");
    assert_eq!(store.poisoned(), None);
}

#[tokio::test]
async fn a_caller_that_goes_away_does_not_take_its_write_back() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    {
        let mut write = std::pin::pin!(store.write(new("one", 1)));
        // Polled once, it is in the queue; dropped, nobody hears its answer.
        let waker = std::task::Waker::noop();
        let _ = write.as_mut().poll(&mut std::task::Context::from_waker(waker));
    }
    start(&store, new("two", 2)).await;
    assert!(store.execution("id-one").await.unwrap().is_some());
}

#[tokio::test]
async fn deletion_takes_the_journal_and_frees_the_name() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let key = start(&store, new("one", 1)).await;
    let other = start(&store, new("two", 2)).await;
    store.write(append(key, 1, closing(ExecutionStatus::Failed, 10, 1))).await.unwrap();
    store.write(Write::Delete { keys: vec![key, 999] }).await.unwrap();
    assert_eq!(store.execution("id-one").await.unwrap(), None);
    assert_eq!(bodies(&store, key).await, [""; 0]);
    assert_eq!(bodies(&store, other).await.len(), 1);
    assert!(start(&store, new("one", 3)).await > other);
}
