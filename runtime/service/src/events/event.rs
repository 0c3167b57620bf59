//! The event: EventBridge's envelope around Lambda's detail.

use std::sync::Arc;

use durable_core::{Execution, ExecutionStarted, ExecutionStatus, Millis};
use durable_store::{Closing, StatusChange};
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use crate::wire::arn::Home;
use crate::wire::error::AwsError;

/// The statuses that AWS documents events of. A pause has none.
pub(super) const TOLD: [ExecutionStatus; 5] = [
    ExecutionStatus::Running,
    ExecutionStatus::Succeeded,
    ExecutionStatus::Failed,
    ExecutionStatus::Stopped,
    ExecutionStatus::TimedOut,
];

/// Makes the events that a webhook wants.
pub(crate) struct StatusEvents {
    home: Home,
    statuses: Arc<[ExecutionStatus]>,
}

#[derive(Serialize)]
struct Event<'a> {
    version: &'static str,
    id: &'a str,
    #[serde(rename = "detail-type")]
    detail_type: &'static str,
    source: &'static str,
    account: &'a str,
    time: String,
    region: &'a str,
    resources: [(); 0],
    detail: Detail<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Detail<'a> {
    durable_execution_arn: String,
    durable_execution_name: &'a str,
    function_arn: String,
    status: &'static str,
    start_timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_timestamp: Option<String>,
}

impl StatusEvents {
    pub(crate) fn new(home: Home, statuses: Arc<[ExecutionStatus]>) -> Self {
        Self { home, statuses }
    }

    /// The event of a start, if it is wanted.
    ///
    /// # Errors
    /// None that can happen: an event is text and can be written as JSON.
    pub(crate) fn started(
        &self,
        start: &ExecutionStarted,
        at: Millis,
    ) -> Result<Option<StatusChange>, AwsError> {
        self.change(start, ExecutionStatus::Running, at, None)
    }

    /// The event of an end, if it is wanted.
    ///
    /// # Errors
    /// As [`started`](Self::started).
    pub(crate) fn closed(
        &self,
        execution: &Execution,
        closing: &Closing,
    ) -> Result<Option<StatusChange>, AwsError> {
        self.change(&execution.start, closing.status, execution.started, Some(closing.ended))
    }

    fn change(
        &self,
        start: &ExecutionStarted,
        status: ExecutionStatus,
        started: Millis,
        ended: Option<Millis>,
    ) -> Result<Option<StatusChange>, AwsError> {
        if !self.statuses.contains(&status) {
            return Ok(None);
        }
        let ExecutionStarted { function, version, name, id: execution, .. } = start;
        let at = ended.unwrap_or(started);
        let id = Uuid::new_v4().to_string();
        let event = Event {
            version: "0",
            id: &id,
            detail_type: "Durable Execution Status Change",
            source: "aws.lambda",
            account: &self.home.account,
            time: in_seconds(at),
            region: &self.home.region,
            resources: [],
            detail: Detail {
                durable_execution_arn: self.home.execution_arn(function, version, name, execution),
                durable_execution_name: name,
                function_arn: self.home.version_arn(function, version),
                status: status.as_str(),
                start_timestamp: in_milliseconds(started),
                end_timestamp: ended.map(in_milliseconds),
            },
        };
        let body = serde_json::to_vec(&event)
            .map_err(|error| AwsError::service(format!("An event is no JSON: {error}")))?;
        Ok(Some(StatusChange { id, execution: execution.clone(), at, body }))
    }
}

fn in_seconds(at: Millis) -> String {
    time(at).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn in_milliseconds(at: Millis) -> String {
    time(at).strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// Times beyond the year 9999 do not occur.
fn time(at: Millis) -> Timestamp {
    Timestamp::from_millisecond(at).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_the_second_and_its_detail_the_millisecond() {
        assert_eq!(in_seconds(1_763_644_102_345), "2025-11-20T13:08:22Z");
        assert_eq!(in_milliseconds(1_763_644_102_345), "2025-11-20T13:08:22.345Z");
        assert_eq!(in_milliseconds(1_763_644_102_000), "2025-11-20T13:08:22.000Z");
    }
}
