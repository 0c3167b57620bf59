//! Goal: a function that is not durable behaves as Lambda functions always have: result, error, panic, timeout, and
//! too many at once.
//!
//! Method: real `lambda_runtime` handlers in `HandlerFunction`, called by the real `aws-sdk-lambda` over a socket.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_sdk_lambda::operation::invoke::{InvokeError, InvokeOutput};
use aws_sdk_lambda::primitives::Blob;
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
