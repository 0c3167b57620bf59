//! PutFunctionConcurrency, GetFunctionConcurrency, DeleteFunctionConcurrency: how many invocations of a function may run
//! at one time.

use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use crate::deploy::Settings;
use crate::lambda::{Call, functions};
use crate::wire::constraints::Constraints;
use crate::wire::error::AwsError;
use crate::wire::object;
use crate::wire::response::{Answer, empty, json};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireRequest {
    reserved_concurrent_executions: Option<i64>,
}

pub(super) async fn put(call: &Call, name: &str) -> Answer {
    let name = functions::unqualified(call, name)?;
    let request: WireRequest = object::read(call.body())?;
    let mut constraints = Constraints::default();
    let member = "reservedConcurrentExecutions";
    match request.reserved_concurrent_executions {
        None => constraints.required(member),
        Some(given) => constraints.range(given, member, 0, i64::from(i32::MAX)),
    }
    constraints.check()?;
    let reserved =
        request.reserved_concurrent_executions.and_then(|given| u32::try_from(given).ok());
    reserve(call, &name, reserved).await?;
    json(StatusCode::OK, &json!({ "ReservedConcurrentExecutions": reserved }))
}

pub(super) fn get(call: &Call, name: &str) -> Answer {
    let name = functions::unqualified(call, name)?;
    let function = functions::existing(call, &name)?;
    let body = match function.reserved_concurrency {
        Some(reserved) => json!({ "ReservedConcurrentExecutions": reserved }),
        None => json!({}),
    };
    json(StatusCode::OK, &body)
}

pub(super) async fn delete(call: &Call, name: &str) -> Answer {
    let name = functions::unqualified(call, name)?;
    reserve(call, &name, None).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

async fn reserve(call: &Call, name: &str, reserved: Option<u32>) -> Result<(), AwsError> {
    let deployer = &call.engine.deployer;
    let change = deployer.begin(name).await?;
    let before = change.before();
    let settings = Settings { reserved_concurrency: reserved, ..before.settings() };
    let after = deployer.with_settings(before, settings);
    change.commit(after).await?;
    call.engine.concurrency_changed(name);
    Ok(())
}
