//! GetDurableExecution.

use durable_core::{PauseRequest, timeout_at};
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::lambda::Call;
use crate::wire::arn::ExecutionArn;
use crate::wire::response::{Answer, json};
use crate::wire::timestamp;

pub(super) async fn answer(call: &Call, arn: &str) -> Answer {
    let engine = &call.engine;
    let with_data = call.query.boolean("IncludeExecutionData")?.unwrap_or(true);
    let arn = ExecutionArn::parse(arn)?;
    let row = engine.row(&arn).await?;
    let start = engine.start_of(&row).await?;

    let mut members = Map::new();
    let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
    put("DurableExecutionArn", engine.arn_of(&row).into());
    put("DurableExecutionName", row.name.clone().into());
    put("FunctionArn", engine.home.version_arn(&row.function, &row.version).into());
    put("StartTimestamp", timestamp::seconds(row.started));
    put("Status", row.status.as_str().into());
    put("Version", row.version.clone().into());
    put("ExecutionDataIncluded", with_data.into());
    put(
        "DurableConfig",
        json!({
            "ExecutionTimeout": start.timeout_seconds,
            "RetentionPeriodInDays": start.retention_days,
        }),
    );
    if let Some(trace_header) = &start.trace_header {
        put("TraceHeader", json!({ "XAmznTraceId": trace_header }));
    }
    match row.ended {
        Some(ended) => put("EndTimestamp", timestamp::seconds(ended)),
        None => {
            let pause = engine.pause_of(&row).await?;
            let deadline = timeout_at(row.started, start.timeout_seconds, pause.extension);
            if let Some(request) = &pause.request {
                put("PauseDetails", pause_details(request, with_data));
            }
            put("ExpectedExecutionTimeoutTimestamp", timestamp::seconds(deadline))
        }
    };
    if with_data {
        put("InputPayload", start.input.into());
        let ending = engine.ending_of(&row).await?;
        if let Some(result) = ending.result {
            put("Result", result.into());
        }
        if let Some(error) = ending.error {
            put("Error", json!(error));
        }
    }
    json(StatusCode::OK, &Value::Object(members))
}

fn pause_details(request: &PauseRequest, with_data: bool) -> Value {
    let mut details = json!({
        "PauseRequestTimestamp": timestamp::seconds(request.requested),
        "ExecutionTimeoutPaused": request.timeout_paused,
    });
    let reason = request.reason.as_ref().filter(|_| with_data);
    if let (Some(reason), Some(members)) = (reason, details.as_object_mut()) {
        members.insert("Reason".to_owned(), reason.clone().into());
    }
    details
}
