//! Goal: a status change is in the outbox exactly if the change itself is in the journal, stays there until it is cleared, and
//! the outbox never grows beyond its bound.
//!
//! Method: starts and closings with something to tell, through the public handle; a full outbox is made behind its back.

use durable_core::ExecutionStatus;
use durable_store::{
    Closing, IndexChange, NewExecution, OUTBOX_ROWS_MAX, Outcome, StatusChange, Store, Write,
};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::support::{append, closing, new, start, told};

fn start_told(name: &str) -> Write {
    let Write::Start(new) = new(name, 1) else { panic!("a start") };
    Write::Start(NewExecution { told: Some(told(name, "RUNNING")), ..new })
}

fn end_told(name: &str, key: i64) -> Write {
    let index = closing(ExecutionStatus::Succeeded, 9, 1);
    let closing = Closing { told: Some(told(name, "SUCCEEDED")), ..index.closing.unwrap() };
    append(key, 1, IndexChange { closing: Some(closing), ..IndexChange::default() })
}

async fn waiting(store: &Store) -> Vec<StatusChange> {
    store.outbox(0, 100).await.unwrap().into_iter().map(|row| row.change).collect()
}

#[tokio::test]
async fn changes_wait_in_their_order_through_restarts_until_they_are_cleared() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let one = start(&store, start_told("one")).await;
    start(&store, start_told("two")).await;
    store.write(end_told("one", one)).await.unwrap();
    let expected = [told("one", "RUNNING"), told("two", "RUNNING"), told("one", "SUCCEEDED")];
    assert_eq!(waiting(&store).await, expected);
    store.close().await;

    let store = Store::open(directory.path()).unwrap();
    let rows = store.outbox(0, 2).await.unwrap();
    assert_eq!(rows.len(), 2);
    let rest = store.outbox(rows[1].key, 2).await.unwrap();
    assert_eq!(rest.len(), 1);
    let keys = vec![rows[0].key, rest[0].key];
    store.write(Write::ClearOutbox { keys: keys.clone() }).await.unwrap();
    assert_eq!(waiting(&store).await, [told("two", "RUNNING")]);
    // Once more does no harm.
    store.write(Write::ClearOutbox { keys }).await.unwrap();
    assert_eq!((store.outbox_count(10).await.unwrap(), store.outbox_dropped()), (1, 0));
    store.close().await;
}

#[tokio::test]
async fn what_did_not_happen_is_not_told_and_what_nobody_asked_for_is_not_kept() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let key = start(&store, new("one", 1)).await;
    store.write(append(key, 1, closing(ExecutionStatus::Failed, 9, 1))).await.unwrap();
    assert_eq!(store.write(start_told("one")).await.unwrap(), Outcome::NameTaken);
    assert_eq!(waiting(&store).await, []);
    store.close().await;
}

#[tokio::test]
async fn a_full_outbox_gives_up_the_oldest_and_counts_them() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let behind_its_back = Connection::open(directory.path().join("journal.db")).unwrap();
    let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
         INSERT INTO outbox (id, execution, at, body) SELECT i, 'id', 1, x'7b7d' FROM n";
    behind_its_back.execute(rows, [OUTBOX_ROWS_MAX]).unwrap();
    assert_eq!(store.outbox(0, 1).await.unwrap()[0].change.id, "1");
    for name in ["one", "two", "three"] {
        start(&store, start_told(name)).await;
    }
    let most = OUTBOX_ROWS_MAX as usize;
    assert_eq!(store.outbox_count(2 * most).await.unwrap(), most);
    assert_eq!(store.outbox_dropped(), 3);
    assert_eq!(store.outbox(0, 1).await.unwrap()[0].change.id, "4");
    let newest = store.outbox(OUTBOX_ROWS_MAX, 10).await.unwrap();
    let newest: Vec<_> = newest.into_iter().map(|row| row.change.id).collect();
    assert_eq!(newest, ["one-RUNNING", "two-RUNNING", "three-RUNNING"]);
    store.close().await;
}
