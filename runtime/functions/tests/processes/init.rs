//! Functions that do not get as far as their first event.

use std::time::Duration;

use durable_functions::{CommandLine, ProcessSpec};
use serde_json::json;
use tempfile::TempDir;

use crate::bootstrap::INIT;
use crate::support::{TestFunction, event, spec};

fn failing(init: &str) -> TestFunction {
    TestFunction::with("sequential", |spec| {
        spec.environment.insert(INIT.to_owned(), init.to_owned());
    })
}

#[tokio::test]
async fn an_exit_during_init_is_the_failure_of_the_invocation() {
    let function = failing("exit");
    let invocation = event(json!({"do": "echo"}));
    let error = function.invoke(invocation.clone()).await.unwrap_err();
    assert_eq!(error.error_type, "Runtime.ExitError");
    let id = invocation.request_id;
    let message = format!("RequestId: {id} Error: Runtime exited with error: exit status 3");
    assert_eq!(error.error_message, message);
    assert!(function.log.find("init is about to fail").is_some(), "reported before it was logged");
}

#[tokio::test]
async fn an_exit_without_an_error_is_one_without_a_reason() {
    let error = failing("exit 0").error(json!({"do": "echo"})).await;
    assert_eq!(error.error_type, "Runtime.ExitError");
    assert!(error.error_message.ends_with("Runtime exited without providing a reason"));
}

#[tokio::test]
async fn an_error_that_the_init_reports_is_the_failure_of_the_invocation() {
    for init in ["report", "report and stay"] {
        let error = failing(init).error(json!({"do": "echo"})).await;
        assert_eq!(
            (error.error_type.as_str(), error.error_message.as_str()),
            ("Extraordinary", "no luck")
        );
    }
}

#[tokio::test]
async fn an_init_that_takes_too_long_once_is_repeated() {
    let directory = TempDir::new().unwrap();
    let marker = directory.path().join("was here").display().to_string();
    let function = TestFunction::with("sequential", |spec| {
        spec.environment.insert(INIT.to_owned(), marker);
        // The first process never gets ready; the second has the function's time. Even a busy machine starts the first
        // one, and lets it leave its marker, in this time.
        spec.init_timeout = Duration::from_secs(3);
        spec.processes_max = 1;
    });
    assert_eq!(function.json(json!({"do": "echo"})).await, json!({"do": "echo"}));
}

#[tokio::test]
async fn an_init_that_never_ends_uses_up_the_functions_time() {
    let function = TestFunction::with("sequential", |spec| {
        spec.environment.insert(INIT.to_owned(), "hang".to_owned());
        spec.init_timeout = Duration::from_millis(100);
        spec.processes_max = 1;
    });
    let mut invocation = event(json!({"do": "echo"}));
    invocation.timeout = Duration::from_millis(100);
    for _ in 0..2 {
        let error = function.invoke(invocation.clone()).await.unwrap_err();
        assert_eq!(error.error_type, "Sandbox.Timedout");
    }
}

#[tokio::test]
async fn a_program_that_is_not_there_is_named() {
    let command = CommandLine::new("/nowhere/bootstrap");
    let function = TestFunction::of(ProcessSpec { command, ..spec("sequential") });
    for _ in 0..3 {
        let error = function.error(json!({})).await;
        assert_eq!(error.error_type, "Runtime.InvalidEntrypoint");
        assert!(error.error_message.contains("cannot start /nowhere/bootstrap"), "{error:?}");
    }
    // And the host can be closed although nothing ever ran.
    crate::support::within(function.close()).await;
}
