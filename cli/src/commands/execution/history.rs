//! `execution history`: the events of an execution, as they are read.

use aws_sdk_lambda::types::{Event, EventType};
use clap::Args;
use serde::Serialize;
use serde_json::Value;

use crate::client::Clients;
use crate::execution::document::EVENTS_PER_PAGE;
use crate::execution::reference::{WRITTEN, resolve};
use crate::exit::{Exit, Failure};
use crate::format::{self, Format};
use crate::output::{print, print_json, reader_is_gone};
use crate::redact;
use crate::table::clean;
use crate::time::{clock, rfc3339};

/// Options of `execution history`.
#[derive(Args, Clone, Debug)]
#[command(after_help = format!("\
Examples:
  durable-orders execution history ORDER-001
  durable-orders execution history ORDER-001 --only-failures --include-data --output jsonl

An execution is written as {WRITTEN}. Of a card number, the last four digits are shown."))]
pub struct History {
    /// The execution
    #[arg(value_name = "EXECUTION")]
    execution: String,
    /// Inputs, results and error messages too
    #[arg(long, visible_alias = "include-execution-data")]
    include_data: bool,
    /// Newest first
    #[arg(long, visible_alias = "reverse-order")]
    reverse: bool,
    /// Only failures, timeouts and stops
    #[arg(long)]
    only_failures: bool,
    /// Only events of operations of this name
    #[arg(long, value_name = "NAME")]
    operation: Option<String>,
    #[command(flatten)]
    format: Format,
}

/// An event, for programs. Members are only ever added.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    event_id: i32,
    timestamp: String,
    event_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Value>,
}

impl History {
    pub(super) async fn run(self, clients: &Clients) -> Result<Exit, Failure> {
        let arn = resolve(clients, &self.execution).await?;
        let mut events = clients
            .lambda
            .get_durable_execution_history()
            .durable_execution_arn(&arn)
            // The type of an error is data to the server.
            .include_execution_data(true)
            .reverse_order(self.reverse)
            .max_items(EVENTS_PER_PAGE)
            .into_paginator()
            .items()
            .send();
        let mut document = Vec::new();
        while let Some(event) = events.next().await.filter(|_| !reader_is_gone()) {
            let doing = format!("read the history of {arn}");
            let event = event.map_err(|error| clients.failure(&doing, &error))?;
            if !self.shows(&event) {
                continue;
            }
            let row = Row::new(&event, self.include_data);
            match (self.format.is_json(), self.format.is_lines()) {
                (false, _) => print(&row.describe())?,
                (true, true) => format::line(&row)?,
                (true, false) => document.push(row),
            }
        }
        if self.format.is_json() && !self.format.is_lines() {
            print_json(&document)?;
        }
        Ok(Exit::Done)
    }

    fn shows(&self, event: &Event) -> bool {
        let named = |wanted: &String| event.name.as_ref() == Some(wanted);
        self.operation.as_ref().is_none_or(named) && (!self.only_failures || is_failure(event))
    }
}

fn is_failure(event: &Event) -> bool {
    let kind = event.event_type.as_ref().map(EventType::as_str).unwrap_or_default();
    let invocation = event.invocation_completed_details().and_then(|details| details.error());
    ["Failed", "TimedOut", "Stopped"].iter().any(|end| kind.ends_with(end)) || invocation.is_some()
}

impl Row {
    fn new(event: &Event, with_data: bool) -> Self {
        let error = error_of(event);
        let message = error.and_then(|error| error.error_message()).filter(|_| with_data);
        Self {
            event_id: event.event_id,
            timestamp: event.event_timestamp.as_ref().map(rfc3339).unwrap_or_default(),
            event_type: event.event_type.as_ref().map_or("?", EventType::as_str).to_owned(),
            id: event.id.clone(),
            name: event.name.as_deref().map(redact::text),
            sub_type: event.sub_type.clone(),
            parent_id: event.parent_id.clone(),
            error_type: error.and_then(|error| error.error_type()).map(redact::text),
            error_message: message.map(redact::text),
            payload: payload_of(event).filter(|_| with_data),
        }
    }

    fn describe(&self) -> String {
        let name = self.name.as_deref().unwrap_or_default();
        let mut line = format!(
            "{:>4}  {}  {:<24}  {name}",
            self.event_id,
            clock(&self.timestamp),
            self.event_type
        );
        let payload = self.payload.as_ref().map(Value::to_string);
        for more in [&self.error_type, &self.error_message, &payload].into_iter().flatten() {
            line.push_str("  ");
            line.push_str(more);
        }
        format!("{}\n", clean(line.trim_end()).replace('\n', " "))
    }
}

fn error_of(event: &Event) -> Option<&aws_sdk_lambda::types::ErrorObject> {
    let error = None
        .or_else(|| event.execution_failed_details()?.error())
        .or_else(|| event.execution_timed_out_details()?.error())
        .or_else(|| event.execution_stopped_details()?.error())
        .or_else(|| event.context_failed_details()?.error())
        .or_else(|| event.step_failed_details()?.error())
        .or_else(|| event.callback_failed_details()?.error())
        .or_else(|| event.callback_timed_out_details()?.error())
        .or_else(|| event.chained_invoke_failed_details()?.error())
        .or_else(|| event.chained_invoke_timed_out_details()?.error())
        .or_else(|| event.chained_invoke_stopped_details()?.error())
        .or_else(|| event.invocation_completed_details()?.error());
    error?.payload()
}

/// What was given, or what came of it.
fn payload_of(event: &Event) -> Option<Value> {
    let input = None
        .or_else(|| event.execution_started_details()?.input()?.payload())
        .or_else(|| event.chained_invoke_started_details()?.input()?.payload());
    let result = None
        .or_else(|| event.execution_succeeded_details()?.result()?.payload())
        .or_else(|| event.context_succeeded_details()?.result()?.payload())
        .or_else(|| event.step_succeeded_details()?.result()?.payload())
        .or_else(|| event.callback_succeeded_details()?.result()?.payload())
        .or_else(|| event.chained_invoke_succeeded_details()?.result()?.payload());
    let text = input.or(result)?;
    let value = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
    Some(redact::value(value))
}
