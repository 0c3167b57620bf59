//! The functions that the handlers of this suite call.

use aws_durable_execution_sdk as durable;
use durable::{BoxError, DurableContext, TypedError};
use serde_json::Value;

/// Returns what it gets.
pub(super) async fn echo(event: Value, _ctx: DurableContext) -> Result<Value, BoxError> {
    Ok(event)
}

/// Greets whoever it is told, and everybody if it is told nobody.
pub(super) async fn greet(name: Option<String>, _ctx: DurableContext) -> Result<String, BoxError> {
    Ok(format!("hello, {}", name.as_deref().unwrap_or("everybody")))
}

/// Returns how many bytes the text has that it gets.
pub(super) async fn measure(text: String, _ctx: DurableContext) -> Result<usize, BoxError> {
    Ok(text.len())
}

/// Fails, with an error type that its caller finds in the failed operation.
pub(super) async fn fail(_event: Value, _ctx: DurableContext) -> Result<(), BoxError> {
    Err(TypedError::with_type("TargetError", "this target always fails").into())
}
