//! An operation as the API and the invocation's envelope show it (specification section 4.9).

use durable_core::{Details, Execution, Millis, Operation};
use serde_json::{Map, Value, json};

use crate::wire::timestamp;

/// How timestamps are written: the API and the envelope differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Times {
    /// Seconds with a fraction.
    Api,
    /// Whole milliseconds.
    Envelope,
}

impl Times {
    fn write(self, at: Millis) -> Value {
        match self {
            Self::Api => timestamp::seconds(at),
            Self::Envelope => Value::from(at),
        }
    }
}

/// The EXECUTION operation, which comes first everywhere.
pub(crate) fn execution(execution: &Execution, times: Times) -> Value {
    let mut members = Map::new();
    members.insert("Id".to_owned(), execution.start.id.clone().into());
    members.insert("Name".to_owned(), execution.start.name.clone().into());
    members.insert("Type".to_owned(), "EXECUTION".into());
    members.insert("StartTimestamp".to_owned(), times.write(execution.started));
    if let Some(ended) = execution.ended {
        members.insert("EndTimestamp".to_owned(), times.write(ended));
    }
    let status = if execution.status.is_open() { "STARTED" } else { execution.status.as_str() };
    members.insert("Status".to_owned(), status.into());
    let details = json!({ "InputPayload": execution.start.input });
    members.insert("ExecutionDetails".to_owned(), details);
    Value::Object(members)
}

pub(crate) fn operation(operation: &Operation, times: Times) -> Value {
    let mut members = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            members.insert(name.to_owned(), value);
        }
    };
    put("Id", Some(operation.op.id.clone().into()));
    put("ParentId", operation.op.parent.clone().map(Value::from));
    put("Name", operation.op.name.clone().map(Value::from));
    put("Type", Some(operation.kind().as_str().into()));
    put("SubType", operation.op.sub_type.clone().map(Value::from));
    put("StartTimestamp", Some(times.write(operation.started)));
    put("EndTimestamp", operation.ended.map(|ended| times.write(ended)));
    put("Status", Some(operation.status.as_str().into()));
    let (name, details) = details(operation, times);
    put(name, Some(details));
    Value::Object(members)
}

fn details(operation: &Operation, times: Times) -> (&'static str, Value) {
    let mut members = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            members.insert(name.to_owned(), value);
        }
    };
    let result = operation.result.clone().map(Value::from);
    let error = operation.error.as_ref().map(|error| json!(error));
    let name = match &operation.details {
        Details::Context { replay_children } => {
            put("ReplayChildren", replay_children.then_some(Value::Bool(true)));
            put("Result", result);
            put("Error", error);
            "ContextDetails"
        }
        Details::Step { attempt, next_attempt } => {
            put("Attempt", Some((*attempt).into()));
            put("NextAttemptTimestamp", next_attempt.map(|at| times.write(at)));
            put("Result", result);
            put("Error", error);
            "StepDetails"
        }
        Details::Wait { due, .. } => {
            put("ScheduledEndTimestamp", Some(times.write(*due)));
            "WaitDetails"
        }
        Details::Callback { callback_id, .. } => {
            put("CallbackId", Some(callback_id.clone().into()));
            put("Result", result);
            put("Error", error);
            "CallbackDetails"
        }
        Details::ChainedInvoke { .. } => {
            put("Result", result);
            put("Error", error);
            "ChainedInvokeDetails"
        }
    };
    (name, Value::Object(members))
}
