//! SendDurableExecutionCallbackSuccess, -Failure and -Heartbeat.

use durable_core::CallbackCompletion;
use http::StatusCode;

use crate::lambda::Call;
use crate::wire::constraints::Constraints;
use crate::wire::object;
use crate::wire::response::{Answer, json_bytes};

/// The largest result of a callback.
const RESULT_BYTES_MAX: usize = 1024 * 1024;

pub(super) async fn succeed(call: &Call, id: &str) -> Answer {
    let body = call.body();
    if body.len() > RESULT_BYTES_MAX {
        let mut constraints = Constraints::default();
        let constraint =
            format!("Member must have length less than or equal to {RESULT_BYTES_MAX}");
        constraints.violated_without_value("result", &constraint);
        constraints.check()?;
    }
    let result = (!body.is_empty()).then(|| String::from_utf8_lossy(body).into_owned());
    complete(call, id, CallbackCompletion::Success(result)).await
}

pub(super) async fn fail(call: &Call, id: &str) -> Answer {
    let body = call.body();
    let error = if body.is_empty() { Default::default() } else { object::read(body)? };
    complete(call, id, CallbackCompletion::Failure(error)).await
}

pub(super) async fn heartbeat(call: &Call, id: &str) -> Answer {
    call.engine.heartbeat(id.to_owned()).await?;
    Ok(json_bytes(StatusCode::OK, "{}"))
}

async fn complete(call: &Call, id: &str, completion: CallbackCompletion) -> Answer {
    call.engine.complete_callback(id.to_owned(), completion).await?;
    Ok(json_bytes(StatusCode::OK, "{}"))
}
