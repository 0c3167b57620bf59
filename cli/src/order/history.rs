//! The steps of an execution, read from its history.

use aws_sdk_lambda::primitives::DateTime;
use aws_sdk_lambda::types::{Event, EventError, EventType, RetryDetails};
use serde::Serialize;

use crate::client::Clients;
use crate::exit::Failure;
use crate::redact;
use crate::time::{milliseconds_between, rfc3339};

/// Events that are read at a time.
const EVENTS_PER_PAGE: i32 = 1_000;

/// A step of an execution.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// Its id in the history.
    #[serde(skip)]
    id: String,
    /// Its name.
    pub name: String,
    /// How far it is.
    pub state: StepState,
    /// How often it was tried.
    pub attempts: i32,
    /// When its first attempt began.
    pub started_at: String,
    /// When its last attempt ended, if it has.
    pub ended_at: Option<String>,
    /// From the first attempt to the end of the last one, with the pauses in between.
    pub duration_ms: Option<i64>,
    /// Seconds between the failed attempt and the next, while it waits for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_attempt_delay_seconds: Option<i32>,
    /// What its last failed attempt said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    #[serde(skip)]
    started: DateTime,
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StepState {
    /// An attempt is under way.
    Running,
    /// An attempt failed, and there will be another.
    Retrying,
    /// Done.
    Succeeded,
    /// Failed for good.
    Failed,
}

impl StepState {
    /// In one word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Retrying => "retrying",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }
}

/// The steps of an execution, in the order in which they began.
///
/// # Errors
/// What keeps the server from answering.
pub async fn steps(clients: &Clients, arn: &str) -> Result<Vec<Step>, Failure> {
    let mut pages = clients
        .lambda
        .get_durable_execution_history()
        .durable_execution_arn(arn)
        // For the errors of failed attempts.
        .include_execution_data(true)
        .max_items(EVENTS_PER_PAGE)
        .into_paginator()
        .send();
    let mut steps = Vec::new();
    while let Some(page) = pages.next().await {
        let page =
            page.map_err(|error| clients.failure(&format!("read the history of {arn}"), &error))?;
        for event in page.events() {
            add(&mut steps, event);
        }
    }
    Ok(steps)
}

/// Takes up one event of the history.
fn add(steps: &mut Vec<Step>, event: &Event) {
    let (Some(kind), Some(id), Some(at)) = (&event.event_type, &event.id, &event.event_timestamp)
    else {
        return;
    };
    match kind {
        EventType::StepStarted => begin(steps, id, event.name(), at),
        EventType::StepSucceeded => {
            let details = event.step_succeeded_details();
            let retry = details.and_then(|details| details.retry_details());
            end(steps, id, at, retry, None);
        }
        EventType::StepFailed => {
            let details = event.step_failed_details();
            let retry = details.and_then(|details| details.retry_details());
            end(steps, id, at, retry, Some(details.and_then(|details| details.error())));
        }
        _ => {}
    }
}

/// An attempt begins.
fn begin(steps: &mut Vec<Step>, id: &str, name: Option<&str>, at: &DateTime) {
    if let Some(step) = steps.iter_mut().find(|step| step.id == id) {
        step.state = StepState::Running;
        step.attempts += 1;
        step.ended_at = None;
        step.duration_ms = None;
        step.next_attempt_delay_seconds = None;
        return;
    }
    steps.push(Step {
        id: id.to_owned(),
        name: name.unwrap_or(id).to_owned(),
        state: StepState::Running,
        attempts: 1,
        started_at: rfc3339(at),
        ended_at: None,
        duration_ms: None,
        next_attempt_delay_seconds: None,
        error: None,
        started: *at,
    });
}

/// An attempt ends; with an error if it failed.
fn end(
    steps: &mut [Step],
    id: &str,
    at: &DateTime,
    retry: Option<&RetryDetails>,
    failed: Option<Option<&EventError>>,
) {
    let Some(step) = steps.iter_mut().find(|step| step.id == id) else { return };
    let delay = retry.and_then(|retry| retry.next_attempt_delay_seconds);
    step.attempts = retry.map_or(step.attempts, |retry| retry.current_attempt.max(step.attempts));
    step.state = match failed {
        None => StepState::Succeeded,
        Some(_) if delay.is_some() => StepState::Retrying,
        Some(_) => StepState::Failed,
    };
    step.next_attempt_delay_seconds = delay.filter(|_| step.state == StepState::Retrying);
    if let Some(error) = failed {
        let said = error.and_then(|error| error.payload()).and_then(|error| error.error_message());
        step.error = said.map(redact::text);
    }
    step.ended_at = Some(rfc3339(at));
    step.duration_ms = Some(milliseconds_between(&step.started, at));
}

#[cfg(test)]
mod tests {
    use aws_sdk_lambda::types::ErrorObject;
    use aws_sdk_lambda::types::{StepFailedDetails, StepSucceededDetails};

    use super::*;

    fn event(kind: EventType, at_ms: i64) -> aws_sdk_lambda::types::builders::EventBuilder {
        Event::builder()
            .event_type(kind)
            .id("1")
            .name("authorize-payment")
            .event_timestamp(DateTime::from_millis(at_ms))
    }

    fn failed(at_ms: i64, attempt: i32, delay: Option<i32>) -> Event {
        let error = ErrorObject::builder().error_message("card 4532123456789012").build();
        let retry = RetryDetails::builder()
            .current_attempt(attempt)
            .set_next_attempt_delay_seconds(delay)
            .build();
        let details = StepFailedDetails::builder()
            .error(EventError::builder().payload(error).build())
            .retry_details(retry)
            .build();
        event(EventType::StepFailed, at_ms).step_failed_details(details).build()
    }

    #[test]
    fn attempts_of_a_step_are_one_step() {
        let mut steps = Vec::new();
        add(&mut steps, &event(EventType::StepStarted, 0).build());
        assert_eq!(steps.last().map(|step| step.state), Some(StepState::Running));

        add(&mut steps, &failed(10, 1, Some(1)));
        let step = steps.last().cloned();
        assert_eq!(step.as_ref().map(|step| step.state), Some(StepState::Retrying));
        assert_eq!(step.as_ref().and_then(|step| step.next_attempt_delay_seconds), Some(1));
        assert_eq!(step.and_then(|step| step.error).as_deref(), Some("card ****9012"));

        add(&mut steps, &event(EventType::StepStarted, 1_010).build());
        let retry = RetryDetails::builder().current_attempt(2).build();
        let details = StepSucceededDetails::builder().retry_details(retry).build();
        add(
            &mut steps,
            &event(EventType::StepSucceeded, 1_030).step_succeeded_details(details).build(),
        );
        assert_eq!(steps.len(), 1);
        let step = steps.last();
        assert_eq!(step.map(|step| (step.state, step.attempts)), Some((StepState::Succeeded, 2)));
        assert_eq!(step.and_then(|step| step.duration_ms), Some(1_030));
    }

    #[test]
    fn a_step_without_another_attempt_has_failed() {
        let mut steps = Vec::new();
        add(&mut steps, &event(EventType::StepStarted, 0).build());
        add(&mut steps, &failed(10, 6, None));
        let step = steps.last().map(|step| (step.state, step.attempts));
        assert_eq!(step, Some((StepState::Failed, 6)));
    }
}
