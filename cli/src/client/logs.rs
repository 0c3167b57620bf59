//! CloudWatch Logs, as far as the commands need it.

use serde::Deserialize;
use serde_json::json;

use super::fault::{stranger, unreachable, unsent_for};
use super::signed::{CallError, SignedClient};
use super::{Clients, Target};
use crate::exit::{Failure, FailureKind};
use crate::redact;

/// Events that are asked for at a time, at most. CloudWatch's own bound is ten times as high.
const EVENTS_PER_PAGE: usize = 1_000;

/// Reads logs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct LogsClient(pub(super) SignedClient);

/// One line of a log.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct LogEvent {
    /// Names it among the events of its group.
    pub event_id: String,
    /// Milliseconds since the epoch.
    pub timestamp: i64,
    /// Where it was written.
    pub log_stream_name: String,
    /// What was written.
    pub message: String,
}

/// Events, and where to go on.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EventsPage {
    /// By time.
    pub events: Vec<LogEvent>,
    /// Leads to the next page, which may be empty.
    pub next_token: Option<String>,
}

/// Which events of a group are wanted.
#[derive(Clone, Debug)]
pub struct EventsQuery<'a> {
    /// The group.
    pub group: &'a str,
    /// Not before this time, in milliseconds since the epoch.
    pub start: i64,
    /// Not after this time.
    pub end: Option<i64>,
    /// A filter pattern of CloudWatch Logs.
    pub pattern: Option<&'a str>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct GroupsPage {
    log_groups: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    log_group_name: String,
}

/// Groups of one DescribeLogGroups: CloudWatch's bound.
pub const GROUPS_PER_PAGE: usize = 50;

impl LogsClient {
    /// The names of the first groups whose names begin with this, up to [`GROUPS_PER_PAGE`].
    ///
    /// # Errors
    /// What keeps the server from answering.
    pub async fn groups(&self, clients: &Clients, prefix: &str) -> Result<Vec<String>, Failure> {
        let request = json!({ "logGroupNamePrefix": prefix, "limit": GROUPS_PER_PAGE });
        let answer = self.0.call::<GroupsPage>("logs", "Logs_20140328.DescribeLogGroups", &request);
        let page =
            answer.await.map_err(|error| failure(&clients.target, "list log groups", error))?;
        Ok(page.log_groups.into_iter().map(|group| group.log_group_name).collect())
    }

    /// One page of the events of a group.
    ///
    /// # Errors
    /// When there is no such group ([`FailureKind::Missing`]), the pattern is none, and what keeps the server from
    /// answering.
    pub async fn events(
        &self,
        clients: &Clients,
        query: &EventsQuery<'_>,
        token: Option<&str>,
    ) -> Result<EventsPage, Failure> {
        let mut request = json!({
            "logGroupName": query.group,
            "startTime": query.start.max(0),
            "limit": EVENTS_PER_PAGE,
        });
        if let Some(members) = request.as_object_mut() {
            let mut add = |name: &str, value: Option<serde_json::Value>| {
                members.extend(value.map(|value| (name.to_owned(), value)));
            };
            add("endTime", query.end.map(Into::into));
            add("filterPattern", query.pattern.map(Into::into));
            add("nextToken", token.map(Into::into));
        }
        let answer = self.0.call("logs", "Logs_20140328.FilterLogEvents", &request);
        let doing = format!("read the log group {}", query.group);
        answer.await.map_err(|error| failure(&clients.target, &doing, error))
    }
}

fn failure(target: &Target, doing: &str, error: CallError) -> Failure {
    match error {
        CallError::Unsent(why) => unsent_for(target, doing, &why),
        CallError::Unreachable(why) => unreachable(target, why),
        CallError::Stranger(detail) => stranger(target, &detail),
        CallError::Refused { status, code, message } => {
            let said = if message.is_empty() { &code } else { &message };
            let kind = match status {
                _ if code == "ResourceNotFoundException" => FailureKind::Missing,
                _ if code == "ThrottlingException" => FailureKind::Passing,
                501 => FailureKind::Final,
                500.. => FailureKind::Passing,
                _ => FailureKind::Final,
            };
            Failure::new(format!("cannot {doing}: {}", redact::text(said))).with_kind(kind)
        }
    }
}
