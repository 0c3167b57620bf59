//! Goal: whoever names a function in a way that the service model's pattern allows reaches it: to invoke it, to list its
//! executions, to have it invoked by another function.
//!
//! Method: the AWS SDK with every combination of the pattern's optional parts; raw requests for what it would not send.

use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use serde_json::json;
use tempfile::TempDir;

use crate::support::package::ROLE;
use crate::support::{Server, Setup, encode, succeeded, within, workflow};

async fn server(directory: &TempDir) -> Server {
    Setup::new(directory.path())
        .durable("flow", |turn| workflow::run(turn, |_| {}))
        .durable("echo", |turn| async move { succeeded(turn.input().to_string()) })
        .open()
        .await
}

/// `arn:aws:lambda:`, region, account and `function:`, each there or not.
fn spellings(name: &str) -> Vec<String> {
    let parts = ["arn:aws:lambda:", "us-east-1:", "000000000000:", "function:"];
    let spell = |set: usize| {
        let chosen = parts.iter().enumerate().filter(|(place, _)| set & (1 << place) != 0);
        chosen.map(|(_, part)| *part).collect::<String>() + name
    };
    (0..1 << parts.len()).map(spell).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_is_invoked_and_its_executions_are_listed_in_every_spelling() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let client = server.lambda();
    let all = spellings("echo");
    assert_eq!(all.len(), 16);
    for (started, spelling) in all.iter().enumerate() {
        let suffixed = format!("{spelling}:$LATEST");
        let invoke = client.invoke().function_name(&suffixed).payload(Blob::new("[1]")).send();
        let output = within("invoke", invoke).await.unwrap_or_else(|e| panic!("{suffixed}: {e:?}"));
        assert_eq!(output.payload().unwrap().as_ref(), b"[1]", "{suffixed}");
        assert!(output.durable_execution_arn().unwrap().contains(":function:echo:$LATEST/"));

        let dry = client.invoke().function_name(spelling).qualifier("$LATEST");
        let dry = within("dry run", dry.invocation_type(InvocationType::DryRun).send()).await;
        assert_eq!(dry.unwrap().status_code(), 204, "{spelling}");

        for (name, qualifier) in [(spelling, Some("$LATEST")), (spelling, None), (&suffixed, None)]
        {
            let list = client.list_durable_executions_by_function().function_name(name);
            let list = list.set_qualifier(qualifier.map(str::to_owned)).send();
            let listed = within("list", list).await.unwrap();
            assert_eq!(listed.durable_executions().len(), started + 1, "{name}");
        }
        // As a client writes it that encodes nothing.
        let path = format!("/2025-12-01/functions/{spelling}/durable-executions");
        let listed = server.get(&path).await.ok();
        assert_eq!(listed["DurableExecutions"].as_array().unwrap().len(), started + 1, "{path}");
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_is_chained_in_every_spelling_and_shown_as_it_was_written() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let targets: Vec<String> =
        spellings("echo").into_iter().map(|spelling| format!("{spelling}:$LATEST")).collect();
    let plan: Vec<_> = targets
        .iter()
        .enumerate()
        .map(|(n, target)| json!({ "invoke": format!("i{n}"), "function": target, "input": "7" }))
        .collect();
    let arn = server.plan("flow", json!(plan)).await;
    assert_eq!(server.closed(&arn).await["Status"], "SUCCEEDED");
    let events = server.history(&arn).await;
    let started = events.iter().filter(|event| event["EventType"] == "ChainedInvokeStarted");
    let shown: Vec<_> = started
        .map(|event| event["ChainedInvokeStartedDetails"]["FunctionName"].as_str().unwrap())
        .collect();
    assert_eq!(shown, targets);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_pattern_allows_but_nobody_has_is_not_found() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let client = server.lambda();
    for name in [
        "a.b:$LATEST",
        "echo:$LATEST.PUBLISHED",
        "eu-west-1:echo:$LATEST",
        "us-gov-west-1:echo:$LATEST",
        "111111111111:echo:$LATEST",
        "arn:aws-cn:lambda:us-east-1:000000000000:function:echo:$LATEST",
    ] {
        let invoke = client.invoke().function_name(name).payload(Blob::new("{}")).send();
        let refused = within("invoke", invoke).await.unwrap_err().into_service_error();
        assert!(refused.is_resource_not_found_exception(), "{name}: {refused:?}");
        let list = client.list_durable_executions_by_function().function_name(name).send();
        let refused = within("list", list).await.unwrap_err().into_service_error();
        assert!(refused.is_resource_not_found_exception(), "{name}: {refused:?}");
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_pattern_does_not_allow_is_named_with_everything_else_that_is_wrong() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let client = server.lambda();
    let name = "Value 'a b' at 'functionName' failed to satisfy constraint: Member must satisfy \
                regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?";
    let invoke =
        client.invoke().function_name("a b").qualifier("c d").durable_execution_name("e f");
    let refused = within("invoke", invoke.send()).await.unwrap_err().into_service_error();
    assert_eq!(refused.code(), Some("ValidationException"));
    let message = refused.message().unwrap();
    assert!(message.starts_with("3 validation errors detected: "), "{message}");
    for part in [
        name,
        "Value 'c d' at 'qualifier' failed to satisfy constraint: Member must satisfy regular \
         expression pattern: \\$(LATEST(\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+",
        "'durableExecutionName'",
    ] {
        assert!(message.contains(part), "{part} in {message}");
    }

    let list = async |function: &str, query: &str| {
        let path = format!("/2025-12-01/functions/{}/durable-executions{query}", encode(function));
        server.get(&path).await
    };
    let statuses = "&Statuses=RUNNING".repeat(11);
    let query = format!("?Qualifier=c%20d&MaxItems=1001&DurableExecutionName=e%20f{statuses}");
    list("a b", &query).await.assert_violations(&[
        name,
        "Value 'c d' at 'qualifier'",
        "Value '1001' at 'maxItems' failed to satisfy constraint: Member must have value less than or equal to 1000",
        "Value 'e f' at 'durableExecutionName'",
        "at 'statuses' failed to satisfy constraint: Member must have length less than or equal to 10",
    ]);
    // A wrong type is told before any of that, and that before a function which is not there.
    let reply = list("a b", "?MaxItems=1001&ReverseOrder=x").await;
    assert_eq!((reply.status, reply.code()), (400, "SerializationException"));
    list("missing", "?MaxItems=1001").await.assert_violations(&["'maxItems'"]);
    for (length, expected) in [(256, 404), (257, 400)] {
        assert_eq!(list(&"x".repeat(length), "").await.status, expected, "{length}");
    }
    // No function is ever created with a dot in its name.
    let body =
        json!({ "FunctionName": "a.b", "Role": ROLE, "Code": { "ZipFile": "" } }).to_string();
    let reply = server.post("/2015-03-31/functions", body).await;
    reply.assert_violations(&["Value 'a.b' at 'functionName'"]);
    for (length, expected) in [(128, 404), (129, 400)] {
        let query = format!("?Qualifier={}", "x".repeat(length));
        assert_eq!(list("echo", &query).await.status, expected, "{length}");
    }
    server.close().await;
}
