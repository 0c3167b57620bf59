//! GetDurableExecutionHistory.

use http::StatusCode;
use serde_json::{Map, Value};

use crate::engine::{HistoryPosition, HistoryQuery};
use crate::lambda::Call;
use crate::wire::arn::ExecutionArn;
use crate::wire::constraints::Constraints;
use crate::wire::error::AwsError;
use crate::wire::query::max_items;
use crate::wire::response::{Answer, json};

pub(super) async fn answer(call: &Call, arn: &str) -> Answer {
    let mut constraints = Constraints::default();
    let arn = ExecutionArn::check(arn, &mut constraints);
    let newest_first = call.query.boolean("ReverseOrder")?.unwrap_or(false);
    // The model says true; what was observed of AWS is false, and every client says which.
    let with_data = call.query.boolean("IncludeExecutionData")?.unwrap_or(false);
    let events_max = max_items(&call.query, &mut constraints)?;
    let arn = constraints.checked(arn)?;
    let from = match call.query.non_empty("Marker") {
        None => None,
        Some(marker) => Some(
            read_marker(marker, newest_first)
                .ok_or_else(|| AwsError::invalid_parameter("Invalid Marker"))?,
        ),
    };
    let row = call.engine.row(&arn).await?;
    let query = HistoryQuery { from, newest_first, with_data, events_max };
    let (events, next) = call.engine.history(&row, query).await?;
    let mut members = Map::new();
    members.insert("Events".to_owned(), Value::Array(events));
    if let Some(next) = next {
        members.insert("NextMarker".to_owned(), marker(next, newest_first).into());
    }
    json(StatusCode::OK, &Value::Object(members))
}

/// A marker is bound to its direction.
fn marker(position: HistoryPosition, newest_first: bool) -> String {
    let direction = if newest_first { 'd' } else { 'a' };
    format!("{direction}{}x{}", position.seq, position.event_id)
}

fn read_marker(marker: &str, newest_first: bool) -> Option<HistoryPosition> {
    let rest = marker.strip_prefix(if newest_first { 'd' } else { 'a' })?;
    let (seq, event_id) = rest.split_once('x')?;
    Some(HistoryPosition { seq: seq.parse().ok()?, event_id: event_id.parse().ok()? })
}
