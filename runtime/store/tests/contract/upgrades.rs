//! Goal: a file of an older format is taken over with everything in it, once, and is then like a new one.
//!
//! Method: `format_2.sql` and `format_3.sql` make files as older versions made them. They must not follow later changes.

use std::collections::BTreeSet;
use std::path::Path;

use durable_store::{
    DeployedItem, DeploymentChange, ExecutionRow, NewExecution, QueuedInvocation, Store, Write,
};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::support::{new, start, told};

const FORMAT_2: &str = include_str!("format_2.sql");
const FORMAT_3: &str = include_str!("format_3.sql");

fn open(directory: &Path) -> Connection {
    Connection::open(directory.join("journal.db")).unwrap()
}

/// Columns and indexes, in no order: a column that came later stands at the end.
fn schema(directory: &Path) -> BTreeSet<String> {
    let connection = open(directory);
    let mut schema = BTreeSet::new();
    for sql in [
        "SELECT m.name || '.' || c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' || ifnull(c.dflt_value, '')
         FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'",
        "SELECT replace(sql, '  ', '') FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
        "SELECT 'format ' || user_version FROM pragma_user_version",
    ] {
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        schema.extend(rows.map(Result::unwrap));
    }
    schema
}

async fn executions(store: &Store) -> Vec<ExecutionRow> {
    let (open, closed) = (store.execution("id-open").await, store.execution("id-closed").await);
    [open, closed].into_iter().map(|row| row.unwrap().unwrap()).collect()
}

#[tokio::test]
async fn a_file_of_the_second_format_is_taken_over() {
    let directory = TempDir::new().unwrap();
    open(directory.path()).execute_batch(FORMAT_2).unwrap();
    let mut seen = Vec::new();
    for _ in 0..2 {
        let store = Store::open(directory.path()).unwrap();
        let rows = executions(&store).await;
        assert_eq!((rows[0].version.as_str(), rows[0].ended), ("$LATEST", None));
        assert_eq!(rows[1].ended, Some(30));
        assert_eq!(store.journal(rows[0].key).await.unwrap().len(), 2);
        assert_eq!(store.open_count().await.unwrap(), 1);
        let open = store.open_versions().await.unwrap();
        assert_eq!(open, [("f".to_owned(), "$LATEST".to_owned())]);
        assert!(store.has_open("f", None).await.unwrap());
        assert!(!store.has_open("f", Some("1")).await.unwrap());
        assert_eq!(store.chained_work(10).await.unwrap().len(), 1);
        // What was accepted before there were versions was accepted for the only one.
        let queued: Vec<QueuedInvocation> = store.queued_invocations(10).await.unwrap();
        let shown: Vec<_> = queued.iter().map(|it| (&*it.request_id, &*it.version)).collect();
        assert_eq!(shown, [("r-1", "$LATEST")]);
        assert_eq!(queued[0].payload, b"{}");
        seen.push((rows, queued));
        store.close().await;
    }
    assert_eq!(seen[0], seen[1]);

    let fresh = TempDir::new().unwrap();
    Store::open(fresh.path()).unwrap().close().await;
    assert_eq!(schema(directory.path()), schema(fresh.path()));
}

#[tokio::test]
async fn a_file_that_was_taken_over_is_written_like_any_other() {
    let directory = TempDir::new().unwrap();
    open(directory.path()).execute_batch(FORMAT_2).unwrap();
    let store = Store::open(directory.path()).unwrap();
    let key = start(&store, new("later", 50)).await;
    assert!(key > 2, "a key was used again: {key}");
    let item = |item: &str, body: &str| DeployedItem {
        function: "f".to_owned(),
        item: item.to_owned(),
        body: body.as_bytes().to_vec(),
    };
    let put = |it: DeployedItem| DeploymentChange::Put(it);
    let first = vec![put(item("function", "1")), put(item("alias:a", "1"))];
    store.write(Write::Deploy(first)).await.unwrap();
    let remove = DeploymentChange::Remove { function: "f".to_owned(), item: "alias:a".to_owned() };
    store.write(Write::Deploy(vec![put(item("function", "2")), remove])).await.unwrap();
    assert_eq!(store.deployed().await.unwrap(), [item("function", "2")]);
    let gone = DeploymentChange::RemoveFunction { function: "f".to_owned() };
    store.write(Write::Deploy(vec![gone])).await.unwrap();
    assert_eq!(store.deployed().await.unwrap(), []);
    store.close().await;
}

#[tokio::test]
async fn a_file_of_the_third_format_is_taken_over_and_tells_of_what_happens_from_then_on() {
    let directory = TempDir::new().unwrap();
    open(directory.path()).execute_batch(FORMAT_3).unwrap();
    let store = Store::open(directory.path()).unwrap();
    let rows = executions(&store).await;
    assert_eq!((rows[0].ended, rows[1].ended), (None, Some(30)));
    assert_eq!(store.queued_invocations(10).await.unwrap().len(), 1);
    assert_eq!(store.chained_work(10).await.unwrap().len(), 1);
    assert_eq!(store.deployed().await.unwrap().len(), 1);
    // What happened before is not told any more.
    assert_eq!(store.outbox(0, 10).await.unwrap(), []);
    let Write::Start(new) = new("later", 50) else { panic!("a start") };
    let change = told("later", "RUNNING");
    start(&store, Write::Start(NewExecution { told: Some(change.clone()), ..new })).await;
    store.close().await;

    let store = Store::open(directory.path()).unwrap();
    let kept: Vec<_> = store.outbox(0, 10).await.unwrap().into_iter().map(|it| it.change).collect();
    assert_eq!(kept, [change]);
    store.close().await;
    let fresh = TempDir::new().unwrap();
    Store::open(fresh.path()).unwrap().close().await;
    assert_eq!(schema(directory.path()), schema(fresh.path()));
}
