//! Goal: everything that is due happens, in the way that the specification says (section 7), and whatever comes due
//! while the service is closed happens after it is opened again.
//!
//! Method: timers of one second, the shortest there are, and a retry policy of milliseconds. Nothing is said about how
//! long anything took: only that it came, and in which order.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use durable_functions::FunctionError;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Setup, crashed, eventually, pending, succeeded, workflow};

fn flows(directory: &TempDir) -> Setup {
    Setup::new(directory.path()).durable("flow", |turn| workflow::run(turn, |_| {})).durable_for(
        "brief",
        1,
        |turn| workflow::run(turn, |_| {}),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waits_and_retry_delays_end_and_the_earlier_one_ends_first() {
    let directory = TempDir::new().unwrap();
    let server = flows(&directory).open().await;
    let long = server.plan("flow", json!([{ "wait": "w", "seconds": 2 }])).await;
    let short = server.plan("flow", json!([{ "wait": "w", "seconds": 1 }])).await;
    let plan = json!([{ "flaky": "f", "fails": 2, "delay": 1 }]);
    let retried = server.plan("flow", plan).await;
    let end = async |arn: &str| server.closed(arn).await["EndTimestamp"].as_f64().unwrap();
    assert!(end(&short).await < end(&long).await);
    assert_eq!(server.closed(&retried).await["Status"], "SUCCEEDED");
    let events = server.history(&retried).await;
    let failed = events.iter().filter(|event| event["EventType"] == "StepFailed").count();
    assert_eq!(failed, 2);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_s_state_and_attempts_are_shown_when_its_delay_is_over() {
    let directory = TempDir::new().unwrap();
    let seen = Arc::new(std::sync::Mutex::new(Vec::<Value>::new()));
    let noted = Arc::clone(&seen);
    let setup = Setup::new(directory.path()).durable("polls", move |mut turn| {
        let seen = Arc::clone(&noted);
        async move {
            let step = turn.operation("p").cloned().unwrap_or_default();
            seen.lock().unwrap().push(step["StepDetails"].clone());
            if step.is_null() {
                let retry = json!([{ "Id": "p", "Type": "STEP", "Action": "RETRY", "Payload": "1",
                                     "StepOptions": { "NextAttemptDelaySeconds": 1 } }]);
                let reply = turn.checkpoint(retry).await.ok();
                let step = &reply["NewExecutionState"]["Operations"][0];
                assert_eq!(step["Status"], "PENDING");
                assert!(step["StepDetails"]["NextAttemptTimestamp"].is_f64());
                return pending();
            }
            assert_eq!(step["Status"], "READY");
            assert_eq!(turn.updated(), ["p"]);
            succeeded("1")
        }
    });
    let server = setup.open().await;
    let arn = server.start("polls", None, &json!({})).await;
    assert_eq!(server.closed(&arn).await["Status"], "SUCCEEDED");
    let expected = [Value::Null, json!({ "Attempt": 1, "Result": "1" })];
    assert_eq!(*seen.lock().unwrap(), expected);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_callback_times_out_or_misses_its_heartbeat() {
    let directory = TempDir::new().unwrap();
    let server = flows(&directory).open().await;
    for (plan, kind) in [
        (json!([{ "callback": "c", "timeout": 1 }]), "Callback.Timeout"),
        (json!([{ "callback": "c", "heartbeat": 1 }]), "Callback.Heartbeat"),
        (json!([{ "callback": "c", "heartbeat": 1, "timeout": 60 }]), "Callback.Heartbeat"),
        (json!([{ "callback": "c", "heartbeat": 60, "timeout": 1 }]), "Callback.Timeout"),
    ] {
        let arn = server.plan("flow", plan).await;
        let id = server.callback_id(&arn, "c").await;
        assert_eq!(server.closed(&arn).await["Error"]["ErrorType"], kind);
        let late = server.callback(&id, "succeed", "1").await;
        assert_eq!((late.status, late.code()), (400, "CallbackTimeoutException"));
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heartbeats_keep_a_callback_alive_beyond_its_heartbeat_timeout() {
    let directory = TempDir::new().unwrap();
    let server = flows(&directory).open().await;
    let arn = server.plan("flow", json!([{ "callback": "c", "heartbeat": 2 }])).await;
    // A wait of three seconds that ends while the callback lives proves that two seconds did not kill it.
    let clock = server.plan("flow", json!([{ "wait": "w", "seconds": 3 }])).await;
    let id = server.callback_id(&arn, "c").await;
    eventually("three seconds are over", async || {
        assert_eq!(server.callback(&id, "heartbeat", "").await.ok(), json!({}));
        (server.status(&clock).await != "RUNNING").then_some(())
    })
    .await;
    server.callback(&id, "succeed", "1").await.ok();
    assert_eq!(server.closed(&arn).await["Status"], "SUCCEEDED");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_execution_times_out_suspended_running_or_between_retries() {
    let directory = TempDir::new().unwrap();
    let server = flows(&directory)
        .durable_for("hangs", 1, |_| std::future::pending())
        .durable_for("crashes", 1, |_| async { crashed("Handler") })
        .with(|setup| {
            setup.config.retry.attempts_max = 0;
            setup.config.retry.delay_first = 60_000;
            setup.config.retry.delay_max = 60_000;
        })
        .open()
        .await;
    let suspended = server.plan("brief", json!([{ "callback": "c", "timeout": 60 }])).await;
    let running = server.start("hangs", None, &json!({})).await;
    let retrying = server.start("crashes", None, &json!({})).await;
    for arn in [suspended, running, retrying] {
        let shown = server.closed(&arn).await;
        assert_eq!(shown["Status"], "TIMED_OUT", "{arn}");
        let error = json!({ "ErrorMessage": "Execution timed out after 1 seconds." });
        assert_eq!(shown["Error"], error);
        assert_eq!(server.event_types(&arn).await.last().unwrap(), "ExecutionTimedOut");
    }
    // The running invocation never ends, so closing does not wait for it.
    server.close_at_once().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_invocation_is_repeated_until_it_answers_or_the_attempts_are_used_up() {
    let directory = TempDir::new().unwrap();
    let count = |setup: Setup, name: &str, kind: &'static str, good_at: u32| {
        let runs = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&runs);
        let setup = setup.durable(name, move |_| {
            let run = counted.fetch_add(1, Ordering::SeqCst) + 1;
            async move {
                if run == good_at {
                    return succeeded("1");
                }
                Err(FunctionError::new(kind, format!("run {run}")))
            }
        });
        (setup, runs)
    };
    let setup = Setup::new(directory.path());
    let (setup, _) = count(setup, "platform", "Runtime.ExitError", 3);
    let (setup, _) = count(setup, "handler", "Handler", 3);
    let (setup, _) = count(setup, "slow", "Sandbox.Timedout", 3);
    let (setup, hopeless_runs) = count(setup, "hopeless", "Handler", 0);
    let server = setup.open().await;
    for function in ["platform", "handler", "slow"] {
        let arn = server.start(function, None, &json!({})).await;
        assert_eq!(server.closed(&arn).await["Status"], "SUCCEEDED", "{function}");
        let events = server.history(&arn).await;
        let errors: Vec<_> = events
            .iter()
            .filter(|event| event["EventType"] == "InvocationCompleted")
            .map(|e| e["InvocationCompletedDetails"]["Error"]["Payload"]["ErrorMessage"].clone())
            .collect();
        assert_eq!(errors, [json!("run 1"), json!("run 2"), Value::Null], "{function}");
    }
    let arn = server.start("hopeless", None, &json!({})).await;
    let shown = server.closed(&arn).await;
    assert_eq!(shown["Error"], json!({ "ErrorType": "Handler", "ErrorMessage": "run 3" }));
    assert_eq!(hopeless_runs.load(Ordering::SeqCst), 3);
    let expected =
        ["InvocationCompleted", "InvocationCompleted", "InvocationCompleted", "ExecutionFailed"];
    assert_eq!(server.event_types(&arn).await[1..], expected);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_output_that_makes_no_sense_fails_the_execution_at_once() {
    let directory = TempDir::new().unwrap();
    let server = Setup::new(directory.path())
        .durable("says", |turn| async move {
            let mut say = turn.input()["say"].clone();
            // A result that is too long to be sent as an input is given by its length.
            if let Some(length) = say["Result"].as_u64() {
                say["Result"] = "x".repeat(length as usize).into();
            }
            Ok(say)
        })
        .open()
        .await;
    let invalid = "Invalid Status in invocation output.";
    for (say, message) in [
        (json!("text"), invalid),
        (json!({}), invalid),
        (json!({ "Status": 1 }), invalid),
        (json!({ "Status": "DONE" }), invalid),
        (
            json!({ "Status": "SUCCEEDED", "Error": {} }),
            "Cannot provide an Error for SUCCEEDED status.",
        ),
        (
            json!({ "Status": "FAILED", "Result": "1" }),
            "Cannot provide a Result for FAILED status.",
        ),
        (
            json!({ "Status": "PENDING" }),
            "Cannot return PENDING status with no pending operations.",
        ),
        (
            json!({ "Status": "SUCCEEDED", "Result": 1024 * 1024 + 1 }),
            "Execution output payload size must be less than or equal to 1048576 bytes.",
        ),
    ] {
        let arn = server.start("says", None, &json!({ "say": say })).await;
        let shown = server.closed(&arn).await;
        let error =
            json!({ "ErrorType": "InvalidParameterValueException", "ErrorMessage": message });
        assert_eq!((&shown["Status"], &shown["Error"]), (&json!("FAILED"), &error), "{say}");
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_due_while_the_service_was_closed_happens_after_it_is_opened() {
    let directory = TempDir::new().unwrap();
    let server = flows(&directory).open().await;
    let waiting = server.plan("flow", json!([{ "wait": "w", "seconds": 1 }])).await;
    let retried = server.plan("flow", json!([{ "flaky": "f", "fails": 1, "delay": 1 }])).await;
    let callback = server.plan("flow", json!([{ "callback": "c", "timeout": 1 }])).await;
    let brief = server.plan("brief", json!([{ "wait": "w", "seconds": 60 }])).await;
    let patient = server.plan("flow", json!([{ "callback": "c" }])).await;
    for arn in [&waiting, &retried, &callback, &brief, &patient] {
        server.history_until(arn, "InvocationCompleted").await;
    }
    server.close().await;
    // Longer than every timer: what happens now can only be the work of the second life.
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;

    let server = flows(&directory).open().await;
    assert_eq!(server.service.recovered().open, 5);
    for (arn, status) in [
        (&waiting, "SUCCEEDED"),
        (&retried, "SUCCEEDED"),
        (&callback, "FAILED"),
        (&brief, "TIMED_OUT"),
    ] {
        assert_eq!(server.closed(arn).await["Status"], status, "{arn}");
    }
    assert_eq!(server.status(&patient).await, "RUNNING");
    let id = server.callback_id(&patient, "c").await;
    server.callback(&id, "succeed", "1").await.ok();
    assert_eq!(server.closed(&patient).await["Status"], "SUCCEEDED");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn suspended_executions_need_not_be_in_memory() {
    let directory = TempDir::new().unwrap();
    let server = flows(&directory).with(|setup| setup.config.resident_max = 1).open().await;
    let mut arns = Vec::new();
    for number in 0..20 {
        let plan = match number % 3 {
            0 => json!([{ "wait": "w", "seconds": 1 }, { "step": "s" }]),
            1 => json!([{ "flaky": "f", "fails": 1, "delay": 1 }]),
            _ => json!([{ "callback": "c" }, { "step": "s" }]),
        };
        arns.push(server.plan("flow", plan).await);
    }
    for arn in arns.iter().skip(2).step_by(3) {
        let id = server.callback_id(arn, "c").await;
        server.callback(&id, "heartbeat", "").await.ok();
        server.callback(&id, "succeed", "1").await.ok();
    }
    for arn in &arns {
        assert_eq!(server.closed(arn).await["Status"], "SUCCEEDED");
    }
    server.close().await;
}

/// The end of an invocation is recorded in the very moment when a timer is due, before or after the clock comes to it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_timer_that_is_due_while_something_else_is_recorded_still_fires() {
    let directory = TempDir::new().unwrap();
    let setup = Setup::new(directory.path()).durable("waits", |mut turn| async move {
        if turn.status("w") == "SUCCEEDED" {
            return succeeded("1");
        }
        let wait = json!([{ "Id": "w", "Type": "WAIT", "Action": "START",
                            "WaitOptions": { "WaitSeconds": 1 } }]);
        let reply = turn.checkpoint(wait).await.ok();
        let wait = &reply["NewExecutionState"]["Operations"][0];
        let due = wait["WaitDetails"]["ScheduledEndTimestamp"].as_f64().unwrap();
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
        tokio::time::sleep(Duration::from_secs_f64((due - now() - 0.005).max(0.0))).await;
        while now() < due {
            tokio::task::yield_now().await;
        }
        pending()
    });
    let server = setup.open().await;
    let mut waiting = Vec::new();
    for _ in 0..100 {
        waiting.push(server.start("waits", None, &json!({})).await);
    }
    for arn in waiting {
        assert_eq!(server.closed(&arn).await["Status"], "SUCCEEDED");
    }
    server.close().await;
}
