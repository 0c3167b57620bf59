//! Telling what happens, once it is durable, to whoever keeps logs, counts, or draws traces.
//!
//! The engine tells [`Observers`] of every record that it has committed and of every run of a function. An observer
//! looks and remembers; it decides nothing, so nothing that it does or fails to do changes an execution. It is called
//! on the path of every checkpoint, with the execution's lock held: it must not wait, and what it keeps has a bound.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use durable_core::{Execution, Millis, Record};
use durable_functions::FunctionError;

use crate::functions::{Function, Version};

/// Someone who is told.
pub(crate) trait Observer: Send + Sync + 'static {
    /// A record is on disk and applied.
    fn recorded(&self, _recorded: &Recorded<'_>) {}

    /// A function is about to run.
    fn begins(&self, _run: &Run<'_>) {}

    /// A function has run.
    fn ended(&self, _run: &Run<'_>, _end: &RunEnd<'_>) {}

    /// The clock has come to an execution that was due.
    fn woken(&self, _woken: &Woken) {}

    /// A plain function was not run, because it had no place.
    fn throttled(&self, _function: &Function) {}

    /// Whether it ever has a [`trace_header`](Self::trace_header).
    fn traces(&self) -> bool {
        false
    }

    /// The X-Ray header that a function is given which runs for an execution, in place of the execution's own.
    fn trace_header(&self, _execution: &Execution, _caller: Caller<'_>) -> Option<String> {
        None
    }
}

/// What of an execution calls a function.
#[derive(Clone, Copy)]
pub(crate) enum Caller<'a> {
    /// The invocation with this request id, and the function is the execution's own.
    Invocation(&'a str),
    /// The chained invocation with this operation id.
    Operation(&'a str),
}

/// What was recorded.
#[derive(Clone, Copy)]
pub(crate) struct Recorded<'a> {
    /// The execution after the record.
    pub(crate) execution: &'a Execution,
    /// What is new.
    pub(crate) record: &'a Record,
}

/// An execution that the clock has come to.
#[derive(Clone, Copy)]
pub(crate) struct Woken {
    /// How long ago it was due.
    pub(crate) lateness: Duration,
}

/// One run of a function.
#[derive(Clone, Copy)]
pub(crate) struct Run<'a> {
    pub(crate) function: &'a Function,
    pub(crate) version: &'a Version,
    pub(crate) request_id: &'a str,
    /// When it began.
    pub(crate) at: Millis,
    /// What it belongs to, if the function is durable.
    pub(crate) execution: Option<ExecutionRun<'a>>,
}

/// What a run of a durable function belongs to.
#[derive(Clone, Copy)]
pub(crate) struct ExecutionRun<'a> {
    /// The id of the execution.
    pub(crate) id: &'a str,
    /// The name of the execution.
    pub(crate) name: &'a str,
    /// Operations that it is shown; none at its first run.
    pub(crate) operations: usize,
}

/// How a run ended.
#[derive(Clone, Copy)]
pub(crate) struct RunEnd<'a> {
    /// How long it took.
    pub(crate) duration: Duration,
    /// What came of it; a durable function's failure that is an answer is none here.
    pub(crate) outcome: Result<&'a Bytes, &'a FunctionError>,
    /// The X-Ray header that the function was given.
    pub(crate) trace_header: Option<&'a str>,
}

/// Everybody who is told, in the order of their joining.
#[derive(Clone, Default)]
pub(crate) struct Observers(Vec<Arc<dyn Observer>>);

impl Observers {
    /// One more.
    pub(crate) fn join(&mut self, observer: Arc<dyn Observer>) {
        self.0.push(observer);
    }

    pub(crate) fn recorded(&self, execution: &Execution, record: &Record) {
        let recorded = Recorded { execution, record };
        self.0.iter().for_each(|observer| observer.recorded(&recorded));
    }

    pub(crate) fn begins(&self, run: &Run<'_>) {
        self.0.iter().for_each(|observer| observer.begins(run));
    }

    pub(crate) fn ended(&self, run: &Run<'_>, end: &RunEnd<'_>) {
        self.0.iter().for_each(|observer| observer.ended(run, end));
    }

    pub(crate) fn woken(&self, lateness: Duration) {
        let woken = Woken { lateness };
        self.0.iter().for_each(|observer| observer.woken(&woken));
    }

    pub(crate) fn throttled(&self, function: &Function) {
        self.0.iter().for_each(|observer| observer.throttled(function));
    }

    /// The first header that somebody has.
    pub(crate) fn trace_header(&self, execution: &Execution, caller: Caller<'_>) -> Option<String> {
        self.0.iter().find_map(|observer| observer.trace_header(execution, caller))
    }

    /// Whether somebody may have a header.
    pub(crate) fn traces(&self) -> bool {
        self.0.iter().any(|observer| observer.traces())
    }
}
