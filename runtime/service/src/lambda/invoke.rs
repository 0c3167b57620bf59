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
use crate::functions::{DurableConfig, Function, Resolved, TENANT_MISSING};
use crate::lambda::{Call, functions};
use crate::wire::arn::is_name;
use crate::wire::constraints::Constraints;
use crate::wire::error::AwsError;
use crate::wire::function_ref::FunctionRef;
use crate::wire::object;
use crate::wire::response::{Answer, empty, json_bytes, with_header};

/// The largest body of a caller that waits, and of one that does not.
const SYNC_BYTES_MAX: usize = 6 * 1024 * 1024;
const ASYNC_BYTES_MAX: usize = 1024 * 1024;
/// The largest client context, in base64.
const CLIENT_CONTEXT_MAX: usize = 3583;
/// A caller can only wait for executions that may not take longer than this.
const SYNC_TIMEOUT_SECONDS_MAX: u32 = 900;
const MANAGED_SYNC_TIMEOUT_SECONDS_MAX: u32 = 5400;

/// The header with which a caller asks for the last lines of the log, and what may stand in it.
const LOG_TYPE: &str = "x-amz-log-type";
const LOG_TYPES: [&str; 2] = ["None", TAIL];
const TAIL: &str = "Tail";

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
    let qualifier = call.query.non_empty("Qualifier");
    let kind = check_members(call, name, qualifier)?;
    let reference = FunctionRef::parse(name, qualifier, &call.engine.home)?;
    let function = functions::resolve(call, &reference)?;
    function.function.check_not_deleting()?;
    check_tenant(&function, call.header("x-amz-tenant-id").is_some())?;
    let durable = function.durable();
    if let Some(durable) = durable {
        check_durable(&reference, &function, durable, kind)?;
    } else if call.header("x-amz-durable-execution-name").is_some() {
        return Err(AwsError::invalid_parameter(
            "You cannot provide a durable execution name for a function that is not durable.",
        ));
    }
    if kind == InvocationType::DryRun {
        return Ok(empty(StatusCode::NO_CONTENT));
    }
    let client_context = client_context(call)?;
    check_body(call.body(), kind)?;
    match durable {
        Some(durable) => invoke_durable(call, &function, durable, kind).await,
        None => {
            let request = plain_request(call, &function, client_context);
            match kind {
                InvocationType::Event => accept_plain(call, request).await,
                _ => invoke_plain(call, function, request).await,
            }
        }
    }
}

fn check_members(
    call: &Call,
    function_name: &str,
    qualifier: Option<&str>,
) -> Result<InvocationType, AwsError> {
    let mut constraints = Constraints::default();
    FunctionRef::check(function_name, qualifier, &mut constraints);
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
        let matches = !tenant.is_empty() && tenant.chars().all(allowed);
        constraints.pattern(matches, &tenant, "tenantId", "[a-zA-Z0-9\\._:\\/=+\\-@ ]+");
    }
    if let Some(given) = call.header(LOG_TYPE) {
        let parsed = LOG_TYPES.contains(&&*given).then_some(());
        constraints.one_of(&given, "logType", parsed, LOG_TYPES.into_iter());
    }
    if let Some(context) = call.header("x-amz-client-context") {
        constraints.length(&context, "clientContext", 0, CLIENT_CONTEXT_MAX);
    }
    constraints.checked(kind)
}

fn check_durable(
    reference: &FunctionRef,
    function: &Resolved,
    durable: DurableConfig,
    kind: InvocationType,
) -> Result<(), AwsError> {
    if reference.qualifier.is_none() {
        return Err(AwsError::invalid_parameter(
            "You cannot invoke a durable function using an unqualified ARN.",
        ));
    }
    // Managed Instances run longer than other functions.
    let seconds_max = match function.version.config.capacity_provider_arn {
        Some(_) => MANAGED_SYNC_TIMEOUT_SECONDS_MAX,
        None => SYNC_TIMEOUT_SECONDS_MAX,
    };
    let waits = kind == InvocationType::RequestResponse;
    if waits && durable.execution_timeout_seconds > seconds_max {
        return Err(AwsError::invalid_parameter(format!(
            "You cannot synchronously invoke a durable function with an executionTimeout greater \
             than {} minutes.",
            seconds_max / 60
        )));
    }
    Ok(())
}

/// A tenant is named if and only if tenants must not share processes.
fn check_tenant(function: &Resolved, named: bool) -> Result<(), AwsError> {
    match (function.version.config.tenancy_config.is_some(), named) {
        (true, false) => Err(AwsError::invalid_parameter(TENANT_MISSING)),
        (false, true) => Err(AwsError::invalid_parameter(
            "The invoked function is not enabled with tenancy configuration. Remove the tenant ID from your request and \
             try again.",
        )),
        _ => Ok(()),
    }
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
    function: &Resolved,
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
            function: function.function.name.clone(),
            version: function.version.number.clone(),
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

async fn invoke_plain(call: &Call, function: Resolved, request: QueuedInvocation) -> Answer {
    let wants_tail = call.header(LOG_TYPE).is_some_and(|given| given == TAIL);
    let tail = wants_tail.then(|| call.logs.tail(&request.request_id));
    let engine = Arc::clone(&call.engine);
    let version = function.version.number.clone();
    // A caller that goes away does not end the invocation, so it must not give its place free either.
    let called = Arc::clone(&function.function);
    let outcome =
        to_the_end(async move { Ok(engine.invoke_in_place(&function, request).await) }).await?;
    let response = match outcome {
        Ok(output) => json_bytes(StatusCode::OK, output),
        Err(error) if error.is_throttling() => return Err(throttled(&called)),
        Err(error) => function_error(&error),
    };
    let response = match tail {
        Some(tail) => with_header(response, "x-amz-log-result", &STANDARD.encode(tail.bytes())),
        None => response,
    };
    Ok(with_header(response, "x-amz-executed-version", &version))
}

fn throttled(function: &Function) -> AwsError {
    AwsError::too_many_requests(match function.reserved_concurrency {
        Some(_) => "ReservedFunctionConcurrentInvocationLimitExceeded",
        None => "ConcurrentInvocationLimitExceeded",
    })
}

async fn accept_plain(call: &Call, request: QueuedInvocation) -> Answer {
    call.engine.accept_invocation(request).await?;
    Ok(empty(StatusCode::ACCEPTED))
}

fn plain_request(
    call: &Call,
    function: &Resolved,
    client_context: Option<String>,
) -> QueuedInvocation {
    let payload = if call.body().is_empty() { b"{}".to_vec() } else { call.body().to_vec() };
    QueuedInvocation {
        key: 0,
        request_id: Uuid::new_v4().to_string(),
        function: function.function.name.clone(),
        version: function.version.number.clone(),
        payload,
        trace_header: call.header("x-amzn-trace-id").map(Cow::into_owned),
        tenant_id: call.header("x-amz-tenant-id").map(Cow::into_owned),
        client_context,
        attempts: 0,
        due: call.engine.clock.now(),
    }
}

fn function_error(error: &FunctionError) -> Response<Bytes> {
    let body = serde_json::to_vec(error).unwrap_or_default();
    with_header(json_bytes(StatusCode::OK, body), "x-amz-function-error", "Unhandled")
}

/// It arrives in base64 and is handed on as text. A runtime that cannot read it ends, so it must be an object.
fn client_context(call: &Call) -> Result<Option<String>, AwsError> {
    let Some(encoded) = call.header("x-amz-client-context") else { return Ok(None) };
    let decoded = STANDARD.decode(encoded.as_bytes()).unwrap_or_default();
    let text = String::from_utf8(decoded).unwrap_or_default();
    object::read::<serde::de::IgnoredAny>(text.as_bytes()).map_err(|_| {
        let text = "Client context must be a valid Base64-encoded JSON object.";
        AwsError::invalid_request_content(text)
    })?;
    Ok(Some(text))
}
