//! Goal: a closed execution can be deleted with its history and its name, and nothing else is touched.
//!
//! Method: executions in every state, deleted through the API; restarts close the service and open it again.

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::workflow::run;
use crate::support::{Reply, Server, Setup, Turn, encode, eventually, pending, succeeded};

async fn delete(server: &Server, arn: &str) -> Reply {
    let path = format!("/2025-12-01/durable-executions/{}", encode(arn));
    server.send(Request::delete(path).body(Bytes::new()).unwrap()).await
}

fn setup(directory: &TempDir) -> Setup {
    Setup::new(directory.path()).durable("flow", |turn: Turn| run(turn, |_| {}))
}

const GONE: (u16, &str, &str) =
    (404, "ResourceNotFoundException", "Durable Execution does not exist");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_execution_goes_with_its_history_and_its_name() {
    let directory = TempDir::new().unwrap();
    let server = setup(&directory).open().await;
    let plan = json!({ "plan": [{ "step": "a" }] });
    let arn = server.start("flow", Some("mine"), &plan).await;
    let other = server.start("flow", Some("other"), &plan).await;
    server.closed(&arn).await;
    server.closed(&other).await;
    let reply = delete(&server, &arn).await;
    assert_eq!(reply.status, 202, "{}", reply.text());
    assert!(reply.json()["DeletionRequestTimestamp"].is_number());
    for suffix in ["", "/history"] {
        server.read(&arn, suffix).await.assert_error(GONE.0, GONE.1, GONE.2);
    }
    delete(&server, &arn).await.assert_error(GONE.0, GONE.1, GONE.2);
    server.stop(&arn, "").await.assert_error(GONE.0, GONE.1, GONE.2);
    let listed = server.get("/2025-12-01/functions/flow/durable-executions").await.ok();
    assert_eq!(listed["DurableExecutions"].as_array().unwrap().len(), 1);

    // The name is free, also for another input, and stays so over a restart.
    let again = server.start("flow", Some("mine"), &json!({ "plan": [] })).await;
    assert_ne!(again, arn);
    server.closed(&again).await;
    server.close().await;
    let server = setup(&directory).open().await;
    server.read(&arn, "").await.assert_error(GONE.0, GONE.1, GONE.2);
    assert_eq!(server.status(&other).await, "SUCCEEDED");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_execution_is_not_deleted() {
    let directory = TempDir::new().unwrap();
    let server = setup(&directory).open().await;
    let arn = server.plan("flow", json!([{ "callback": "k" }])).await;
    let refused = "The durable execution is open; stop it before it is deleted.";
    delete(&server, &arn).await.assert_error(409, "ResourceConflictException", refused);
    let callback = server.callback_id(&arn, "k").await;
    server.callback(&callback, "succeed", "1").await.ok();
    assert_eq!(server.closed(&arn).await["Status"], "SUCCEEDED");
    delete(&server, "garbage").await.assert_violations(&["'durableExecutionArn'"]);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_deleted_execution_s_function_has_to_say_is_not_written() {
    let directory = TempDir::new().unwrap();
    let gate = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
    let (inside, opened) = (std::sync::Arc::clone(&gate), std::sync::Arc::clone(&gate));
    let server = setup(&directory)
        .durable("held", move |mut turn: Turn| {
            let gate = std::sync::Arc::clone(&inside);
            async move {
                turn.write(json!([{ "Id": "s", "Type": "STEP", "Action": "START" }])).await?;
                gate.acquire().await.unwrap().forget();
                assert_eq!(turn.checkpoint(json!([])).await.status, 400);
                gate.close();
                succeeded("1")
            }
        })
        .open()
        .await;
    let arn = server.start("held", None, &json!({})).await;
    eventually("the step is started", async || {
        (server.event_types(&arn).await.len() == 2).then_some(())
    })
    .await;
    server.stop(&arn, "").await.ok();
    assert_eq!(delete(&server, &arn).await.status, 202);
    opened.add_permits(1);
    eventually("the function ends", async || gate.is_closed().then_some(())).await;
    server.read(&arn, "").await.assert_error(GONE.0, GONE.1, GONE.2);
    server.close().await;
    // Nothing was left behind, nothing was written behind its back.
    let store = durable_store::Store::open(directory.path()).unwrap();
    assert!(store.journal(1).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parent_knows_how_its_child_ended_although_the_child_is_deleted() {
    let directory = TempDir::new().unwrap();
    let server = setup(&directory)
        .durable("parent", |mut turn: Turn| async move {
            if turn.status("i").is_empty() {
                let options = json!({ "FunctionName": "flow:$LATEST" });
                turn.write(json!([{ "Id": "i", "Type": "CHAINED_INVOKE", "Action": "START",
                    "Payload": "{\"plan\":[],\"result\":\"7\"}", "ChainedInvokeOptions": options }]))
                    .await?;
                return pending();
            }
            let details: &Value = &turn.operation("i").unwrap()["ChainedInvokeDetails"];
            succeeded(details["Result"].as_str().unwrap())
        })
        .open()
        .await;
    let arn = server.start("parent", None, &json!({})).await;
    let child = eventually("the child is known", async || {
        let events = server.history(&arn).await;
        let arn = &events.get(1)?["ChainedInvokeStartedDetails"]["DurableExecutionArn"];
        arn.as_str().map(str::to_owned)
    })
    .await;
    eventually("the child can be deleted", async || {
        (delete(&server, &child).await.status == 202).then_some(())
    })
    .await;
    assert_eq!(server.closed(&arn).await["Result"], "7");
    // Deleting the parent leaves no trace of either.
    assert_eq!(delete(&server, &arn).await.status, 202);
    server.close().await;
}
