//! ListDurableExecutionsByFunction.

use durable_core::ExecutionStatus;
use durable_store::{ListFilter, ListPosition};
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::lambda::{Call, functions};
use crate::wire::arn::is_name;
use crate::wire::constraints::Constraints;
use crate::wire::error::AwsError;
use crate::wire::function_ref::FunctionRef;
use crate::wire::query::max_items;
use crate::wire::response::{Answer, json};
use crate::wire::timestamp;

/// Statuses in one request.
const STATUSES_MAX: usize = 10;

pub(super) async fn answer(call: &Call, function_name: &str) -> Answer {
    let engine = &call.engine;
    let query = &call.query;
    let mut constraints = Constraints::default();
    let items_max = max_items(query, &mut constraints)?;
    let oldest_first = query.boolean("ReverseOrder")?.unwrap_or(false);
    let started = |name| query.non_empty(name).map(timestamp::parse_query).transpose();
    let (started_after, started_before) = (started("StartedAfter")?, started("StartedBefore")?);
    let qualifier = query.non_empty("Qualifier");
    FunctionRef::check(function_name, qualifier, &mut constraints);
    let statuses = check_filters(call, &mut constraints);
    constraints.check()?;
    let function = FunctionRef::parse(function_name, qualifier, &engine.home)?;
    let versions = versions(call, &function)?;
    let after = match query.non_empty("Marker") {
        None => None,
        Some(marker) => {
            Some(read_marker(marker).ok_or_else(|| AwsError::invalid_parameter("Invalid Marker"))?)
        }
    };
    let filter = ListFilter {
        function: function.name,
        versions,
        name: query.non_empty("DurableExecutionName").map(str::to_owned),
        statuses,
        started_after,
        started_before,
        oldest_first,
        after,
        // One more than asked for tells whether there is a next page.
        limit: items_max + 1,
    };
    // A status that this server never gives out, DELETING, has no executions.
    let none_fits = filter.statuses.is_empty() && query.get("Statuses").is_some();
    let mut rows = if none_fits { Vec::new() } else { engine.store.list(filter).await? };
    let more = rows.len() > items_max;
    rows.truncate(items_max);
    let last = rows.last().map(|row| ListPosition { started: row.started, key: row.key });
    let listed: Vec<Value> = rows
        .iter()
        .map(|row| {
            let mut shown = json!({
                "DurableExecutionArn": engine.arn_of(row),
                "DurableExecutionName": row.name,
                "FunctionArn": engine.home.version_arn(&row.function, &row.version),
                "Status": row.status.as_str(),
                "StartTimestamp": timestamp::seconds(row.started),
            });
            if let (Some(ended), Some(members)) = (row.ended, shown.as_object_mut()) {
                members.insert("EndTimestamp".to_owned(), timestamp::seconds(ended));
            }
            shown
        })
        .collect();
    let mut members = Map::new();
    members.insert("DurableExecutions".to_owned(), Value::Array(listed));
    if let Some(last) = last.filter(|_| more) {
        members.insert("NextMarker".to_owned(), marker(last).into());
    }
    json(StatusCode::OK, &Value::Object(members))
}

/// The versions that are asked for; none for all. An execution knows its version and not the alias that it was started
/// through: an alias means the versions that it leads to now.
fn versions(call: &Call, reference: &FunctionRef) -> Result<Vec<String>, AwsError> {
    let function = functions::existing(call, &reference.name)?;
    let Some(qualifier) = &reference.qualifier else { return Ok(Vec::new()) };
    let home = &call.engine.home;
    function
        .versions_of(qualifier)
        .ok_or_else(|| AwsError::function_not_found(&home.version_arn(&reference.name, qualifier)))
}

/// The constraints on names and statuses. More than one status is refused in AWS, matched here.
fn check_filters(call: &Call, constraints: &mut Constraints) -> Vec<ExecutionStatus> {
    /// What the service model allows, of which this server never gives out DELETING: a deleted execution is gone at once.
    const STATUSES: [&str; 8] =
        ["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "STOPPED", "DELETING", "PAUSING", "PAUSED"];
    if let Some(name) = call.query.non_empty("DurableExecutionName") {
        constraints.length(name, "durableExecutionName", 1, 64);
        constraints.pattern(is_name(name), name, "durableExecutionName", "[a-zA-Z0-9-_]+");
    }
    let mut statuses = Vec::new();
    for (index, name) in call.query.all("Statuses").enumerate() {
        let member = format!("statuses.{}.member", index + 1);
        let known = STATUSES.contains(&name).then_some(());
        constraints.one_of(name, &member, known, STATUSES.into_iter());
        statuses.extend(ExecutionStatus::parse(name));
    }
    let given: Vec<&str> = call.query.all("Statuses").collect();
    if given.len() > STATUSES_MAX {
        let constraint = format!("Member must have length less than or equal to {STATUSES_MAX}");
        constraints.violated(format!("[{}]", given.join(", ")), "statuses", &constraint);
    }
    statuses
}

fn marker(position: ListPosition) -> String {
    format!("{}x{}", position.started, position.key)
}

fn read_marker(marker: &str) -> Option<ListPosition> {
    let (started, key) = marker.split_once('x')?;
    Some(ListPosition { started: started.parse().ok()?, key: key.parse().ok()? })
}
