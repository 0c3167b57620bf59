//! Goal: a function that is invoked from within a durable execution runs once, and its end reaches the execution that
//! asked for it, whatever dies in between.
//!
//! Method: scripted parents and children; the order of events is that of AWS's conformance suite. Restarts close the
//! service and open the same directory again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use durable_functions::{BoxFuture, FunctionError, FunctionHost, Invocation};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Semaphore;

use crate::support::workflow::run;
use crate::support::{Server, Setup, Turn, eventually, failed, pending, succeeded};

/// A plain function: answers what it was given, or fails as that says.
struct Echo;

impl FunctionHost for Echo {
    fn invoke(&self, invocation: Invocation) -> BoxFuture<'_, Result<Bytes, FunctionError>> {
        Box::pin(async move {
            let event: Value = serde_json::from_slice(&invocation.payload).unwrap();
            if let Some(kind) = event["fail"].as_str() {
                let mut error = FunctionError::new(kind, "as asked");
                error.error_data = Some("data".to_owned());
                return Err(error);
            }
            match event["bytes"].as_u64() {
                Some(bytes) => Ok(Bytes::from(vec![b'x'; usize::try_from(bytes).unwrap()])),
                None if event["binary"] == true => Ok(Bytes::from_static(&[0xff, 0xfe])),
                None => Ok(Bytes::from(json!({ "got": event }).to_string())),
            }
        })
    }
}

/// What a child does is in its input.
async fn child(turn: Turn) -> crate::support::Answer {
    let input = turn.input();
    match input["end"].as_str() {
        Some("fail") => failed("ChildError", "child failed"),
        Some("wait") => run(turn, |_| {}).await,
        _ => succeeded(json!({ "child": input }).to_string()),
    }
}

/// No target is started before its parent's invocation has ended, however slow the machine is.
fn setup(directory: &TempDir) -> Setup {
    Setup::new(directory.path())
        .with(|setup| setup.config.chained_delay = Duration::from_secs(3600))
        .durable("parent", |turn: Turn| run(turn, |_| {}))
        .durable("child", child)
        .durable_for("hasty", 1, child)
        .plain("echo", Echo)
}

/// Appendix A of the conformance suite in its letters, without the first event.
async fn letters(server: &Server, arn: &str) -> String {
    let letter = |kind: &str| {
        Some(match kind {
            "ExecutionStarted" => return None,
            "StepStarted" => "S>",
            "StepSucceeded" => "S+",
            "WaitStarted" => "W>",
            "WaitSucceeded" => "W+",
            "ContextStarted" => "C>",
            "ContextSucceeded" => "C+",
            "ChainedInvokeStarted" => "I>",
            "ChainedInvokeSucceeded" => "I+",
            "ChainedInvokeFailed" => "I-",
            "ChainedInvokeTimedOut" => "It",
            "ChainedInvokeStopped" => "Is",
            "InvocationCompleted" => "V",
            "ExecutionSucceeded" => "X+",
            "ExecutionFailed" => "X-",
            other => panic!("{other}"),
        })
    };
    let types = server.event_types(arn).await;
    types.iter().filter_map(|kind| letter(kind)).collect::<Vec<_>>().join(" ")
}

fn invoke(id: &str, function: &str) -> Value {
    json!({ "invoke": id, "function": function, "input": "{}" })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_conformance_sequences_of_chained_invocations() {
    let directory = TempDir::new().unwrap();
    let server = setup(&directory).open().await;
    let failing =
        json!({ "invoke": "i", "function": "child:$LATEST", "input": "{\"end\":\"fail\"}" });
    let mut caught = failing.clone();
    caught["caught"] = true.into();
    let child = || invoke("i", "child:$LATEST");
    let wait = || json!({ "wait": "w", "seconds": 1 });
    let inside = json!({ "invoke": "i", "function": "child:$LATEST", "within": "c" });
    let cases = [
        ("5-1", json!([child()]), "I> V I+ V X+"),
        ("5-2", json!([invoke("i", "echo")]), "I> V I+ V X+"),
        ("5-5", json!([failing]), "I> V I- V X-"),
        ("5-6", json!([caught.clone()]), "I> V I- V X+"),
        ("5-9", json!([child(), wait()]), "I> V I+ W> V W+ V X+"),
        ("5-10", json!([caught, wait()]), "I> V I- W> V W+ V X+"),
        ("5-11", json!([{ "step": "s" }, child()]), "S> S+ I> V I+ V X+"),
        ("5-12", json!([child(), { "step": "s" }]), "I> V I+ S> S+ V X+"),
        ("5-13", json!([{ "open": "c" }, inside, { "close": "c" }]), "C> I> V I+ C+ V X+"),
        ("5-14", json!([child(), invoke("j", "child:$LATEST")]), "I> V I+ I> V I+ V X+"),
    ];
    for (case, plan, expected) in cases {
        let arn = server.plan("parent", plan).await;
        server.closed(&arn).await;
        assert_eq!(letters(&server, &arn).await, expected, "{case}");
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_durable_target_is_an_execution_of_its_own() {
    let directory = TempDir::new().unwrap();
    let server = setup(&directory)
        .durable("tenant", |mut turn: Turn| async move {
            if turn.status("i").is_empty() {
                let options = json!({ "FunctionName": "arn:aws:lambda:us-east-1:000000000000:function:child:$LATEST",
                    "TenantId": "blue", "XAmznTraceId": "Root=1-2-3" });
                turn.write(json!([{ "Id": "i", "Name": "call", "Type": "CHAINED_INVOKE", "SubType": "ChainedInvoke",
                    "Action": "START", "Payload": "{\"a\": 1}", "ChainedInvokeOptions": options }])).await?;
                return pending();
            }
            let details = &turn.operation("i").unwrap()["ChainedInvokeDetails"];
            succeeded(details["Result"].as_str().unwrap())
        })
        .open()
        .await;
    let arn = server.start("tenant", None, &json!({})).await;
    assert_eq!(server.closed(&arn).await["Result"], "{\"child\":{\"a\":1}}");
    let events = server.history(&arn).await;
    let started = &events[1];
    assert_eq!((&started["Id"], &started["Name"]), (&json!("i"), &json!("call")));
    let details = &started["ChainedInvokeStartedDetails"];
    assert_eq!(
        details["FunctionName"],
        "arn:aws:lambda:us-east-1:000000000000:function:child:$LATEST"
    );
    assert_eq!(details["TenantId"], "blue");
    assert_eq!(details["Input"], json!({ "Payload": "{\"a\": 1}", "Truncated": false }));
    assert_eq!(details["ExecutedVersion"], "$LATEST");
    let result = &events[3]["ChainedInvokeSucceededDetails"]["Result"];
    assert_eq!(result, &json!({ "Payload": "{\"child\":{\"a\":1}}", "Truncated": false }));

    // The child is listed under its own function, with what it inherited.
    let child = details["DurableExecutionArn"].as_str().unwrap();
    let shown = server.execution(child).await;
    assert_eq!(
        (&shown["Status"], &shown["InputPayload"]),
        (&json!("SUCCEEDED"), &json!("{\"a\": 1}"))
    );
    assert_eq!(shown["TraceHeader"]["XAmznTraceId"], "Root=1-2-3");
    let listed = server.get("/2025-12-01/functions/child/durable-executions").await.ok();
    assert_eq!(listed["DurableExecutions"].as_array().unwrap().len(), 1);
    assert_eq!(listed["DurableExecutions"][0]["DurableExecutionArn"], child);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_cannot_be_started_fails_in_the_answer_to_the_checkpoint() {
    let directory = TempDir::new().unwrap();
    let server = setup(&directory).open().await;
    let not_found = "Function not found: arn:aws:lambda:us-east-1:000000000000:function:";
    let cases = [
        ("missing", "ResourceNotFoundException", format!("{not_found}missing:$LATEST")),
        ("child:7", "ResourceNotFoundException", format!("{not_found}child:7")),
        (
            "child",
            "InvalidParameterValueException",
            "You cannot invoke a durable function using an unqualified ARN.".to_owned(),
        ),
    ];
    for (function, kind, message) in cases {
        let arn = server.plan("parent", json!([invoke("i", function)])).await;
        let shown = server.closed(&arn).await;
        assert_eq!(shown["Error"], json!({ "ErrorType": kind, "ErrorMessage": message }));
        // One invocation: the answer to the checkpoint said it already.
        assert_eq!(letters(&server, &arn).await, "I> I- V X-", "{function}");
        let details = &server.history(&arn).await[1]["ChainedInvokeStartedDetails"];
        assert_eq!(details, &json!({ "FunctionName": function }));
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_that_breaks_a_rule_is_refused() {
    let directory = TempDir::new().unwrap();
    let server = setup(&directory)
        .durable("asks", |mut turn: Turn| async move {
            let update = turn.input();
            let reply = turn.checkpoint(json!([update])).await;
            succeeded(format!("{} {}", reply.status, reply.message()))
        })
        .open()
        .await;
    let ask = async |action: &str, options: Value| {
        let mut update = json!({ "Id": "i", "Type": "CHAINED_INVOKE", "Action": action });
        if !options.is_null() {
            update["ChainedInvokeOptions"] = options;
        }
        let arn = server.start("asks", None, &update).await;
        server.closed(&arn).await["Result"].as_str().unwrap().to_owned()
    };
    let function = |name: &str| json!({ "FunctionName": name });
    let elsewhere = "arn:aws:lambda:us-east-1:111111111111:function:child:1";
    let abroad = "arn:aws:lambda:eu-west-1:000000000000:function:child:1";
    let tenant = json!({ "FunctionName": "echo", "TenantId": "a!b" });
    for (action, options, expected) in [
        ("CANCEL", function("echo"), "400 Invalid action for the given operation type."),
        (
            "START",
            Value::Null,
            "400 Update for CHAINED_INVOKE operation requires ChainedInvokeOptions.",
        ),
        ("START", function("a b"), "400 Invalid function ARN 'a b'"),
        (
            "START",
            function(elsewhere),
            "400 Cannot start a CHAINED_INVOKE on a function in another account.",
        ),
        (
            "START",
            function(abroad),
            "400 Cannot start a CHAINED_INVOKE on a function in another region.",
        ),
        (
            "START",
            tenant,
            "400 TenantId must be 1 to 256 characters matching [a-zA-Z0-9._:/=+-@ ].",
        ),
    ] {
        assert_eq!(ask(action, options).await, expected);
    }
    let missing = ask("START", json!({})).await;
    assert!(missing.contains("'updates.1.member.chainedInvokeOptions.functionName'"), "{missing}");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_target_is_run_once_and_its_answer_is_the_result() {
    let directory = TempDir::new().unwrap();
    let server = setup(&directory).open().await;
    let end = async |input: Value| {
        let plan = json!([{ "invoke": "i", "function": "echo", "input": input.to_string() }]);
        let arn = server.plan("parent", plan).await;
        server.closed(&arn).await;
        let events = server.history(&arn).await;
        assert_eq!(events[1]["ChainedInvokeStartedDetails"].get("DurableExecutionArn"), None);
        let kind = events[3]["EventType"].as_str().unwrap();
        events[3][format!("{kind}Details")].clone()
    };
    let shown = end(json!({ "a": 1 })).await;
    assert_eq!(shown["Result"]["Payload"], "{\"got\":{\"a\":1}}");
    let shown = end(json!({ "fail": "Boom" })).await;
    let error = json!({ "ErrorType": "Boom", "ErrorMessage": "as asked", "ErrorData": "data" });
    assert_eq!(shown["Error"]["Payload"], error);
    let shown = end(json!({ "bytes": 1_048_577 })).await;
    let text = "CHAINED_INVOKE output payload size must be less than or equal to 1048576 bytes.";
    assert_eq!(shown["Error"]["Payload"]["ErrorMessage"], text);
    let shown = end(json!({ "binary": true })).await;
    let text = "CHAINED_INVOKE response could not be decoded as UTF-8.";
    assert_eq!(shown["Error"]["Payload"]["ErrorMessage"], text);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_that_is_stopped_or_times_out_says_so_to_its_parent() {
    let directory = TempDir::new().unwrap();
    let server = setup(&directory).open().await;
    let forever = json!({ "end": "wait", "plan": [{ "callback": "never" }] }).to_string();
    let plan = |function: &str| json!([{ "invoke": "i", "function": function, "input": forever }]);

    let arn = server.plan("parent", plan("hasty:$LATEST")).await;
    let shown = server.closed(&arn).await;
    let error = json!({ "ErrorType": "ChainedInvoke.Timeout",
        "ErrorMessage": "CHAINED_INVOKE timed out after 1 seconds." });
    assert_eq!(shown["Error"], error);
    assert_eq!(letters(&server, &arn).await, "I> V It V X-");

    let arn = server.plan("parent", plan("child:$LATEST")).await;
    let child = child_of(&server, &arn).await;
    eventually("the child is there", async || {
        (server.read(&child, "").await.status == 200).then_some(())
    })
    .await;
    server.stop(&child, json!({ "ErrorType": "Cancelled" }).to_string()).await.ok();
    assert_eq!(server.closed(&arn).await["Error"], json!({ "ErrorType": "Cancelled" }));
    assert_eq!(letters(&server, &arn).await, "I> V Is V X-");
    server.close().await;
}

/// The ARN of the first child.
async fn child_of(server: &Server, arn: &str) -> String {
    eventually("the chained invocation is recorded", async || {
        let events = server.history(arn).await;
        let arn = &events.get(1)?["ChainedInvokeStartedDetails"]["DurableExecutionArn"];
        arn.as_str().map(str::to_owned)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_parent_leaves_its_children_alone() {
    let directory = TempDir::new().unwrap();
    let server = setup(&directory)
        .durable("leaves", |mut turn: Turn| async move {
            // Started by the batch that ends the parent: it still runs, and nobody waits for it.
            let options = json!({ "FunctionName": "child:$LATEST" });
            turn.write(json!([
                { "Id": "i", "Type": "CHAINED_INVOKE", "Action": "START", "ChainedInvokeOptions": options },
                { "Id": "x", "Type": "EXECUTION", "Action": "SUCCEED" },
            ]))
            .await?;
            pending()
        })
        .open()
        .await;
    let arn = server.start("leaves", None, &json!({})).await;
    let child = child_of(&server, &arn).await;
    eventually("the child ends", async || {
        let reply = server.read(&child, "").await;
        (reply.status == 200 && reply.json()["Status"] == "SUCCEEDED").then_some(())
    })
    .await;

    let input = json!({ "end": "wait", "plan": [{ "callback": "k" }] }).to_string();
    let plan = json!([{ "invoke": "i", "function": "child:$LATEST", "input": input }]);
    let arn = server.plan("parent", plan).await;
    let child = child_of(&server, &arn).await;
    eventually("the child is there", async || {
        (server.read(&child, "").await.status == 200).then_some(())
    })
    .await;
    server.stop(&arn, "").await.ok();
    let callback = server.callback_id(&child, "k").await;
    assert_eq!(server.status(&child).await, "RUNNING");
    server.callback(&callback, "succeed", "1").await.ok();
    assert_eq!(server.closed(&child).await["Status"], "SUCCEEDED");
    let types = server.event_types(&arn).await;
    assert!(!types.iter().any(|kind| kind == "ChainedInvokeSucceeded"), "{types:?}");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_waits_for_a_slow_parent_is_started_all_the_same() {
    let directory = TempDir::new().unwrap();
    let gate = Arc::new(Semaphore::new(0));
    let opened = Arc::clone(&gate);
    let server = setup(&directory)
        .durable("slow", move |mut turn: Turn| {
            let gate = Arc::clone(&gate);
            async move {
                let options = json!({ "FunctionName": "child:$LATEST" });
                turn.write(json!([{ "Id": "i", "Type": "CHAINED_INVOKE", "Action": "START", "ChainedInvokeOptions": options }]))
                    .await?;
                gate.acquire().await.unwrap().forget();
                // The result arrives with a poll of the same invocation.
                turn.write(json!([])).await?;
                let result = turn.operation("i").unwrap()["ChainedInvokeDetails"]["Result"].clone();
                succeeded(result.as_str().unwrap_or("nothing"))
            }
        })
        .with(|setup| setup.config.chained_delay = Duration::from_millis(50))
        .open()
        .await;
    let arn = server.start("slow", None, &json!({})).await;
    eventually("the child's end is recorded", async || {
        let types = server.event_types(&arn).await;
        types.iter().any(|kind| kind == "ChainedInvokeSucceeded").then_some(())
    })
    .await;
    opened.add_permits(1);
    assert_eq!(server.closed(&arn).await["Result"], "{\"child\":{}}");
    assert_eq!(letters(&server, &arn).await, "I> I+ V X+");
    server.close().await;
}

/// A child that is in the middle of its work, and its parent's ARN.
async fn with_waiting_child(server: &Server) -> (String, String, String) {
    let input = json!({ "end": "wait", "plan": [{ "callback": "k" }], "result": "\"at last\"" });
    let plan = json!([{ "invoke": "i", "function": "child:$LATEST", "input": input.to_string() }]);
    let arn = server.plan("parent", plan).await;
    let child = child_of(server, &arn).await;
    eventually("the child is there", async || {
        (server.read(&child, "").await.status == 200).then_some(())
    })
    .await;
    let callback = server.callback_id(&child, "k").await;
    server.history_until(&child, "InvocationCompleted").await;
    (arn, child, callback)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_that_ends_after_a_restart_reaches_its_parent() {
    let directory = TempDir::new().unwrap();
    let server = setup(&directory).open().await;
    let (arn, child, callback) = with_waiting_child(&server).await;
    server.close().await;

    let server = setup(&directory).open().await;
    server.callback(&callback, "succeed", "1").await.ok();
    assert_eq!(server.closed(&child).await["Result"], "\"at last\"");
    assert_eq!(server.closed(&arn).await["Status"], "SUCCEEDED");
    assert_eq!(letters(&server, &arn).await, "I> V I+ V X+");
    let listed = server.get("/2025-12-01/functions/child/durable-executions").await.ok();
    assert_eq!(listed["DurableExecutions"].as_array().unwrap().len(), 1, "started once");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_was_not_started_before_a_restart_is_started_after_it() {
    let directory = TempDir::new().unwrap();
    let runs = Arc::new(AtomicU32::new(0));
    let opening = || {
        let runs = Arc::clone(&runs);
        setup(&directory)
            .durable("counted", move |_: Turn| {
                runs.fetch_add(1, Ordering::SeqCst);
                async { succeeded("1") }
            })
            .durable("holds", |mut turn: Turn| async move {
                if turn.status("i").is_empty() {
                    let options = |name: &str| json!({ "FunctionName": name });
                    turn.write(json!([
                        { "Id": "i", "Type": "CHAINED_INVOKE", "Action": "START", "ChainedInvokeOptions": options("counted:$LATEST") },
                        { "Id": "j", "Type": "CHAINED_INVOKE", "Action": "START", "ChainedInvokeOptions": options("echo") },
                    ]))
                    .await?;
                    // This process dies before it answers, so nothing sets the targets free.
                    std::future::pending::<()>().await;
                }
                let ends = format!("{} {}", turn.status("i"), turn.status("j"));
                if ends == "SUCCEEDED SUCCEEDED" { succeeded(ends) } else { pending() }
            })
    };
    let server = opening().open().await;
    let arn = server.start("holds", None, &json!({})).await;
    child_of(&server, &arn).await;
    server.close_at_once().await;
    assert_eq!(runs.load(Ordering::SeqCst), 0);

    let server = opening().open().await;
    // Invoked again, the function suspends, and that sets them free.
    assert_eq!(server.closed(&arn).await["Result"], "SUCCEEDED SUCCEEDED");
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    server.close().await;
}
