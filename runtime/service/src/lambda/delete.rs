//! DeleteDurableExecution.

use http::StatusCode;
use serde_json::json;

use crate::lambda::Call;
use crate::wire::arn::ExecutionArn;
use crate::wire::response::{Answer, json};
use crate::wire::timestamp;

pub(super) async fn answer(call: &Call, arn: &str) -> Answer {
    let deleted = call.engine.delete(ExecutionArn::parse(arn)?).await?;
    let body = json!({ "DeletionRequestTimestamp": timestamp::seconds(deleted) });
    json(StatusCode::ACCEPTED, &body)
}
