//! Goal: the history of an execution is, event for event, what AWS's conformance suite expects, and can be read in
//! pages of any size in both directions.
//!
//! Method: the worked examples of the specification (6.3 a, b, c, d, g, h) by a workflow that goes through a plan like
//! an SDK replays a handler; every event is compared as a whole, with times and request ids replaced by what they must
//! be.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Reply, Server, Setup, crashed, encode, eventually, succeeded, workflow};

async fn server(directory: &TempDir) -> Server {
    Setup::new(directory.path())
        .durable("flow", |turn| workflow::run(turn, |_| {}))
        .durable_for("brief", 1, |turn| workflow::run(turn, |_| {}))
        .durable("crashes-once", |mut turn| async move {
            if turn.status("s").is_empty() {
                turn.write(json!([{ "Id": "s", "Type": "STEP", "Action": "START" }])).await?;
                return crashed("Runtime.ExitError");
            }
            turn.write(json!([{ "Id": "s", "Type": "STEP", "Action": "SUCCEED" }])).await?;
            succeeded("1")
        })
        .open()
        .await
}

/// Checks what is different each time and takes it away: times grow, numbers count, request ids are UUIDs.
fn plain(events: Vec<Value>) -> Vec<Value> {
    let mut latest = 0.0;
    let mut plain = Vec::new();
    for (position, mut event) in events.into_iter().enumerate() {
        let members = event.as_object_mut().unwrap();
        assert_eq!(members.remove("EventId"), Some(json!(position + 1)));
        let time = members.remove("EventTimestamp").unwrap().as_f64().unwrap();
        assert!(time >= latest && time > 1.0e9, "{time} after {latest}");
        latest = time;
        if let Some(details) = members.get_mut("InvocationCompletedDetails") {
            let details = details.as_object_mut().unwrap();
            let start = details.remove("StartTimestamp").unwrap().as_f64().unwrap();
            assert_eq!(details.remove("EndTimestamp").unwrap().as_f64(), Some(time));
            assert!(start <= time);
            let request = details.remove("RequestId").unwrap();
            assert_eq!(request.as_str().unwrap().len(), 36);
        }
        plain.push(event);
    }
    plain
}

fn payload(value: Value) -> Value {
    json!({ "Payload": value, "Truncated": false })
}

fn event(kind: &str, details: Value) -> Value {
    json!({ "EventType": kind, format!("{kind}Details"): details })
}

fn of(id: &str, sub_type: &str, kind: &str, details: Value) -> Value {
    let mut event = event(kind, details);
    event["Id"] = id.into();
    event["Name"] = id.into();
    event["SubType"] = sub_type.into();
    event
}

fn step_started(id: &str) -> Value {
    of(id, "Step", "StepStarted", json!({}))
}

fn step_succeeded(id: &str, attempt: u32) -> Value {
    let result = payload(json!(format!("\"{id}\"")));
    let details = json!({ "Result": result, "RetryDetails": { "CurrentAttempt": attempt } });
    of(id, "Step", "StepSucceeded", details)
}

fn invoked() -> Value {
    event("InvocationCompleted", json!({}))
}

/// An event of the execution itself.
fn own(arn: &str, kind: &str, details: Value) -> Value {
    let mut parts = arn.rsplit('/');
    let mut event = event(kind, details);
    event["Id"] = parts.next().unwrap().into();
    event["Name"] = parts.next().unwrap().into();
    event
}

fn started(arn: &str, plan: &Value, timeout: u32) -> Value {
    let input = payload(json!({ "plan": plan }).to_string().into());
    own(arn, "ExecutionStarted", json!({ "Input": input, "ExecutionTimeout": timeout }))
}

fn execution_succeeded(arn: &str) -> Value {
    own(arn, "ExecutionSucceeded", json!({ "Result": payload(json!("\"done\"")) }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_steps_in_a_row_are_eleven_events() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let steps = ["validate", "reserve", "charge", "ship"];
    let plan = json!(steps.map(|id| json!({ "step": id })));
    let arn = server.plan("flow", plan.clone()).await;
    let mut expected = vec![started(&arn, &plan, 300)];
    for id in steps {
        expected.extend([step_started(id), step_succeeded(id, 1)]);
    }
    expected.extend([invoked(), execution_succeeded(&arn)]);
    assert_eq!(plain(server.history_until(&arn, "ExecutionSucceeded").await), expected);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_is_retried_tells_its_attempts_and_the_delay() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let plan = json!([{ "flaky": "s", "fails": 1, "delay": 1 }]);
    let arn = server.plan("flow", plan.clone()).await;
    let error = payload(json!({ "ErrorMessage": "boom", "ErrorType": "Error" }));
    let retry = json!({ "CurrentAttempt": 1, "NextAttemptDelaySeconds": 1 });
    let expected = [
        started(&arn, &plan, 300),
        step_started("s"),
        of("s", "Step", "StepFailed", json!({ "Error": error, "RetryDetails": retry })),
        invoked(),
        step_started("s"),
        step_succeeded("s", 2),
        invoked(),
        execution_succeeded(&arn),
    ];
    assert_eq!(plain(server.history_until(&arn, "ExecutionSucceeded").await), expected);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wait_tells_its_length_and_its_end() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let plan = json!([{ "wait": "w", "seconds": 1 }]);
    let arn = server.plan("flow", plan.clone()).await;
    let mut events = server.history_until(&arn, "ExecutionSucceeded").await;
    let begun = events[1]["EventTimestamp"].as_f64().unwrap();
    let details = events[1]["WaitStartedDetails"].as_object_mut().unwrap();
    let end = details.remove("ScheduledEndTimestamp").unwrap().as_f64().unwrap();
    assert_eq!(((end - begun) * 1000.0).round(), 1000.0);
    assert!(events[3]["EventTimestamp"].as_f64().unwrap() >= end);
    let expected = [
        started(&arn, &plan, 300),
        of("w", "Wait", "WaitStarted", json!({ "Duration": 1 })),
        invoked(),
        of("w", "Wait", "WaitSucceeded", json!({ "Duration": 1 })),
        invoked(),
        execution_succeeded(&arn),
    ];
    assert_eq!(plain(events), expected);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_callback_that_nobody_answers_times_out_and_fails_the_handler() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let plan = json!([{ "callback": "c", "timeout": 1 }]);
    let arn = server.plan("flow", plan.clone()).await;
    let mut events = server.history_until(&arn, "ExecutionFailed").await;
    let details = events[1]["CallbackStartedDetails"].as_object_mut().unwrap();
    assert!(details.remove("CallbackId").unwrap().as_str().unwrap().len() > 32);
    let error = json!({ "ErrorMessage": "not caught", "ErrorType": "Callback.Timeout" });
    let only_type = payload(json!({ "ErrorType": "Callback.Timeout" }));
    let expected = [
        started(&arn, &plan, 300),
        of("c", "Callback", "CallbackStarted", json!({ "Timeout": 1 })),
        invoked(),
        of("c", "Callback", "CallbackTimedOut", json!({ "Error": only_type })),
        event("InvocationCompleted", json!({ "Error": payload(error.clone()) })),
        own(&arn, "ExecutionFailed", json!({ "Error": payload(error.clone()) })),
    ];
    assert_eq!(plain(events), expected);
    assert_eq!(server.execution(&arn).await["Error"], error);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_execution_timeout_leaves_the_wait_open_and_its_own_details_empty() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let plan = json!([{ "wait": "w", "seconds": 60 }]);
    let arn = server.plan("brief", plan.clone()).await;
    let mut events = server.history_until(&arn, "ExecutionTimedOut").await;
    events[1]["WaitStartedDetails"].as_object_mut().unwrap().remove("ScheduledEndTimestamp");
    let expected = [
        started(&arn, &plan, 1),
        of("w", "Wait", "WaitStarted", json!({ "Duration": 60 })),
        invoked(),
        own(&arn, "ExecutionTimedOut", json!({})),
    ];
    assert_eq!(plain(events), expected);
    let shown = server.execution(&arn).await;
    assert_eq!(shown["Status"], "TIMED_OUT");
    assert_eq!(shown["Error"], json!({ "ErrorMessage": "Execution timed out after 1 seconds." }));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_is_the_last_event_and_carries_the_operator_s_error() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let plan = json!([{ "callback": "c" }]);
    let error = json!({ "ErrorMessage": "by operator", "ErrorType": "Cancelled" });
    for (body, recorded) in [(error.to_string(), error), (String::new(), json!({}))] {
        let arn = server.plan("flow", plan.clone()).await;
        server.history_until(&arn, "InvocationCompleted").await;
        server.stop(&arn, body).await.ok();
        let mut events = server.history(&arn).await;
        events[1]["CallbackStartedDetails"] = json!({});
        let expected = [
            started(&arn, &plan, 300),
            of("c", "Callback", "CallbackStarted", json!({})),
            invoked(),
            own(&arn, "ExecutionStopped", json!({ "Error": payload(recorded) })),
        ];
        assert_eq!(plain(events), expected);
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crashed_invocation_is_told_with_its_error_and_does_not_repeat_the_step_s_start() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let arn = server.start("crashes-once", None, &json!({})).await;
    let events = server.history_until(&arn, "ExecutionSucceeded").await;
    let types: Vec<_> = events.iter().map(|event| event["EventType"].as_str().unwrap()).collect();
    let expected = [
        "ExecutionStarted",
        "StepStarted",
        "InvocationCompleted",
        "StepSucceeded",
        "InvocationCompleted",
        "ExecutionSucceeded",
    ];
    assert_eq!(types, expected);
    let error = payload(json!({ "ErrorMessage": "it crashed", "ErrorType": "Runtime.ExitError" }));
    assert_eq!(events[2]["InvocationCompletedDetails"]["Error"], error);
    // A result that was not given leaves its wrapper without a payload.
    assert_eq!(events[3]["StepSucceededDetails"]["Result"], json!({ "Truncated": false }));
    assert_eq!(events[3]["StepSucceededDetails"]["RetryDetails"], json!({ "CurrentAttempt": 1 }));
    assert_eq!(events[4]["InvocationCompletedDetails"].get("Error"), None);
    server.close().await;
}

/// Every event, page by page.
async fn page_through(server: &Server, arn: &str, items: usize, reverse: bool) -> Vec<Value> {
    let (mut events, mut marker) = (Vec::new(), String::new());
    loop {
        let query = format!(
            "/history?IncludeExecutionData=true&MaxItems={items}&ReverseOrder={reverse}&Marker={marker}"
        );
        let page = server.read(arn, &query).await.ok();
        let shown = page["Events"].as_array().unwrap();
        assert!(shown.len() <= items);
        events.extend(shown.iter().cloned());
        let Some(next) = page["NextMarker"].as_str() else { return events };
        assert_eq!(shown.len(), items);
        marker = encode(next);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_any_size_in_both_directions_are_the_whole_history() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let plan = json!([{ "step": "a" }, { "step": "b" }, { "step": "c" }]);
    let arn = server.plan("flow", plan).await;
    let all = server.history_until(&arn, "ExecutionSucceeded").await;
    let reversed: Vec<_> = all.iter().rev().cloned().collect();
    for items in 1..=all.len() + 1 {
        assert_eq!(page_through(&server, &arn, items, false).await, all, "{items} at once");
        assert_eq!(page_through(&server, &arn, items, true).await, reversed, "{items} at once");
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_marker_is_bound_to_its_direction_and_a_bad_one_is_refused() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let arn = server.plan("flow", json!([{ "step": "a" }])).await;
    server.closed(&arn).await;
    let invalid = |reply: Reply| {
        reply.assert_error(400, "InvalidParameterValueException", "Invalid Marker");
    };
    for reverse in [false, true] {
        let page = server.read(&arn, &format!("/history?MaxItems=2&ReverseOrder={reverse}")).await;
        let marker = encode(page.ok()["NextMarker"].as_str().unwrap());
        let turned = !reverse;
        let query = format!("/history?ReverseOrder={turned}&Marker={marker}");
        invalid(server.read(&arn, &query).await);
    }
    for marker in ["x", "a", "a1", "ax", "a1x", "1x1", "a-1x1", "d1x1"] {
        invalid(server.read(&arn, &format!("/history?Marker={marker}")).await);
    }
    // One that points behind the end finds nothing.
    let behind = server.read(&arn, "/history?Marker=a99x99").await.ok();
    assert_eq!(behind, json!({ "Events": [] }));
    for (query, code) in [
        ("MaxItems=1001", "ValidationException"),
        ("MaxItems=x", "SerializationException"),
        ("ReverseOrder=yes", "SerializationException"),
        ("IncludeExecutionData=1", "SerializationException"),
    ] {
        let reply = server.read(&arn, &format!("/history?{query}")).await;
        assert_eq!((reply.status, reply.code()), (400, code), "{query}");
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_data_every_payload_is_hidden_and_nothing_else() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let plan = json!([{ "step": "a" }, { "flaky": "b", "fails": 1, "delay": 1 }, { "fail": "E" }]);
    let arn = server.plan("flow", plan).await;
    let with = server.history_until(&arn, "ExecutionFailed").await;
    for query in ["/history?IncludeExecutionData=false", "/history"] {
        let without = server.read(&arn, query).await.ok();
        let mut expected = with.clone();
        for event in &mut expected {
            let kind = event["EventType"].as_str().unwrap().to_owned();
            for wrapper in ["Input", "Result", "Error"] {
                if let Some(shown) = event[format!("{kind}Details")].get_mut(wrapper) {
                    *shown = json!({ "Truncated": true });
                }
            }
        }
        assert_eq!(without["Events"], json!(expected));
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_is_cut_by_size_and_small_events_of_one_batch_share_a_page() {
    let directory = TempDir::new().unwrap();
    let server = Setup::new(directory.path())
        .durable("big", |mut turn| async move {
            let step = |id: String, payload: usize| {
                let payload = "x".repeat(payload);
                json!({ "Id": id, "Type": "STEP", "Action": "SUCCEED", "Payload": payload })
            };
            if turn.input()["batch"] == true {
                let batch: Vec<_> = (0..50).map(|n| step(format!("s{n}"), 10_000)).collect();
                turn.write(json!(batch)).await?;
            } else {
                for number in 0..7 {
                    turn.write(json!([step(format!("s{number}"), 1024 * 1024)])).await?;
                }
            }
            succeeded("1")
        })
        .open()
        .await;
    let arn = server.start("big", None, &json!({ "batch": true })).await;
    server.closed(&arn).await;
    assert_eq!(server.history(&arn).await.len(), 53);

    let arn = server.start("big", None, &json!({})).await;
    eventually("it closes", async || (server.status(&arn).await != "RUNNING").then_some(())).await;
    let reply = server.read(&arn, "/history?IncludeExecutionData=true").await;
    assert!(reply.body.len() < 6 * 1024 * 1024);
    let page = reply.ok();
    let shown = page["Events"].as_array().unwrap().len();
    let marker = page["NextMarker"].as_str().unwrap();
    let query = format!("/history?IncludeExecutionData=true&Marker={marker}");
    let rest = server.read(&arn, &query).await.ok();
    assert_eq!(shown + rest["Events"].as_array().unwrap().len(), 10);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_arn_may_come_raw_or_encoded() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let arn = server.plan("flow", json!([])).await;
    server.closed(&arn).await;
    let expected = server.read(&arn, "/history").await.ok();
    for label in [arn.clone(), encode(&arn), arn.replace('$', "%24"), arn.replace('/', "%2F")] {
        let reply = server.get(&format!("/2025-12-01/durable-executions/{label}/history")).await;
        assert_eq!(reply.ok(), expected, "{label}");
    }
    server.close().await;
}
