//! Goal: what the operations on executions, callbacks and functions answer, good and bad.
//!
//! Method: the AWS SDK where it can say it; raw requests where the request has to be wrong.

use aws_sdk_lambda::types::ExecutionStatus;
use bytes::Bytes;
use http::{Method, Request};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Reply, Server, Setup, encode, failed, pending, succeeded, within, workflow};

async fn server(directory: &TempDir) -> Server {
    Setup::new(directory.path())
        .durable("flow", |turn| workflow::run(turn, |_| {}))
        .durable("echo", |turn| async move { succeeded(turn.input().to_string()) })
        .durable("broken", |_| async { failed("Broken", "it is broken") })
        .durable("unused", |_| async { succeeded("1") })
        .open()
        .await
}

const CALLBACKS: &str = "/2025-12-01/durable-execution-callbacks";
const CALLBACK_CLOSED: &str = "The callback is either timed out or already completed";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_execution_is_shown_open_closed_and_without_its_data() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let arn = server.start("flow", Some("seen"), &json!({ "plan": [{ "callback": "c" }] })).await;
    let id = server.callback_id(&arn, "c").await;
    let open = server.execution(&arn).await;
    let start = open["StartTimestamp"].as_f64().unwrap();
    let expected = json!({
        "DurableExecutionArn": arn,
        "DurableExecutionName": "seen",
        "FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:flow:$LATEST",
        "StartTimestamp": open["StartTimestamp"],
        "Status": "RUNNING",
        "Version": "$LATEST",
        "ExecutionDataIncluded": true,
        "DurableConfig": { "ExecutionTimeout": 300, "RetentionPeriodInDays": 14 },
        "ExpectedExecutionTimeoutTimestamp": open["ExpectedExecutionTimeoutTimestamp"],
        "InputPayload": r#"{"plan":[{"callback":"c"}]}"#,
    });
    assert_eq!(open, expected);
    let timeout = open["ExpectedExecutionTimeoutTimestamp"].as_f64().unwrap();
    assert_eq!(((timeout - start) * 1000.0).round(), 300_000.0);

    server.callback(&id, "succeed", "1").await.ok();
    let closed = server.closed(&arn).await;
    assert_eq!((&closed["Status"], &closed["Result"]), (&json!("SUCCEEDED"), &json!("\"done\"")));
    assert!(closed["EndTimestamp"].as_f64().unwrap() >= start);
    assert_eq!(closed.get("ExpectedExecutionTimeoutTimestamp"), None);

    let without = server.read(&arn, "?IncludeExecutionData=false").await.ok();
    assert_eq!(without["ExecutionDataIncluded"], false);
    let mut expected = closed;
    for hidden in ["InputPayload", "Result"] {
        expected.as_object_mut().unwrap().remove(hidden);
    }
    expected["ExecutionDataIncluded"] = false.into();
    assert_eq!(without, expected);

    // And as the SDK reads it.
    let broken = server.start("broken", None, &json!({})).await;
    server.closed(&broken).await;
    let get = server.lambda().get_durable_execution().durable_execution_arn(&broken);
    let shown = within("the SDK's answer", get.send()).await.unwrap();
    assert_eq!(shown.status(), &ExecutionStatus::Failed);
    assert_eq!(shown.error().unwrap().error_type(), Some("Broken"));
    assert_eq!(shown.error().unwrap().error_message(), Some("it is broken"));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_execution_that_is_not_there_is_not_found_and_a_malformed_arn_is_invalid() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let arn = server.start("echo", Some("n"), &json!({})).await;
    server.closed(&arn).await;
    let (head, id) = arn.rsplit_once('/').unwrap();
    let unknown = [
        format!("{head}/{}", "0".repeat(36)),
        arn.replace("/n/", "/other/"),
        arn.replace(":echo:", ":flow:"),
        arn.replace("$LATEST", "1"),
    ];
    let not_found = "ResourceNotFoundException";
    for arn in unknown {
        for suffix in ["", "/history"] {
            let reply = server.read(&arn, suffix).await;
            reply.assert_error(404, not_found, "Durable Execution does not exist");
        }
        server.stop(&arn, "").await.assert_error(
            404,
            not_found,
            "Durable Execution does not exist",
        );
    }
    for elsewhere in
        [arn.replace("us-east-1", "eu-west-1"), arn.replace("000000000000", "111111111111")]
    {
        for reply in [server.read(&elsewhere, "").await, server.stop(&elsewhere, "").await] {
            assert_eq!((reply.status, reply.code()), (404, not_found));
            assert!(reply.message().starts_with("Function not found"), "{}", reply.message());
        }
    }
    for malformed in ["x", id, &arn[3..], &format!("{arn}/more"), &arn.replace("$LATEST", "live")] {
        for reply in [server.read(malformed, "").await, server.stop(malformed, "").await] {
            reply.assert_violations(&["at 'durableExecutionArn'"]);
        }
    }
    let reply = server.read(&arn, "?IncludeExecutionData=maybe").await;
    assert_eq!((reply.status, reply.code()), (400, "SerializationException"));
    server.close().await;
}

async fn listed(server: &Server, function: &str, query: &str) -> Reply {
    server.get(&format!("/2025-12-01/functions/{function}/durable-executions{query}")).await
}

async fn names(server: &Server, query: &str) -> Vec<String> {
    let reply = listed(server, "flow", query).await.ok();
    let executions = reply["DurableExecutions"].as_array().unwrap();
    executions.iter().map(|e| e["DurableExecutionName"].as_str().unwrap().to_owned()).collect()
}

/// Five executions of `flow`, oldest first: two open, one of each other ending, all at different times.
async fn five(server: &Server) -> Vec<Value> {
    let endings = [
        ("one", json!([{ "callback": "c" }]), "RUNNING"),
        ("two", json!([]), "SUCCEEDED"),
        ("three", json!([{ "fail": "E" }]), "FAILED"),
        ("four", json!([{ "callback": "c" }]), "STOPPED"),
        ("five", json!([{ "callback": "c" }]), "RUNNING"),
    ];
    let mut shown = Vec::new();
    for (name, plan, status) in endings {
        let arn = server.start("flow", Some(name), &json!({ "plan": plan })).await;
        server
            .history_until(
                &arn,
                if status == "SUCCEEDED" {
                    "ExecutionSucceeded"
                } else if status == "FAILED" {
                    "ExecutionFailed"
                } else {
                    "InvocationCompleted"
                },
            )
            .await;
        if status == "STOPPED" {
            server.stop(&arn, "").await.ok();
        }
        assert_eq!(server.status(&arn).await, status);
        shown.push(server.execution(&arn).await);
        tokio::time::sleep(std::time::Duration::from_millis(3)).await;
    }
    shown
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_is_filtered_by_name_status_time_and_version() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let shown = five(&server).await;
    let newest_first = ["five", "four", "three", "two", "one"];
    assert_eq!(names(&server, "").await, newest_first);
    assert_eq!(names(&server, "?ReverseOrder=true").await, ["one", "two", "three", "four", "five"]);
    assert_eq!(names(&server, "?DurableExecutionName=two").await, ["two"]);
    assert_eq!(names(&server, "?DurableExecutionName=six").await, [""; 0]);
    for (status, expected) in [
        ("RUNNING", &["five", "one"][..]),
        ("SUCCEEDED", &["two"]),
        ("FAILED", &["three"]),
        ("STOPPED", &["four"]),
        ("TIMED_OUT", &[]),
        ("PAUSED", &[]),
        ("DELETING", &[]),
    ] {
        assert_eq!(names(&server, &format!("?Statuses={status}")).await, expected, "{status}");
    }
    assert_eq!(names(&server, "?Statuses=FAILED&Statuses=STOPPED").await, ["four", "three"]);
    assert_eq!(names(&server, "?Statuses=PAUSED&Statuses=STOPPED").await, ["four"]);
    assert_eq!(names(&server, "?Qualifier=$LATEST").await, newest_first);
    assert_eq!(names(&server, "?Qualifier=7").await, [""; 0]);
    // Bounds are exclusive, in any spelling of a time.
    let start = |position: usize| shown[position]["StartTimestamp"].to_string();
    let (after, before) = (start(1), start(3));
    let between = format!("?StartedAfter={after}&StartedBefore={before}");
    assert_eq!(names(&server, &between).await, ["three"]);
    assert_eq!(names(&server, "?StartedAfter=2000-01-01T00:00:00Z").await, newest_first);
    assert_eq!(names(&server, "?StartedBefore=2000-01-01").await, [""; 0]);

    let reply = listed(&server, "flow", "?DurableExecutionName=two").await.ok();
    let expected = json!({
        "DurableExecutionArn": shown[1]["DurableExecutionArn"],
        "DurableExecutionName": "two",
        "FunctionArn": shown[1]["FunctionArn"],
        "Status": "SUCCEEDED",
        "StartTimestamp": shown[1]["StartTimestamp"],
        "EndTimestamp": shown[1]["EndTimestamp"],
    });
    assert_eq!(reply, json!({ "DurableExecutions": [expected] }));
    for spelling in ["flow:$LATEST", "arn:aws:lambda:us-east-1:000000000000:function:flow"] {
        for label in [spelling.to_owned(), encode(spelling)] {
            let reply = listed(&server, &label, "").await.ok();
            assert_eq!(reply["DurableExecutions"].as_array().unwrap().len(), 5, "{label}");
        }
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_is_paged_in_both_orders_and_bad_requests_are_refused() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    five(&server).await;
    for reverse in [false, true] {
        let whole = names(&server, &format!("?ReverseOrder={reverse}")).await;
        for items in 1..=6 {
            let (mut paged, mut marker) = (Vec::new(), String::new());
            loop {
                let query = format!("?MaxItems={items}&ReverseOrder={reverse}&Marker={marker}");
                paged.extend(names(&server, &query).await);
                let page = listed(&server, "flow", &query).await.ok();
                let Some(next) = page["NextMarker"].as_str() else { break };
                marker = encode(next);
            }
            assert_eq!(paged, whole, "{items} at once");
        }
    }
    // The SDK's paginator agrees.
    let pages = server.lambda().list_durable_executions_by_function().function_name("flow");
    let pages = pages.max_items(2).into_paginator().items().send();
    let all: Vec<_> = within("all pages", pages.collect::<Result<Vec<_>, _>>()).await.unwrap();
    assert_eq!(all.len(), 5);

    let missing = listed(&server, "missing", "").await;
    let text = "Function not found: arn:aws:lambda:us-east-1:000000000000:function:missing";
    missing.assert_error(404, "ResourceNotFoundException", text);
    assert_eq!(listed(&server, "unused", "").await.ok(), json!({ "DurableExecutions": [] }));
    let set = "Member must satisfy enum value set: [RUNNING, SUCCEEDED, FAILED, TIMED_OUT, STOPPED, \
               DELETING, PAUSING, PAUSED]";
    let query = "?Statuses=RUNNING&Statuses=DONE&DurableExecutionName=a%20b";
    listed(&server, "flow", query).await.assert_violations(&[
        &format!("Value 'DONE' at 'statuses.2.member' failed to satisfy constraint: {set}"),
        "Value 'a b' at 'durableExecutionName'",
    ]);
    for (query, code) in [
        ("?MaxItems=1001", "ValidationException"),
        ("?MaxItems=many", "SerializationException"),
        ("?StartedAfter=NaN", "SerializationException"),
        ("?StartedBefore=yesterday", "SerializationException"),
        ("?ReverseOrder=1", "SerializationException"),
        ("?Marker=x", "InvalidParameterValueException"),
    ] {
        let reply = listed(&server, "flow", query).await;
        assert_eq!((reply.status, reply.code()), (400, code), "{query}");
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_ends_an_open_execution_and_leaves_a_closed_one_as_it_is() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let plan = json!([{ "callback": "c" }]);
    for (body, error) in [
        (r#"{"ErrorType":"T","ErrorMessage":"m","ErrorData":"d","StackTrace":["s"]}"#, None),
        ("{}", Some(json!({}))),
        ("", Some(json!({}))),
    ] {
        let arn = server.plan("flow", plan.clone()).await;
        server.history_until(&arn, "InvocationCompleted").await;
        let id = server.callback_id(&arn, "c").await;
        let first = server.stop(&arn, body).await.ok();
        let shown = server.execution(&arn).await;
        assert_eq!(first, json!({ "StopTimestamp": shown["EndTimestamp"] }));
        assert_eq!(shown["Status"], "STOPPED");
        assert_eq!(shown["Error"], error.unwrap_or_else(|| serde_json::from_str(body).unwrap()));
        let events = server.history(&arn).await;
        assert_eq!(server.stop(&arn, r#"{"ErrorType":"Late"}"#).await.ok(), first);
        assert_eq!(server.history(&arn).await, events);
        for (operation, body) in [("succeed", "1"), ("fail", "{}"), ("heartbeat", "")] {
            let reply = server.callback(&id, operation, body).await;
            reply.assert_error(400, "CallbackTimeoutException", CALLBACK_CLOSED);
        }
    }
    let arn = server.plan("flow", plan).await;
    for bad in ["nope", "[]", "[\"m\"]", "1", r#"{"ErrorMessage":1}"#, r#"{"StackTrace":"s"}"#] {
        let reply = server.stop(&arn, bad).await;
        assert_eq!((reply.status, reply.code()), (400, "SerializationException"), "{bad}");
    }
    assert_eq!(server.status(&arn).await, "RUNNING");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invocation_that_outlives_a_stop_can_change_nothing_any_more() {
    let directory = TempDir::new().unwrap();
    let (hand_out, mut turns) = tokio::sync::mpsc::unbounded_channel();
    let setup = Setup::new(directory.path()).durable("held", move |turn| {
        let (output, answer) = tokio::sync::oneshot::channel();
        hand_out.send((turn, output)).ok();
        async move { answer.await.unwrap_or_else(|_| pending()) }
    });
    let server = setup.open().await;
    let arn = server.start("held", None, &json!({})).await;
    let (mut turn, output) = within("it is invoked", turns.recv()).await.unwrap();
    let start = json!([{ "Id": "s", "Type": "STEP", "Action": "START" }]);
    turn.checkpoint(start.clone()).await.ok();
    server.stop(&arn, "").await.ok();
    let stale = "Invalid checkpoint token";
    let refused = turn.checkpoint(start).await;
    refused.assert_error(400, "InvalidParameterValueException", stale);
    output.send(succeeded("1")).unwrap();
    let events = server.history_until(&arn, "InvocationCompleted").await;
    let types: Vec<_> = events.iter().map(|event| event["EventType"].as_str().unwrap()).collect();
    // Its end comes after the closing event.
    let expected = ["ExecutionStarted", "StepStarted", "ExecutionStopped", "InvocationCompleted"];
    assert_eq!(types, expected);
    assert_eq!(server.status(&arn).await, "STOPPED");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_callback_is_answered_once_with_any_text_or_an_error() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let plan = json!([{ "callback": "c", "heartbeat": 60 }]);
    let result = |text: &str| json!({ "Result": { "Payload": text, "Truncated": false } });
    let large = "x".repeat(1024 * 1024);
    for (body, details) in [
        ("{\"ok\":true}", result("{\"ok\":true}")),
        ("no json", result("no json")),
        ("", json!({ "Result": { "Truncated": false } })),
        (large.as_str(), result(&large)),
    ] {
        let arn = server.plan("flow", plan.clone()).await;
        let id = server.callback_id(&arn, "c").await;
        assert_eq!(server.callback(&id, "heartbeat", "").await.ok(), json!({}));
        assert_eq!(server.callback(&id, "succeed", body.to_owned()).await.ok(), json!({}));
        server.history_until(&arn, "ExecutionSucceeded").await;
        let events = server.history(&arn).await;
        let answered = events.iter().find(|e| e["EventType"] == "CallbackSucceeded").unwrap();
        assert_eq!(answered["CallbackSucceededDetails"], details);
        for operation in ["succeed", "fail", "heartbeat"] {
            let reply = server.callback(&id, operation, "").await;
            reply.assert_error(400, "CallbackTimeoutException", CALLBACK_CLOSED);
        }
    }
    for (body, kind, error) in [
        (
            r#"{"ErrorType":"Denied","ErrorMessage":"no"}"#,
            "Denied",
            json!({ "ErrorType": "Denied", "ErrorMessage": "no" }),
        ),
        ("", "Failed", json!({})),
    ] {
        let arn = server.plan("flow", plan.clone()).await;
        let id = server.callback_id(&arn, "c").await;
        server.callback(&id, "fail", body).await.ok();
        assert_eq!(server.closed(&arn).await["Error"]["ErrorType"], kind);
        let events = server.history(&arn).await;
        let answered = events.iter().find(|e| e["EventType"] == "CallbackFailed").unwrap();
        assert_eq!(answered["CallbackFailedDetails"]["Error"]["Payload"], error);
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_answers_to_a_callback_are_refused_and_leave_it_open() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let arn = server.plan("flow", json!([{ "callback": "c" }])).await;
    let id = server.callback_id(&arn, "c").await;
    for bad in ["nope", "[]", "1", r#"{"ErrorMessage":1}"#] {
        let reply = server.callback(&id, "fail", bad).await;
        assert_eq!((reply.status, reply.code()), (400, "SerializationException"), "{bad}");
    }
    let large = "x".repeat(1024 * 1024 + 1);
    server.callback(&id, "succeed", large.clone()).await.assert_violations(&[
        "Value at 'result' failed to satisfy constraint: Member must have length less than or equal to 1048576",
    ]);
    let reply = server.callback(&id, "fail", json!({ "ErrorMessage": large }).to_string()).await;
    let text = "Error object size must be less than or equal to 1048576 bytes.";
    reply.assert_error(400, "InvalidParameterValueException", text);
    let unknown = format!("{}{}", &id[..32], "0".repeat(32));
    let nowhere = "0".repeat(64);
    for operation in ["succeed", "fail", "heartbeat"] {
        for id in ["x", "QUJD+/==", "a/b", &id[1..]] {
            let reply = server.callback(id, operation, "").await;
            reply.assert_error(400, "InvalidParameterValueException", "Invalid callback id");
        }
        for id in [&unknown, &nowhere] {
            let reply = server.callback(id, operation, "").await;
            reply.assert_error(400, "CallbackTimeoutException", CALLBACK_CLOSED);
        }
    }
    // Heartbeats without a heartbeat timeout are fine and leave no event; it is still open for a real answer.
    assert_eq!(server.callback(&id, "heartbeat", "").await.ok(), json!({}));
    server.post(&format!("{CALLBACKS}/{id}/succeed"), "1").await.ok();
    server.closed(&arn).await;
    assert_eq!(server.history(&arn).await.len(), 6);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sdk_understands_the_callback_s_end() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let arn = server.plan("flow", json!([{ "callback": "c" }])).await;
    let id = server.callback_id(&arn, "c").await;
    let client = server.lambda();
    let success = || {
        let blob = aws_sdk_lambda::primitives::Blob::new("1");
        client.send_durable_execution_callback_success().callback_id(&id).result(blob).send()
    };
    within("the first answer", success()).await.unwrap();
    let refused = within("the second answer", success()).await.unwrap_err().into_service_error();
    assert!(refused.is_callback_timeout_exception(), "{refused:?}");
    let stop = client.stop_durable_execution().durable_execution_arn("nonsense").send();
    within("a refusal", stop).await.unwrap_err();
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn functions_are_described_and_listed() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let client = server.lambda();
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:flow";
    for (name, qualifier, shown) in [
        ("flow", None, arn.to_owned()),
        (arn, None, arn.to_owned()),
        ("flow", Some("$LATEST"), format!("{arn}:$LATEST")),
        ("flow:$LATEST", None, format!("{arn}:$LATEST")),
    ] {
        let qualifier = qualifier.map(str::to_owned);
        let get = client.get_function().function_name(name).set_qualifier(qualifier.clone()).send();
        let configuration = within("get", get).await.unwrap().configuration.unwrap();
        assert_eq!(configuration.function_arn(), Some(shown.as_str()));
        assert_eq!((configuration.timeout(), configuration.memory_size()), (Some(60), Some(256)));
        let durable = configuration.durable_config().unwrap();
        assert_eq!(durable.execution_timeout(), Some(300));
        let get = client.get_function_configuration().function_name(name);
        let get = within("get configuration", get.set_qualifier(qualifier).send()).await.unwrap();
        assert_eq!(get.function_arn(), Some(shown.as_str()));
        assert_eq!(get.environment().unwrap().variables().unwrap()["STAGE"], "test");
    }
    for (name, qualifier) in [("missing", None), ("flow", Some("1"))] {
        let qualifier = qualifier.map(str::to_owned);
        let get = client.get_function().function_name(name).set_qualifier(qualifier).send();
        let refused = within("a refusal", get).await.unwrap_err().into_service_error();
        assert!(refused.is_resource_not_found_exception(), "{refused:?}");
    }
    let list = within("list", client.list_functions().send()).await.unwrap();
    let names: Vec<_> = list.functions().iter().filter_map(|f| f.function_name()).collect();
    assert_eq!(names, ["broken", "echo", "flow", "unused"]);
    let paged = client.list_functions().max_items(3).into_paginator().items().send();
    let paged = within("pages", paged.collect::<Result<Vec<_>, _>>()).await.unwrap();
    assert_eq!(paged.len(), 4);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_this_server_does_not_have_is_told_apart_from_what_does_not_exist() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let send = async |method: &str, path: &str| {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = Request::builder().method(method).uri(path);
        server.send(request.body(Bytes::from_static(b"{}")).unwrap()).await
    };
    for (method, path) in [
        ("GET", "/2015-03-31/functions/flow/policy"),
        ("POST", "/2015-03-31/functions/flow/policy"),
        ("POST", "/2015-03-31/functions/flow/invoke-async/"),
    ] {
        let reply = send(method, path).await;
        assert_eq!((reply.status, reply.code()), (501, "NotImplementedException"), "{path}");
        assert!(reply.message().ends_with("is not supported by this server."), "{path}");
    }
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/nothing"),
        ("GET", "/2015-03-31/event-source-mappings"),
        ("GET", "/2015-03-31/functionsandmore"),
        ("POST", "/2014-11-13/functions/flow/invoke-async/"),
        ("POST", "/2021-11-15/functions/flow/response-streaming-invocations"),
        ("GET", "/2025-12-01/"),
        ("POST", "/2025-12-01/functions/flow/durable-executions"),
        ("PUT", "/2025-12-01/durable-execution-callbacks/x/succeed"),
        ("POST", "/2025-12-01/durable-execution-callbacks/x"),
        ("POST", "/healthz"),
    ] {
        let reply = send(method, path).await;
        assert_eq!((reply.status, reply.code()), (404, "UnknownOperationException"), "{path}");
        assert!(reply.header("x-amzn-requestid").is_some());
    }
    for (path, text) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        let reply = server.get(path).await;
        assert_eq!((reply.status, reply.text().as_str()), (200, text));
    }
    server.close().await;
}
