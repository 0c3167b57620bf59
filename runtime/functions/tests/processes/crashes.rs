//! Processes that end in the middle of an invocation.

use serde_json::json;

use crate::support::{TestFunction, event, kill, until_gone};

#[tokio::test]
async fn a_crash_is_reported_with_its_status_and_the_next_invocation_gets_a_fresh_process() {
    let function = TestFunction::with("sequential", |spec| spec.processes_max = 1);
    let before = function.pid().await;
    let invocation = event(json!({"do": "exit", "status": 42}));
    let error = function.invoke(invocation.clone()).await.unwrap_err();
    assert_eq!(error.error_type, "Runtime.ExitError");
    let id = invocation.request_id;
    let message = format!("RequestId: {id} Error: Runtime exited with error: exit status 42");
    assert_eq!(error.error_message, message);
    assert_ne!(function.pid().await, before);
}

#[tokio::test]
async fn a_process_that_is_killed_or_aborts_is_reported_with_the_signal() {
    let function = TestFunction::with("sequential", |spec| spec.processes_max = 1);
    let error = function.error(json!({"do": "abort"})).await;
    assert!(error.error_message.ends_with("with error: signal: aborted"), "{error:?}");

    let pid = function.pid().await;
    let killer = async {
        function.log.wait_for("asleep").await;
        kill(pid);
    };
    let (error, ()) = tokio::join!(function.error(json!({"do": "sleep"})), killer);
    assert_eq!(error.error_type, "Runtime.ExitError");
    assert!(error.error_message.ends_with("with error: signal: killed"), "{error:?}");
}

#[tokio::test]
async fn a_crash_fails_every_invocation_in_the_process_and_no_other() {
    let function = TestFunction::with("concurrent", |spec| {
        spec.max_concurrency = Some(2);
        spec.processes_max = 1;
    });
    let crash = async {
        function.log.wait_for("asleep").await;
        function.error(json!({"do": "exit", "status": 1})).await
    };
    let (beside, crash) = tokio::join!(function.error(json!({"do": "sleep"})), crash);
    for error in [beside, crash] {
        assert_eq!(error.error_type, "Runtime.ExitError");
    }
    assert_eq!(function.json(json!({"do": "echo"})).await, json!({"do": "echo"}));
}

#[tokio::test]
async fn what_a_process_has_started_ends_with_it() {
    let function = TestFunction::with("sequential", |spec| spec.processes_max = 1);
    let pids = function.json(json!({"do": "grandchild"})).await;
    function.error(json!({"do": "exit", "status": 1})).await;
    until_gone(pids[1].as_u64().unwrap()).await;
}
