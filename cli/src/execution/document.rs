//! An execution as it is shown, to people and to programs.

use std::fmt::Write as _;

use aws_sdk_lambda::operation::get_durable_execution::GetDurableExecutionOutput;
use aws_sdk_lambda::primitives::DateTime;
use aws_sdk_lambda::types::{ErrorObject, ExecutionStatus};
use serde::Serialize;
use serde_json::Value;

use super::operations::{Operation, Operations};
use crate::client::Clients;
use crate::exit::Failure;
use crate::redact;
use crate::table::clean;
use crate::time::{self, milliseconds_between, rfc3339};

/// Events that are read at a time.
pub const EVENTS_PER_PAGE: i32 = 1_000;

/// An execution. Members are only ever added.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// The function, with the version that it runs on.
    pub function_arn: String,
    /// How far it is, in AWS's words.
    pub status: String,
    /// When it began.
    pub started_at: String,
    /// When it ended.
    pub ended_at: Option<String>,
    /// From its beginning to its end, or until now.
    pub duration_ms: i64,
    /// What it was given, without card numbers.
    pub input: Option<Value>,
    /// How large that is.
    pub input_bytes: Option<usize>,
    /// What it gave, without card numbers.
    pub result: Option<Value>,
    /// How large that is.
    pub result_bytes: Option<usize>,
    /// Why it failed.
    pub error: Option<ErrorDocument>,
    /// What it does, or did.
    pub operations: Vec<Operation>,
}

/// Why something failed.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorDocument {
    /// For programs.
    pub error_type: Option<String>,
    /// For people, without card numbers.
    pub error_message: Option<String>,
}

/// Whether an execution in this status has ended.
#[must_use]
pub fn is_over(status: &ExecutionStatus) -> bool {
    crate::order::execution::is_over(status)
}

/// Reads an execution and its history.
///
/// # Errors
/// When it is not there, and what keeps the server from answering.
pub async fn load(clients: &Clients, arn: &str) -> Result<Document, Failure> {
    let request = clients.lambda.get_durable_execution().durable_execution_arn(arn);
    let answer = request.include_execution_data(true).send().await;
    let answer =
        answer.map_err(|error| clients.failure(&format!("read execution {arn}"), &error))?;
    let operations = operations(clients, arn).await?;
    Ok(Document::new(answer, operations.list().to_vec()))
}

/// What an execution does, or did.
///
/// # Errors
/// What keeps the server from answering.
pub async fn operations(clients: &Clients, arn: &str) -> Result<Operations, Failure> {
    let mut pages = clients
        .lambda
        .get_durable_execution_history()
        .durable_execution_arn(arn)
        .include_execution_data(false)
        .max_items(EVENTS_PER_PAGE)
        .into_paginator()
        .items()
        .send();
    let mut operations = Operations::default();
    while let Some(event) = pages.next().await {
        let event = event
            .map_err(|error| clients.failure(&format!("read the history of {arn}"), &error))?;
        operations.add(&event);
    }
    Ok(operations)
}

impl Document {
    fn new(answer: GetDurableExecutionOutput, operations: Vec<Operation>) -> Self {
        let now = DateTime::from(std::time::SystemTime::now());
        let end = answer.end_timestamp.unwrap_or(now);
        Self {
            duration_ms: milliseconds_between(&answer.start_timestamp, &end),
            arn: answer.durable_execution_arn,
            name: answer.durable_execution_name,
            function_arn: answer.function_arn,
            status: answer.status.as_str().to_owned(),
            started_at: rfc3339(&answer.start_timestamp),
            ended_at: answer.end_timestamp.as_ref().map(rfc3339),
            input_bytes: answer.input_payload.as_ref().map(String::len),
            input: answer.input_payload.as_deref().map(payload),
            result_bytes: answer.result.as_ref().map(String::len),
            result: answer.result.as_deref().map(payload),
            error: answer.error.as_ref().map(ErrorDocument::new),
            operations,
        }
    }

    /// For people.
    #[must_use]
    pub fn describe(&self) -> String {
        let mut out = String::new();
        let mut line = |name: &str, value: &str| {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{name:<10}{}", clean(value));
        };
        line("name", &self.name);
        line("status", &self.status);
        line("function", &self.function_arn);
        line("started", &self.started_at);
        if let Some(ended) = &self.ended_at {
            line("ended", ended);
        }
        line("duration", &time::duration(self.duration_ms));
        line("arn", &self.arn);
        for (name, value, bytes) in
            [("input", &self.input, self.input_bytes), ("result", &self.result, self.result_bytes)]
        {
            if let (Some(value), Some(bytes)) = (value, bytes) {
                line(name, &format!("{bytes} bytes: {value}"));
            }
        }
        if let Some(error) = &self.error {
            line("error", &error.describe());
        }
        for waiting in self.operations.iter().filter(|it| !it.state.is_over()) {
            line("waits for", &describe_waiting(waiting));
        }
        out
    }
}

fn describe_waiting(operation: &Operation) -> String {
    let Operation { kind, name, state, .. } = operation;
    let mut text = format!("{kind} {name}, {}", state.name());
    if let Some(wakes) = &operation.wakes_at {
        text.push_str(&format!(" until {wakes}"));
    }
    if let Some(id) = &operation.callback_id {
        text.push_str(&format!(", id {id}"));
    }
    text
}

impl ErrorDocument {
    /// Without card numbers.
    #[must_use]
    pub fn new(error: &ErrorObject) -> Self {
        Self {
            error_type: error.error_type().map(redact::text),
            error_message: error.error_message().map(redact::text),
        }
    }

    fn describe(&self) -> String {
        let parts = [self.error_type.as_deref(), self.error_message.as_deref()];
        let said: Vec<&str> = parts.into_iter().flatten().collect();
        if said.is_empty() { "no reason given".to_owned() } else { said.join(": ") }
    }
}

/// JSON as it is, anything else as text; without card numbers.
fn payload(text: &str) -> Value {
    let value = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
    redact::value(value)
}
