//! Calls plugins with what the SDK says through `tracing`.
//!
//! ```text
//! hook              from
//! invocation start  the event execution_started, or execution_resumed when there is something to replay
//! invocation end    the answer of the service function, which is why `serve` stands around it
//! operation start   the event operation_started of the first attempt, once its checkpoint is accepted
//! operation end     the event operation_succeeded or operation_failed, likewise
//! attempt start     the span durable_operation, which is around each run of a step's body
//! attempt end       the event that says how the attempt ended
//! ```
//!
//! A layer of `tracing` has no way to report an error, and a panic in it would unwind into the SDK. [`Plugins`] therefore
//! catches what a plugin throws: an execution goes its way whatever its plugins do.

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use aws_durable_execution_sdk::observability::{TARGET, event_names, field_names, span_names};
use aws_durable_execution_sdk::{
    self as durable, BoxError, DurableContext, InvocationPayload, InvocationResponse, Options,
};
use lambda_runtime::tracing::subscriber::{
    self as tracing_subscriber, Layer,
    filter::{LevelFilter, Targets},
    layer::{Context, SubscriberExt},
    util::SubscriberInitExt,
};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::{Serialize, de::DeserializeOwned};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Level, Subscriber};

use crate::support::json_lines;

/// The crate whose spans and events are looked at.
const SDK: &str = "aws_durable_execution_sdk";

/// A moment in the life of an execution.
#[derive(Debug)]
pub(super) enum Hook<'a> {
    /// Before the handler runs. `first` unless it has run before for this execution.
    InvocationStart { arn: &'a str, first: bool },
    /// After the handler's outcome is known: `SUCCEEDED`, `FAILED`, or `PENDING` when it will be run again. There is none
    /// when the invocation itself fails.
    InvocationEnd { status: &'a str },
    /// An operation is recorded as started: once, however often it is attempted.
    OperationStart { id: &'a str, kind: &'a str },
    /// An operation is recorded as ended.
    OperationEnd { id: &'a str, kind: &'a str, status: &'a str },
    /// The body of a step is about to run for the `number`th time.
    AttemptStart { id: &'a str, number: u64 },
    /// It has run.
    AttemptEnd { id: &'a str, number: u64, outcome: &'a str },
}

/// Something that wants to hear of executions.
pub(super) trait Plugin: Send + Sync {
    fn on(&self, hook: &Hook<'_>);
}

/// Serves `handler` like `durable::run`, with these plugins.
pub(super) async fn serve<F, E, Fut, O>(
    handler: F,
    plugins: Vec<Box<dyn Plugin>>,
) -> Result<(), Error>
where
    F: Fn(E, DurableContext) -> Fut + Send + Sync + 'static,
    E: DeserializeOwned + Send + 'static,
    Fut: Future<Output = Result<O, BoxError>> + Send,
    O: Serialize + Send + 'static,
{
    let plugins = Plugins(plugins.into());
    let sdk_only = Targets::new().with_target(SDK, Level::DEBUG);
    tracing_subscriber::registry()
        .with(json_lines().with_filter(LevelFilter::INFO))
        .with(plugins.clone().with_filter(sdk_only))
        .init();

    let service = durable::wrap(handler, Options::default());
    let observed = move |event: LambdaEvent<InvocationPayload>| {
        let (invocation, plugins) = (service(event), plugins.clone());
        async move {
            let answer = invocation.await?;
            plugins.tell(&Hook::InvocationEnd { status: &status(&answer)? });
            Ok::<_, Error>(answer)
        }
    };
    lambda_runtime::run(service_fn(observed)).await
}

/// What an invocation says about the execution. The SDK's answer is opaque; its JSON is what the service reads.
fn status(answer: &InvocationResponse) -> Result<String, Error> {
    #[derive(serde::Deserialize)]
    struct Envelope {
        #[serde(rename = "Status")]
        status: String,
    }
    Ok(serde_json::from_value::<Envelope>(serde_json::to_value(answer)?)?.status)
}

/// The plugins of a function, as a layer that hears what the SDK says.
#[derive(Clone)]
struct Plugins(Arc<[Box<dyn Plugin>]>);

impl Plugins {
    /// Calls every plugin, whatever the ones before it did.
    fn tell(&self, hook: &Hook<'_>) {
        for plugin in self.0.iter() {
            // The panic has been reported on stderr; there is nobody else to tell.
            let _panic = catch_unwind(AssertUnwindSafe(|| plugin.on(hook)));
        }
    }

    fn operation_ended(&self, fields: &Fields, status: &str) {
        let (id, kind) = (&fields.operation_id, &fields.kind);
        self.attempt_ended(fields, status);
        self.tell(&Hook::OperationEnd { id, kind, status });
    }

    /// Only steps have a body that is attempted.
    fn attempt_ended(&self, fields: &Fields, outcome: &str) {
        if fields.kind == "Step" {
            let (id, number) = (&fields.operation_id, fields.attempt);
            self.tell(&Hook::AttemptEnd { id, number, outcome });
        }
    }
}

impl<S: Subscriber> Layer<S> for Plugins {
    fn on_new_span(&self, span: &Attributes<'_>, _id: &Id, _ctx: Context<'_, S>) {
        if span.metadata().name() == span_names::OPERATION {
            let mut fields = Fields::default();
            span.record(&mut fields);
            self.tell(&Hook::AttemptStart { id: &fields.operation_id, number: fields.attempt });
        }
    }

    fn on_event(&self, event: &Event<'_>, _ctx: Context<'_, S>) {
        if event.metadata().target() != TARGET {
            return;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        match fields.name.as_str() {
            event_names::EXECUTION_STARTED => {
                self.tell(&Hook::InvocationStart { arn: &fields.arn, first: true });
            }
            event_names::EXECUTION_RESUMED => {
                self.tell(&Hook::InvocationStart { arn: &fields.arn, first: false });
            }
            event_names::OPERATION_STARTED if fields.attempt == 1 => {
                let (id, kind) = (&fields.operation_id, &fields.kind);
                self.tell(&Hook::OperationStart { id, kind });
            }
            event_names::OPERATION_SUCCEEDED => self.operation_ended(&fields, "SUCCEEDED"),
            event_names::OPERATION_FAILED => self.operation_ended(&fields, "FAILED"),
            event_names::OPERATION_RETRY_SCHEDULED => self.attempt_ended(&fields, "FAILED"),
            _ => {}
        }
    }
}

/// The fields of a span or an event that plugins are told about.
#[derive(Default)]
struct Fields {
    /// The message of an event is its name.
    name: String,
    arn: String,
    operation_id: String,
    /// What an operation is to the SDK, as in `Step` or `WaitForCondition`. Both are steps to the service.
    kind: String,
    attempt: u64,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        let kept = match field.name() {
            "message" => &mut self.name,
            field_names::EXECUTION_ARN => &mut self.arn,
            field_names::OPERATION_ID => &mut self.operation_id,
            field_names::OPERATION_SUB_TYPE => &mut self.kind,
            _ => return,
        };
        value.clone_into(kept);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == field_names::ATTEMPT {
            self.attempt = value;
        }
    }

    /// A message is not recorded as a text but as what formats one.
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}
