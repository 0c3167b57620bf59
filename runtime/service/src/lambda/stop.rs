//! StopDurableExecution: the body, if any, is the error.

use http::StatusCode;
use serde_json::json;

use crate::lambda::Call;
use crate::wire::arn::ExecutionArn;
use crate::wire::object;
use crate::wire::response::{Answer, json};
use crate::wire::timestamp;

pub(super) async fn answer(call: &Call, arn: &str) -> Answer {
    let body = call.body();
    let error = if body.is_empty() { Default::default() } else { object::read(body)? };
    let arn = ExecutionArn::parse(arn)?;
    let ended = call.engine.stop(arn, error).await?;
    json(StatusCode::OK, &json!({ "StopTimestamp": timestamp::seconds(ended) }))
}
