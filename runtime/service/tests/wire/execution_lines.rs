//! Goal: what happens to an execution stands in the log group of its function as it happens, and nothing of what it
//! works with does.
//!
//! Method: workflows from `support::workflow`, and FilterLogEvents right after what the lines are about.

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::LogType;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::script::succeeded;
use crate::support::workflow::run;
use crate::support::{Server, Setup, Turn, eventually, within};

const PREFIX: &str = "[DURABLE_EXECUTION] ";

/// Every event of a function's group, as `(stream, message)`.
async fn events(server: &Server, function: &str) -> Vec<(String, String)> {
    let body = json!({ "logGroupName": format!("/aws/lambda/{function}") });
    let request = Request::post("/")
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", "Logs_20140328.FilterLogEvents")
        .body(Bytes::from(body.to_string()))
        .unwrap();
    let found = server.send(request).await.ok();
    let text = |event: &Value, member: &str| event[member].as_str().unwrap().to_owned();
    let events = found["events"].as_array().unwrap().iter();
    events.map(|event| (text(event, "logStreamName"), text(event, "message"))).collect()
}

/// The lines about one execution, without what all of them begin with.
pub(crate) async fn told(server: &Server, function: &str, arn: &str) -> Vec<String> {
    let arn = format!("executionArn={arn}");
    let lines = events(server, function).await.into_iter().filter_map(|(_, line)| {
        let line = line.strip_prefix(PREFIX)?.to_owned();
        let words = line.split_once(&format!(" {arn}"))?;
        Some(format!("{}{}", words.0, words.1))
    });
    lines.collect()
}

/// The first words of lines: what happened, and to which operation.
fn outline(lines: &[String]) -> Vec<String> {
    let outline = lines.iter().map(|line| {
        let mut words = line.split(' ');
        let event = words.next().unwrap();
        let name = words.next().and_then(|word| word.strip_prefix("operationName="));
        name.map_or_else(|| event.to_owned(), |name| format!("{event} {name}"))
    });
    outline.collect()
}

async fn open(directory: &TempDir) -> Server {
    let setup = Setup::new(directory.path());
    setup.durable("flow", |turn: Turn| run(turn, |_| {})).open().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_lines_tell_a_whole_execution_in_its_order() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    let plan = json!([{ "step": "a" }, { "flaky": "f", "fails": 1, "delay": 1 }, { "wait": "w", "seconds": 1 }]);
    let arn = server.plan("flow", plan).await;
    server.closed(&arn).await;
    let lines = told(&server, "flow", &arn).await;
    let outline = outline(&lines);
    let expected = [
        "EXECUTION_STARTED",
        "INVOCATION_STARTED",
        "STEP_STARTED a",
        "STEP_SUCCEEDED a",
        "STEP_STARTED f",
        "STEP_RETRIED f",
        "SUSPENDED",
        "REPLAY_STARTED",
        "STEP_STARTED f",
        "STEP_SUCCEEDED f",
        "WAIT_STARTED w",
        "SUSPENDED",
        "WAIT_ENDED w",
        "REPLAY_STARTED",
        "EXECUTION_CLOSED",
    ];
    let without_checkpoints: Vec<_> =
        outline.iter().filter(|line| *line != "CHECKPOINT_CREATED").collect();
    assert_eq!(without_checkpoints, expected, "{lines:#?}");
    assert!(outline.iter().filter(|line| *line == "CHECKPOINT_CREATED").count() >= 4, "{lines:#?}");
    let has = |parts: &[&str]| lines.iter().any(|line| parts.iter().all(|it| line.contains(it)));
    assert!(has(&["STEP_SUCCEEDED operationName=a operationId=a attempt=1 durationMs="]));
    assert!(has(&["STEP_RETRIED operationName=f operationId=f attempt=1 delaySeconds=1 until="]));
    assert!(has(&["STEP_SUCCEEDED operationName=f operationId=f attempt=2 durationMs="]));
    assert!(has(&["SUSPENDED requestId=", " waitsFor=w until="]));
    assert!(has(&["WAIT_ENDED operationName=w operationId=w durationMs="]));
    assert!(has(&["EXECUTION_CLOSED status=SUCCEEDED durationMs=", " operations=3"]));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_is_there_while_the_execution_goes_on() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    let arn = server.plan("flow", json!([{ "callback": "approval", "timeout": 3600 }])).await;
    eventually("it tells what it waits for", async || {
        let lines = told(&server, "flow", &arn).await;
        let suspended = lines.iter().any(|line| {
            line.starts_with("SUSPENDED ") && line.contains(" waitsFor=approval until=")
        });
        let created = "CALLBACK_CREATED operationName=approval operationId=approval";
        (suspended && lines.iter().any(|line| line.starts_with(created))).then_some(())
    })
    .await;
    assert_eq!(server.stop(&arn, "{}").await.status, 200);
    let last = told(&server, "flow", &arn).await.pop().unwrap();
    assert!(last.starts_with("EXECUTION_CLOSED status=STOPPED durationMs="), "{last}");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_line_holds_an_input_a_result_or_the_message_of_an_error() {
    const SECRET: &str = "4111111111111111";
    let directory = TempDir::new().unwrap();
    let setup = Setup::new(directory.path());
    let server = setup
        .durable("flow", |mut turn: Turn| async move {
            let error = json!({ "ErrorType": "Declined", "ErrorMessage": SECRET });
            let update = json!([
                { "Id": "a", "Name": "a", "Type": "STEP", "SubType": "Step", "Action": "SUCCEED", "Payload": SECRET },
                { "Id": "b", "Name": "b", "Type": "STEP", "SubType": "Step", "Action": "FAIL", "Error": error },
            ]);
            turn.write(update).await?;
            succeeded(SECRET)
        })
        .open()
        .await;
    let arn = server.start("flow", None, &json!({ "card": SECRET })).await;
    server.closed(&arn).await;
    let all = events(&server, "flow").await;
    assert!(all.iter().all(|(_, line)| !line.contains(SECRET)), "{all:#?}");
    let lines = told(&server, "flow", &arn).await;
    let failed = lines.iter().find(|line| line.starts_with("STEP_FAILED ")).unwrap();
    assert!(failed.contains(" operationName=b ") && failed.ends_with(" errorType=Declined"));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_in_the_servers_process_has_the_platforms_lines() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    let input = json!({ "plan": [{ "step": "a" }] }).to_string();
    let lambda = server.lambda();
    let request = lambda.invoke().function_name("flow:$LATEST");
    let output = within("invoke", request.payload(Blob::new(input)).send()).await.unwrap();
    assert_eq!(output.function_error(), None);
    let all = events(&server, "flow").await;
    let platform: Vec<_> = all.iter().filter(|(_, line)| !line.starts_with(PREFIX)).collect();
    let id = platform[0].1.strip_prefix("START RequestId: ").unwrap();
    let id = id.strip_suffix(" Version: $LATEST").unwrap();
    assert_eq!(platform[1].1, format!("END RequestId: {id}"));
    assert!(platform[2].1.starts_with(&format!("REPORT RequestId: {id}\tDuration: ")));
    assert!(platform[2].1.ends_with("\tMemory Size: 256 MB"), "{platform:?}");
    // The platform's lines and those of executions have a stream each, named as Lambda names them.
    let mut streams: Vec<_> = all.iter().map(|(stream, _)| stream).collect();
    streams.sort();
    streams.dedup();
    assert_eq!(streams.len(), 2, "{streams:?}");
    assert!(streams.iter().all(|stream| stream.contains("/[$LATEST]")), "{streams:?}");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tail_of_a_plain_function_in_the_servers_process_is_its_lines() {
    let directory = TempDir::new().unwrap();
    let host =
        durable_functions::HandlerFunction::new(|_: lambda_runtime::LambdaEvent<Value>| async {
            durable_functions::own_line("said inside");
            Ok::<_, lambda_runtime::Error>(json!("done"))
        });
    let server = Setup::new(directory.path()).plain("plain", host).open().await;
    let lambda = server.lambda();
    let request = lambda.invoke().function_name("plain").log_type(LogType::Tail);
    let output = within("invoke", request.payload(Blob::new("{}")).send()).await.unwrap();
    let tail = STANDARD.decode(output.log_result().unwrap()).unwrap();
    let tail = String::from_utf8(tail).unwrap();
    let lines: Vec<_> = tail.lines().collect();
    assert!(lines[0].starts_with("START RequestId: "), "{tail}");
    assert_eq!(lines[1], "said inside");
    assert!(lines[2].starts_with("END RequestId: "), "{tail}");
    durable_functions::own_line("said outside");
    let all = events(&server, "plain").await;
    assert!(all.iter().all(|(_, line)| line != "said outside"));
    server.close().await;
}
