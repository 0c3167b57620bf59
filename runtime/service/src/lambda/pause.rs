//! PauseDurableExecution and ResumeDurableExecution.

use durable_core::{PauseRequest, ResumeRequest};
use http::StatusCode;
use serde::Deserialize;

use crate::lambda::Call;
use crate::wire::arn::ExecutionArn;
use crate::wire::constraints::Constraints;
use crate::wire::error::AwsError;
use crate::wire::object;
use crate::wire::response::{Answer, json_bytes};

const REASON_LEN_MAX: usize = 1024;

/// The body of both; only a pause has the last member.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireRequest {
    client_token: Option<String>,
    reason: Option<String>,
    execution_timeout_paused: Option<bool>,
}

pub(super) async fn pause(call: &Call, arn: &str) -> Answer {
    let (arn, wire) = read(call, arn)?;
    let request = PauseRequest {
        requested: call.engine.clock.now(),
        reason: wire.reason,
        timeout_paused: wire.execution_timeout_paused.unwrap_or(true),
        client_token: wire.client_token,
    };
    call.engine.pause(arn, request).await?;
    Ok(json_bytes(StatusCode::ACCEPTED, "{}"))
}

pub(super) async fn resume(call: &Call, arn: &str) -> Answer {
    let (arn, wire) = read(call, arn)?;
    let request = ResumeRequest {
        requested: call.engine.clock.now(),
        reason: wire.reason,
        client_token: wire.client_token,
    };
    call.engine.resume(arn, request).await?;
    Ok(json_bytes(StatusCode::ACCEPTED, "{}"))
}

fn read(call: &Call, arn: &str) -> Result<(ExecutionArn, WireRequest), AwsError> {
    let body = call.body();
    let wire: WireRequest =
        if body.is_empty() { WireRequest::default() } else { object::read(body)? };
    let mut constraints = Constraints::default();
    let arn = ExecutionArn::check(arn, &mut constraints);
    if let Some(client_token) = &wire.client_token {
        constraints.client_token(client_token);
    }
    if let Some(reason) = &wire.reason {
        constraints.length(reason, "reason", 0, REASON_LEN_MAX);
    }
    Ok((constraints.checked(arn)?, wire))
}
