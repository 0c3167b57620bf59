//! Which facts end a span.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use durable_core::{Details, ErrorObject, Execution, Fact, Millis, Operation};
use lru::LruCache;

use super::context::{Sampler, SpanId, SpanOf, TraceContext};
use super::exporter::Queue;
use super::spans::{Spans, plain_run};
use crate::observe::{Caller, Observer, Recorded, Run, RunEnd};
use crate::wire::arn::Home;

/// Attempts in work whose beginning is remembered. The state of an execution knows only that of the first attempt.
const ATTEMPTS_MAX: NonZeroUsize = NonZeroUsize::MIN.saturating_add(10_000 - 1);

/// Makes a span of whatever ends, if its trace is recorded.
pub(crate) struct Traces {
    home: Home,
    sampler: Sampler,
    queue: Arc<Queue>,
    attempts: Mutex<LruCache<SpanId, Millis>>,
}

impl Traces {
    pub(super) fn new(home: Home, sampler: Sampler, queue: Arc<Queue>) -> Self {
        Self { home, sampler, queue, attempts: Mutex::new(LruCache::new(ATTEMPTS_MAX)) }
    }

    fn spans<'a>(&self, execution: &'a Execution) -> Spans<'a> {
        let start = &execution.start;
        let arn = self.home.execution_arn(&start.function, &start.version, &start.name, &start.id);
        let trace = TraceContext::of(start.trace_header.as_deref(), &arn);
        Spans { execution, arn, trace }
    }

    fn draw(&self, spans: &Spans<'_>, fact: &Fact, recorded: &Recorded<'_>) {
        let (execution, at) = (recorded.execution, recorded.record.at);
        let operation = fact.operation_id().and_then(|id| execution.operation(id));
        match fact {
            Fact::InvocationCompleted { request_id, started, error, .. } => {
                let closing = recorded.record.facts.iter().find_map(Fact::closing_status);
                let error = error.as_ref();
                self.queue.push(spans.invocation(request_id, *started, at, error, closing));
            }
            fact if fact.is_closing() => {
                // Nobody ends them any more.
                let operations = (0..execution.operation_count())
                    .filter_map(|place| execution.operation_at(place))
                    .filter(|operation| operation.status.is_open());
                operations.for_each(|open| self.queue.push(spans.operation(open, Some(at))));
                self.queue.push(spans.execution());
            }
            Fact::StepStarted { .. } => {
                if let Some(step) = operation {
                    self.remember(spans, step, at);
                }
            }
            Fact::StepSucceeded { attempt, .. } => {
                self.draw_step(spans, operation, *attempt, at, None);
            }
            Fact::StepFailed { attempt, error, .. } => {
                self.draw_step(spans, operation, *attempt, at, Some(error));
            }
            _ => {
                if let Some(ended) = operation.filter(|operation| !operation.status.is_open()) {
                    self.queue.push(spans.operation(ended, None));
                }
            }
        }
    }

    /// A step that did it at once needs no second span to say so.
    fn draw_step(
        &self,
        spans: &Spans<'_>,
        step: Option<&Operation>,
        attempt: u32,
        at: Millis,
        error: Option<&ErrorObject>,
    ) {
        let Some(step) = step else { return };
        let is_last = !step.status.is_open();
        if !is_last || attempt > 1 {
            let began = self.attempt_began(spans, step, attempt);
            self.queue.push(spans.attempt(step, attempt, (began, at), error));
        }
        if is_last {
            self.queue.push(spans.operation(step, None));
        }
    }

    fn remember(&self, spans: &Spans<'_>, step: &Operation, at: Millis) {
        if let Details::Step { attempt: ended @ 1.., .. } = step.details {
            let id = spans.id(SpanOf::Attempt(&step.op.id, ended + 1));
            self.attempts.lock().unwrap_or_else(PoisonError::into_inner).put(id, at);
        }
    }

    /// When an attempt began. After a restart nobody knows of a later one; it was made anew by the invocation in flight.
    fn attempt_began(&self, spans: &Spans<'_>, step: &Operation, attempt: u32) -> Millis {
        if attempt <= 1 {
            return step.started;
        }
        let id = spans.id(SpanOf::Attempt(&step.op.id, attempt));
        let known = self.attempts.lock().unwrap_or_else(PoisonError::into_inner).pop(&id);
        let invocation = || spans.execution.invocation().map(|invocation| invocation.started);
        known.or_else(invocation).unwrap_or(step.started)
    }
}

/// Whether a fact can end a span, or is needed to know one's beginning. Most others are the beginnings of operations.
fn matters(fact: &Fact, execution: &Execution) -> bool {
    match fact {
        Fact::StepStarted { op } => execution
            .operation(&op.id)
            .is_some_and(|step| matches!(step.details, Details::Step { attempt: 1.., .. })),
        Fact::ExecutionStarted(_)
        | Fact::ContextStarted { .. }
        | Fact::WaitStarted { .. }
        | Fact::CallbackStarted { .. }
        | Fact::ChainedInvokeStarted { .. }
        | Fact::StepReady { .. }
        | Fact::CallbackHeartbeat { .. }
        | Fact::InvocationRetry { .. }
        | Fact::ExecutionPausing { .. }
        | Fact::ExecutionPaused { .. }
        | Fact::ExecutionResumed { .. } => false,
        _ => true,
    }
}

impl Observer for Traces {
    fn recorded(&self, recorded: &Recorded<'_>) {
        let mut facts = recorded
            .record
            .facts
            .iter()
            .filter(|fact| matters(fact, recorded.execution))
            .peekable();
        if facts.peek().is_none() {
            return;
        }
        let spans = self.spans(recorded.execution);
        if self.sampler.samples(&spans.trace) {
            facts.for_each(|fact| self.draw(&spans, fact, recorded));
        }
    }

    fn ended(&self, run: &Run<'_>, end: &RunEnd<'_>) {
        // What a durable function's run ends in is recorded, and drawn from that.
        let header = end.trace_header.filter(|_| run.execution.is_none());
        let trace = header.and_then(TraceContext::parse);
        if let Some(trace) = trace.filter(|trace| self.sampler.samples(trace)) {
            self.queue.push(plain_run(&trace, run, end));
        }
    }

    fn traces(&self) -> bool {
        true
    }

    fn trace_header(&self, execution: &Execution, caller: Caller<'_>) -> Option<String> {
        let spans = self.spans(execution);
        let parent = match caller {
            Caller::Invocation(request_id) => SpanOf::Invocation(request_id),
            Caller::Operation(id) => SpanOf::Operation(id),
        };
        let sampled = self.sampler.samples(&spans.trace);
        Some(spans.trace.header(spans.id(parent), sampled))
    }
}
