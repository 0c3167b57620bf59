//! Goal: a file is opened if this version can read it and nobody else has the directory; otherwise the reason is told in
//! one sentence.
//!
//! Method: files changed by hand between two openings.

use durable_store::{DirectoryLock, OpenError, Store};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::support::{new, start};

#[tokio::test]
async fn a_newer_format_is_refused_and_left_alone() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    start(&store, new("one", 1)).await;
    store.close().await;
    let file = directory.path().join("journal.db");
    let connection = Connection::open(&file).unwrap();
    connection.execute_batch("PRAGMA user_version = 99").unwrap();
    drop(connection);
    let refused = Store::open(directory.path()).err().unwrap();
    assert!(matches!(refused, OpenError::Newer { found: 99, known: 4, .. }), "{refused}");
    let text = refused.to_string();
    assert!(text.contains("was written by a newer version (format 99, this version knows 4)"));

    let connection = Connection::open(&file).unwrap();
    connection.execute_batch("PRAGMA user_version = 4").unwrap();
    drop(connection);
    let store = Store::open(directory.path()).unwrap();
    assert!(store.execution("id-one").await.unwrap().is_some());
}

#[tokio::test]
async fn a_file_that_is_no_database_and_a_directory_that_is_not_there_are_refused() {
    let directory = TempDir::new().unwrap();
    std::fs::write(directory.path().join("journal.db"), "x".repeat(8192)).unwrap();
    let refused = Store::open(directory.path()).err().unwrap();
    assert!(matches!(refused, OpenError::Unusable { .. }), "{refused}");
    assert!(refused.to_string().contains("journal.db"), "{refused}");
    let refused = Store::open(&directory.path().join("missing")).err().unwrap();
    assert!(matches!(refused, OpenError::Unusable { .. }), "{refused}");
}

#[test]
fn a_directory_is_held_by_one_at_a_time() {
    let directory = TempDir::new().unwrap();
    let inner = directory.path().join("made").join("for it");
    let lock = DirectoryLock::acquire(&inner).unwrap();
    let refused = DirectoryLock::acquire(&inner).unwrap_err();
    assert!(matches!(refused, OpenError::Locked { .. }), "{refused}");
    drop(lock);
    DirectoryLock::acquire(&inner).unwrap();

    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    let refused = DirectoryLock::acquire(&file).unwrap_err();
    assert!(matches!(refused, OpenError::Unusable { .. }), "{refused}");
}

#[tokio::test]
async fn a_damaged_record_is_told_apart_and_the_others_are_read() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let damaged = start(&store, new("one", 1)).await;
    let healthy = start(&store, new("two", 1)).await;
    let connection = Connection::open(directory.path().join("journal.db")).unwrap();
    let sql = "UPDATE journal SET body = x'7b' WHERE execution = ?1";
    assert_eq!(connection.execute(sql, [damaged]).unwrap(), 1);
    let error = store.journal(damaged).await.unwrap()[0].record().unwrap_err().to_string();
    let beginning = format!("the journal of execution {damaged} is damaged at record 0: ");
    assert!(error.starts_with(&beginning), "{error}");
    store.journal(healthy).await.unwrap()[0].record().unwrap();
}
