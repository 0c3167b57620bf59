//! Goal: a paused execution is not invoked, whatever completes meanwhile, and goes on as if nothing had been when it is
//! resumed.
//!
//! Method: scripted functions that wait at a gate, so that a pause meets an invocation or does not; restarts close the
//! service and open the same directory again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Semaphore;

use crate::support::workflow::run;
use crate::support::{Reply, Server, Setup, Turn, encode, eventually, failed, pending, succeeded};

const CONFLICT: &str = "ResourceConflictException";

async fn pause(server: &Server, arn: &str, body: Value) -> Reply {
    let path = format!("/2025-12-01/durable-executions/{}/pause", encode(arn));
    server.post(&path, body.to_string()).await
}

async fn resume(server: &Server, arn: &str, body: Value) -> Reply {
    let path = format!("/2025-12-01/durable-executions/{}/resume", encode(arn));
    server.post(&path, body.to_string()).await
}

#[track_caller]
fn assert_accepted(reply: &Reply) {
    assert_eq!((reply.status, reply.text().as_str()), (202, "{}"));
}

/// The workflow of the tests, counting its invocations.
fn setup(directory: &TempDir, invocations: &Arc<AtomicU32>) -> Setup {
    let invocations = Arc::clone(invocations);
    Setup::new(directory.path()).durable("flow", move |turn: Turn| {
        invocations.fetch_add(1, Ordering::SeqCst);
        run(turn, |_| {})
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_completes_during_a_pause_is_seen_after_it_also_over_a_restart() {
    let directory = TempDir::new().unwrap();
    let invocations = Arc::new(AtomicU32::new(0));
    let server = setup(&directory, &invocations).open().await;
    let arn = server.plan("flow", json!([{ "callback": "k" }, { "step": "s" }])).await;
    server.history_until(&arn, "InvocationCompleted").await;
    let body = json!({ "ClientToken": "t1", "Reason": "lunch" });
    assert_accepted(&pause(&server, &arn, body.clone()).await);
    // The same request again has no second effect, another one conflicts.
    assert_accepted(&pause(&server, &arn, body).await);
    let refused = pause(&server, &arn, json!({})).await;
    refused.assert_error(409, CONFLICT, "The durable execution is not running.");

    let shown = server.execution(&arn).await;
    assert_eq!(shown["Status"], "PAUSED");
    assert_eq!(shown["PauseDetails"]["Reason"], "lunch");
    assert_eq!(shown["PauseDetails"]["ExecutionTimeoutPaused"], true);
    assert!(shown["PauseDetails"]["PauseRequestTimestamp"].is_number());
    let hidden = server.read(&arn, "?IncludeExecutionData=false").await.ok();
    assert_eq!(hidden["PauseDetails"].get("Reason"), None);
    for (status, count) in [("PAUSED", 1), ("RUNNING", 0)] {
        let path = format!("/2025-12-01/functions/flow/durable-executions?Statuses={status}");
        let listed = server.get(&path).await.ok();
        assert_eq!(listed["DurableExecutions"].as_array().unwrap().len(), count, "{status}");
    }

    let callback = server.callback_id(&arn, "k").await;
    server.callback(&callback, "succeed", "1").await.ok();
    server.close().await;
    let server = setup(&directory, &invocations).open().await;
    assert_eq!(server.status(&arn).await, "PAUSED");
    assert_eq!(invocations.load(Ordering::SeqCst), 1);
    assert_accepted(&resume(&server, &arn, json!({ "Reason": "back" })).await);
    assert_eq!(server.closed(&arn).await["Status"], "SUCCEEDED");
    assert_eq!(
        server.event_types(&arn).await[3..7],
        ["ExecutionPaused", "CallbackSucceeded", "ExecutionResumed", "StepStarted"]
    );
    let events = server.history(&arn).await;
    let details = &events[3]["ExecutionPausedDetails"];
    assert_eq!(details["Reason"], json!({ "Payload": "lunch", "Truncated": false }));
    assert_eq!(
        (&events[3]["Name"], &details["ExecutionTimeoutPaused"]),
        (&events[0]["Name"], &json!(true))
    );
    let details = &events[5]["ExecutionResumedDetails"];
    assert!(details["ResumeRequestTimestamp"].is_number());
    assert_eq!(details["Reason"]["Payload"], "back");
    for reply in [pause(&server, &arn, json!({})).await, resume(&server, &arn, json!({})).await] {
        reply.assert_error(409, CONFLICT, "The durable execution is closed.");
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resumed_execution_with_nothing_new_keeps_waiting() {
    let directory = TempDir::new().unwrap();
    let invocations = Arc::new(AtomicU32::new(0));
    let server = setup(&directory, &invocations).open().await;
    let arn = server.plan("flow", json!([{ "callback": "k" }])).await;
    server.history_until(&arn, "InvocationCompleted").await;
    let refused = resume(&server, &arn, json!({})).await;
    refused.assert_error(409, CONFLICT, "The durable execution is not paused.");
    assert_accepted(&pause(&server, &arn, json!({})).await);
    assert_accepted(&resume(&server, &arn, json!({})).await);
    assert_eq!(server.status(&arn).await, "RUNNING");
    let callback = server.callback_id(&arn, "k").await;
    server.callback(&callback, "succeed", "1").await.ok();
    assert_eq!(server.closed(&arn).await["Status"], "SUCCEEDED");
    assert_eq!(invocations.load(Ordering::SeqCst), 2);
    server.close().await;
}

/// A function that writes a step around a gate, and says that it failed when it is given no token.
fn gated(directory: &TempDir, gate: &Arc<Semaphore>) -> Setup {
    let gate = Arc::clone(gate);
    Setup::new(directory.path()).durable("gated", move |mut turn: Turn| {
        let gate = Arc::clone(&gate);
        async move {
            if turn.status("s").is_empty() {
                turn.write(json!([{ "Id": "s", "Type": "STEP", "Action": "START" }])).await?;
                gate.acquire().await.unwrap().forget();
                let update =
                    json!({ "Id": "s", "Type": "STEP", "Action": "SUCCEED", "Payload": "1" });
                let reply = turn.checkpoint(json!([update])).await;
                if reply.json().get("CheckpointToken").is_none() {
                    assert_eq!(reply.json(), json!({ "NewExecutionState": { "Operations": [] } }));
                    return failed("NoToken", "there is no token");
                }
            }
            succeeded(turn.status("s"))
        }
    })
}

async fn begun(server: &Server) -> String {
    let arn = server.start("gated", None, &json!({})).await;
    eventually("the step is started", async || {
        (server.event_types(&arn).await.len() == 2).then_some(())
    })
    .await;
    arn
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_takes_hold_at_the_next_checkpoint_and_its_failure_does_not_count() {
    let directory = TempDir::new().unwrap();
    let gate = Arc::new(Semaphore::new(0));
    let server = gated(&directory, &gate).open().await;
    let arn = begun(&server).await;
    assert_accepted(&pause(&server, &arn, json!({ "ExecutionTimeoutPaused": false })).await);
    assert_eq!(server.status(&arn).await, "PAUSING");
    gate.add_permits(1);
    server.history_until(&arn, "InvocationCompleted").await;
    assert_eq!(server.status(&arn).await, "PAUSED");
    assert_eq!(
        server.event_types(&arn).await[1..],
        ["StepStarted", "StepSucceeded", "ExecutionPaused", "InvocationCompleted"]
    );
    assert_accepted(&resume(&server, &arn, json!({})).await);
    let shown = server.closed(&arn).await;
    assert_eq!((&shown["Status"], &shown["Result"]), (&json!("SUCCEEDED"), &json!("SUCCEEDED")));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_that_has_not_taken_hold_is_taken_back() {
    let directory = TempDir::new().unwrap();
    let gate = Arc::new(Semaphore::new(0));
    let server = gated(&directory, &gate).open().await;
    let arn = begun(&server).await;
    assert_accepted(&pause(&server, &arn, json!({})).await);
    assert_accepted(&resume(&server, &arn, json!({})).await);
    gate.add_permits(1);
    assert_eq!(server.closed(&arn).await["Status"], "SUCCEEDED");
    let types = server.event_types(&arn).await;
    assert!(!types.contains(&"ExecutionPaused".to_owned()), "{types:?}");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_whose_invocation_dies_with_the_process_takes_hold_after_the_restart() {
    let directory = TempDir::new().unwrap();
    let gate = Arc::new(Semaphore::new(0));
    let server = gated(&directory, &gate).open().await;
    let arn = begun(&server).await;
    assert_accepted(&pause(&server, &arn, json!({})).await);
    server.close_at_once().await;
    let server = gated(&directory, &Arc::new(Semaphore::new(1))).open().await;
    eventually("the pause takes hold", async || {
        (server.status(&arn).await == "PAUSED").then_some(())
    })
    .await;
    assert_accepted(&resume(&server, &arn, json!({})).await);
    assert_eq!(server.closed(&arn).await["Status"], "SUCCEEDED");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_timeout_stands_still_if_that_was_asked_for() {
    let directory = TempDir::new().unwrap();
    let waits = |mut turn: Turn| async move {
        if turn.status("k").is_empty() {
            turn.write(json!([{ "Id": "k", "Type": "CALLBACK", "Action": "START" }])).await?;
        }
        pending()
    };
    let server = Setup::new(directory.path()).durable_for("brief", 2, waits).open().await;
    let (still, running) = (
        server.start("brief", None, &json!({})).await,
        server.start("brief", None, &json!({})).await,
    );
    for arn in [&still, &running] {
        server.history_until(arn, "InvocationCompleted").await;
    }
    assert_accepted(&pause(&server, &still, json!({})).await);
    assert_accepted(&pause(&server, &running, json!({ "ExecutionTimeoutPaused": false })).await);
    let status = async |arn: &str, wanted: &str| {
        eventually(wanted, async || (server.status(arn).await == wanted).then_some(())).await;
    };
    status(&running, "TIMED_OUT").await;
    assert_eq!(server.status(&still).await, "PAUSED");
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_accepted(&resume(&server, &still, json!({})).await);
    let shown = server.execution(&still).await;
    let seconds = |member: &str| shown[member].as_f64().unwrap();
    let allowed = seconds("ExpectedExecutionTimeoutTimestamp") - seconds("StartTimestamp");
    assert!(allowed > 2.4, "{allowed}");
    status(&still, "TIMED_OUT").await;
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_execution_can_be_stopped_and_requests_are_checked() {
    let directory = TempDir::new().unwrap();
    let server = setup(&directory, &Arc::new(AtomicU32::new(0))).open().await;
    let arn = server.plan("flow", json!([{ "callback": "k" }])).await;
    server.history_until(&arn, "InvocationCompleted").await;
    let long = "x".repeat(1025);
    let reply = pause(&server, &arn, json!({ "ClientToken": "a b", "Reason": long })).await;
    reply.assert_violations(&["'clientToken'", "'reason'"]);
    let reply = pause(&server, &arn, json!([])).await;
    assert_eq!((reply.status, reply.code()), (400, "SerializationException"));
    let unknown = format!("{arn}0");
    for reply in
        [pause(&server, &unknown, json!({})).await, resume(&server, &unknown, json!({})).await]
    {
        assert_eq!((reply.status, reply.code()), (404, "ResourceNotFoundException"));
    }
    assert_accepted(&pause(&server, &arn, json!({})).await);
    server.stop(&arn, "").await.ok();
    assert_eq!(server.status(&arn).await, "STOPPED");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_back_to_a_paused_execution_finds_it_paused() {
    let directory = TempDir::new().unwrap();
    let invocations = Arc::new(AtomicU32::new(0));
    let server = setup(&directory, &invocations).open().await;
    let input = json!({ "plan": [{ "callback": "k" }] });
    let arn = server.start("flow", Some("mine"), &input).await;
    server.history_until(&arn, "InvocationCompleted").await;
    assert_accepted(&pause(&server, &arn, json!({})).await);
    assert_eq!(server.start("flow", Some("mine"), &input).await, arn);
    let other = server.try_start("flow", Some("mine"), &json!({ "plan": [] })).await;
    let text = format!("Execution already started: {arn}");
    other.assert_error(409, "DurableExecutionAlreadyStartedException", &text);
    assert_eq!(server.status(&arn).await, "PAUSED");
    assert_eq!(invocations.load(Ordering::SeqCst), 1);
    let listed = server.get("/2025-12-01/functions/flow/durable-executions?Statuses=PAUSED").await;
    assert_eq!(listed.ok()["DurableExecutions"].as_array().unwrap().len(), 1);
    server.close().await;
}
