//! Deployment packages, and functions made of them: a program in Python whose answers tell which code has run.

use std::io::{Cursor, Write};

use aws_sdk_lambda::operation::create_function::builders::CreateFunctionFluentBuilder;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{DurableConfig, FunctionCode, InvocationType, Runtime};
use serde_json::Value;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::{Server, within};

/// The role of every function here.
pub const ROLE: &str = "arn:aws:iam::000000000000:role/test";

/// A zip file with these files; a name that ends with `!` is executable.
pub fn zip(files: &[(&str, &[u8])]) -> Blob {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        let plain = SimpleFileOptions::default();
        match name.strip_suffix('!') {
            Some(name) => writer.start_file(name, plain.unix_permissions(0o755)).unwrap(),
            None => writer.start_file(*name, plain).unwrap(),
        }
        writer.write_all(content).unwrap();
    }
    Blob::new(writer.finish().unwrap().into_inner())
}

/// The package of a function whose answers say that `code` has run.
pub fn package(code: &str) -> Blob {
    let program = include_str!("bootstrap.py").replace("@CODE@", code);
    zip(&[("bootstrap!", program.as_bytes())])
}

pub fn code(zip: Blob) -> FunctionCode {
    FunctionCode::builder().zip_file(zip).build()
}

/// A request for a function with this code, to be completed and sent.
pub fn function(server: &Server, name: &str, code_name: &str) -> CreateFunctionFluentBuilder {
    server
        .lambda()
        .create_function()
        .function_name(name)
        .role(ROLE)
        .runtime(Runtime::Providedal2023)
        .handler("bootstrap")
        .timeout(60)
        .code(code(package(code_name)))
}

pub fn durable(seconds: i32) -> DurableConfig {
    DurableConfig::builder().execution_timeout(seconds).build()
}

/// Creates a plain function.
pub async fn create(server: &Server, name: &str, code_name: &str) {
    within("create", function(server, name, code_name).send()).await.unwrap();
}

/// Creates a durable function.
pub async fn create_durable(server: &Server, name: &str, code_name: &str) {
    let request = function(server, name, code_name).durable_config(durable(300));
    within("create", request.send()).await.unwrap();
}

/// Replaces the code of `$LATEST`.
pub async fn update(server: &Server, name: &str, code_name: &str) {
    let request = server.lambda().update_function_code().function_name(name);
    within("update", request.zip_file(package(code_name)).send()).await.unwrap();
}

/// Publishes a version and gives its number.
pub async fn publish(server: &Server, name: &str) -> String {
    let request = server.lambda().publish_version().function_name(name);
    within("publish", request.send()).await.unwrap().version.unwrap()
}

/// What a plain function answers, and on which version.
pub async fn invoke(server: &Server, name: &str) -> (Value, String) {
    let request = server.lambda().invoke().function_name(name).payload(Blob::new("{}"));
    let output = within("invoke", request.send()).await.unwrap();
    assert_eq!(output.function_error(), None, "{:?}", output.payload());
    let answer = serde_json::from_slice(output.payload().unwrap().as_ref()).unwrap();
    (answer, output.executed_version.unwrap())
}

/// Starts a durable execution that waits for a callback, and gives its ARN once it does.
pub async fn start(server: &Server, name: &str) -> String {
    let request = server.lambda().invoke().function_name(name).payload(Blob::new("{}"));
    let started = within("start", request.invocation_type(InvocationType::Event).send()).await;
    let arn = started.unwrap().durable_execution_arn.unwrap();
    server.callback_id(&arn, "c").await;
    arn
}

/// Answers the callback, and gives what the execution ends with.
pub async fn finish(server: &Server, arn: &str) -> Value {
    let id = server.callback_id(arn, "c").await;
    assert_eq!(server.callback(&id, "succeed", "1").await.status, 200);
    let closed = server.closed(arn).await;
    assert_eq!(closed["Status"], "SUCCEEDED", "{closed}");
    serde_json::from_str(closed["Result"].as_str().unwrap()).unwrap()
}
