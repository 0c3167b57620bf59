//! What a span says: its name, its times, its end, and what it is of. Never a payload, and never the message of an error.

use std::time::Duration;

use durable_core::{
    ChainedTarget, Details, ErrorObject, Execution, ExecutionStatus, Millis, Operation,
    OperationStatus,
};
use durable_functions::FunctionError;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};

use super::context::{SpanId, SpanOf, TraceContext, run_span_id, span_id};
use crate::observe::{Run, RunEnd};

/// The longest text of an attribute: that of an ARN. The type of an error is chosen by the function and may be longer.
const TEXT_BYTES_MAX: usize = 1024;
/// W3C's flag of a sampled trace.
const SAMPLED: u32 = 1;

/// Makes the spans of one execution.
pub(super) struct Spans<'a> {
    pub(super) execution: &'a Execution,
    pub(super) arn: String,
    pub(super) trace: TraceContext,
}

impl Spans<'_> {
    pub(super) fn id(&self, of: SpanOf<'_>) -> SpanId {
        span_id(&self.arn, of)
    }

    /// The execution, from its start to its close.
    pub(super) fn execution(&self) -> Span {
        let (execution, start) = (self.execution, &self.execution.start);
        let mut span = self.span(SpanOf::Execution, &start.function, SpanKind::Server);
        span.parent_span_id = parent_bytes(self.trace.parent);
        let ended = execution.ended.unwrap_or(execution.started);
        (span.start_time_unix_nano, span.end_time_unix_nano) = times(execution.started, ended);
        let status = execution.status.as_str();
        span.attributes.extend([
            text("aws.lambda.durable.execution.name", &start.name),
            text("aws.lambda.durable.execution.status", status),
            number("aws.lambda.durable.execution.operations", execution.operation_count()),
            text("faas.name", &start.function),
            text("faas.version", &start.version),
        ]);
        if execution.status != ExecutionStatus::Succeeded {
            fail(&mut span, execution.error.as_ref(), status);
        }
        span
    }

    /// A run of the execution's function, with what it ended in.
    pub(super) fn invocation(
        &self,
        request_id: &str,
        started: Millis,
        ended: Millis,
        error: Option<&ErrorObject>,
        closing: Option<ExecutionStatus>,
    ) -> Span {
        let start = &self.execution.start;
        let name = format!("{} invocation", start.function);
        let mut span = self.span(SpanOf::Invocation(request_id), &name, SpanKind::Internal);
        span.parent_span_id = self.id(SpanOf::Execution).to_vec();
        (span.start_time_unix_nano, span.end_time_unix_nano) = times(started, ended);
        let outcome = match (error, closing) {
            (Some(_), _) => ExecutionStatus::Failed.as_str(),
            (None, Some(status)) => status.as_str(),
            (None, None) => OperationStatus::Pending.as_str(),
        };
        let first = self.execution.operation_at(0);
        span.attributes.extend([
            text("faas.name", &start.function),
            text("faas.version", &start.version),
            text("faas.invocation_id", request_id),
            text("aws.lambda.durable.invocation.outcome", outcome),
            flag(
                "aws.lambda.durable.invocation.replay",
                first.is_some_and(|operation| operation.started < started),
            ),
        ]);
        if error.is_some() || closing == Some(ExecutionStatus::Failed) {
            fail(&mut span, error.or(self.execution.error.as_ref()), outcome);
        }
        span
    }

    /// An operation that has ended, or that `cut_off` leaves open for ever.
    pub(super) fn operation(&self, operation: &Operation, cut_off: Option<Millis>) -> Span {
        let kind = match &operation.details {
            Details::ChainedInvoke { .. } => SpanKind::Client,
            _ => SpanKind::Internal,
        };
        let of = SpanOf::Operation(&operation.op.id);
        let mut span = self.span(of, name_of(operation), kind);
        span.parent_span_id = self.parent_of(operation).to_vec();
        let ended = operation.ended.or(cut_off).unwrap_or(operation.started);
        (span.start_time_unix_nano, span.end_time_unix_nano) = times(operation.started, ended);
        let status = operation.status.as_str();
        self.describe(&mut span, operation, status);
        self.describe_details(&mut span, &operation.details);
        match operation.status {
            OperationStatus::Failed | OperationStatus::TimedOut | OperationStatus::Stopped => {
                fail(&mut span, operation.error.as_ref(), status);
            }
            _ => {}
        }
        span
    }

    /// One attempt of a step that needs, or needed, several.
    pub(super) fn attempt(
        &self,
        step: &Operation,
        attempt: u32,
        (started, ended): (Millis, Millis),
        error: Option<&ErrorObject>,
    ) -> Span {
        let of = SpanOf::Attempt(&step.op.id, attempt);
        let name = format!("{} attempt", name_of(step));
        let mut span = self.span(of, &name, SpanKind::Internal);
        span.parent_span_id = self.id(SpanOf::Operation(&step.op.id)).to_vec();
        (span.start_time_unix_nano, span.end_time_unix_nano) = times(started, ended);
        let status =
            if error.is_some() { OperationStatus::Failed } else { OperationStatus::Succeeded };
        self.describe(&mut span, step, status.as_str());
        span.attributes.push(number("aws.lambda.durable.operation.attempt", attempt));
        if error.is_some() {
            fail(&mut span, error, status.as_str());
        }
        span
    }

    fn parent_of(&self, operation: &Operation) -> SpanId {
        match &operation.op.parent {
            Some(context) => self.id(SpanOf::Operation(context)),
            None => self.id(SpanOf::Execution),
        }
    }

    fn span(&self, of: SpanOf<'_>, name: &str, kind: SpanKind) -> Span {
        let mut span = empty(&self.trace, self.id(of), name, kind);
        span.attributes.push(text("aws.lambda.durable.execution.arn", &self.arn));
        span
    }

    fn describe(&self, span: &mut Span, operation: &Operation, status: &str) {
        let op = &operation.op;
        span.attributes.extend([
            text("aws.lambda.durable.operation.id", &op.id),
            text("aws.lambda.durable.operation.type", operation.kind().as_str()),
            text("aws.lambda.durable.operation.status", status),
        ]);
        let named = [
            ("aws.lambda.durable.operation.name", &op.name),
            ("aws.lambda.durable.operation.sub_type", &op.sub_type),
        ];
        let given = named.into_iter().filter_map(|(key, value)| Some(text(key, value.as_ref()?)));
        span.attributes.extend(given);
    }

    fn describe_details(&self, span: &mut Span, details: &Details) {
        match details {
            Details::Step { attempt, .. } => {
                span.attributes.push(number("aws.lambda.durable.operation.attempts", *attempt));
            }
            Details::ChainedInvoke { target: Some(target), .. } => {
                let (ChainedTarget::Durable { function, .. }
                | ChainedTarget::Plain { function, .. }) = target;
                span.attributes.push(text("faas.invoked_name", function));
                span.attributes.push(text("faas.invoked_provider", "aws"));
            }
            _ => {}
        }
    }
}

/// A run of a plain function whose caller has said which trace it belongs to.
pub(super) fn plain_run(trace: &TraceContext, run: &Run<'_>, end: &RunEnd<'_>) -> Span {
    let name = &run.function.name;
    let mut span = empty(trace, run_span_id(run.request_id), name, SpanKind::Server);
    span.parent_span_id = parent_bytes(trace.parent);
    let began = nanos(run.at);
    span.start_time_unix_nano = began;
    span.end_time_unix_nano = began.saturating_add(nanos_of(end.duration));
    span.attributes.extend([
        text("faas.name", name),
        text("faas.version", &run.version.number),
        text("faas.invocation_id", run.request_id),
    ]);
    if let Err(FunctionError { error_type, .. }) = end.outcome {
        fail_as(&mut span, error_type);
    }
    span
}

fn empty(trace: &TraceContext, id: SpanId, name: &str, kind: SpanKind) -> Span {
    Span {
        trace_id: trace.trace_id.to_vec(),
        span_id: id.to_vec(),
        flags: SAMPLED,
        name: name.to_owned(),
        kind: kind.into(),
        attributes: Vec::with_capacity(8),
        ..Span::default()
    }
}

/// What people read: the name that the function gave, and else what it is.
fn name_of(operation: &Operation) -> &str {
    let op = &operation.op;
    op.name.as_deref().or(op.sub_type.as_deref()).unwrap_or(operation.kind().as_str())
}

fn fail(span: &mut Span, error: Option<&ErrorObject>, status: &str) {
    fail_as(span, error.and_then(|error| error.error_type.as_deref()).unwrap_or(status));
}

fn fail_as(span: &mut Span, error_type: &str) {
    span.status = Some(Status { code: StatusCode::Error.into(), ..Status::default() });
    span.attributes.push(text("error.type", error_type));
}

fn parent_bytes(parent: Option<SpanId>) -> Vec<u8> {
    parent.map(|id| id.to_vec()).unwrap_or_default()
}

fn times(started: Millis, ended: Millis) -> (u64, u64) {
    (nanos(started), nanos(ended.max(started)))
}

fn nanos(at: Millis) -> u64 {
    u64::try_from(at).unwrap_or_default().saturating_mul(1_000_000)
}

fn nanos_of(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn attribute(key: &str, value: Value) -> KeyValue {
    let value = Some(AnyValue { value: Some(value) });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}

/// An attribute that is text.
pub(super) fn text(key: &str, value: &str) -> KeyValue {
    let end = value.floor_char_boundary(TEXT_BYTES_MAX);
    attribute(key, Value::StringValue(value.get(..end).unwrap_or_default().to_owned()))
}

fn number(key: &str, value: impl TryInto<i64>) -> KeyValue {
    attribute(key, Value::IntValue(value.try_into().unwrap_or(i64::MAX)))
}

fn flag(key: &str, value: bool) -> KeyValue {
    attribute(key, Value::BoolValue(value))
}
