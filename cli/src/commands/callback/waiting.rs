//! The callbacks that an execution waits for, read from its history.

use aws_sdk_lambda::primitives::DateTime;
use aws_sdk_lambda::types::{Event, EventType, Execution};
use serde::Serialize;

use crate::client::Clients;
use crate::exit::{Failure, FailureKind};
use crate::time::rfc3339;

/// Events that are read at a time.
const EVENTS_PER_PAGE: i32 = 1_000;

/// A callback that has not been answered. Members are only ever added.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Waiting {
    pub(super) callback_id: String,
    pub(super) execution_arn: String,
    pub(super) execution_name: String,
    /// The operation's name, if the function gave it one.
    pub(super) name: Option<String>,
    /// Its id in the history.
    id: String,
    started_at: String,
    /// From the start; none if it waits for ever.
    pub(super) timeout_seconds: Option<i32>,
    /// From one heartbeat to the next.
    heartbeat_timeout_seconds: Option<i32>,
    #[serde(skip)]
    pub(super) started: DateTime,
}

/// What an execution waits for, oldest first; nothing if the execution has been deleted meanwhile.
pub(super) async fn of(clients: &Clients, execution: &Execution) -> Result<Vec<Waiting>, Failure> {
    let arn = &execution.durable_execution_arn;
    let mut pages = clients
        .lambda
        .get_durable_execution_history()
        .durable_execution_arn(arn)
        .include_execution_data(false)
        .max_items(EVENTS_PER_PAGE)
        .into_paginator()
        .send();
    let mut waiting = Vec::new();
    while let Some(page) = pages.next().await {
        let page =
            page.map_err(|error| clients.failure(&format!("read the history of {arn}"), &error));
        match page {
            Ok(page) => page.events().iter().for_each(|event| take(&mut waiting, execution, event)),
            Err(failure) if failure.kind() == FailureKind::Missing => return Ok(Vec::new()),
            Err(failure) => return Err(failure),
        }
    }
    Ok(waiting)
}

/// Takes up one event of the history.
fn take(waiting: &mut Vec<Waiting>, execution: &Execution, event: &Event) {
    use EventType as E;
    let Some(id) = event.id() else { return };
    match &event.event_type {
        Some(E::CallbackStarted) => {
            let Some(details) = event.callback_started_details() else { return };
            let started = event.event_timestamp.unwrap_or(execution.start_timestamp);
            waiting.push(Waiting {
                callback_id: details.callback_id.clone(),
                execution_arn: execution.durable_execution_arn.clone(),
                execution_name: execution.durable_execution_name.clone(),
                name: event.name.clone(),
                id: id.to_owned(),
                started_at: rfc3339(&started),
                timeout_seconds: details.timeout,
                heartbeat_timeout_seconds: details.heartbeat_timeout,
                started,
            });
        }
        Some(E::CallbackSucceeded | E::CallbackFailed | E::CallbackTimedOut) => {
            waiting.retain(|callback| callback.id != id);
        }
        _ => {}
    }
}
