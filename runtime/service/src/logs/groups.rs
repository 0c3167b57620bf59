//! Operations on log groups.

use durable_logs::{Group, GroupsQuery};
use serde::Deserialize;
use serde_json::{Value, json};

use super::names::{check_group, group_arn};
use super::refusal::{Refusal, check};
use super::{Answer, Call};
use crate::wire::constraints::Constraints;

/// Groups on a page, also if the request does not say.
const GROUPS_MAX: usize = 50;
/// The numbers of days that AWS accepts.
const RETENTIONS: [u32; 22] = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];

/// What most operations on a group are given.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OneGroup {
    log_group_name: Option<String>,
}

impl OneGroup {
    fn read(call: &Call<'_>) -> Result<String, Refusal> {
        let request: Self = call.read()?;
        let mut constraints = Constraints::default();
        check_group(&mut constraints, request.log_group_name.as_deref(), "logGroupName");
        check(constraints)?;
        Ok(request.log_group_name.unwrap_or_default())
    }
}

pub(super) fn create(call: &Call<'_>) -> Answer {
    call.store.create_group(OneGroup::read(call)?)?;
    Ok(Value::Null)
}

pub(super) fn delete(call: &Call<'_>) -> Answer {
    call.store.delete_group(OneGroup::read(call)?)?;
    Ok(Value::Null)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Describe {
    log_group_name_prefix: Option<String>,
    log_group_name_pattern: Option<String>,
    next_token: Option<String>,
    limit: Option<i64>,
}

pub(super) fn describe(call: &Call<'_>) -> Answer {
    let request: Describe = call.read()?;
    let (prefix, pattern) = (request.log_group_name_prefix, request.log_group_name_pattern);
    let mut constraints = Constraints::default();
    if prefix.is_some() {
        check_group(&mut constraints, prefix.as_deref(), "logGroupNamePrefix");
    }
    constraints.range(request.limit.unwrap_or(1), "limit", 1, GROUPS_MAX as i64);
    check(constraints)?;
    if prefix.is_some() && pattern.is_some() {
        return Err(Refusal::invalid(
            "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
        ));
    }
    let limit = request.limit.map_or(GROUPS_MAX, |limit| limit.unsigned_abs() as usize);
    // One more tells whether there is another page.
    let mut found = call.store.groups(&GroupsQuery {
        prefix: prefix.unwrap_or_default(),
        containing: pattern.unwrap_or_default(),
        after: request.next_token.unwrap_or_default(),
        limit: limit + 1,
    })?;
    let more = found.len() > limit;
    found.truncate(limit);
    let groups: Vec<Value> = found.iter().map(|group| shown(call, group)).collect();
    let mut answer = json!({ "logGroups": groups });
    if let (true, Some(last), Some(members)) = (more, found.last(), answer.as_object_mut()) {
        members.insert("nextToken".to_owned(), last.name.clone().into());
    }
    Ok(answer)
}

fn shown(call: &Call<'_>, group: &Group) -> Value {
    let arn = group_arn(call.home, &group.name);
    let mut shown = json!({
        "logGroupName": group.name,
        "creationTime": group.created,
        "metricFilterCount": 0,
        "arn": format!("{arn}:*"),
        "storedBytes": group.bytes,
        "logGroupClass": "STANDARD",
        "logGroupArn": arn,
    });
    if let (Some(days), Some(members)) = (group.retention_days, shown.as_object_mut()) {
        members.insert("retentionInDays".to_owned(), days.into());
    }
    shown
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PutRetention {
    log_group_name: Option<String>,
    retention_in_days: Option<u32>,
}

pub(super) fn put_retention(call: &Call<'_>) -> Answer {
    let request: PutRetention = call.read()?;
    let mut constraints = Constraints::default();
    check_group(&mut constraints, request.log_group_name.as_deref(), "logGroupName");
    match request.retention_in_days {
        None => constraints.required("retentionInDays"),
        Some(days) if RETENTIONS.contains(&days) => {}
        Some(days) => {
            let allowed = RETENTIONS.map(|days| days.to_string()).join(", ");
            let constraint = format!("Member must satisfy enum value set: [{allowed}]");
            constraints.violated(days, "retentionInDays", &constraint);
        }
    }
    check(constraints)?;
    let name = request.log_group_name.unwrap_or_default();
    call.store.set_retention(name, request.retention_in_days)?;
    Ok(Value::Null)
}

pub(super) fn delete_retention(call: &Call<'_>) -> Answer {
    call.store.set_retention(OneGroup::read(call)?, None)?;
    Ok(Value::Null)
}

/// Groups have no tags here.
pub(super) fn list_tags(_: &Call<'_>) -> Answer {
    Ok(json!({ "tags": {} }))
}
