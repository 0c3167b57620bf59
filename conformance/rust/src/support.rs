//! What handlers of several suites share: an error with a type, ways to retry, serializers, logs.

use std::error::Error as _;
use std::fmt;
use std::iter::successors;
use std::time::Duration;

use aws_durable_execution_sdk as durable;
use durable::builders::map_parallel::BatchResult;
use durable::builders::{JitterStrategy, RetryStrategyConfig};
use durable::serdes::SerdesContext;
use durable::{BoxError, RetryDecision, Serdes, StepError, TypedError};
use lambda_runtime::tracing::subscriber as tracing_subscriber;
use serde_json::{Map, Value, json};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// A failure that may be gone the next time.
#[derive(Debug)]
pub(crate) struct TransientError;

impl TransientError {
    /// The error as a step returns it: [`TypedError`] keeps the name of the type for the history.
    pub(crate) fn boxed() -> BoxError {
        TypedError::new(Self).into()
    }

    /// Whether a step failed with this error.
    pub(crate) fn is_cause_of(error: &StepError) -> bool {
        successors(error.source(), |&cause| cause.source()).any(|cause| cause.is::<Self>())
    }
}

impl fmt::Display for TransientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the other side is not there right now")
    }
}

impl std::error::Error for TransientError {}

/// The retry strategy of a step whose first failure is its last.
pub(crate) fn no_retry(_: &StepError, _: u32) -> RetryDecision {
    RetryDecision::Stop
}

/// `attempts` attempts in all, one second apart.
pub(crate) fn every_second(attempts: u32) -> RetryStrategyConfig {
    RetryStrategyConfig::builder()
        .max_attempts(attempts)
        .initial_delay(Duration::from_secs(1))
        .backoff_rate(1.0)
        .jitter(JitterStrategy::None)
        .build()
}

/// Stores a text in capitals and without quotes; what is read back is what was stored.
pub(crate) struct Uppercase;

impl Serdes<String> for Uppercase {
    async fn serialize(&self, value: String, _: SerdesContext) -> Result<String, BoxError> {
        Ok(value.to_uppercase())
    }

    async fn deserialize(&self, wire: String, _: SerdesContext) -> Result<String, BoxError> {
        Ok(wire)
    }
}

/// Reads what an external system sends for a callback with a function of the handler's own.
pub(crate) struct ReadWith<T: 'static>(pub(crate) fn(&str) -> Result<T, BoxError>);

impl<T: Send + 'static> Serdes<T> for ReadWith<T> {
    async fn serialize(&self, _: T, _: SerdesContext) -> Result<String, BoxError> {
        Err("a callback's result is written by the external system".into())
    }

    async fn deserialize(&self, wire: String, _: SerdesContext) -> Result<T, BoxError> {
        (self.0)(&wire)
    }
}

/// Writes one JSON object a line to the log, with the fields of the surrounding spans beside those
/// of the event.
///
/// The SDK puts `executionArn` into a span around the handler and around each step, and logs are
/// looked up by that member; the subscriber of `lambda_runtime` would write it one level deeper.
pub(crate) fn log_as_json() {
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::INFO)
        .fmt_fields(JsonFields::new())
        .event_format(FlatJson)
        .init();
}

/// The layer that writes what [`log_as_json`] writes, for a subscriber with more layers than that.
pub(crate) fn json_lines<S>() -> impl Layer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    tracing_subscriber::fmt::layer().fmt_fields(JsonFields::new()).event_format(FlatJson)
}

struct FlatJson;

impl<S> FormatEvent<S, JsonFields> for FlatJson
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut record = Map::new();
        record.insert("level".to_owned(), event.metadata().level().as_str().into());
        for span in context.event_scope().into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(fields) = span.extensions().get::<FormattedFields<JsonFields>>() {
                add_fields(&mut record, fields);
            }
        }
        let mut fields = String::new();
        context.format_fields(Writer::new(&mut fields), event)?;
        add_fields(&mut record, &fields);
        writeln!(line, "{}", Value::Object(record))
    }
}

/// Adds what `JsonFields` made of the fields of a span or an event.
fn add_fields(record: &mut Map<String, Value>, json: &str) {
    if let Ok(Value::Object(fields)) = serde_json::from_str(json) {
        record.extend(fields);
    }
}

/// How a batch ended: why, its status, and how many of its items were begun, succeeded and failed.
pub(crate) fn batch_summary<O>(batch: &BatchResult<O>) -> Value {
    let mut summary = batch_counts(batch);
    summary["status"] = batch.status().as_str().into();
    summary
}

/// Why a batch ended, and how many of its items were begun, succeeded and failed.
pub(crate) fn batch_counts<O>(batch: &BatchResult<O>) -> Value {
    json!({
        "completionReason": batch.reason.as_str(),
        "successCount": batch.success_count(),
        "failureCount": batch.failure_count(),
        "totalCount": batch.total_count(),
    })
}
