//! A server with a durable function of the test's own: a Python program on the Runtime API.

use tempfile::TempDir;

use crate::support::Server;

/// The name of the stack.
pub(crate) const STACK: &str = "shop";

/// What every such program begins and ends with; `run` between them makes an answer of an envelope.
const BEFORE: &str = r#"
import json, os, urllib.parse, urllib.request
url = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation/"

def post(to, body):
    return urllib.request.urlopen(to, data=json.dumps(body).encode()).read()

def checkpoint(envelope, update):
    arn = urllib.parse.quote(envelope["DurableExecutionArn"], safe="")
    post(f"{os.environ['AWS_ENDPOINT_URL']}/2025-12-01/durable-executions/{arn}/checkpoint",
         {"CheckpointToken": envelope["CheckpointToken"], "Updates": [update]})
"#;
const AFTER: &str = r#"
while True:
    with urllib.request.urlopen(url + "next") as event:
        request, envelope = event.headers["Lambda-Runtime-Aws-Request-Id"], json.load(event)
    post(f"{url}{request}/response", run(envelope))
"#;

/// The server and the directory of the code.
pub(crate) fn server_with(function: &str, run: &str) -> (Server, TempDir) {
    let template = format!(
        "
Transform: AWS::Serverless-2016-10-31
Resources:
  Own:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: {function}
      Runtime: python3.13
      Handler: app.run
      CodeUri: .
      DurableConfig: {{ ExecutionTimeout: 86400, RetentionPeriodInDays: 1 }}
"
    );
    server_of(&template, run)
}

/// The same with a template of the test's own, whose functions all run this.
pub(crate) fn server_of(text: &str, run: &str) -> (Server, TempDir) {
    let code = tempfile::tempdir().unwrap();
    let template = code.path().join("template.yaml");
    std::fs::write(&template, text).unwrap();
    std::fs::write(code.path().join("program.py"), format!("{BEFORE}{run}{AFTER}")).unwrap();
    let (template, command) = (template.to_str().unwrap(), "python=python3 program.py");
    let stack = ["--template", template, "--stack-name", STACK];
    let server = Server::start_with(&[&stack[..], &["--runtime-command", command]].concat());
    (server, code)
}
