//! A `lambda_runtime` handler in this process.

use std::any::Any;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt as _;
use lambda_runtime::{Config, Context, Diagnostic, LambdaEvent};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::host::{BoxFuture, FunctionError, FunctionHost, Invocation};

/// Runs the handler that a bootstrap would pass to `lambda_runtime::run`.
///
/// A panic is that invocation's failure and nobody else's; an invocation that uses up its time is dropped at the point
/// at which it waits.
pub struct HandlerFunction<H, Event> {
    handler: Arc<H>,
    event: PhantomData<fn(Event)>,
}

impl<H, Event> HandlerFunction<H, Event> {
    /// Hosts this handler.
    pub fn new(handler: H) -> Self {
        Self { handler: Arc::new(handler), event: PhantomData }
    }
}

impl<H, Event, Answer, Failure, Running> FunctionHost for HandlerFunction<H, Event>
where
    H: Fn(LambdaEvent<Event>) -> Running + Send + Sync + 'static,
    Event: DeserializeOwned + Send + 'static,
    Running: Future<Output = Result<Answer, Failure>> + Send + 'static,
    Answer: Serialize + Send + 'static,
    Failure: Into<Diagnostic> + Send + 'static,
{
    fn invoke(&self, invocation: Invocation) -> BoxFuture<'_, Result<Bytes, FunctionError>> {
        let handler = Arc::clone(&self.handler);
        Box::pin(async move {
            let request_id = invocation.request_id.clone();
            let timeout = invocation.timeout;
            let running = AssertUnwindSafe(run(handler, invocation)).catch_unwind();
            match tokio::time::timeout(timeout, running).await {
                Ok(Ok(result)) => result,
                Ok(Err(panic)) => Err(panic_error(panic.as_ref())),
                Err(_) => Err(FunctionError::timed_out(&request_id, timeout)),
            }
        })
    }
}

async fn run<H, Event, Answer, Failure, Running>(
    handler: Arc<H>,
    invocation: Invocation,
) -> Result<Bytes, FunctionError>
where
    H: Fn(LambdaEvent<Event>) -> Running,
    Event: DeserializeOwned,
    Running: Future<Output = Result<Answer, Failure>>,
    Answer: Serialize,
    Failure: Into<Diagnostic>,
{
    let event = serde_json::from_slice(&invocation.payload).map_err(|error| {
        FunctionError::new(
            "Runtime.DeserializationError",
            format!("cannot read the event: {error}"),
        )
    })?;
    let event = LambdaEvent::new(event, context(invocation));
    match handler(event).await {
        Ok(answer) => serde_json::to_vec(&answer).map(Bytes::from).map_err(|error| {
            FunctionError::new(
                "Runtime.SerializationError",
                format!("cannot write the answer: {error}"),
            )
        }),
        Err(failure) => {
            let diagnostic: Diagnostic = failure.into();
            Err(FunctionError::new(diagnostic.error_type, diagnostic.error_message))
        }
    }
}

fn context(invocation: Invocation) -> Context {
    let mut context = Context::default();
    context.request_id = invocation.request_id;
    context.deadline = invocation.deadline_ms;
    context.invoked_function_arn = invocation.function_arn;
    context.xray_trace_id = invocation.trace_header;
    context.tenant_id = invocation.tenant_id;
    context.client_context =
        invocation.client_context.and_then(|text| serde_json::from_str(&text).ok());
    context.env_config = Arc::new(Config {
        log_group: format!("/aws/lambda/{}", invocation.function_name),
        function_name: invocation.function_name,
        version: invocation.version,
        ..Config::default()
    });
    context
}

/// As `lambda_runtime` reports it.
fn panic_error(panic: &(dyn Any + Send)) -> FunctionError {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    FunctionError::new("Runtime.Panic", format!("Lambda panicked: {text}"))
}
