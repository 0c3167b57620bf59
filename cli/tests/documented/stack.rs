//! The AWS CLI sees a template's stack and what its functions print.
//!
//! Method: a page that stands here instead of in the documents, run like one of them.

use super::page::Page;

const TEMPLATE: &str = "
Transform: AWS::Serverless-2016-10-31
Description: Prints <what> it is & told
Resources:
  Printer:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: provided.al2023
      Handler: bootstrap
      CodeUri: code
Outputs:
  Name:
    Value: !Ref Printer
";

/// Prints each line of the event.
const PROGRAM: &str = r#"#!/usr/bin/env python3
import json, os, urllib.request
runtime = "http://%s/2018-06-01/runtime/invocation/" % os.environ["AWS_LAMBDA_RUNTIME_API"]
while True:
    with urllib.request.urlopen(runtime + "next") as reply:
        event, request = json.load(reply), reply.headers["Lambda-Runtime-Aws-Request-Id"]
    for line in event:
        print(line, flush=True)
    urllib.request.urlopen(urllib.request.Request(runtime + request + "/response", data=b"{}")).read()
"#;

const COMMANDS: &str = r#"
```sh server
cargo run -- serve --template template.yaml --stack-name shop
```

```sh
export AWS_ENDPOINT_URL=http://127.0.0.1:6737 AWS_REGION=us-east-1
export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local
aws cloudformation wait stack-create-complete --stack-name shop
aws cloudformation describe-stacks --stack-name shop --output text \
  --query 'Stacks[0].[Description, Outputs[0].OutputValue]'
aws cloudformation list-stack-resources --stack-name shop --output text \
  --query 'StackResourceSummaries[].[LogicalResourceId, PhysicalResourceId, ResourceType]'
aws lambda invoke --function-name shop-Printer --cli-binary-format raw-in-base64-out \
  --payload '["first", "{\"level\": \"WARN\"}"]' --log-type Tail --query LogResult --output text \
  answer.json | base64 --decode
aws logs tail /aws/lambda/shop-Printer --format short | cut -d ' ' -f 2- | sed 's/^/tail: /'
aws logs filter-log-events --log-group-name /aws/lambda/shop-Printer \
  --filter-pattern '{ $.level = "WARN" }' --query 'events[].message' --output text
aws cloudformation delete-stack --stack-name shop
aws cloudformation wait stack-delete-complete --stack-name shop
if aws cloudformation describe-stacks --stack-name shop; then exit 1; fi
if aws lambda get-function --function-name shop-Printer; then exit 1; fi
```
"#;

#[test]
fn the_aws_cli_shows_a_stack_and_its_log() {
    let directory = tempfile::tempdir().unwrap();
    let code = directory.path().join("code");
    std::fs::create_dir(&code).unwrap();
    std::fs::write(directory.path().join("template.yaml"), TEMPLATE).unwrap();
    let program = code.join("bootstrap");
    std::fs::write(&program, PROGRAM).unwrap();
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&program, executable).unwrap();
    let page = Page::inside(COMMANDS, directory.path());
    let _server = page.start_server();
    let out = page.run();
    assert!(out.starts_with("Prints <what> it is & told\tshop-Printer\n"), "{out}");
    assert!(out.contains("\nPrinter\tshop-Printer\tAWS::Lambda::Function\n"), "{out}");
    let warning = "{\"level\": \"WARN\"}";
    assert!(
        out.contains(&format!(" Version: $LATEST\nfirst\n{warning}\nEND RequestId: ")),
        "{out}"
    );
    assert!(out.contains(&format!("\ntail: first\ntail: {warning}\ntail: END ")), "{out}");
    assert!(out.ends_with(&format!("\n{warning}\n")), "{out}");
}
