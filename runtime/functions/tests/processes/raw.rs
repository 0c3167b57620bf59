//! A runtime written out by hand, for what no real one does.
//!
//! HTTP/1.1 over plain sockets, a connection for each request. The function answers its event with the statuses that
//! the Runtime API gave to the calls that the event asked for.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{TestFunction, event};

const API: &str = "/2018-06-01/runtime";

pub struct Reply {
    pub status: u64,
    pub headers: String,
    pub body: Vec<u8>,
}

impl Reply {
    fn header(&self, name: &str) -> String {
        let line = self.headers.lines().find(|line| line.to_lowercase().starts_with(name));
        line.unwrap_or_default().split_once(": ").unwrap_or_default().1.to_owned()
    }
}

pub async fn post(path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    request("POST", path, headers, body).await
}

async fn get(path: &str) -> Reply {
    request("GET", path, &[], b"").await
}

async fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap();
    let mut connection = TcpStream::connect(&api).await.unwrap();
    let headers: String =
        headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {api}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n",
        body.len()
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    connection.write_all(body).await.unwrap();
    let mut reply = Vec::new();
    connection.read_to_end(&mut reply).await.unwrap();
    let end = reply.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let body = reply.split_off(end + 4);
    let headers = String::from_utf8(reply).unwrap();
    let status = headers.split(' ').nth(1).unwrap().parse().unwrap();
    Reply { status, headers, body }
}

/// The runtime: takes events until it is stopped.
pub async fn run() {
    loop {
        let next = get(&format!("{API}/invocation/next")).await;
        let id = next.header("lambda-runtime-aws-request-id");
        let event: Value = serde_json::from_slice(&next.body).unwrap();
        let response = format!("{API}/invocation/{id}/response");
        match event["do"].as_str().unwrap() {
            "headers" => {
                post(&response, &[], json!(next.headers).to_string().as_bytes()).await;
            }
            "refusals" => {
                let statuses = refusals(&id).await;
                post(&response, &[], json!(statuses).to_string().as_bytes()).await;
            }
            "answer twice" => {
                post(&response, &[], b"1").await;
                println!("again: {}", post(&response, &[], b"2").await.status);
            }
            // Its time is up meanwhile; SIGTERM is ignored, so there is the grace to say so.
            "answer late" => {
                let name = [("lambda-extension-name", "late")];
                post("/2020-01-01/extension/register", &name, br#"{"events":[]}"#).await;
                let mut term =
                    tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
                        .unwrap();
                term.recv().await;
                println!("late: {}", post(&response, &[], b"1").await.status);
                std::process::exit(0);
            }
            other => panic!("no {other}"),
        }
    }
}

async fn refusals(id: &str) -> Value {
    let invocation = format!("{API}/invocation");
    let nobody = "00000000-0000-4000-8000-000000000000";
    let other_attempt = [("lambda-runtime-invocation-id", nobody)];
    let no_extension = get("/2020-01-01/extension/event/next").await;
    let name = [("lambda-extension-name", "events")];
    let events = br#"{"events":["INVOKE"]}"#;
    json!({
        "unknown response": post(&format!("{invocation}/{nobody}/response"), &[], b"1").await.status,
        "unknown error": post(&format!("{invocation}/{nobody}/error"), &[], b"{}").await.status,
        "other attempt": post(&format!("{invocation}/{id}/response"), &other_attempt, b"1").await.status,
        "next while busy": get(&format!("{invocation}/next")).await.status,
        "init error": post(&format!("{API}/init/error"), &[], b"{}").await.status,
        "extension without registration": no_extension.status,
        "extension with events": post("/2020-01-01/extension/register", &name, events).await.status,
        "elsewhere": get("/2018-06-01/elsewhere").await.status,
    })
}

#[tokio::test]
async fn the_headers_of_an_event_are_those_that_runtimes_know() {
    let function = TestFunction::start("raw");
    let mut invocation = event(json!({"do": "headers"}));
    invocation.client_context = Some(r#"{"custom":{"who":"Zoë"}}"#.to_owned());
    invocation.tenant_id = Some("tenant-7".to_owned());
    invocation.trace_header = Some("Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1".to_owned());
    let answer = function.invoke(invocation.clone()).await.unwrap();
    let headers: String = serde_json::from_slice(&answer).unwrap();
    for header in [
        format!("lambda-runtime-aws-request-id: {}", invocation.request_id),
        format!("lambda-runtime-invoked-function-arn: {}", invocation.function_arn),
        "lambda-runtime-trace-id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1".to_owned(),
        r#"lambda-runtime-client-context: {"custom":{"who":"Zo\u00eb"}}"#.to_owned(),
        "lambda-runtime-aws-tenant-id: tenant-7".to_owned(),
        "content-type: application/json".to_owned(),
    ] {
        assert!(headers.contains(&format!("{header}\r\n")), "{header} is not in {headers}");
    }
    for header in ["lambda-runtime-deadline-ms: ", "lambda-runtime-invocation-id: "] {
        assert!(headers.contains(header), "{header} is not in {headers}");
    }
}

#[tokio::test]
async fn calls_that_do_not_fit_are_refused_and_change_nothing() {
    let function = TestFunction::start("raw");
    let answer = function.json(json!({"do": "refusals"})).await;
    assert_eq!(
        answer,
        json!({
            "unknown response": 400,
            "unknown error": 400,
            "other attempt": 410,
            "next while busy": 403,
            "init error": 403,
            "extension without registration": 403,
            "extension with events": 400,
            "elsewhere": 404,
        })
    );
}

#[tokio::test]
async fn a_second_answer_is_refused() {
    let function = TestFunction::start("raw");
    assert_eq!(function.json(json!({"do": "answer twice"})).await, json!(1));
    function.log.wait_for("again: 403").await;
}

#[tokio::test]
async fn an_answer_after_the_timeout_is_too_late() {
    let function = TestFunction::start("raw");
    let mut invocation = event(json!({"do": "answer late"}));
    invocation.timeout = Duration::from_millis(300);
    let error = function.invoke(invocation).await.unwrap_err();
    assert_eq!(error.error_type, "Sandbox.Timedout");
    function.log.wait_for("late: 410").await;
}
