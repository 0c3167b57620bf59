//! Goal: a template is what the server has: started again with the same one nothing changes, with another one what differs
//! does, and no execution loses the code that it runs on.
//!
//! Method: a template in a directory, read as the command reads it; the server is opened again and again on one data
//! directory.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use durable_template::Options;
use serde_json::json;
use tempfile::TempDir;

use crate::support::package::{create, finish, invoke, publish, start, update};
use crate::support::{Server, Setup, eventually, within};

/// A durable function `flow` with an alias `live` for its newest version, and a plain one.
pub const TEMPLATE: &str = "
Transform: AWS::Serverless-2016-10-31
Resources:
  Flow:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: flow
      CodeUri: code
      Handler: bootstrap
      Runtime: provided.al2023
      Timeout: 60
      AutoPublishAlias: live
      DurableConfig: { ExecutionTimeout: 300 }
  Greet:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: greet
      CodeUri: code
      Handler: bootstrap
      Runtime: provided.al2023
      Timeout: 60
      ReservedConcurrentExecutions: 7
      Tags: { team: orders }
";

pub fn write_code(directory: &TempDir, code: &str) {
    let program = include_str!("support/bootstrap.py").replace("@CODE@", code);
    let path = directory.path().join("code");
    fs::create_dir_all(&path).unwrap();
    fs::write(path.join("bootstrap"), program).unwrap();
    fs::set_permissions(path.join("bootstrap"), fs::Permissions::from_mode(0o755)).unwrap();
}

fn setup(directory: &TempDir, template: &str) -> Setup {
    let file = directory.path().join("template.yaml");
    fs::write(&file, template).unwrap();
    let options = Options {
        stack_name: "shop".to_owned(),
        parameters: BTreeMap::new(),
        region: "us-east-1".to_owned(),
        account: "000000000000".to_owned(),
    };
    let stack = durable_template::read(&file, &options).unwrap();
    Setup::new(&directory.path().join("data")).with(|setup| setup.config.templates = vec![stack])
}

pub async fn open(directory: &TempDir, template: &str) -> Server {
    setup(directory, template).open().await
}

async fn versions(server: &Server) -> usize {
    let listed = server.get("/2015-03-31/functions/flow/versions").await.ok();
    listed["Versions"].as_array().unwrap().len() - 1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_template_changes_nothing_and_new_code_makes_a_new_version() {
    let directory = TempDir::new().unwrap();
    write_code(&directory, "one");
    let server = open(&directory, TEMPLATE).await;
    let old = start(&server, "flow:live").await;
    assert!(old.contains(":flow:1/durable-execution/"), "{old}");
    assert_eq!(invoke(&server, "greet").await.0["code"], "one");
    let shown = server.get("/2015-03-31/functions/greet").await.ok();
    assert_eq!(shown["Tags"]["team"], "orders");
    assert_eq!(shown["Concurrency"], json!({ "ReservedConcurrentExecutions": 7 }));
    server.close().await;

    let server = open(&directory, TEMPLATE).await;
    assert_eq!(server.get("/2015-03-31/functions/greet").await.ok(), shown);
    assert_eq!(versions(&server).await, 1);
    server.close().await;

    write_code(&directory, "two");
    let server = open(&directory, TEMPLATE).await;
    assert_eq!(versions(&server).await, 2);
    let new = start(&server, "flow:live").await;
    assert!(new.contains(":flow:2/durable-execution/"), "{new}");
    assert_eq!(finish(&server, &old).await["code"], "one");
    assert_eq!(finish(&server, &new).await["code"], "two");
    // The code of the template is used where it is, that of a version is a copy.
    let head = invoke(&server, "greet").await.0;
    let place = fs::canonicalize(directory.path().join("code")).unwrap();
    assert_eq!(Path::new(head["directory"].as_str().unwrap()), place);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_that_leaves_its_template_goes_when_its_executions_have_ended() {
    let directory = TempDir::new().unwrap();
    write_code(&directory, "one");
    let server = open(&directory, TEMPLATE).await;
    let arn = start(&server, "flow:live").await;
    server.close().await;

    let (head, greet) = TEMPLATE.split_once("  Greet:").unwrap();
    let without_flow = format!("{}\nResources:\n  Greet:{greet}", head.lines().nth(1).unwrap());
    let server = open(&directory, &without_flow).await;
    let shown = server.get("/2015-03-31/functions/flow/configuration").await.ok();
    assert_eq!(shown["State"], "Deleting");
    server.close().await;

    // In the template again, it stays.
    let server = open(&directory, TEMPLATE).await;
    let shown = server.get("/2015-03-31/functions/flow/configuration").await.ok();
    assert_eq!(shown["State"], "Active");
    server.close().await;

    let server = open(&directory, &without_flow).await;
    assert_eq!(finish(&server, &arn).await["code"], "one");
    eventually("the function is gone", async || {
        let reply = server.get("/2015-03-31/functions/flow").await;
        (reply.status == 404).then_some(())
    })
    .await;
    assert_eq!(invoke(&server, "greet").await.0["code"], "one");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_with_the_template_takes_back_what_was_changed_through_the_api() {
    let directory = TempDir::new().unwrap();
    write_code(&directory, "one");
    let server = open(&directory, TEMPLATE).await;
    update(&server, "greet", "two").await;
    publish(&server, "greet").await;
    let reserve = server.lambda().delete_function_concurrency().function_name("greet").send();
    within("reserve", reserve).await.unwrap();
    assert_eq!(invoke(&server, "greet").await.0["code"], "two");
    server.close().await;

    let server = open(&directory, TEMPLATE).await;
    assert_eq!(invoke(&server, "greet").await.0["code"], "one");
    // A version never changes, whoever published it.
    assert_eq!(invoke(&server, "greet:1").await.0["code"], "two");
    let shown = server.get("/2015-03-31/functions/greet").await.ok();
    assert_eq!(shown["Concurrency"], json!({ "ReservedConcurrentExecutions": 7 }));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_template_does_not_take_what_is_not_its_own() {
    let directory = TempDir::new().unwrap();
    write_code(&directory, "one");
    let server = Setup::new(&directory.path().join("data")).open().await;
    create(&server, "greet", "other").await;
    create(&server, "flow", "other").await;
    server.close().await;
    let refused = setup(&directory, TEMPLATE).try_open().await.err().unwrap().to_string();
    assert!(refused.starts_with("cannot deploy the function flow: "), "{refused}");
    assert!(refused.contains("does not belong to the stack"), "{refused}");
    let server = eventually("the directory is free", async || {
        Setup::new(&directory.path().join("data")).try_open().await.ok()
    })
    .await;
    assert_eq!(invoke(&server, "greet").await.0["code"], "other");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_makes_a_function_durable_or_isolated_does_not_change_with_the_template() {
    let directory = TempDir::new().unwrap();
    write_code(&directory, "one");
    open(&directory, TEMPLATE).await.close().await;
    for (from, to, text) in [
        ("      DurableConfig: { ExecutionTimeout: 300 }\n", "", "DurableConfig"),
        (
            "      Tags: { team: orders }\n",
            "      TenancyConfig: { TenantIsolationMode: PER_TENANT }\n",
            "TenancyConfig",
        ),
    ] {
        let template = TEMPLATE.replace(from, to);
        let refused = eventually("the reason", async || {
            let refused = setup(&directory, &template).try_open().await.err().unwrap().to_string();
            (!refused.contains("is in use")).then_some(refused)
        })
        .await;
        assert!(refused.contains(text), "{refused}");
    }
}
