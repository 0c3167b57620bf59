//! The body of `CheckpointDurableExecution`, checked against the service model (specification section 4.1 and 4.2).

use durable_core::{
    Action, CallbackOptions, ChainedInvokeOptions, ErrorObject, OpRef, OperationType,
    OperationUpdate, StepOptions, WaitOptions,
};
use serde::Deserialize;

use crate::wire::arn::is_name;
use crate::wire::constraints::Constraints;
use crate::wire::error::AwsError;
use crate::wire::object::{self, Object};

/// The longest wait or retry delay: 366 days.
const DELAY_SECONDS_MAX: i64 = 31_622_400;
const CALLBACK_SECONDS_MAX: i64 = 99_999_999;
const FUNCTION_NAME_LEN_MAX: usize = 256;
const TRACE_HEADER_LEN_MAX: usize = 8192;
const TOKEN_LEN_MAX: usize = 2048;
const ID_PATTERN: &str = "[a-zA-Z0-9-_]+";
const TOKEN_PATTERN: &str = "[A-Za-z0-9+/]+={0,2}";

/// A checkpoint request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CheckpointRequest {
    pub(crate) token: String,
    pub(crate) client_token: Option<String>,
    pub(crate) updates: Vec<OperationUpdate>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireRequest {
    checkpoint_token: Option<String>,
    client_token: Option<String>,
    updates: Option<Vec<Object<WireUpdate>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireUpdate {
    id: Option<String>,
    parent_id: Option<String>,
    name: Option<String>,
    r#type: Option<String>,
    sub_type: Option<String>,
    action: Option<String>,
    payload: Option<String>,
    error: Option<Object<ErrorObject>>,
    context_options: Option<Object<WireContextOptions>>,
    step_options: Option<Object<WireStepOptions>>,
    wait_options: Option<Object<WireWaitOptions>>,
    callback_options: Option<Object<WireCallbackOptions>>,
    chained_invoke_options: Option<Object<WireChainedInvokeOptions>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireContextOptions {
    replay_children: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireStepOptions {
    next_attempt_delay_seconds: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireWaitOptions {
    wait_seconds: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireCallbackOptions {
    timeout_seconds: Option<i64>,
    heartbeat_timeout_seconds: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireChainedInvokeOptions {
    function_name: Option<String>,
    tenant_id: Option<String>,
    x_amzn_trace_id: Option<String>,
}

/// Reads a checkpoint's body, and notes what is wrong with it.
///
/// # Errors
/// `SerializationException` for a wrong type.
pub(crate) fn parse(
    body: &[u8],
    constraints: &mut Constraints,
) -> Result<CheckpointRequest, AwsError> {
    let wire: WireRequest = object::read(body)?;
    check_token(wire.checkpoint_token.as_deref(), constraints);
    if let Some(client_token) = &wire.client_token {
        constraints.client_token(client_token);
    }
    let updates = wire
        .updates
        .unwrap_or_default()
        .into_iter()
        .enumerate()
        .filter_map(|(index, Object(update))| {
            convert(update, &format!("updates.{}.member", index + 1), constraints)
        })
        .collect();
    let token = wire.checkpoint_token.unwrap_or_default();
    Ok(CheckpointRequest { token, client_token: wire.client_token, updates })
}

/// Notes what is wrong with a checkpoint token, wherever it stands.
pub(crate) fn check_token(token: Option<&str>, constraints: &mut Constraints) {
    const MEMBER: &str = "checkpointToken";
    let Some(token) = token else { return constraints.required(MEMBER) };
    constraints.length(token, MEMBER, 1, TOKEN_LEN_MAX);
    constraints.pattern(is_base64(token), token, MEMBER, TOKEN_PATTERN);
}

/// `[A-Za-z0-9+/]+={0,2}`
fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    text.len() - digits.len() <= 2
        && !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/')
}

fn convert(wire: WireUpdate, path: &str, constraints: &mut Constraints) -> Option<OperationUpdate> {
    check_names(&wire, path, constraints);
    let kind = wire.r#type.as_deref().and_then(|name| {
        let member = format!("{path}.type");
        let all = OperationType::ALL.into_iter().map(OperationType::as_str);
        constraints.one_of(name, &member, OperationType::parse(name), all)
    });
    if wire.r#type.is_none() {
        constraints.required(&format!("{path}.type"));
    }
    let action = wire.action.as_deref().and_then(|name| {
        let member = format!("{path}.action");
        let all = Action::ALL.into_iter().map(Action::as_str);
        constraints.one_of(name, &member, Action::parse(name), all)
    });
    if wire.action.is_none() {
        constraints.required(&format!("{path}.action"));
    }
    let step_options = wire.step_options.map(|Object(options)| StepOptions {
        next_attempt_delay_seconds: options.next_attempt_delay_seconds.map(|seconds| {
            let member = format!("{path}.stepOptions.nextAttemptDelaySeconds");
            bounded(seconds, &member, 1, DELAY_SECONDS_MAX, constraints)
        }),
    });
    let wait_options = wire.wait_options.and_then(|Object(options)| {
        let member = format!("{path}.waitOptions.waitSeconds");
        let seconds = options.wait_seconds?;
        Some(WaitOptions {
            wait_seconds: bounded(seconds, &member, 1, DELAY_SECONDS_MAX, constraints),
        })
    });
    let callback_options = wire.callback_options.map(|Object(options)| {
        let mut read = |seconds: Option<i64>, member: &str| {
            let member = format!("{path}.callbackOptions.{member}");
            seconds.map(|seconds| bounded(seconds, &member, 0, CALLBACK_SECONDS_MAX, constraints))
        };
        CallbackOptions {
            timeout_seconds: read(options.timeout_seconds, "timeoutSeconds"),
            heartbeat_timeout_seconds: read(
                options.heartbeat_timeout_seconds,
                "heartbeatTimeoutSeconds",
            ),
        }
    });
    let chained_invoke_options = wire.chained_invoke_options.map(|Object(options)| {
        chained(options, &format!("{path}.chainedInvokeOptions"), constraints)
    });
    Some(OperationUpdate {
        op: OpRef {
            id: wire.id?,
            parent: wire.parent_id,
            name: wire.name,
            sub_type: wire.sub_type,
        },
        kind: kind?,
        action: action?,
        payload: wire.payload,
        error: wire.error.map(|Object(error)| error),
        replay_children: wire
            .context_options
            .and_then(|Object(options)| options.replay_children)
            .unwrap_or(false),
        step_options,
        wait_options,
        callback_options,
        chained_invoke_options,
    })
}

/// The function's name and the tenant are checked with the batch, where the texts are the operation's own.
fn chained(
    wire: WireChainedInvokeOptions,
    path: &str,
    constraints: &mut Constraints,
) -> ChainedInvokeOptions {
    let member = format!("{path}.functionName");
    match &wire.function_name {
        Some(name) => constraints.length(name, &member, 1, FUNCTION_NAME_LEN_MAX),
        None => constraints.required(&member),
    }
    if let Some(header) = &wire.x_amzn_trace_id {
        constraints.length(header, &format!("{path}.xAmznTraceId"), 0, TRACE_HEADER_LEN_MAX);
    }
    ChainedInvokeOptions {
        function_name: wire.function_name.unwrap_or_default(),
        tenant_id: wire.tenant_id,
        trace_header: wire.x_amzn_trace_id,
    }
}

fn check_names(wire: &WireUpdate, path: &str, constraints: &mut Constraints) {
    match &wire.id {
        Some(id) => check_id(id, &format!("{path}.id"), constraints),
        None => constraints.required(&format!("{path}.id")),
    }
    if let Some(parent) = &wire.parent_id {
        check_id(parent, &format!("{path}.parentId"), constraints);
    }
    if let Some(name) = &wire.name {
        let member = format!("{path}.name");
        constraints.length(name, &member, 1, 256);
        let printable = |byte| (0x20..=0x7e).contains(&byte);
        let matches = !name.is_empty() && name.bytes().all(printable);
        constraints.pattern(matches, name, &member, "[\\x20-\\x7E]+");
    }
    if let Some(sub_type) = &wire.sub_type {
        let member = format!("{path}.subType");
        constraints.length(sub_type, &member, 1, 32);
        constraints.pattern(is_name(sub_type), sub_type, &member, ID_PATTERN);
    }
}

fn check_id(id: &str, member: &str, constraints: &mut Constraints) {
    constraints.length(id, member, 1, 64);
    constraints.pattern(is_name(id), id, member, ID_PATTERN);
}

fn bounded(seconds: i64, member: &str, min: i64, max: i64, constraints: &mut Constraints) -> u32 {
    constraints.range(seconds, member, min, max);
    u32::try_from(seconds).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_of(body: &str) -> (&'static str, String) {
        let mut constraints = Constraints::default();
        let read = parse(body.as_bytes(), &mut constraints);
        let error = read.err().or_else(|| constraints.check().err());
        error.map(|e| (e.code, e.message)).unwrap_or_default()
    }

    #[test]
    fn every_violation_is_named_in_one_answer() {
        let (code, message) = error_of(
            r#"{"CheckpointToken":"a b","Updates":[
                {"Id":"x y","Type":"NAP","Action":"START"},
                {"Id":"w","Type":"WAIT","Action":"START","WaitOptions":{"WaitSeconds":0}}]}"#,
        );
        assert_eq!(code, "ValidationException");
        assert!(message.starts_with("4 validation errors detected: "), "{message}");
        for part in [
            "'checkpointToken'",
            "'updates.1.member.id'",
            "[EXECUTION, CONTEXT, STEP, WAIT, CALLBACK, CHAINED_INVOKE]",
            "Value '0' at 'updates.2.member.waitOptions.waitSeconds' failed to satisfy constraint: \
             Member must have value greater than or equal to 1",
        ] {
            assert!(message.contains(part), "{part} in {message}");
        }
    }

    #[test]
    fn a_wrong_type_is_a_serialization_error() {
        for body in ["", "[]", "{\"CheckpointToken\":1}", "{\"Updates\":{}}", "not json"] {
            assert_eq!(error_of(body).0, "SerializationException", "{body}");
        }
    }

    #[test]
    fn missing_members_are_null() {
        let (_, message) = error_of("{\"Updates\":[{}]}");
        for member in ["checkpointToken", "updates.1.member.id", "updates.1.member.type"] {
            let expected = format!(
                "Value at '{member}' failed to satisfy constraint: Member must not be null"
            );
            assert!(message.contains(&expected), "{member} in {message}");
        }
    }
}
