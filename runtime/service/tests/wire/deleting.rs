//! Goal: what executions need is there until they have ended; what is deleted is gone for good.
//!
//! Method: executions that wait for a callback while their function is deleted, also over a restart; a look at the disk.

use aws_sdk_lambda::error::ProvideErrorMetadata;
use bytes::Bytes;
use http::Request;
use serde_json::json;
use tempfile::TempDir;

use crate::functions::open;
use crate::support::package::{create, create_durable, finish, invoke, publish, start, update};
use crate::support::{Reply, Server, eventually, within};

async fn delete(server: &Server, path: &str) -> Reply {
    let path = format!("/2015-03-31/functions/{path}");
    server.send(Request::delete(path).body(Bytes::new()).unwrap()).await
}

async fn gone(server: &Server, name: &str) {
    eventually("the function is gone", async || {
        let reply = server.get(&format!("/2015-03-31/functions/{name}")).await;
        (reply.status == 404).then_some(())
    })
    .await;
}

/// Directories of code in the data directory.
fn stored(directory: &TempDir) -> usize {
    std::fs::read_dir(directory.path().join("code")).unwrap().count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_without_open_executions_is_gone_at_once_and_its_code_with_the_next_start() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    create(&server, "greet", "one").await;
    publish(&server, "greet").await;
    create(&server, "other", "other").await;
    let first = invoke(&server, "greet").await.0;
    let request = server.lambda().delete_function().function_name("greet").send();
    assert_eq!(within("delete", request).await.unwrap().status_code(), 204);
    for path in ["greet", "greet:1", "greet/versions", "greet/aliases"] {
        let reply = server.get(&format!("/2015-03-31/functions/{path}")).await;
        assert_eq!((reply.status, reply.code()), (404, "ResourceNotFoundException"), "{path}");
    }
    assert_eq!(delete(&server, "greet").await.status, 404);
    eventually("its process is gone", async || {
        let process = format!("/proc/{}", first["process"]);
        (!std::path::Path::new(&process).exists()).then_some(())
    })
    .await;
    assert_eq!(stored(&directory), 2);
    server.close().await;

    let server = open(&directory).await;
    assert_eq!(stored(&directory), 1);
    gone(&server, "greet").await;
    assert_eq!(invoke(&server, "other").await.0["code"], "other");
    // The name is free, and its numbers begin anew.
    create(&server, "greet", "two").await;
    assert_eq!(publish(&server, "greet").await, "1");
    assert_eq!(invoke(&server, "greet:1").await.0["code"], "two");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_with_open_executions_drains_over_a_restart() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    create_durable(&server, "flow", "one").await;
    publish(&server, "flow").await;
    let pinned = start(&server, "flow:1").await;
    let unpinned = start(&server, "flow:$LATEST").await;
    assert_eq!(delete(&server, "flow").await.status, 204);
    let shown = server.get("/2015-03-31/functions/flow/configuration").await.ok();
    let state = (&shown["State"], &shown["StateReasonCode"]);
    assert_eq!(state, (&json!("Deleting"), &json!("DrainingDurableExecutions")));
    let reply = server.try_start("flow", None, &json!({})).await;
    assert_eq!((reply.status, reply.code()), (409, "ResourceConflictException"));
    assert_eq!(delete(&server, "flow").await.status, 409);
    let reply = server.post("/2015-03-31/functions/flow/versions", "{}").await;
    assert_eq!((reply.status, reply.code()), (409, "ResourceConflictException"));
    assert_eq!(finish(&server, &pinned).await["code"], "one");
    let shown = server.get("/2015-03-31/functions/flow/configuration").await.ok();
    assert_eq!(shown["State"], "Deleting");
    server.close().await;

    let server = open(&directory).await;
    let shown = server.get("/2015-03-31/functions/flow/configuration").await.ok();
    assert_eq!(shown["State"], "Deleting");
    assert_eq!(finish(&server, &unpinned).await["code"], "one");
    gone(&server, "flow").await;
    // What has ended can still be read.
    assert_eq!(server.status(&pinned).await, "SUCCEEDED");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_execution_lets_its_function_go() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    create_durable(&server, "flow", "one").await;
    let arn = start(&server, "flow:$LATEST").await;
    assert_eq!(delete(&server, "flow").await.status, 204);
    assert_eq!(server.stop(&arn, "").await.status, 200);
    gone(&server, "flow").await;
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_is_deleted_unless_something_leads_to_it() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    create_durable(&server, "flow", "one").await;
    for code in ["two", "three"] {
        publish(&server, "flow").await;
        update(&server, "flow", code).await;
    }
    publish(&server, "flow").await;
    let alias = server.lambda().create_alias().function_name("flow").name("live");
    within("alias", alias.function_version("2").send()).await.unwrap();
    let arn = start(&server, "flow:1").await;
    for (qualifier, code, text) in [
        ("1", (409, "ResourceConflictException"), "durable executions run on it"),
        ("2", (409, "ResourceConflictException"), "the following aliases reference it: [live]"),
        ("$LATEST", (400, "InvalidParameterValueException"), "$LATEST version cannot be deleted"),
        ("live", (400, "InvalidParameterValueException"), "Deletion of aliases"),
    ] {
        let reply = delete(&server, &format!("flow?Qualifier={qualifier}")).await;
        assert_eq!((reply.status, reply.code()), code, "{qualifier}: {}", reply.text());
        assert!(reply.message().contains(text), "{}", reply.message());
    }
    let request = server.lambda().delete_function().function_name("flow").qualifier("2").send();
    let refused = within("a refusal", request).await.unwrap_err().into_service_error();
    assert_eq!(refused.code(), Some("ResourceConflictException"));
    // 3 is free, and 9 was never there.
    for qualifier in ["3", "9"] {
        assert_eq!(delete(&server, &format!("flow:{qualifier}")).await.status, 204);
    }
    assert_eq!(finish(&server, &arn).await["code"], "one");
    assert_eq!(delete(&server, "flow:1").await.status, 204);
    let listed = server.get("/2015-03-31/functions/flow/versions").await.ok();
    let listed = listed["Versions"].as_array().unwrap().clone();
    let numbers: Vec<_> = listed.iter().map(|it| it["Version"].as_str().unwrap()).collect();
    assert_eq!(numbers, ["$LATEST", "2"]);
    server.close().await;

    // A number is never given again.
    let server = open(&directory).await;
    update(&server, "flow", "four").await;
    assert_eq!(publish(&server, "flow").await, "4");
    server.close().await;
}
