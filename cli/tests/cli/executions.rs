//! `execution`: looking at durable executions and changing them.

use std::time::{Duration, Instant};

use aws_sdk_lambda::types::InvocationType;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::own_function::server_with;
use crate::support::{Running, Said, Server, binary, seed_order};

/// What has not happened by then never does.
const PATIENCE: Duration = Duration::from_secs(30);
/// Time enough, mostly, for a command to begin to listen.
const HEAD_START: Duration = Duration::from_millis(500);

/// A durable function that waits an hour.
const SLEEPER: &str = r#"
def run(envelope):
    if len(envelope["InitialExecutionState"]["Operations"]) == 1:
        checkpoint(envelope, {"Id": "w1", "Name": "an-hour", "Type": "WAIT", "SubType": "Wait", "Action": "START",
                              "WaitOptions": {"WaitSeconds": 3600}})
    return {"Status": "PENDING"}
"#;

/// A server with that function.
struct Stage {
    server: Server,
    _code: TempDir,
}

impl Stage {
    /// With executions of these names that wait.
    async fn with(names: &[&str]) -> Self {
        let (server, code) = server_with("sleeper", SLEEPER);
        let stage = Self { server, _code: code };
        let lambda = stage.server.clients().await.lambda;
        for name in names {
            let invoke = lambda.invoke().function_name("sleeper").qualifier("$LATEST");
            let invoke =
                invoke.invocation_type(InvocationType::Event).durable_execution_name(*name);
            invoke.send().await.unwrap();
            let begun = Instant::now();
            while !stage.execution(&["history", name]).out.contains("InvocationCompleted") {
                assert!(begun.elapsed() < PATIENCE, "{name} does not wait");
            }
        }
        stage
    }

    fn execution(&self, arguments: &[&str]) -> Said {
        self.server.run(&[&["execution"], arguments, &["--function", "sleeper"]].concat())
    }

    /// The names of those in this status, oldest first.
    fn in_status(&self, status: &str) -> Vec<String> {
        let list = ["list", "--status", status, "--reverse", "--json"];
        let rows = self.execution(&list).ended(0).json();
        let name = |row: &Value| row["name"].as_str().unwrap().to_owned();
        rows.as_array().unwrap().iter().map(name).collect()
    }
}

/// A server with the first two orders of the demo.
fn with_orders() -> Server {
    let server = Server::with_products();
    server.run(&["order", "place", &seed_order(1), "--wait"]).ended(0);
    server.run(&["order", "place", &seed_order(2), "--wait"]).ended(3);
    server
}

#[test]
fn an_execution_is_found_by_its_arn_its_name_and_the_beginning_of_its_name_or_id() {
    let server = with_orders();
    let whole = server.run(&["execution", "get", "ORDER-001", "--json"]).ended(0).json();
    let arn = whole["arn"].as_str().unwrap();
    let id = arn.rsplit('/').next().unwrap();
    for written in [arn, &id[..8]] {
        let found = server.run(&["execution", "get", written, "--json"]).ended(0).json();
        assert_eq!(found["arn"], whole["arn"], "{written}");
    }
    assert_eq!(whole["status"], "SUCCEEDED");
    assert_eq!(whole["result"]["status"], "completed");
    assert_eq!(whole["input"]["paymentMethod"]["cardNumber"], "****9012");
    let steps = whole["operations"].as_array().unwrap();
    let steps: Vec<&Value> = steps.iter().map(|step| &step["name"]).collect();
    let expected = ["validate-order", "authorize-payment", "allocate-inventory", "fulfill-order"];
    assert_eq!(json!(steps), json!(expected));

    let said = server.run(&["execution", "get", "ORDER-00"]).ended(1);
    assert!(said.err.contains("several executions begin with ORDER-00:"), "{said:?}");
    assert!(said.err.contains("ORDER-001") && said.err.contains("ORDER-002"), "{said:?}");
    let said = server.run(&["execution", "get", "nobody"]).ended(1);
    assert!(said.err.contains("ValidateOrder has no execution nobody"), "{said:?}");
    let said = server.run(&["execution", "get", "no body"]).ended(1);
    assert!(said.err.contains("is no execution: write its ARN, its name"), "{said:?}");
}

#[test]
fn executions_are_listed_by_status_and_time_in_three_formats() {
    let server = with_orders();
    let said = server.run(&["execution", "list", "--status", "succeeded", "--reverse"]).ended(0);
    let lines: Vec<&str> = said.out.lines().collect();
    assert!(lines[0].starts_with("NAME"), "{said:?}");
    assert!(lines[1].starts_with("ORDER-001") && lines[2].starts_with("ORDER-002"), "{said:?}");
    let said = server.run(&["execution", "list", "--output", "jsonl"]).ended(0);
    let rows: Vec<Value> =
        said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(json!([rows[0]["name"], rows[1]["name"]]), json!(["ORDER-002", "ORDER-001"]));
    let said = server.run(&["execution", "list", "--started-before", "1h"]).ended(0);
    assert_eq!((said.out.as_str(), said.err.as_str()), ("", "no executions\n"));
    let said = server.run(&["execution", "list", "--limit", "1"]).ended(0);
    assert!(said.err.contains("there are more than 1"), "{said:?}");
    for (option, value, hint) in
        [("--status", "done", "TIMED_OUT"), ("--started-after", "soon", "RFC 3339")]
    {
        let said = server.run(&["execution", "list", option, value]).ended(2);
        assert!(said.err.contains(hint), "{said:?}");
    }
    let said = server.run(&["execution", "list", "--function", "nothing"]).ended(1);
    assert!(said.err.starts_with("error: cannot list the executions of nothing"), "{said:?}");
}

#[test]
fn a_history_is_shown_whole_or_in_part() {
    let server = with_orders();
    let said = server.run(&["execution", "history", "ORDER-001"]).ended(0);
    assert_eq!(said.out.lines().count(), 11, "{said:?}");
    assert!(!said.out.contains("AUTH-"), "no data unless asked for: {said:?}");
    let only = ["execution", "history", "ORDER-001", "--operation", "authorize-payment"];
    let said = server.run(&[&only[..], &["--include-data", "--output", "jsonl"]].concat()).ended(0);
    let rows: Vec<Value> =
        said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        json!([rows[0]["eventType"], rows[1]["eventType"]]),
        json!(["StepStarted", "StepSucceeded"])
    );
    assert!(rows[1]["payload"].to_string().contains("AUTH-"), "{said:?}");
    let said = server.run(&["execution", "history", "ORDER-001", "--only-failures"]).ended(0);
    assert_eq!(said.out, "");
}

#[test]
fn watching_ends_with_the_execution_and_says_how_it_ended() {
    let server = with_orders();
    let said = server.run(&["execution", "watch", "ORDER-001"]).ended(0);
    let last = said.out.lines().last().unwrap();
    assert!(
        last.starts_with("ORDER-001 SUCCEEDED after ")
            && last.ends_with(": 4 operations, 0 retries"),
        "{said:?}"
    );
    assert!(said.out.contains("fulfill-order"), "{said:?}");
}

#[tokio::test]
async fn whoever_watches_sees_a_stop_as_it_happens() {
    let stage = Stage::with(&["long"]).await;
    let watch = ["execution", "watch", "long", "--function", "sleeper"];
    let watching = Running::start(binary().args(watch).args(["--endpoint-url", &stage.server.url]));
    stage
        .execution(&["stop", "long", "--error-type", "Enough", "--error-message", "by hand"])
        .ended(0);
    let said = watching.end().ended(3);
    assert!(said.out.contains("an-hour") && said.out.contains("wakes in"), "{said:?}");
    assert!(said.out.contains("long STOPPED after "), "{said:?}");
    let got = stage.execution(&["get", "long", "--json"]).ended(0).json();
    assert_eq!(got["error"], json!({ "errorType": "Enough", "errorMessage": "by hand" }));
}

#[tokio::test]
async fn watching_ends_with_ctrl_c_and_the_execution_goes_on() {
    let stage = Stage::with(&["long"]).await;
    let watch = ["execution", "watch", "long", "--function", "sleeper"];
    let begun = Instant::now();
    // A signal that comes before it listens ends it without a word.
    let said = loop {
        let watching =
            Running::start(binary().args(watch).args(["--endpoint-url", &stage.server.url]));
        std::thread::sleep(HEAD_START);
        watching.interrupt();
        let said = watching.end();
        if said.code.is_some() || begun.elapsed() > PATIENCE {
            break said;
        }
    };
    let said = said.ended(130);
    assert!(said.err.contains("long goes on; look again with `durable-orders"), "{said:?}");
    assert_eq!(stage.in_status("RUNNING"), ["long"]);
}

#[tokio::test]
async fn an_execution_is_paused_resumed_stopped_and_deleted() {
    let stage = Stage::with(&["one"]).await;
    let said = stage.execution(&["pause", "one", "--reason", "stocktaking"]).ended(0);
    assert_eq!(said.out, "paused one\n");
    assert_eq!(stage.in_status("PAUSED"), ["one"]);
    let said = stage.execution(&["pause", "one"]).ended(1);
    assert!(said.err.contains("cannot pause execution one"), "{said:?}");
    assert_eq!(stage.execution(&["resume", "one"]).ended(0).out, "resumed one\n");
    let said = stage.execution(&["delete", "one", "--yes"]).ended(1);
    assert!(said.err.contains("cannot delete execution one"), "an open one stays: {said:?}");
    assert_eq!(stage.execution(&["stop", "one"]).ended(0).out, "stopped one\n");
    let said = stage.execution(&["delete", "one"]).ended(2);
    assert!(said.err.contains("There is nobody to ask") && said.err.contains("--yes"), "{said:?}");
    assert_eq!(stage.execution(&["delete", "one", "--yes"]).ended(0).out, "deleted one\n");
    stage.execution(&["get", "one"]).ended(1);
}

#[tokio::test]
async fn many_are_changed_at_once_only_when_that_is_meant() {
    let stage = Stage::with(&["first", "second", "third"]).await;
    let said = stage.execution(&["stop", "--all", "--dry-run"]).ended(0);
    assert!(said.err.starts_with("would stop 3 executions:"), "{said:?}");
    let said = stage.execution(&["stop", "--all"]).ended(2);
    assert!(said.err.contains("stop 3 executions? There is nobody to ask"), "{said:?}");
    assert_eq!(stage.in_status("RUNNING").len(), 3);
    let said = stage.execution(&["stop", "first", "third", "--yes", "--json"]).ended(0);
    let rows = said.json();
    assert_eq!(
        json!([rows[0]["name"], rows[0]["done"], rows[1]["name"]]),
        json!(["first", true, "third"])
    );
    assert_eq!(stage.in_status("RUNNING"), ["second"]);
    let said = stage.execution(&["pause", "first", "second", "--yes"]).ended(1);
    assert_eq!(said.out, "paused second\n");
    assert!(
        said.err.contains("cannot pause execution first"),
        "one failure keeps nobody: {said:?}"
    );
    let said = stage.execution(&["delete", "--all", "--yes"]).ended(0);
    assert_eq!(said.out.lines().count(), 2, "only what has ended: {said:?}");
    stage.execution(&["stop"]).ended(2);
    stage.execution(&["stop", "--all", "second"]).ended(2);
}

#[test]
fn a_server_that_is_away_is_told_apart() {
    for command in ["list", "get", "history", "watch", "stop", "pause", "resume"] {
        let mut arguments = vec!["execution", command];
        arguments.extend((command != "list").then_some("X"));
        arguments.extend(["--endpoint-url", "http://127.0.0.1:9"]);
        let said = crate::support::run(&arguments).ended(4);
        assert!(said.err.contains("cannot reach http://127.0.0.1:9"), "{command}: {said:?}");
    }
}
