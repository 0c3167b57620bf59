//! What functions answer.

use durable_functions::FunctionHost;
use serde_json::json;

use crate::support::{TestFunction, event};

#[tokio::test]
async fn a_function_gets_its_event_and_the_caller_its_answer() {
    let function = TestFunction::start("sequential");
    let payload = json!({"do": "echo", "text": "Grüße 🦀", "nested": [1, {"a": null}]});
    assert_eq!(function.json(payload.clone()).await, payload);
}

#[tokio::test]
async fn a_function_is_told_who_calls_and_until_when() {
    let function = TestFunction::start("sequential");
    let mut invocation = event(json!({"do": "context"}));
    invocation.tenant_id = Some("tenant-7".to_owned());
    invocation.trace_header = Some("Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700".to_owned());
    let client = json!({"installation_id": "", "app_title": "", "app_version_name": "",
        "app_version_code": "", "app_package_name": ""});
    let client_context = json!({"custom": {"who": "Zoë"}, "env": {}, "client": client});
    invocation.client_context = Some(client_context.to_string());
    let answer = function.invoke(invocation.clone()).await.unwrap();
    let context: serde_json::Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(context["requestId"], invocation.request_id);
    assert_eq!(context["arn"], invocation.function_arn);
    assert_eq!(context["tenant"], "tenant-7");
    assert_eq!(context["trace"], "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700");
    assert_eq!(context["clientContext"]["custom"]["who"], "Zoë");
    assert!(context["deadline"].as_u64().unwrap() >= invocation.deadline_ms);
}

#[tokio::test]
async fn an_error_of_the_function_reaches_the_caller_and_the_process_goes_on() {
    let function = TestFunction::start("sequential");
    let pid = function.pid().await;
    let error = function.error(json!({"do": "fail"})).await;
    assert_eq!(error.error_message, "it was not meant to be");
    let error = function.error(json!({"do": "panic"})).await;
    assert_eq!(error.error_message, "Lambda panicked: a bug");
    assert_eq!(function.pid().await, pid);
}

#[tokio::test]
async fn the_largest_response_passes_and_a_larger_one_is_an_error() {
    let function = TestFunction::start("sequential");
    let largest = function.invoke(event(json!({"do": "large", "bytes": 6_291_556}))).await;
    assert_eq!(largest.unwrap().len(), 6_291_556);
    for bytes in [6_291_557, 7_000_000] {
        let error = function.error(json!({"do": "large", "bytes": bytes})).await;
        assert_eq!(error.error_type, "Function.ResponseSizeTooLarge");
        assert_eq!(
            error.error_message,
            format!(
                "Response payload size ({bytes} bytes) exceeded maximum allowed payload size (6291556 bytes)."
            )
        );
    }
    assert_eq!(function.json(json!({"do": "echo"})).await, json!({"do": "echo"}));
}

#[tokio::test]
async fn a_host_is_used_through_its_trait() {
    let function = TestFunction::start("sequential");
    let host: &dyn FunctionHost = &function.function;
    let answer = crate::support::within(host.invoke(event(json!({"do": "echo"})))).await;
    assert_eq!(answer.unwrap(), r#"{"do":"echo"}"#);
}
