//! `serve --template`: what it deploys, what it ignores, what it refuses, and what runs a function.

use std::path::{Path, PathBuf};

use aws_sdk_lambda::primitives::Blob;
use tempfile::TempDir;

use crate::support::{Server, run};

/// A program on the Runtime API that answers with how it was started.
const PROGRAM: &str = r#"
import json, os, sys, urllib.request
url = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(url + "next") as event:
        request = event.headers["Lambda-Runtime-Aws-Request-Id"]
    answer = {"arguments": sys.argv[1:], "stage": os.environ.get("STAGE")}
    urllib.request.urlopen(f"{url}{request}/response", data=json.dumps(answer).encode()).read()
"#;

const TEMPLATE: &str = "
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: { Type: String, Default: test }
Resources:
  Greeter:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: greeter
      Runtime: python3.13
      Handler: app.greet
      CodeUri: .
      Environment: { Variables: { STAGE: !Ref Stage } }
  Queue:
    Type: AWS::SQS::Queue
";

fn template(text: &str) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("template.yaml");
    std::fs::write(&file, text).unwrap();
    std::fs::write(directory.path().join("program.py"), PROGRAM).unwrap();
    (directory, file)
}

/// What keeps a server from starting with this template.
fn refusal(file: &Path, data: &Path) -> String {
    let data = data.to_str().unwrap();
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--data-dir", data, "--template"];
    let said = run(&[&arguments[..], &[file.to_str().unwrap()]].concat()).ended(1);
    assert_eq!(said.out, "");
    said.err
}

#[tokio::test]
async fn a_function_of_a_template_runs_with_the_command_that_the_server_was_given() {
    let (_directory, file) = template(TEMPLATE);
    let server = Server::start_with(&[
        "--template",
        file.to_str().unwrap(),
        "--parameter-overrides",
        "Stage=dev",
        "--runtime-command",
        "python=python3 program.py",
    ]);
    let lambda = server.clients().await.lambda;
    let invoke = lambda.invoke().function_name("greeter").payload(Blob::new("{}"));
    let answer = invoke.send().await.unwrap();
    assert_eq!(answer.function_error(), None);
    let payload: serde_json::Value =
        serde_json::from_slice(answer.payload().unwrap().as_ref()).unwrap();
    assert_eq!(payload, serde_json::json!({ "arguments": ["app.greet"], "stage": "dev" }));
    // The order system is not there.
    let functions = lambda.list_functions().send().await.unwrap();
    assert_eq!(functions.functions().len(), 1);
}

#[test]
fn what_a_template_asks_for_and_does_not_get_is_told() {
    let (_directory, file) = template(TEMPLATE);
    let data = tempfile::tempdir().unwrap();
    // The port is taken, so the server tells and ends.
    let server = Server::start();
    let (listen, data) =
        (server.url.strip_prefix("http://").unwrap(), data.path().to_str().unwrap());
    let arguments = ["serve", "--listen", listen, "--data-dir", data, "--template"];
    let said = run(&[&arguments[..], &[file.to_str().unwrap()]].concat()).ended(1);
    assert!(said.err.contains("ignored: Queue (AWS::SQS::Queue): "), "{said:?}");
}

#[test]
fn everything_that_is_wrong_with_a_template_is_told_together_with_its_place() {
    let wrong = TEMPLATE.replace("Handler", "Handlr").replace("!Ref Stage", "!Ref Stag");
    let (_directory, file) = template(&wrong);
    let data = tempfile::tempdir().unwrap();
    let said = refusal(&file, data.path());
    assert!(said.contains("template.yaml:11:"), "{said}");
    assert!(said.contains("Handler"), "{said}");
    assert!(said.contains("Stag"), "{said}");
}

#[test]
fn a_template_does_not_take_the_place_of_functions_with_open_executions() {
    let (_directory, file) = template(TEMPLATE);
    let server = Server::with_products();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(server.spoil_product("LAPTOP-001"));
    server.run(&["order", "place", &crate::support::seed_order(1)]).ended(0);
    let data = server.kill();
    let said = refusal(&file, data.path());
    assert!(said.contains("has open executions of ValidateOrder:$LATEST"), "{said}");
}
