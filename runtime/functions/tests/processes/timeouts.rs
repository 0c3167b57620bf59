//! Functions that use up their time.

use std::time::Duration;

use serde_json::json;

use crate::support::{TestFunction, event, runs};

/// Long enough for an event to arrive, short for a test.
const SHORT: Duration = Duration::from_millis(200);

#[tokio::test]
async fn a_function_that_uses_up_its_time_is_stopped_and_the_next_invocation_gets_a_fresh_process()
{
    let function = TestFunction::with("sequential", |spec| spec.processes_max = 1);
    let pid = function.pid().await;
    let mut invocation = event(json!({"do": "sleep"}));
    invocation.timeout = SHORT;
    let error = function.invoke(invocation.clone()).await.unwrap_err();
    assert_eq!(error.error_type, "Sandbox.Timedout");
    let id = invocation.request_id;
    assert_eq!(
        error.error_message,
        format!("RequestId: {id} Error: Task timed out after 0.20 seconds")
    );
    // It was stopped before the timeout was reported, so that a retry cannot overlap with it.
    assert!(!runs(pid));
    assert_ne!(function.pid().await, pid);
}

/// The one that is out of time is given up; the other one in its process is answered, and then the process goes.
#[tokio::test]
async fn a_timeout_leaves_the_other_invocations_of_a_process_alone() {
    let directory = tempfile::TempDir::new().unwrap();
    let gate = directory.path().join("open");
    let function = TestFunction::with("concurrent", |spec| {
        spec.max_concurrency = Some(2);
        spec.processes_max = 1;
    });
    let pid = function.pid().await;
    let timed_out = async {
        let mut invocation = event(json!({"do": "sleep"}));
        invocation.timeout = SHORT;
        let error = function.invoke(invocation).await.unwrap_err();
        std::fs::write(&gate, "").unwrap();
        error
    };
    let other = function.json(json!({"do": "wait for file", "path": gate}));
    let (other, error) = tokio::join!(other, timed_out);
    assert_eq!(error.error_type, "Sandbox.Timedout");
    assert_eq!(other, json!(pid));
    assert_ne!(function.pid().await, pid);
}
