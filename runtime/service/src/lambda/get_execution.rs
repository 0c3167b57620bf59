//! GetDurableExecution.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::lambda::Call;
use crate::wire::arn::ExecutionArn;
use crate::wire::response::{Answer, json};
use crate::wire::timestamp;

pub(super) async fn answer(call: &Call, arn: &str) -> Answer {
    let engine = &call.engine;
    let arn = ExecutionArn::parse(arn)?;
    let with_data = call.query.boolean("IncludeExecutionData")?.unwrap_or(true);
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
            let deadline = row.started + i64::from(start.timeout_seconds) * 1000;
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
