//! Invoke (specification section 2).

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use durable_core::ExecutionStatus;
use durable_functions::FunctionError;
use durable_store::QueuedInvocation;
use http::{Response, StatusCode};
use uuid::Uuid;

use crate::engine::{Ending, StartRequest, Started, to_the_end};
use crate::functions::{DurableConfig, Function, LATEST};
use crate::lambda::{Call, functions};
use crate::wire::arn::is_name;
use crate::wire::constraints::Constraints;
use crate::wire::error::AwsError;
use crate::wire::function_ref::FunctionRef;
use crate::wire::response::{Answer, json_bytes, with_header};

/// The largest body of a caller that waits, and of one that does not.
const SYNC_BYTES_MAX: usize = 6 * 1024 * 1024;
const ASYNC_BYTES_MAX: usize = 1024 * 1024;
/// The largest client context, in base64.
const CLIENT_CONTEXT_MAX: usize = 3583;
/// A caller can only wait for executions that may not take longer than this.
const SYNC_TIMEOUT_SECONDS_MAX: u32 = 900;

#[derive(Clone, Copy, PartialEq, Eq)]
enum InvocationType {
    RequestResponse,
    Event,
    DryRun,
}

impl InvocationType {
    const ALL: [(&'static str, Self); 3] = [
        ("Event", Self::Event),
        ("RequestResponse", Self::RequestResponse),
        ("DryRun", Self::DryRun),
    ];
}

pub(super) async fn answer(call: &Call, name: &str) -> Answer {
    let kind = check_headers(call)?;
    let reference = FunctionRef::parse(name, call.query.non_empty("Qualifier"), &call.engine.home)?;
    let function = functions::resolve(call, &reference)?;
    let durable = function.spec.durable;
    if let Some(durable) = durable {
        check_durable(&reference, durable, kind)?;
    } else if call.header("x-amz-durable-execution-name").is_some() {
        return Err(AwsError::invalid_parameter(
            "You cannot provide a durable execution name for a function that is not durable.",
        ));
    }
    if kind == InvocationType::DryRun {
        return Ok(empty(StatusCode::NO_CONTENT));
    }
    check_body(call.body(), kind)?;
    match durable {
        Some(durable) => invoke_durable(call, function, durable, kind).await,
        None if kind == InvocationType::Event => accept_plain(call, function).await,
        None => invoke_plain(call, function).await,
    }
}

fn check_headers(call: &Call) -> Result<InvocationType, AwsError> {
    let mut constraints = Constraints::default();
    let given = call.header("x-amz-invocation-type").unwrap_or("RequestResponse".into());
    let parsed = InvocationType::ALL.iter().find(|(name, _)| *name == given).map(|(_, kind)| *kind);
    let names = InvocationType::ALL.iter().map(|(name, _)| *name);
    let kind = constraints.one_of(&given, "invocationType", parsed, names);
    if let Some(name) = call.header("x-amz-durable-execution-name") {
        constraints.length(&name, "durableExecutionName", 1, 64);
        constraints.pattern(is_name(&name), &name, "durableExecutionName", "[a-zA-Z0-9-_]+");
    }
    if let Some(tenant) = call.header("x-amz-tenant-id") {
        constraints.length(&tenant, "tenantId", 1, 256);
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._:/=+-@ ".contains(c);
        let matches = tenant.chars().all(allowed);
        constraints.pattern(matches, &tenant, "tenantId", "[a-zA-Z0-9\\._:\\/=+\\-@ ]+");
    }
    if let Some(context) = call.header("x-amz-client-context") {
        constraints.length(&context, "clientContext", 0, CLIENT_CONTEXT_MAX);
    }
    constraints.check()?;
    kind.ok_or_else(|| AwsError::validation("1 validation error detected: invocationType"))
}

fn check_durable(
    reference: &FunctionRef,
    durable: DurableConfig,
    kind: InvocationType,
) -> Result<(), AwsError> {
    if reference.qualifier.is_none() {
        return Err(AwsError::invalid_parameter(
            "You cannot invoke a durable function using an unqualified ARN.",
        ));
    }
    let waits = kind == InvocationType::RequestResponse;
    if waits && durable.execution_timeout_seconds > SYNC_TIMEOUT_SECONDS_MAX {
        return Err(AwsError::invalid_parameter(
            "You cannot synchronously invoke a durable function with an executionTimeout greater \
             than 15 minutes.",
        ));
    }
    Ok(())
}

fn check_body(body: &Bytes, kind: InvocationType) -> Result<(), AwsError> {
    let bytes_max = if kind == InvocationType::Event { ASYNC_BYTES_MAX } else { SYNC_BYTES_MAX };
    if body.len() > bytes_max {
        return Err(AwsError::too_large(format!(
            "Request must be smaller than {bytes_max} bytes for the InvokeFunction operation"
        )));
    }
    if body.is_empty() {
        return Ok(());
    }
    // As text: a value that is skipped over would not be checked to be UTF-8.
    let parsed = std::str::from_utf8(body).map_err(|error| error.to_string()).and_then(|text| {
        serde_json::from_str::<serde::de::IgnoredAny>(text).map_err(|error| error.to_string())
    });
    parsed.map(drop).map_err(|error| {
        AwsError::invalid_request_content(format!(
            "Could not parse request body into json: {error}"
        ))
    })
}

async fn invoke_durable(
    call: &Call,
    function: &Function,
    config: DurableConfig,
    kind: InvocationType,
) -> Answer {
    let input = if call.body().is_empty() {
        "{}".to_owned()
    } else {
        String::from_utf8_lossy(call.body()).into_owned()
    };
    let synchronous = kind == InvocationType::RequestResponse;
    let started = call
        .engine
        .start(StartRequest {
            function: function.spec.name.clone(),
            config,
            name: call.header("x-amz-durable-execution-name").map(Cow::into_owned),
            input,
            synchronous,
            trace_header: call.header("x-amzn-trace-id").map(Cow::into_owned),
            tenant_id: call.header("x-amz-tenant-id").map(Cow::into_owned),
        })
        .await?;
    let arn = started.arn.clone();
    let response =
        if synchronous { wait(call, started).await? } else { empty(StatusCode::ACCEPTED) };
    Ok(with_header(response, "x-amz-durable-execution-arn", &arn))
}

/// Waits until the execution closes and gives its caller what it ended with.
async fn wait(call: &Call, started: Started) -> Answer {
    let (status, ending) = ending(call, &started.id).await?;
    let response = match ending.error {
        None if status == ExecutionStatus::Succeeded => {
            json_bytes(StatusCode::OK, ending.result.unwrap_or_else(|| "null".to_owned()))
        }
        error => {
            let error = error.unwrap_or_default();
            let body = FunctionErrorBody {
                error_message: error.error_message,
                error_type: error.error_type,
                stack_trace: error.stack_trace,
            };
            let body = serde_json::to_vec(&body).unwrap_or_default();
            with_header(json_bytes(StatusCode::OK, body), "x-amz-function-error", "Unhandled")
        }
    };
    Ok(with_header(response, "x-amz-executed-version", &started.version))
}

/// How an execution ends: waited for, over all its invocations and suspensions, or read if it has ended already.
async fn ending(call: &Call, id: &str) -> Result<(ExecutionStatus, Ending), AwsError> {
    let engine = &call.engine;
    if let Some(cell) = engine.cell(id).await? {
        let mut closed = cell.closed.subscribe();
        // An error means that the cell is gone, which happens only after its execution has closed.
        let _ = closed.wait_for(|closed| *closed).await;
        let execution = &cell.state.lock().await.execution;
        let (result, error) = (execution.result.clone(), execution.error.clone());
        return Ok((execution.status, Ending { result, error }));
    }
    let row = engine.store.execution(id).await?.ok_or_else(AwsError::no_such_execution)?;
    Ok((row.status, engine.ending_of(&row).await?))
}

/// The error of an execution as a caller that waits receives it.
#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct FunctionErrorBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stack_trace: Option<Vec<String>>,
}

async fn invoke_plain(call: &Call, function: &Arc<Function>) -> Answer {
    let request = plain_request(call, function);
    let (engine, function) = (Arc::clone(&call.engine), Arc::clone(function));
    // A caller that goes away does not end the invocation, so it must not give its place free either.
    let outcome = to_the_end(async move {
        let _place = function
            .places
            .try_acquire()
            .map_err(|_| AwsError::too_many_requests("ConcurrentInvocationLimitExceeded"))?;
        Ok(engine.invoke_plain(&function, request).await)
    })
    .await?;
    let response = match outcome {
        Ok(output) => json_bytes(StatusCode::OK, output),
        Err(error) => function_error(&error),
    };
    Ok(with_header(response, "x-amz-executed-version", LATEST))
}

async fn accept_plain(call: &Call, function: &Function) -> Answer {
    call.engine.accept_invocation(plain_request(call, function)).await?;
    Ok(empty(StatusCode::ACCEPTED))
}

fn plain_request(call: &Call, function: &Function) -> QueuedInvocation {
    let payload = if call.body().is_empty() { b"{}".to_vec() } else { call.body().to_vec() };
    QueuedInvocation {
        key: 0,
        request_id: Uuid::new_v4().to_string(),
        function: function.spec.name.clone(),
        payload,
        trace_header: call.header("x-amzn-trace-id").map(Cow::into_owned),
        tenant_id: call.header("x-amz-tenant-id").map(Cow::into_owned),
        client_context: call.header("x-amz-client-context").and_then(|it| client_context(&it)),
        attempts: 0,
        due: call.engine.clock.now(),
    }
}

fn function_error(error: &FunctionError) -> Response<Bytes> {
    let body = serde_json::to_vec(error).unwrap_or_default();
    with_header(json_bytes(StatusCode::OK, body), "x-amz-function-error", "Unhandled")
}

/// It arrives in base64 and is handed on as text; one that cannot be read is left out, as AWS does.
fn client_context(encoded: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(encoded).ok()?).ok()
}

fn empty(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}
