//! Goal: a function that is not durable behaves as Lambda functions always have: result, error, panic, timeout, too many
//! at once; and invoked asynchronously, it is carried out at least once, also if the service is closed in between.
//!
//! Method: real `lambda_runtime` handlers in `HandlerFunction`, called by the real `aws-sdk-lambda` over a socket.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_sdk_lambda::operation::invoke::{InvokeError, InvokeOutput};
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use durable_functions::HandlerFunction;
use http::Request;
use lambda_runtime::LambdaEvent;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Semaphore;

use crate::support::{Server, Setup, eventually, within};

async fn handler(event: LambdaEvent<Value>) -> Result<Value, lambda_runtime::Error> {
    match event.payload["do"].as_str() {
        Some("fail") => Err("it failed".into()),
        Some("panic") => panic!("it panicked"),
        Some("hang") => std::future::pending().await,
        _ => Ok(json!({
            "payload": event.payload,
            "arn": event.context.invoked_function_arn,
            "custom": event.context.client_context.map(|context| context.custom),
        })),
    }
}

async fn server(directory: &TempDir) -> Server {
    Setup::new(directory.path())
        .plain("plain", HandlerFunction::new(handler))
        .with(|setup| setup.functions[0].timeout = Duration::from_millis(300))
        .open()
        .await
}

async fn invoke(
    server: &Server,
    function: &str,
    payload: &str,
) -> Result<InvokeOutput, InvokeError> {
    let request = server.lambda().invoke().function_name(function).payload(Blob::new(payload));
    within("a plain function answers", request.send()).await.map_err(|e| e.into_service_error())
}

fn body(output: &InvokeOutput) -> Value {
    serde_json::from_slice(output.payload().unwrap().as_ref()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_function_answers_its_caller() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:plain";
    for function in ["plain", "plain:$LATEST", arn] {
        let output = invoke(&server, function, "{\"a\":1}").await.unwrap();
        assert_eq!((output.status_code(), output.function_error()), (200, None));
        assert_eq!(output.executed_version(), Some("$LATEST"));
        assert_eq!(output.durable_execution_arn(), None);
        assert_eq!(body(&output)["payload"], json!({ "a": 1 }));
        assert_eq!(body(&output)["arn"], arn);
    }
    // `{"custom":{"k":"v"}}` in base64.
    let context = "eyJjdXN0b20iOnsiayI6InYifX0=";
    let request = server.lambda().invoke().function_name("plain").client_context(context);
    let output = within("an answer", request.payload(Blob::new("{}")).send()).await.unwrap();
    assert_eq!(body(&output)["custom"], json!({ "k": "v" }));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_context_is_an_object_in_base64_or_refused() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let ask = async |context: &str, kind: InvocationType| {
        let request = server.lambda().invoke().function_name("plain").payload(Blob::new("{}"));
        let request = request.client_context(context).invocation_type(kind);
        within("an answer", request.send()).await.map_err(|error| error.into_service_error())
    };
    let text = "Client context must be a valid Base64-encoded JSON object.";
    for bad in [
        "{}",
        "no base64!",
        &STANDARD.encode("nope"),
        &STANDARD.encode("[1]"),
        &STANDARD.encode(b"\xff"),
    ] {
        for kind in [InvocationType::RequestResponse, InvocationType::Event] {
            let refused = ask(bad, kind).await.unwrap_err();
            assert!(refused.is_invalid_request_content_exception(), "{bad}: {refused:?}");
            assert_eq!(refused.message(), Some(text));
        }
    }
    // What is outside of ASCII arrives, too.
    let context = STANDARD.encode(json!({ "custom": { "name": "Zoë" } }).to_string());
    let output = ask(&context, InvocationType::RequestResponse).await.unwrap();
    assert_eq!(body(&output)["custom"], json!({ "name": "Zoë" }));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_a_panic_and_a_timeout_are_told_as_lambda_tells_them() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    for (what, kind, message) in [
        ("fail", "", "it failed"),
        ("panic", "Runtime.Panic", "it panicked"),
        ("hang", "Sandbox.Timedout", "Task timed out after 0.30 seconds"),
    ] {
        let output = invoke(&server, "plain", &json!({ "do": what }).to_string()).await.unwrap();
        assert_eq!((output.status_code(), output.function_error()), (200, Some("Unhandled")));
        let error = body(&output);
        assert!(error["errorMessage"].as_str().unwrap().contains(message), "{error}");
        assert!(kind.is_empty() || error["errorType"] == kind, "{error}");
    }
    // And the function goes on working.
    assert_eq!(invoke(&server, "plain", "{}").await.unwrap().function_error(), None);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_durable_name_on_a_plain_function_and_a_bad_body_are_refused() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let request = server.lambda().invoke().function_name("plain").durable_execution_name("n");
    let refused = within("an answer", request.send()).await.unwrap_err().into_service_error();
    assert!(refused.is_invalid_parameter_value_exception(), "{refused:?}");
    assert!(refused.message().unwrap().contains("not durable"));
    let refused = invoke(&server, "plain", "nope").await.unwrap_err();
    assert!(refused.is_invalid_request_content_exception(), "{refused:?}");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_at_once_are_told_to_slow_down_and_a_caller_that_leaves_frees_no_place() {
    let directory = TempDir::new().unwrap();
    let gate = Arc::new(Semaphore::new(0));
    let entered = Arc::new(Semaphore::new(0));
    let (inner_gate, inner_entered) = (Arc::clone(&gate), Arc::clone(&entered));
    let narrow = move |_: LambdaEvent<Value>| {
        let (gate, entered) = (Arc::clone(&inner_gate), Arc::clone(&inner_entered));
        async move {
            entered.add_permits(1);
            gate.acquire().await.unwrap().forget();
            Ok::<_, lambda_runtime::Error>(json!("through"))
        }
    };
    let setup = Setup::new(directory.path())
        .plain("narrow", HandlerFunction::new(narrow))
        .with(|setup| setup.functions[0].concurrency_max = 1);
    let server = Arc::new(setup.open().await);
    let request = || {
        let path = "/2015-03-31/functions/narrow/invocations";
        Request::post(path).body(Bytes::from_static(b"{}")).unwrap()
    };
    let first = tokio::spawn({
        let server = Arc::clone(&server);
        let request = request();
        async move { server.send(request).await }
    });
    within("the first is in", entered.acquire()).await.unwrap().forget();
    let refused = invoke(&server, "narrow", "{}").await.unwrap_err();
    assert!(refused.is_too_many_requests_exception(), "{refused:?}");
    let raw = server.send(request()).await;
    assert_eq!((raw.status, raw.header("retry-after")), (429, Some("1")));
    assert_eq!(raw.json()["Reason"], "ConcurrentInvocationLimitExceeded");

    // The first caller leaves; its invocation runs on and keeps its place.
    first.abort();
    let _ = within("the first caller leaves", first).await;
    assert_eq!(server.send(request()).await.status, 429);
    gate.add_permits(1);
    gate.add_permits(1);
    eventually("the place is free", async || {
        let reply = server.send(request()).await;
        (reply.status == 200).then_some(())
    })
    .await;
    Arc::into_inner(server).unwrap().close().await;
}

/// A function that counts its runs, fails the first ones, and notes what it was given.
fn counting(
    fails: u32,
) -> (impl durable_functions::FunctionHost, Arc<AtomicU32>, Arc<Mutex<Vec<Value>>>) {
    let (runs, given) = (Arc::new(AtomicU32::new(0)), Arc::new(Mutex::new(Vec::new())));
    let (counted, noted) = (Arc::clone(&runs), Arc::clone(&given));
    let host = HandlerFunction::new(move |event: LambdaEvent<Value>| {
        let run = counted.fetch_add(1, Ordering::SeqCst) + 1;
        let request_id = event.context.request_id.clone();
        noted.lock().unwrap().push(json!([request_id, event.payload]));
        async move { if run > fails { Ok(json!(run)) } else { Err(lambda_runtime::Error::from("no")) } }
    });
    (host, runs, given)
}

/// Events for a function that never fails.
const GOOD: u32 = 400;

fn quick(setup: &mut Setup) {
    setup.config.async_retry_delay = Duration::from_millis(5);
}

async fn accept(server: &Server, function: &str, payload: &str) {
    let request = server
        .lambda()
        .invoke()
        .function_name(function)
        .invocation_type(InvocationType::Event)
        .payload(Blob::new(payload));
    let output = within("an acceptance", request.send()).await.unwrap();
    assert_eq!((output.status_code(), output.durable_execution_arn()), (202, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_carried_out_once_if_it_succeeds_and_three_times_if_it_does_not() {
    let directory = TempDir::new().unwrap();
    let (good, good_runs, _) = counting(0);
    let (shaky, shaky_runs, shaky_given) = counting(2);
    let (bad, bad_runs, _) = counting(u32::MAX);
    let setup =
        Setup::new(directory.path()).plain("good", good).plain("shaky", shaky).plain("bad", bad);
    let server = setup.with(quick).open().await;
    // Together, so that some end while others are being looked for.
    let mut callers = tokio::task::JoinSet::new();
    let server = Arc::new(server);
    for _ in 0..GOOD {
        let server = Arc::clone(&server);
        callers.spawn(async move {
            let request = Request::post("/2015-03-31/functions/good/invocations")
                .header("X-Amz-Invocation-Type", "Event")
                .body(Bytes::from_static(b"{}"))
                .unwrap();
            assert_eq!(server.send(request).await.status, 202);
        });
    }
    within("all are accepted", callers.join_all()).await;
    let server = Arc::into_inner(server).unwrap();
    accept(&server, "shaky", "7").await;
    accept(&server, "bad", "").await;
    eventually("all have run", async || {
        let counts = [&good_runs, &shaky_runs, &bad_runs].map(|runs| runs.load(Ordering::SeqCst));
        (counts == [GOOD, 3, 3]).then_some(())
    })
    .await;
    let given = shaky_given.lock().unwrap().clone();
    // Every attempt has the same request id and payload.
    assert!(given.iter().all(|attempt| *attempt == given[0] && attempt[1] == 7), "{given:?}");
    server.close().await;
    // Nothing is left to do.
    let (good, again, _) = counting(0);
    let (bad, bad_again, _) = counting(0);
    let setup = Setup::new(directory.path()).plain("good", good).plain("bad", bad).with(quick);
    let server = setup.open().await;
    accept(&server, "good", "{}").await;
    eventually("the newest has run", async || (again.load(Ordering::SeqCst) > 0).then_some(()))
        .await;
    assert_eq!((again.load(Ordering::SeqCst), bad_again.load(Ordering::SeqCst)), (1, 0));
    assert_eq!(good_runs.load(Ordering::SeqCst), GOOD);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_did_not_end_before_the_service_closed_runs_again() {
    let directory = TempDir::new().unwrap();
    let entered = Arc::new(Semaphore::new(0));
    let inner = Arc::clone(&entered);
    let stuck = HandlerFunction::new(move |_: LambdaEvent<Value>| {
        inner.add_permits(1);
        std::future::pending::<Result<Value, lambda_runtime::Error>>()
    });
    let server = Setup::new(directory.path()).plain("work", stuck).open().await;
    accept(&server, "work", "{\"order\":1}").await;
    within("it runs", entered.acquire()).await.unwrap().forget();
    server.close_at_once().await;

    let (work, runs, given) = counting(0);
    let server = Setup::new(directory.path()).plain("work", work).with(quick).open().await;
    eventually("it runs again", async || (runs.load(Ordering::SeqCst) > 0).then_some(())).await;
    assert_eq!(given.lock().unwrap()[0][1], json!({ "order": 1 }));
    server.close().await;
}
