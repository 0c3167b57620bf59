//! CheckpointDurableExecution.

use http::StatusCode;

use crate::lambda::Call;
use crate::wire::arn::ExecutionArn;
use crate::wire::response::{Answer, json_bytes};
use crate::wire::update;

pub(super) async fn answer(call: &Call, arn: &str) -> Answer {
    let arn = ExecutionArn::parse(arn)?;
    let request = update::parse(call.body())?;
    let body = call.engine.checkpoint(arn, request).await?;
    Ok(json_bytes(StatusCode::OK, body))
}
