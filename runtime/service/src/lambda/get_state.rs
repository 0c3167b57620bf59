//! GetDurableExecutionState: the operations, page by page, for the invocation in flight.

use http::StatusCode;
use serde_json::json;

use crate::engine::{payload_len, read_state_marker, state_marker};
use crate::lambda::Call;
use crate::wire::arn::ExecutionArn;
use crate::wire::constraints::Constraints;
use crate::wire::error::AwsError;
use crate::wire::operation::{self, Times};
use crate::wire::query::max_items;
use crate::wire::response::{Answer, json};
use crate::wire::update::check_token;

/// Where a page is cut by size: AWS keeps answers below 6 MB.
const PAGE_BYTES_MAX: usize = 5 * 1024 * 1024;

pub(super) async fn answer(call: &Call, arn: &str) -> Answer {
    let mut constraints = Constraints::default();
    let arn = ExecutionArn::check(arn, &mut constraints);
    let token = token(call, &mut constraints);
    let items_max = max_items(&call.query, &mut constraints)?;
    let arn = constraints.checked(arn)?;
    let from = match call.query.non_empty("Marker") {
        None => None,
        Some(marker) => Some(
            read_state_marker(marker)
                .ok_or_else(|| AwsError::invalid_parameter("Invalid Marker"))?,
        ),
    };
    let stale = || AwsError::invalid_parameter("Invalid checkpoint token");
    let cell = call.engine.cell(&arn.id).await?.ok_or_else(stale)?;
    let state = cell.state.lock().await;
    let execution = &state.execution;
    call.engine.check_arn(execution, &arn)?;
    execution.check_token_of_invocation(token)?;

    let mut operations = Vec::new();
    let mut bytes = 0;
    if from.is_none() {
        operations.push(operation::execution(execution, Times::Api));
        bytes += execution.start.input.len();
    }
    let mut next_marker = String::new();
    for place in from.unwrap_or(0)..execution.operation_count() {
        let Some(next) = execution.operation_at(place) else { break };
        if execution.is_hidden(next) {
            continue;
        }
        bytes += payload_len(next);
        let full = bytes > PAGE_BYTES_MAX && !operations.is_empty();
        if operations.len() >= items_max || full {
            next_marker = state_marker(place);
            break;
        }
        operations.push(operation::operation(next, Times::Api));
    }
    json(StatusCode::OK, &json!({ "Operations": operations, "NextMarker": next_marker }))
}

fn token<'a>(call: &'a Call, constraints: &mut Constraints) -> &'a str {
    let token = call.query.get("CheckpointToken");
    check_token(token, constraints);
    token.unwrap_or_default()
}
