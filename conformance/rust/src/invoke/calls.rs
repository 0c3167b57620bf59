//! One chained invocation: its input, its result, its settings and its failure.

use aws_durable_execution_sdk as durable;
use durable::serdes::SerdesContext;
use durable::{
    BoxError, DurableContext, InvokeErrorKind, OperationError, OperationErrorKind, Serdes,
};
use serde::Deserialize;
use serde_json::Value;

use super::{TARGET, target};

/// The text of 5-7. As JSON it gets two quotes, and Lambda takes up to 1,048,576 bytes as the input of a chained invocation.
const LARGE_TEXT_BYTES: usize = 1_048_000;

/// 5-1, 5-3, 5-4: a target gets the caller's input, and its result is the caller's. Text, an object and null go the same way.
pub(super) async fn echo(event: Value, ctx: DurableContext) -> Result<Value, BoxError> {
    Ok(ctx.invoke(target(TARGET)?, event).await?)
}

/// The input of [`named`].
#[derive(Deserialize)]
pub(super) struct Named {
    name: String,
    payload: Value,
}

/// 5-2: the operation's name shows in the history.
pub(super) async fn named(event: Named, ctx: DurableContext) -> Result<Value, BoxError> {
    Ok(ctx.invoke(target(TARGET)?, event.payload).name(event.name).await?)
}

/// 5-7: a payload just below the limit reaches the target whole.
pub(super) async fn large_payload(_event: Value, ctx: DurableContext) -> Result<usize, BoxError> {
    let text = "x".repeat(LARGE_TEXT_BYTES);
    let measured: usize = ctx.invoke(target(TARGET)?, text).await?;
    if measured != LARGE_TEXT_BYTES {
        return Err(format!("of {LARGE_TEXT_BYTES} bytes {measured} arrived").into());
    }
    Ok(measured)
}

/// The input of [`tenant`].
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ForTenant {
    tenant_id: String,
    payload: Value,
}

/// 5-8: the target runs for a tenant, apart from those of other tenants.
pub(super) async fn tenant(event: ForTenant, ctx: DurableContext) -> Result<Value, BoxError> {
    Ok(ctx.invoke(target(TARGET)?, event.payload).tenant_id(event.tenant_id).await?)
}

/// The input of [`payload_serdes`].
#[derive(Deserialize)]
pub(super) struct Text {
    data: String,
}

/// 5-15: a serdes of the caller's own writes what the target gets.
pub(super) async fn payload_serdes(event: Text, ctx: DurableContext) -> Result<String, BoxError> {
    Ok(ctx.invoke(target(TARGET)?, event.data).payload_serdes(CapitalsOut).await?)
}

/// 5-16: a serdes of the caller's own reads what the target returned.
pub(super) async fn result_serdes(event: String, ctx: DurableContext) -> Result<String, BoxError> {
    Ok(ctx.invoke(target(TARGET)?, event).serdes(CapitalsIn).await?)
}

/// 5-5: the target's failure becomes the caller's.
pub(super) async fn failure(_event: Value, ctx: DurableContext) -> Result<(), BoxError> {
    Ok(ctx.invoke(target(TARGET)?, ()).await?)
}

/// 5-6: the caller has an answer of its own for a target that failed.
pub(super) async fn failure_caught(_event: Value, ctx: DurableContext) -> Result<String, BoxError> {
    let outcome = ctx.invoke::<String, _>(target(TARGET)?, ()).await;
    or_fallback(outcome)
}

/// The result of a target; a fallback if the target failed. What else can go wrong, such as a payload that cannot be written, is no
/// reason to go on.
pub(super) fn or_fallback(outcome: Result<String, OperationError>) -> Result<String, BoxError> {
    match outcome {
        Ok(result) => Ok(result),
        Err(error) if is_target_failure(&error) => Ok("fallback".to_owned()),
        Err(error) => Err(error.into()),
    }
}

fn is_target_failure(error: &OperationError) -> bool {
    match error.kind() {
        OperationErrorKind::Invoke(error) => {
            matches!(error.kind(), InvokeErrorKind::FunctionFailed { .. })
        }
        _ => false,
    }
}

/// Sends text in capitals. Of a payload's serdes only this half is used: the target reads the payload, not the caller.
struct CapitalsOut;

impl Serdes<String> for CapitalsOut {
    async fn serialize(&self, value: String, _context: SerdesContext) -> Result<String, BoxError> {
        Ok(serde_json::to_string(&value.to_uppercase())?)
    }

    async fn deserialize(&self, wire: String, _context: SerdesContext) -> Result<String, BoxError> {
        Ok(serde_json::from_str(&wire)?)
    }
}

/// Takes a result as the text that it is on the wire, quotes and all, and turns it into capitals. Of a result's serdes only this half
/// is used: the target has written the result.
struct CapitalsIn;

impl Serdes<String> for CapitalsIn {
    async fn serialize(&self, value: String, _context: SerdesContext) -> Result<String, BoxError> {
        Ok(value)
    }

    async fn deserialize(&self, wire: String, _context: SerdesContext) -> Result<String, BoxError> {
        Ok(wire.to_uppercase())
    }
}
