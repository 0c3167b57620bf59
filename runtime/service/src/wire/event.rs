//! A fact as an event of the history (specification section 6).

use durable_core::{ChainedTarget, ErrorObject, Fact, Millis, OpRef};
use serde_json::{Map, Value, json};

use crate::wire::timestamp;

/// What an event needs to know besides its fact.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventContext<'a> {
    pub(crate) event_id: u64,
    pub(crate) at: Millis,
    /// The execution's id and name: its own events carry them.
    pub(crate) execution_id: &'a str,
    pub(crate) execution_name: &'a str,
    /// Whether payloads are shown.
    pub(crate) with_data: bool,
}

/// The event of a fact; `None` for a fact that the history does not show.
pub(crate) fn event(fact: &Fact, context: EventContext<'_>) -> Option<Value> {
    let (kind, details) = details(fact, context)?;
    let mut members = Map::new();
    members.insert("EventType".to_owned(), kind.into());
    members.insert("EventId".to_owned(), context.event_id.into());
    members.insert("EventTimestamp".to_owned(), timestamp::seconds(context.at));
    match fact.operation_ref() {
        Some(op) => name_operation(&mut members, op),
        None if kind != "InvocationCompleted" => {
            members.insert("Id".to_owned(), context.execution_id.into());
            members.insert("Name".to_owned(), context.execution_name.into());
        }
        None => {}
    }
    members.insert(format!("{kind}Details"), details);
    Some(Value::Object(members))
}

fn name_operation(members: &mut Map<String, Value>, op: &OpRef) {
    members.insert("Id".to_owned(), op.id.clone().into());
    let optional = [("Name", &op.name), ("SubType", &op.sub_type), ("ParentId", &op.parent)];
    for (member, value) in optional {
        if let Some(value) = value {
            members.insert(member.to_owned(), value.clone().into());
        }
    }
}

fn details(fact: &Fact, context: EventContext<'_>) -> Option<(&'static str, Value)> {
    let with_data = context.with_data;
    let text = |value: &Option<String>| wrap(value.clone().map(Value::from), with_data);
    let fault = |error: &ErrorObject| wrap(Some(json!(error)), with_data);
    Some(match fact {
        Fact::ExecutionStarted(start) => (
            "ExecutionStarted",
            json!({
                "Input": wrap(Some(start.input.clone().into()), with_data),
                "ExecutionTimeout": start.timeout_seconds,
            }),
        ),
        Fact::ExecutionSucceeded { result } => {
            ("ExecutionSucceeded", json!({ "Result": text(result) }))
        }
        Fact::ExecutionFailed { error } => ("ExecutionFailed", json!({ "Error": fault(error) })),
        // The error stays on the execution: AWS leaves these details empty.
        Fact::ExecutionTimedOut { .. } => ("ExecutionTimedOut", json!({})),
        Fact::ExecutionStopped { error } => ("ExecutionStopped", json!({ "Error": fault(error) })),
        Fact::InvocationCompleted { request_id, started, error, .. } => {
            let mut details = json!({
                "StartTimestamp": timestamp::seconds(*started),
                "EndTimestamp": timestamp::seconds(context.at),
                "RequestId": request_id,
            });
            if let (Some(error), Some(members)) = (error, details.as_object_mut()) {
                members.insert("Error".to_owned(), fault(error));
            }
            ("InvocationCompleted", details)
        }
        Fact::ExecutionPaused { request, .. } => {
            let mut details = json!({
                "PauseRequestTimestamp": timestamp::seconds(request.requested),
                "ExecutionTimeoutPaused": request.timeout_paused,
            });
            add_reason(&mut details, &request.reason, with_data);
            ("ExecutionPaused", details)
        }
        Fact::ExecutionResumed { request, .. } => {
            let mut details =
                json!({ "ResumeRequestTimestamp": timestamp::seconds(request.requested) });
            add_reason(&mut details, &request.reason, with_data);
            ("ExecutionResumed", details)
        }
        fact if !fact.is_event() => return None,
        fact => operation_details(fact, with_data)?,
    })
}

/// The reason of a pause or a resumption, if one was given.
fn add_reason(details: &mut Value, reason: &Option<String>, with_data: bool) {
    if let (Some(reason), Some(members)) = (reason, details.as_object_mut()) {
        members.insert("Reason".to_owned(), wrap(Some(reason.clone().into()), with_data));
    }
}

fn operation_details(fact: &Fact, with_data: bool) -> Option<(&'static str, Value)> {
    let text = |value: &Option<String>| wrap(value.clone().map(Value::from), with_data);
    let fault = |error: &ErrorObject| wrap(Some(json!(error)), with_data);
    let retry_details = |attempt: &u32, delay: Option<u32>| match delay {
        Some(delay) => json!({ "CurrentAttempt": attempt, "NextAttemptDelaySeconds": delay }),
        None => json!({ "CurrentAttempt": attempt }),
    };
    Some(match fact {
        Fact::ContextStarted { .. } => ("ContextStarted", json!({})),
        Fact::ContextSucceeded { result, .. } => {
            ("ContextSucceeded", json!({ "Result": text(result) }))
        }
        Fact::ContextFailed { error, .. } => ("ContextFailed", json!({ "Error": fault(error) })),
        Fact::StepStarted { .. } => ("StepStarted", json!({})),
        Fact::StepSucceeded { attempt, result, retry, .. } => (
            "StepSucceeded",
            json!({
                "Result": text(result),
                "RetryDetails": retry_details(attempt, retry.map(|retry| retry.seconds)),
            }),
        ),
        Fact::StepFailed { attempt, error, retry, .. } => (
            "StepFailed",
            json!({
                "Error": fault(error),
                "RetryDetails": retry_details(attempt, retry.map(|retry| retry.seconds)),
            }),
        ),
        Fact::WaitStarted { seconds, due, .. } => (
            "WaitStarted",
            json!({ "Duration": seconds, "ScheduledEndTimestamp": timestamp::seconds(*due) }),
        ),
        Fact::WaitSucceeded { seconds, .. } => ("WaitSucceeded", json!({ "Duration": seconds })),
        Fact::WaitCancelled { .. } => ("WaitCancelled", json!({})),
        Fact::CallbackStarted { callback_id, timeout_seconds, heartbeat_seconds, .. } => {
            let mut details = Map::new();
            details.insert("CallbackId".to_owned(), callback_id.clone().into());
            if let Some(seconds) = timeout_seconds {
                details.insert("Timeout".to_owned(), (*seconds).into());
            }
            if let Some(seconds) = heartbeat_seconds {
                details.insert("HeartbeatTimeout".to_owned(), (*seconds).into());
            }
            ("CallbackStarted", Value::Object(details))
        }
        Fact::CallbackSucceeded { result, .. } => {
            ("CallbackSucceeded", json!({ "Result": text(result) }))
        }
        Fact::CallbackFailed { error, .. } => ("CallbackFailed", json!({ "Error": fault(error) })),
        Fact::CallbackTimedOut { error, .. } => {
            // The event shows only the type; the operation has the message too.
            let shown = ErrorObject { error_message: None, ..error.clone() };
            ("CallbackTimedOut", json!({ "Error": fault(&shown) }))
        }
        Fact::ChainedInvokeStarted { function_name, tenant_id, input, target, .. } => {
            let mut details = Map::new();
            details.insert("FunctionName".to_owned(), function_name.clone().into());
            if let Some(tenant_id) = tenant_id {
                details.insert("TenantId".to_owned(), tenant_id.clone().into());
            }
            if input.is_some() {
                details.insert("Input".to_owned(), text(input));
            }
            if let Some(target) = target {
                details.insert("ExecutedVersion".to_owned(), target.version().into());
            }
            if let Some(ChainedTarget::Durable { execution_arn, .. }) = target {
                details.insert("DurableExecutionArn".to_owned(), execution_arn.clone().into());
            }
            ("ChainedInvokeStarted", Value::Object(details))
        }
        Fact::ChainedInvokeSucceeded { result, .. } => {
            ("ChainedInvokeSucceeded", json!({ "Result": text(result) }))
        }
        Fact::ChainedInvokeFailed { error, .. } => {
            ("ChainedInvokeFailed", json!({ "Error": fault(error) }))
        }
        Fact::ChainedInvokeTimedOut { error, .. } => {
            ("ChainedInvokeTimedOut", json!({ "Error": fault(error) }))
        }
        Fact::ChainedInvokeStopped { error, .. } => {
            ("ChainedInvokeStopped", json!({ "Error": fault(error) }))
        }
        _ => return None,
    })
}

/// Puts a payload into its wrapper: left out when there is none, hidden when it was not asked for.
fn wrap(payload: Option<Value>, with_data: bool) -> Value {
    match payload {
        _ if !with_data => json!({ "Truncated": true }),
        Some(payload) => json!({ "Payload": payload, "Truncated": false }),
        None => json!({ "Truncated": false }),
    }
}
