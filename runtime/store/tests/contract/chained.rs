//! Goal: what is to do for chained invocations is found without reading a journal, in order, and stands on disk together
//! with the record that it follows from.
//!
//! Method: the changes that the service makes, in the order in which it makes them, with a look after each.

use durable_core::{ExecutionStatus, ParentLink};
use durable_store::{
    ChainedChange, ChainedWork, IndexChange, NewExecution, Outcome, PauseChange, Store, Write,
};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::support::{append, closing, new, start};

fn started(operation: &str, due: i64) -> ChainedChange {
    let (parent, operation) = ("id-parent".to_owned(), operation.to_owned());
    ChainedChange::Started { parent, operation, due }
}

fn changing(chained: Vec<ChainedChange>) -> IndexChange {
    IndexChange { chained, ..IndexChange::default() }
}

/// What is to do, as `operation work due`.
async fn to_do(store: &Store) -> Vec<String> {
    let rows = store.chained_work(10).await.unwrap();
    rows.iter().map(|row| format!("{} {:?} {}", row.operation, row.work, row.due)).collect()
}

#[tokio::test]
async fn a_chained_invocation_is_on_the_list_while_something_is_to_do_for_it() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let parent = start(&store, new("parent", 1)).await;
    let changes = vec![started("b", 20), started("a", 10), started("plain", 30)];
    store.write(append(parent, 1, changing(changes))).await.unwrap();
    assert_eq!(to_do(&store).await, ["a Dispatch 10", "b Dispatch 20", "plain Dispatch 30"]);
    let row = store.chained_work_of("id-parent", "b").await.unwrap().unwrap();
    assert_eq!((row.parent_key, row.seq, row.parent.as_str()), (parent, 1, "id-parent"));

    let released = ChainedChange::Released { parent: "id-parent".to_owned(), due: 15 };
    store.write(append(parent, 2, changing(vec![released]))).await.unwrap();
    assert_eq!(to_do(&store).await, ["a Dispatch 10", "b Dispatch 15", "plain Dispatch 15"]);

    // The child's first record takes the work off the list, its last one puts it back.
    let Write::Start(child) = new("child", 2) else { unreachable!() };
    let link = ParentLink { execution: "id-parent".to_owned(), operation: "b".to_owned() };
    let child = Write::Start(NewExecution { parent: Some(link), ..child });
    let child = start(&store, child).await;
    assert_eq!(to_do(&store).await, ["a Dispatch 10", "plain Dispatch 15"]);
    assert_eq!(store.chained_work_of("id-parent", "b").await.unwrap(), None);
    store.close().await;
    let store = Store::open(directory.path()).unwrap();
    assert_eq!(to_do(&store).await, ["a Dispatch 10", "plain Dispatch 15"]);
    let closed = ChainedChange::ChildClosed {
        parent: "id-parent".to_owned(),
        operation: "b".to_owned(),
        due: 12,
    };
    let index = IndexChange { chained: vec![closed], ..closing(ExecutionStatus::Succeeded, 12, 1) };
    store.write(append(child, 1, index)).await.unwrap();
    let row = store.chained_work_of("id-parent", "b").await.unwrap().unwrap();
    assert_eq!((row.work, row.due), (ChainedWork::Report, 12));

    // The parent's record with the outcome ends it; what nobody waits for is forgotten.
    let ended = ChainedChange::Ended { parent: "id-parent".to_owned(), operation: "b".to_owned() };
    store.write(append(parent, 3, changing(vec![ended]))).await.unwrap();
    assert_eq!(to_do(&store).await, ["a Dispatch 10", "plain Dispatch 15"]);
    let row = store.chained_work_of("id-parent", "a").await.unwrap().unwrap();
    let forgotten = store.write(Write::ForgetChained { key: row.key }).await.unwrap();
    assert_eq!(forgotten, Outcome::Done { key: 0 });
    assert_eq!(to_do(&store).await, ["plain Dispatch 15"]);
    // A child whose parent is gone changes nothing.
    let orphan = ChainedChange::ChildClosed {
        parent: "id-gone".to_owned(),
        operation: "x".to_owned(),
        due: 1,
    };
    store.write(append(child, 2, changing(vec![orphan]))).await.unwrap();
    assert_eq!(to_do(&store).await, ["plain Dispatch 15"]);
}

#[tokio::test]
async fn a_pause_is_in_the_index() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let key = start(&store, new("one", 1)).await;
    let pause = PauseChange { status: ExecutionStatus::Paused, seq: 1 };
    let index = IndexChange { pause: Some(pause), ..IndexChange::default() };
    assert!(!index.is_empty() && !changing(vec![started("a", 1)]).is_empty());
    store.write(append(key, 1, index)).await.unwrap();
    let row = store.execution("id-one").await.unwrap().unwrap();
    assert_eq!((row.status, row.pause_seq), (ExecutionStatus::Paused, Some(1)));
    assert_eq!(store.open_count().await.unwrap(), 1);
}

#[tokio::test]
async fn a_file_of_the_first_format_is_taken_over() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let key = start(&store, new("old", 1)).await;
    store.close().await;
    let connection = Connection::open(directory.path().join("journal.db")).unwrap();
    connection
        .execute_batch(
            "ALTER TABLE executions DROP COLUMN pause_seq; DROP TABLE chained; DROP TABLE deployments;
             ALTER TABLE invocations DROP COLUMN version; DROP INDEX executions_open;
             CREATE INDEX executions_open ON executions (key) WHERE ended IS NULL;
             DROP TABLE outbox; PRAGMA user_version = 1;",
        )
        .unwrap();
    drop(connection);
    for _ in 0..2 {
        let store = Store::open(directory.path()).unwrap();
        let row = store.execution("id-old").await.unwrap().unwrap();
        assert_eq!((row.key, row.pause_seq), (key, None));
        assert!(to_do(&store).await.is_empty());
        store.close().await;
    }
}
