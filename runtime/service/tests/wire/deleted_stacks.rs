//! Goal: a deleted stack is gone with all that it had, no accepted execution is lost by it, and the next start makes it anew.
//!
//! Method: a stack described by hand, whose durable function runs in the server's process and waits for callbacks; another one
//! from a template, whose functions are processes.

use std::sync::Arc;

use bytes::Bytes;
use durable_service::{StackResource, StackSpec, TableSpec};
use http::Request;
use serde_json::json;
use tempfile::TempDir;

use crate::stacks;
use crate::support::package::{invoke, start};
use crate::support::workflow::run;
use crate::support::{Reply, Server, Setup, Turn, eventually};

const TABLE: &str = "stock";
const GROUP: &str = "/aws/lambda/flow";

fn resource(kind: &str, physical_id: &str, retained: bool) -> StackResource {
    let logical_id = physical_id.chars().filter(char::is_ascii_alphanumeric).collect();
    let (kind, physical_id) = (format!("AWS::{kind}"), physical_id.to_owned());
    StackResource { logical_id, kind, physical_id, retained }
}

/// A durable function, a plain one, a table and a log group; another table that stays.
fn shop() -> StackSpec {
    StackSpec {
        name: "shop".to_owned(),
        resources: vec![
            resource("Lambda::Function", "flow", false),
            resource("DynamoDB::Table", TABLE, false),
            resource("DynamoDB::Table", "ledger", true),
            resource("Logs::LogGroup", GROUP, false),
        ],
        ..StackSpec::default()
    }
}

async fn open(directory: &TempDir) -> Server {
    Setup::new(directory.path())
        .durable("flow", |turn: Turn| run(turn, |_| {}))
        .durable("other", |turn: Turn| run(turn, |_| {}))
        .with(|setup| {
            setup.config.stacks = vec![shop()];
            setup.config.tables =
                [TABLE, "ledger"].map(|name| TableSpec::with_key(name, "id")).into();
        })
        .open()
        .await
}

async fn ask(server: &Server, form: &str) -> Reply {
    let request = Request::post("/")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Bytes::from(format!("Action={form}&Version=2010-05-15")))
        .unwrap();
    server.send(request).await
}

async fn delete(server: &Server, more: &str) -> Reply {
    ask(server, &format!("DeleteStack&StackName=shop{more}")).await
}

/// What stands in the first element of this name.
fn text(document: &str, name: &str) -> String {
    let (_, rest) = document.split_once(&format!("<{name}>")).expect(document);
    rest.split_once("</").unwrap().0.to_owned()
}

async fn status(server: &Server, name_or_id: &str) -> String {
    let reply = ask(server, &format!("DescribeStacks&StackName={name_or_id}")).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    text(&reply.text(), "StackStatus")
}

async fn target(server: &Server, target: &str, body: serde_json::Value) -> Reply {
    let request = Request::post("/").header("x-amz-target", target);
    server.send(request.body(Bytes::from(body.to_string())).unwrap()).await
}

async fn items(server: &Server, table: &str) -> Reply {
    target(server, "DynamoDB_20120810.Scan", json!({ "TableName": table })).await
}

async fn put(server: &Server, table: &str) {
    let item = json!({ "TableName": table, "Item": { "id": { "S": "1" } } });
    assert_eq!(target(server, "DynamoDB_20120810.PutItem", item).await.status, 200);
}

async fn groups(server: &Server) -> String {
    target(server, "Logs_20140328.DescribeLogGroups", json!({})).await.text()
}

async fn callback(server: &Server) -> String {
    server.plan("flow", json!([{ "callback": "k" }])).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_stack_is_gone_and_the_next_start_makes_it_anew() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    put(&server, TABLE).await;
    put(&server, "ledger").await;
    let group = json!({ "logGroupName": GROUP });
    assert_eq!(target(&server, "Logs_20140328.CreateLogGroup", group).await.status, 200);
    let finished = server.plan("flow", json!([{ "step": "s" }])).await;
    server.closed(&finished).await;
    let id = text(&ask(&server, "DescribeStacks&StackName=shop").await.text(), "StackId");

    let reply =
        delete(&server, "&ClientRequestToken=t-1&RoleARN=arn:aws:iam::000000000000:role/x").await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(reply.text().contains("<DeleteStackResponse "), "{}", reply.text());
    let reply = ask(&server, "DescribeStacks&StackName=shop").await;
    assert!(reply.text().contains("Stack with id shop does not exist"), "{}", reply.text());
    assert!(!ask(&server, "DescribeStacks").await.text().contains("shop"));
    assert_eq!(status(&server, &id).await, "DELETE_COMPLETE");
    let listed = ask(&server, "ListStacks&StackStatusFilter.member.1=DELETE_COMPLETE").await.text();
    assert_eq!(text(&listed, "StackName"), "shop");
    assert!(listed.contains("<DeletionTime>"), "{listed}");
    let listed = ask(&server, "ListStacks&StackStatusFilter.member.1=CREATE_COMPLETE").await.text();
    assert!(!listed.contains("shop"), "{listed}");
    let resources = ask(&server, &format!("ListStackResources&StackName={id}")).await.text();
    assert_eq!(resources.matches("DELETE_COMPLETE").count(), 3, "{resources}");
    assert_eq!(resources.matches("DELETE_SKIPPED").count(), 1, "{resources}");

    let refused = server.try_start("flow", None, &json!({})).await;
    assert_eq!((refused.status, refused.code()), (404, "ResourceNotFoundException"));
    let refused = server.get("/2015-03-31/functions/flow").await;
    assert_eq!((refused.status, refused.code()), (404, "ResourceNotFoundException"));
    assert!(items(&server, TABLE).await.text().contains("ResourceNotFoundException"));
    assert_eq!(items(&server, "ledger").await.ok()["Count"], 1);
    assert!(!groups(&server).await.contains(GROUP));
    // What is not the stack's is as it was; what has ended can still be read; once more is no error.
    server.plan("other", json!([{ "step": "s" }])).await;
    assert_eq!(server.status(&finished).await, "SUCCEEDED");
    assert_eq!(delete(&server, "").await.status, 200);
    assert_eq!(ask(&server, &format!("DeleteStack&StackName={id}")).await.status, 200);
    assert_eq!(ask(&server, "DeleteStack&StackName=never-there").await.status, 200);
    server.close().await;

    let server = open(&directory).await;
    assert_eq!(status(&server, &id).await, "CREATE_COMPLETE");
    assert_eq!(items(&server, TABLE).await.ok()["Count"], 0);
    assert_eq!(items(&server, "ledger").await.ok()["Count"], 1);
    let again = server.plan("flow", json!([{ "step": "s" }])).await;
    assert_eq!(server.closed(&again).await["Status"], "SUCCEEDED");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn open_executions_keep_a_stack_and_the_refusal_names_them() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    put(&server, TABLE).await;
    let mut open = Vec::new();
    for _ in 0..5 {
        open.push(callback(&server).await);
    }
    let reply = delete(&server, "").await;
    let said = reply.text();
    assert_eq!(reply.status, 400, "{said}");
    assert!(said.contains("<Code>ValidationError</Code>"), "{said}");
    assert!(said.contains("5 durable executions of its functions are open ("), "{said}");
    assert_eq!(open.iter().filter(|arn| said.contains(*arn)).count(), 3, "{said}");
    assert!(said.contains("--deletion-mode FORCE_DELETE_STACK"), "{said}");
    // Nothing has changed.
    assert_eq!(status(&server, "shop").await, "CREATE_COMPLETE");
    assert_eq!(items(&server, TABLE).await.ok()["Count"], 1);
    open.push(callback(&server).await);
    assert_eq!(open.len(), 6);
    for arn in &open {
        assert_eq!(server.status(arn).await, "RUNNING");
        assert_eq!(server.stop(arn, "").await.status, 200);
    }
    assert_eq!(delete(&server, "").await.status, 200);
    assert!(items(&server, TABLE).await.text().contains("ResourceNotFoundException"));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forced_deletion_stops_what_is_open_and_nothing_else() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    let mut open = Vec::new();
    for _ in 0..70 {
        open.push(callback(&server).await);
    }
    let other = server.plan("other", json!([{ "callback": "k" }])).await;
    assert_eq!(delete(&server, "&DeletionMode=FORCE_DELETE_STACK").await.status, 200);
    for arn in &open {
        let shown = server.execution(arn).await;
        assert_eq!(shown["Status"], "STOPPED", "{shown}");
        assert_eq!(shown["Error"]["ErrorType"], "StackDeleted", "{shown}");
    }
    assert_eq!(server.status(&other).await, "RUNNING");
    assert_eq!(server.get("/2015-03-31/functions/flow").await.status, 404);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_execution_that_is_accepted_during_a_deletion_is_not_lost() {
    const ROUNDS: usize = 12;
    const STARTERS: usize = 6;
    let (mut deleted, mut kept) = (0, 0);
    for round in 0..ROUNDS {
        let directory = TempDir::new().unwrap();
        let server = Arc::new(open(&directory).await);
        let starters = (0..STARTERS).map(|_| {
            let server = Arc::clone(&server);
            tokio::spawn(async move {
                let plan = json!({ "plan": [{ "callback": "k" }] });
                let reply = server.try_start("flow", None, &plan).await;
                reply.header("x-amz-durable-execution-arn").map(str::to_owned)
            })
        });
        let starters: Vec<_> = starters.collect();
        for _ in 0..round * 2 {
            tokio::task::yield_now().await;
        }
        let gone = delete(&server, "").await.status == 200;
        let mut accepted = Vec::new();
        for starter in starters {
            accepted.extend(starter.await.unwrap());
        }
        if gone {
            assert_eq!(accepted, Vec::<String>::new(), "round {round}");
            deleted += 1;
        } else {
            assert!(!accepted.is_empty(), "round {round}: refused for nothing");
            for arn in &accepted {
                assert_eq!(server.status(arn).await, "RUNNING", "round {round}");
            }
            kept += 1;
        }
        Arc::into_inner(server).unwrap().close().await;
    }
    assert_eq!(deleted + kept, ROUNDS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_deleted_is_told_and_can_be_left_behind() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    let protect = json!({ "TableName": TABLE, "DeletionProtectionEnabled": true });
    assert_eq!(target(&server, "DynamoDB_20120810.UpdateTable", protect).await.status, 200);
    let retain = format!("&RetainResources.member.1={TABLE}");
    let early = delete(&server, &retain).await;
    assert!(early.text().contains("DELETE_FAILED"), "{}", early.text());
    assert_eq!(delete(&server, "").await.status, 200);
    assert_eq!(status(&server, "shop").await, "DELETE_FAILED");
    let shown = ask(&server, "DescribeStacks&StackName=shop").await.text();
    assert!(text(&shown, "StackStatusReason").starts_with("stock: "), "{shown}");
    let resources = ask(&server, "DescribeStackResources&StackName=shop").await.text();
    assert_eq!(resources.matches("DELETE_COMPLETE").count(), 2, "{resources}");
    let unknown = delete(&server, "&RetainResources.member.1=nothing").await;
    assert!(unknown.text().contains("has no resource nothing"), "{}", unknown.text());
    assert_eq!(delete(&server, &retain).await.status, 200);
    let reply = ask(&server, "DescribeStacks&StackName=shop").await;
    assert!(reply.text().contains("does not exist"), "{}", reply.text());
    assert_eq!(items(&server, TABLE).await.status, 200);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deletion_that_makes_no_sense_changes_nothing() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    for (form, said) in [
        ("DeleteStack", "&apos;stackName&apos;"),
        ("DeleteStack&StackName=shop&DeletionMode=HARD", "[STANDARD, FORCE_DELETE_STACK]"),
        ("DeleteStack&StackName=shop&ClientRequestToken=-", "&apos;clientRequestToken&apos;"),
        ("DeleteStack&StackName=shop&RoleARN=short", "&apos;roleARN&apos;"),
    ] {
        let reply = ask(&server, form).await;
        assert_eq!(reply.status, 400, "{form}: {}", reply.text());
        assert!(reply.text().contains("<Code>ValidationError</Code>"), "{}", reply.text());
        assert!(reply.text().contains(said), "{form}: {}", reply.text());
    }
    assert_eq!(status(&server, "shop").await, "CREATE_COMPLETE");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn functions_in_processes_go_with_their_stack_and_come_back_with_the_next_start() {
    let directory = TempDir::new().unwrap();
    stacks::write_code(&directory, "one");
    let server = stacks::open(&directory, stacks::TEMPLATE).await;
    let arn = start(&server, "flow:live").await;
    let process = invoke(&server, "greet").await.0["process"].clone();
    let refused = delete(&server, "").await;
    assert!(
        refused.text().contains(": 1 durable execution of its functions"),
        "{}",
        refused.text()
    );
    assert_eq!(invoke(&server, "greet").await.0["code"], "one");
    assert_eq!(delete(&server, "&DeletionMode=FORCE_DELETE_STACK").await.status, 200);
    assert_eq!(server.status(&arn).await, "STOPPED");
    for name in ["flow", "flow:live", "greet"] {
        assert_eq!(server.get(&format!("/2015-03-31/functions/{name}")).await.status, 404);
    }
    eventually("its process is gone", async || {
        (!std::path::Path::new(&format!("/proc/{process}")).exists()).then_some(())
    })
    .await;
    server.close().await;

    let server = stacks::open(&directory, stacks::TEMPLATE).await;
    assert_eq!(invoke(&server, "greet").await.0["code"], "one");
    assert_eq!(status(&server, "shop").await, "CREATE_COMPLETE");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_a_crash_left_half_deleted_is_made_anew_and_no_other() {
    let directory = TempDir::new().unwrap();
    let unfinished = directory.path().join("dynamodb.unfinished");
    // The name, and half a name: then nothing had begun.
    for (text, left) in [("\"stock\"", 0), ("\"sto", 1)] {
        let server = open(&directory).await;
        put(&server, TABLE).await;
        put(&server, "ledger").await;
        assert!(!unfinished.exists());
        server.close().await;
        std::fs::write(&unfinished, text).unwrap();
        let server = open(&directory).await;
        assert_eq!(items(&server, TABLE).await.ok()["Count"], left, "{text}");
        assert_eq!(items(&server, "ledger").await.ok()["Count"], 1);
        assert!(!unfinished.exists());
        server.close().await;
    }
}
