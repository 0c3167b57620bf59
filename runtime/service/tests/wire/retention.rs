//! Goal: a closed execution, its history and its name are gone when its retention has ended, and an open one never goes.
//!
//! Method: between two lives of the service the test sets the time of deletion in the index to one that has passed; the
//! next life finds it so.

use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;

use crate::support::{Setup, eventually, workflow};

const DAY: f64 = 24.0 * 60.0 * 60.0;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_its_retention_an_execution_is_gone_and_its_name_is_free() {
    let directory = TempDir::new().unwrap();
    let open = async || {
        Setup::new(directory.path())
            .durable("flow", |turn| workflow::run(turn, |_| {}))
            .open()
            .await
    };
    let server = open().await;
    let plan = json!({ "plan": [{ "step": "s" }] });
    let waiting = json!({ "plan": [{ "callback": "c" }] });
    let old = server.start("flow", Some("old"), &plan).await;
    let kept = server.start("flow", Some("kept"), &plan).await;
    let waits = server.start("flow", Some("waits"), &waiting).await;
    let shown = server.closed(&old).await;
    server.closed(&kept).await;
    server.callback_id(&waits, "c").await;
    server.close().await;

    let journal = Connection::open(directory.path().join("journal.db")).unwrap();
    let delete_at = |name: &str| -> Option<i64> {
        let query = "SELECT delete_at FROM executions WHERE name = ?1";
        journal.query_row(query, [name], |row| row.get(0)).unwrap()
    };
    // Fourteen days after its end, and never for one that is open.
    let ended = shown["EndTimestamp"].as_f64().unwrap();
    let expected = ((ended + 14.0 * DAY) * 1000.0).round() as i64;
    assert_eq!((delete_at("old"), delete_at("waits")), (Some(expected), None));
    journal.execute("UPDATE executions SET delete_at = 1 WHERE name = 'old'", []).unwrap();
    drop(journal);

    let server = open().await;
    eventually("it is deleted", async || (server.read(&old, "").await.status == 404).then_some(()))
        .await;
    let text = "Durable Execution does not exist";
    server.read(&old, "/history").await.assert_error(404, "ResourceNotFoundException", text);
    server.stop(&old, "").await.assert_error(404, "ResourceNotFoundException", text);
    let listed = server.get("/2025-12-01/functions/flow/durable-executions").await.ok();
    assert_eq!(listed["DurableExecutions"].as_array().unwrap().len(), 2);
    // The name is free, also for another input.
    let again = server.start("flow", Some("old"), &json!({ "plan": [] })).await;
    assert_ne!(again, old);
    assert_eq!(server.closed(&again).await["Status"], "SUCCEEDED");
    assert_eq!(server.status(&kept).await, "SUCCEEDED");
    assert_eq!(server.status(&waits).await, "RUNNING");
    server.close().await;
}
