//! `callback`: a function waits for an answer from outside, and the command line gives it.

use std::time::{Duration, Instant};

use aws_sdk_lambda::operation::get_durable_execution::GetDurableExecutionOutput;
use aws_sdk_lambda::types::InvocationType;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::own_function::server_with;
use crate::support::Server;

/// An answer that has not arrived by then never does.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// A durable function that waits for one callback and ends as that ends.
const APPROVALS: &str = r#"
def run(envelope):
    for operation in envelope["InitialExecutionState"]["Operations"]:
        if operation["Type"] == "CALLBACK":
            details = operation.get("CallbackDetails", {})
            if operation["Status"] == "SUCCEEDED":
                return {"Status": "SUCCEEDED", "Result": details.get("Result", "no result")}
            if operation["Status"] == "STARTED":
                return {"Status": "PENDING"}
            return {"Status": "FAILED", "Error": details.get("Error", {})}
    checkpoint(envelope, {"Id": "c1", "Name": "approval", "Type": "CALLBACK", "SubType": "Callback", "Action": "START",
                          "CallbackOptions": {"TimeoutSeconds": 7200, "HeartbeatTimeoutSeconds": 3600}})
    return {"Status": "PENDING"}
"#;

/// A server with that function.
struct Stage {
    server: Server,
    _code: TempDir,
}

impl Stage {
    fn new() -> Self {
        let (server, code) = server_with("approvals", APPROVALS);
        Self { server, _code: code }
    }

    /// Starts an execution; returns its ARN and the callback that it waits for.
    async fn waiting(&self, name: &str) -> (String, String) {
        let lambda = self.server.clients().await.lambda;
        let invoke = lambda.invoke().function_name("approvals").qualifier("$LATEST");
        let invoke = invoke.invocation_type(InvocationType::Event).durable_execution_name(name);
        let arn = invoke.send().await.unwrap().durable_execution_arn.unwrap();
        let begun = Instant::now();
        loop {
            let rows = self.listed(&["--execution", name]);
            if let Some(id) = rows[0]["callbackId"].as_str() {
                return (arn, id.to_owned());
            }
            assert!(begun.elapsed() < PATIENCE, "{name} does not wait for a callback");
            tokio::time::sleep(LOOK).await;
        }
    }

    fn listed(&self, more: &[&str]) -> Value {
        let list = ["callback", "list", "--function", "approvals", "--json"];
        self.server.run(&[&list, more].concat()).ended(0).json()
    }

    /// The execution after it has ended.
    async fn ended(&self, arn: &str) -> GetDurableExecutionOutput {
        let lambda = self.server.clients().await.lambda;
        let begun = Instant::now();
        loop {
            let got = lambda.get_durable_execution().durable_execution_arn(arn).send().await;
            let got = got.unwrap();
            if got.end_timestamp.is_some() {
                return got;
            }
            assert!(begun.elapsed() < PATIENCE, "{arn} does not end");
            tokio::time::sleep(LOOK).await;
        }
    }
}

#[tokio::test]
async fn callbacks_that_are_waited_for_are_listed_until_they_are_answered() {
    let stage = Stage::new();
    let (first_arn, first) = stage.waiting("first").await;
    let (_, second) = stage.waiting("second").await;
    let rows = stage.listed(&[]);
    let ids: Vec<&Value> = rows.as_array().unwrap().iter().map(|row| &row["callbackId"]).collect();
    assert_eq!(ids, [&json!(first), &json!(second)], "the one that waits longest comes first");
    assert_eq!(
        json!([
            rows[0]["executionArn"],
            rows[0]["executionName"],
            rows[0]["name"],
            rows[0]["id"],
            rows[0]["timeoutSeconds"],
            rows[0]["heartbeatTimeoutSeconds"],
        ]),
        json!([first_arn, "first", "approval", "c1", 7200, 3600])
    );
    assert!(rows[0]["startedAt"].as_str().unwrap().ends_with('Z'), "{rows}");
    assert_eq!(stage.listed(&["--execution", &first_arn])[0]["callbackId"], json!(first));
    assert_eq!(stage.listed(&["--execution", "third"]), json!([]));

    let said = stage.server.run(&["callback", "list", "--function", "approvals"]).ended(0);
    let lines: Vec<&str> = said.out.lines().collect();
    assert!(lines[0].starts_with("EXECUTION  NAME"), "{said:?}");
    assert!(lines[1].starts_with("first      approval") && lines[1].ends_with(&first), "{said:?}");
    assert!(lines[1].contains("1 h 59 min"), "the time that is left: {said:?}");
    assert_eq!(lines.len(), 3);

    for id in [&first, &second] {
        stage.server.run(&["callback", "succeed", id]).ended(0);
    }
    let said = stage.server.run(&["callback", "list", "--function", "approvals"]).ended(0);
    assert_eq!((said.out.as_str(), said.err.as_str()), ("", "no callbacks are waited for\n"));
}

#[tokio::test]
async fn a_result_is_text_a_file_or_stdin_and_reaches_the_function_as_it_is() {
    let stage = Stage::new();
    let document = "{\"total\":13.50,\"note\":\"ä\"}\n";
    let file = stage._code.path().join("result.json");
    std::fs::write(&file, document).unwrap();
    let from_file = format!("@{}", file.display());
    for (name, given, result) in [
        ("none", None, "no result"),
        ("text", Some("Task completed"), "Task completed"),
        ("file", Some(from_file.as_str()), document),
        ("stdin", Some("-"), document),
    ] {
        let (arn, id) = stage.waiting(name).await;
        let mut command = vec!["callback", "succeed", &id];
        command.extend(given.iter().flat_map(|given| ["--result", given]));
        let said = stage.server.run_with_input(&command, document).ended(0);
        assert_eq!((said.out.as_str(), said.err.as_str()), ("", "the callback has succeeded\n"));
        assert_eq!(stage.ended(&arn).await.result.as_deref(), Some(result), "{name}");
    }
}

#[tokio::test]
async fn an_error_reaches_the_function_with_all_its_parts() {
    let stage = Stage::new();
    let (arn, id) = stage.waiting("refused").await;
    let error = ["--error-type", "Rejected", "--error-message", "Over budget"];
    let more = ["--error-data", "{\"limit\":5}", "--stack-trace", "at a", "--stack-trace", "at b"];
    stage.server.run(&[&["callback", "heartbeat", &id][..]].concat()).ended(0);
    stage.server.run(&[&["callback", "fail", &id][..], &error, &more].concat()).ended(0);
    let error = stage.ended(&arn).await.error.unwrap();
    assert_eq!(error.error_type(), Some("Rejected"));
    assert_eq!(error.error_message(), Some("Over budget"));
    assert_eq!(error.error_data(), Some("{\"limit\":5}"));
    assert_eq!(error.stack_trace(), ["at a", "at b"]);

    for command in ["succeed", "fail", "heartbeat"] {
        let said = stage.server.run(&["callback", command, &id]).ended(1);
        assert!(said.err.contains("either timed out or already completed"), "{said:?}");
        assert!(said.err.contains("callback list` shows the callbacks"), "{said:?}");
        assert_eq!(said.out, "");
    }
}

#[test]
fn what_is_no_callback_and_what_is_no_result_is_one_sentence() {
    let server = Server::start();
    for command in ["succeed", "fail", "heartbeat"] {
        let said = server.run(&["callback", command, "?"]).ended(1);
        assert!(said.err.starts_with("error: cannot "), "{said:?}");
        server.run(&["callback", command]).ended(2);
    }
    let said = server.run(&["callback", "succeed", "QQ==", "--result", "@/nowhere"]).ended(1);
    assert!(said.err.starts_with("error: cannot read /nowhere: "), "{said:?}");
    let large = "x".repeat(1024 * 1024 + 1);
    let said = server.run_with_input(&["callback", "succeed", "QQ==", "--result", "-"], &large);
    let said = said.ended(1);
    assert!(said.err.contains("more than the 1048576 bytes allowed"), "{said:?}");
    let said = server.run(&["callback", "list", "--function", "nothing"]).ended(1);
    assert!(said.err.starts_with("error: cannot list executions: "), "{said:?}");
    let said = server.run(&["callback", "suceed", "A"]).ended(2);
    assert!(said.err.contains("'succeed'"), "a similar command is offered: {said:?}");
}
