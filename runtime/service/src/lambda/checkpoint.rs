//! CheckpointDurableExecution.

use http::StatusCode;

use crate::lambda::Call;
use crate::wire::arn::ExecutionArn;
use crate::wire::constraints::Constraints;
use crate::wire::response::{Answer, json_bytes};
use crate::wire::update;

pub(super) async fn answer(call: &Call, arn: &str) -> Answer {
    let mut constraints = Constraints::default();
    let arn = ExecutionArn::check(arn, &mut constraints);
    let request = update::parse(call.body(), &mut constraints)?;
    let arn = constraints.checked(arn)?;
    let body = call.engine.checkpoint(arn, request).await?;
    Ok(json_bytes(StatusCode::OK, body))
}
