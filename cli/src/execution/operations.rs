//! The operations of an execution, put together from the events of its history.

use std::collections::HashMap;

use aws_sdk_lambda::primitives::DateTime;
use aws_sdk_lambda::types::{Event, EventType, RetryDetails};
use serde::Serialize;

use crate::redact;
use crate::time::{milliseconds_between, rfc3339};

/// How far an operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Under way.
    Running,
    /// A step whose attempt failed, or that looks again later.
    Retrying,
    /// A wait, a callback, or another function: nothing of it runs here.
    Waiting,
    /// Done.
    Succeeded,
    /// Failed for good.
    Failed,
    /// Nobody answered in time.
    TimedOut,
    /// Ended from outside.
    Stopped,
    /// Given up by its function.
    Cancelled,
}

impl State {
    /// In one word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Retrying => "retrying",
            Self::Waiting => "waiting",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::TimedOut => "timed out",
            Self::Stopped => "stopped",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether it will not change any more.
    #[must_use]
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Running | Self::Retrying | Self::Waiting)
    }
}

/// An operation, for programs too. Members are only ever added.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    /// Its id.
    pub id: String,
    /// The operation that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// Its name, or what it is.
    pub name: String,
    /// `step`, `wait`, `callback`, `invoke` or `context`.
    pub kind: &'static str,
    /// How far it is.
    pub state: State,
    /// How often it was tried.
    pub attempts: i32,
    /// When it began.
    pub started_at: String,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    /// From its beginning to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<i64>,
    /// When it goes on by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wakes_at: Option<String>,
    /// What the answer to a callback has to name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_id: Option<String>,
    /// The type of its last error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_type: Option<String>,
    #[serde(skip)]
    started: DateTime,
    #[serde(skip)]
    wakes: Option<DateTime>,
}

impl Operation {
    /// When it began.
    #[must_use]
    pub fn started(&self) -> &DateTime {
        &self.started
    }

    /// Milliseconds from its beginning to its end, or to `now`.
    #[must_use]
    pub fn elapsed_ms(&self, now: &DateTime) -> i64 {
        self.duration_ms.unwrap_or_else(|| milliseconds_between(&self.started, now))
    }

    /// Milliseconds until it goes on by itself.
    #[must_use]
    pub fn wakes_in_ms(&self, now: &DateTime) -> Option<i64> {
        self.wakes.as_ref().map(|wakes| milliseconds_between(now, wakes))
    }
}

/// All operations that the events so far have told of, in the order in which they began.
#[derive(Clone, Debug, Default)]
pub struct Operations {
    list: Vec<Operation>,
    places: HashMap<String, usize>,
}

impl Operations {
    /// What is known now.
    #[must_use]
    pub fn list(&self) -> &[Operation] {
        &self.list
    }

    /// How many operations one is inside of.
    #[must_use]
    pub fn depth(&self, operation: &Operation) -> usize {
        let mut depth = 0;
        let mut inside = operation.parent_id.as_ref();
        // A history in which an operation is inside itself must not hang us.
        while let Some(place) = inside.and_then(|id| self.places.get(id)) {
            depth += 1;
            inside = self.list.get(*place).and_then(|parent| parent.parent_id.as_ref());
            if depth > self.list.len() {
                break;
            }
        }
        depth
    }

    /// Takes up one event, and says which operation it has changed.
    pub fn add(&mut self, event: &Event) -> Option<&Operation> {
        let kind = event.event_type.as_ref()?;
        let id = event.id.as_ref()?;
        let at = event.event_timestamp.as_ref()?;
        let operation = self.operation(kind, id, event, at)?;
        change(operation, kind, event, at);
        Some(operation)
    }

    fn operation(
        &mut self,
        kind: &EventType,
        id: &str,
        event: &Event,
        at: &DateTime,
    ) -> Option<&mut Operation> {
        let kind = kind_of(kind)?;
        let place = match self.places.get(id) {
            Some(place) => *place,
            None => {
                self.places.insert(id.to_owned(), self.list.len());
                self.list.push(begun(kind, id, event, at));
                self.list.len() - 1
            }
        };
        self.list.get_mut(place)
    }
}

fn kind_of(event: &EventType) -> Option<&'static str> {
    use EventType as E;
    Some(match event {
        E::StepStarted | E::StepSucceeded | E::StepFailed => "step",
        E::WaitStarted | E::WaitSucceeded | E::WaitCancelled => "wait",
        E::CallbackStarted | E::CallbackSucceeded | E::CallbackFailed | E::CallbackTimedOut => {
            "callback"
        }
        E::ChainedInvokeStarted
        | E::ChainedInvokeSucceeded
        | E::ChainedInvokeFailed
        | E::ChainedInvokeTimedOut
        | E::ChainedInvokeStopped => "invoke",
        E::ContextStarted | E::ContextSucceeded | E::ContextFailed => "context",
        _ => return None,
    })
}

fn begun(kind: &'static str, id: &str, event: &Event, at: &DateTime) -> Operation {
    let name = event.name.as_deref().or(event.sub_type.as_deref()).unwrap_or(kind);
    Operation {
        id: id.to_owned(),
        parent_id: event.parent_id.clone(),
        name: redact::text(name),
        kind,
        state: State::Running,
        attempts: 0,
        started_at: rfc3339(at),
        ended_at: None,
        duration_ms: None,
        wakes_at: None,
        callback_id: None,
        error_type: None,
        started: *at,
        wakes: None,
    }
}

fn change(operation: &mut Operation, kind: &EventType, event: &Event, at: &DateTime) {
    use EventType as E;
    match kind {
        E::StepStarted => {
            operation.attempts += 1;
            go_on(operation, State::Running, None);
        }
        E::StepSucceeded => {
            let details = event.step_succeeded_details();
            end_attempt(operation, details.and_then(|it| it.retry_details()), true, at);
        }
        E::StepFailed => {
            let details = event.step_failed_details();
            let error = details.and_then(|it| it.error()).and_then(|it| it.payload());
            operation.error_type = error.and_then(|it| it.error_type()).map(redact::text);
            end_attempt(operation, details.and_then(|it| it.retry_details()), false, at);
        }
        E::WaitStarted => {
            let end = event.wait_started_details().map(|it| *it.scheduled_end_timestamp());
            go_on(operation, State::Waiting, end);
        }
        E::CallbackStarted => {
            let details = event.callback_started_details();
            operation.callback_id = details.map(|it| it.callback_id().to_owned());
            go_on(operation, State::Waiting, None);
        }
        E::ChainedInvokeStarted => go_on(operation, State::Waiting, None),
        E::ContextStarted => go_on(operation, State::Running, None),
        E::WaitSucceeded
        | E::CallbackSucceeded
        | E::ChainedInvokeSucceeded
        | E::ContextSucceeded => end(operation, State::Succeeded, at),
        E::CallbackFailed | E::ChainedInvokeFailed | E::ContextFailed => {
            end(operation, State::Failed, at);
        }
        E::CallbackTimedOut | E::ChainedInvokeTimedOut => end(operation, State::TimedOut, at),
        E::ChainedInvokeStopped => end(operation, State::Stopped, at),
        E::WaitCancelled => end(operation, State::Cancelled, at),
        _ => {}
    }
}

fn go_on(operation: &mut Operation, state: State, wakes: Option<DateTime>) {
    operation.attempts = operation.attempts.max(1);
    operation.state = state;
    operation.wakes_at = wakes.as_ref().map(rfc3339);
    operation.wakes = wakes;
    operation.ended_at = None;
    operation.duration_ms = None;
}

/// A step that looks again later succeeds with a delay; one that is tried again fails with one.
fn end_attempt(
    operation: &mut Operation,
    retry: Option<&RetryDetails>,
    succeeded: bool,
    at: &DateTime,
) {
    if let Some(retry) = retry {
        operation.attempts = operation.attempts.max(retry.current_attempt);
    }
    match retry.and_then(|retry| retry.next_attempt_delay_seconds) {
        Some(delay) => {
            let wakes = DateTime::from_secs_f64(at.as_secs_f64() + f64::from(delay));
            go_on(operation, State::Retrying, Some(wakes));
        }
        None => end(operation, if succeeded { State::Succeeded } else { State::Failed }, at),
    }
}

fn end(operation: &mut Operation, state: State, at: &DateTime) {
    operation.attempts = operation.attempts.max(1);
    operation.state = state;
    operation.ended_at = Some(rfc3339(at));
    operation.duration_ms = Some(milliseconds_between(&operation.started, at));
    operation.wakes_at = None;
    operation.wakes = None;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use aws_sdk_lambda::types::builders::EventBuilder;
    use aws_sdk_lambda::types::{StepFailedDetails, WaitStartedDetails};

    use super::*;

    fn event(kind: EventType, id: &str, at_ms: i64) -> EventBuilder {
        Event::builder().event_type(kind).id(id).event_timestamp(DateTime::from_millis(at_ms))
    }

    #[test]
    fn a_retried_step_waits_for_its_next_attempt() {
        let mut operations = Operations::default();
        operations.add(&event(EventType::StepStarted, "1", 0).name("pay").build());
        let retry =
            RetryDetails::builder().current_attempt(1).next_attempt_delay_seconds(5).build();
        let details = StepFailedDetails::builder().retry_details(retry).build();
        operations.add(&event(EventType::StepFailed, "1", 10).step_failed_details(details).build());
        let step = operations.list().first().unwrap();
        assert_eq!((step.state, step.attempts), (State::Retrying, 1));
        assert_eq!(step.wakes_in_ms(&DateTime::from_millis(1_010)), Some(4_000));

        operations.add(&event(EventType::StepStarted, "1", 5_010).build());
        operations.add(&event(EventType::StepSucceeded, "1", 5_030).build());
        let step = operations.list().first().unwrap();
        assert_eq!(
            (step.state, step.attempts, step.duration_ms),
            (State::Succeeded, 2, Some(5_030))
        );
        assert_eq!(step.wakes_at, None);
        assert_eq!(operations.list().len(), 1);
    }

    #[test]
    fn operations_know_how_deep_they_are() {
        let mut operations = Operations::default();
        operations.add(&event(EventType::ContextStarted, "1", 0).build());
        operations.add(&event(EventType::ContextStarted, "1-1", 0).parent_id("1").build());
        let details = WaitStartedDetails::builder()
            .duration(60)
            .scheduled_end_timestamp(DateTime::from_millis(60_000))
            .build()
            .unwrap();
        let wait = event(EventType::WaitStarted, "1-1-1", 0).parent_id("1-1");
        operations.add(&wait.wait_started_details(details).build());
        let depths: Vec<usize> = operations.list().iter().map(|it| operations.depth(it)).collect();
        assert_eq!(depths, [0, 1, 2]);
        let wait = operations.list().last().unwrap();
        assert_eq!((wait.state, wait.kind, wait.name.as_str()), (State::Waiting, "wait", "wait"));
        assert_eq!(wait.wakes_in_ms(&DateTime::from_millis(0)), Some(60_000));
    }

    #[test]
    fn what_belongs_to_no_operation_changes_none() {
        let mut operations = Operations::default();
        assert!(operations.add(&event(EventType::ExecutionStarted, "1", 0).build()).is_none());
        assert!(operations.list().is_empty());
    }
}
