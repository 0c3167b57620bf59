//! Which lines a record makes.

use durable_core::{ErrorObject, Execution, Fact, Millis, OpRef, Operation, OperationType};

use super::line::Line;
use super::{Level, Pen};
use crate::observe::Recorded;

/// Operations, from the newest on, among which those are looked for that a suspended execution waits for.
const WAITING_LOOK_MAX: usize = 64;
/// How many of them are named.
const WAITING_NAMES_MAX: usize = 3;

/// Writes what is new.
pub(super) fn write(pen: &Pen<'_>, recorded: &Recorded<'_>) {
    let facts = &recorded.record.facts;
    if let Some(request_id) = &recorded.record.invocation {
        let updates = facts.iter().filter(|fact| fact.operation_ref().is_some()).count();
        pen.write(Level::Info, "CHECKPOINT_CREATED", |line| {
            line.text("requestId", request_id).number("updates", updates);
        });
    }
    for fact in facts {
        let told = Told { pen, recorded };
        if fact.operation_ref().is_some() {
            told.operation(fact);
        } else {
            told.execution(fact);
        }
    }
}

/// A record that is being told.
struct Told<'a> {
    pen: &'a Pen<'a>,
    recorded: &'a Recorded<'a>,
}

impl Told<'_> {
    fn state(&self) -> &Execution {
        self.recorded.execution
    }

    fn at(&self) -> Millis {
        self.recorded.record.at
    }

    fn execution(&self, fact: &Fact) {
        match fact {
            Fact::ExecutionStarted(start) => self.info("EXECUTION_STARTED", |line| {
                line.number("timeoutSeconds", start.timeout_seconds);
            }),
            Fact::ExecutionPausing { .. } => self.info("EXECUTION_PAUSING", |_| {}),
            Fact::ExecutionPaused { .. } => self.info("EXECUTION_PAUSED", |_| {}),
            Fact::ExecutionResumed { .. } => self.info("EXECUTION_RESUMED", |_| {}),
            Fact::InvocationCompleted { request_id, started, error: None, .. }
                if self.state().status.is_open() =>
            {
                self.info("SUSPENDED", |line| {
                    line.text("requestId", request_id).number("durationMs", self.at() - started);
                    self.waiting(line);
                });
            }
            Fact::InvocationRetry { failures, due, .. } => {
                self.info("INVOCATION_RETRIED", |line| {
                    line.number("failures", failures).time("until", *due);
                })
            }
            Fact::ExecutionSucceeded { .. } => self.closed(Level::Info, None),
            Fact::ExecutionStopped { error } => self.closed(Level::Info, Some(error)),
            Fact::ExecutionFailed { error } | Fact::ExecutionTimedOut { error } => {
                self.closed(Level::Warn, Some(error));
            }
            _ => {}
        }
    }

    fn operation(&self, fact: &Fact) {
        match fact {
            Fact::ContextStarted { op } => self.begun("CONTEXT_STARTED", op, |_| {}),
            Fact::ContextSucceeded { op, .. } => self.ended("CONTEXT_SUCCEEDED", op, None),
            Fact::ContextFailed { op, error, .. } => self.ended("CONTEXT_FAILED", op, Some(error)),
            Fact::StepStarted { op } => self.begun("STEP_STARTED", op, |line| {
                line.number("attempt", self.attempt_of(op));
            }),
            Fact::StepSucceeded { op, attempt, retry, .. } => {
                self.step_ended(op, *attempt, None, retry.map(|retry| (retry.seconds, retry.due)));
            }
            Fact::StepFailed { op, attempt, error, retry } => {
                let retry = retry.map(|retry| (retry.seconds, retry.due));
                self.step_ended(op, *attempt, Some(error), retry);
            }
            Fact::WaitStarted { op, seconds, due } => self.begun("WAIT_STARTED", op, |line| {
                line.number("seconds", seconds).time("until", *due);
            }),
            Fact::WaitSucceeded { op, .. } => self.ended("WAIT_ENDED", op, None),
            Fact::WaitCancelled { op } => self.ended("WAIT_CANCELLED", op, None),
            Fact::CallbackStarted { op, timeout_seconds, heartbeat_seconds, .. } => {
                self.begun("CALLBACK_CREATED", op, |line| {
                    for (name, seconds) in [
                        ("timeoutSeconds", timeout_seconds),
                        ("heartbeatSeconds", heartbeat_seconds),
                    ] {
                        if let Some(seconds) = seconds {
                            line.number(name, seconds);
                        }
                    }
                });
            }
            Fact::CallbackSucceeded { op, .. } => self.ended("CALLBACK_SUCCEEDED", op, None),
            Fact::CallbackFailed { op, error } => self.ended("CALLBACK_FAILED", op, Some(error)),
            Fact::CallbackTimedOut { op, error } => {
                self.ended("CALLBACK_TIMED_OUT", op, Some(error));
            }
            Fact::ChainedInvokeStarted { op, function_name, .. } => {
                self.begun("FUNCTION_INVOKED", op, |line| {
                    line.text("functionName", function_name);
                });
            }
            Fact::ChainedInvokeSucceeded { op, .. } => self.ended("INVOKE_SUCCEEDED", op, None),
            Fact::ChainedInvokeFailed { op, error } => self.ended("INVOKE_FAILED", op, Some(error)),
            Fact::ChainedInvokeTimedOut { op, error } => {
                self.ended("INVOKE_TIMED_OUT", op, Some(error));
            }
            Fact::ChainedInvokeStopped { op, error } => {
                self.ended("INVOKE_STOPPED", op, Some(error));
            }
            _ => {}
        }
    }

    fn info(&self, event: &str, members: impl FnOnce(&mut Line)) {
        self.pen.write(Level::Info, event, members);
    }

    fn begun(&self, event: &str, op: &OpRef, members: impl FnOnce(&mut Line)) {
        self.info(event, |line| {
            name(line, op);
            members(line);
        });
    }

    fn ended(&self, event: &str, op: &OpRef, error: Option<&ErrorObject>) {
        let level = if error.is_some() { Level::Warn } else { Level::Info };
        self.pen.write(level, event, |line| {
            name(line, op);
            self.duration(line, op);
            if let Some(error) = error {
                error_type(line, error);
            }
        });
    }

    /// The end of an attempt; with `retry`, seconds and time of the next one, not of the step.
    fn step_ended(
        &self,
        op: &OpRef,
        attempt: u32,
        error: Option<&ErrorObject>,
        retry: Option<(u32, Millis)>,
    ) {
        let level = if error.is_some() { Level::Warn } else { Level::Info };
        let event = match (retry, error) {
            (Some(_), _) => "STEP_RETRIED",
            (None, Some(_)) => "STEP_FAILED",
            (None, None) => "STEP_SUCCEEDED",
        };
        self.pen.write(level, event, |line| {
            name(line, op);
            line.number("attempt", attempt);
            match retry {
                Some((seconds, due)) => {
                    line.number("delaySeconds", seconds).time("until", due);
                }
                None => self.duration(line, op),
            }
            if let Some(error) = error {
                error_type(line, error);
            }
        });
    }

    /// The number of the attempt that begins with this record. The state may already know of its end.
    fn attempt_of(&self, op: &OpRef) -> u32 {
        let ended = self.recorded.record.facts.iter().find_map(|fact| match fact {
            Fact::StepSucceeded { op: other, attempt, .. }
            | Fact::StepFailed { op: other, attempt, .. }
                if other.id == op.id =>
            {
                Some(*attempt)
            }
            _ => None,
        });
        let before = || match self.state().operation(&op.id).map(|operation| &operation.details) {
            Some(durable_core::Details::Step { attempt, .. }) => *attempt,
            _ => 0,
        };
        ended.unwrap_or_else(|| before() + 1)
    }

    fn duration(&self, line: &mut Line, op: &OpRef) {
        if let Some(operation) = self.state().operation(&op.id) {
            line.number("durationMs", self.at() - operation.started);
        }
    }

    fn closed(&self, level: Level, error: Option<&ErrorObject>) {
        self.pen.write(level, "EXECUTION_CLOSED", |line| {
            let execution = self.state();
            line.text("status", execution.status.as_str())
                .number("durationMs", self.at() - execution.started)
                .number("operations", execution.operation_count());
            if let Some(error) = error {
                error_type(line, error);
            }
        });
    }

    /// What a suspended execution waits for, and until when at the latest.
    fn waiting(&self, line: &mut Line) {
        let execution = self.state();
        let count = execution.operation_count();
        let newest = (count.saturating_sub(WAITING_LOOK_MAX)..count).rev();
        let open = newest.filter_map(|place| execution.operation_at(place)).filter(|it| waits(it));
        let names: Vec<&str> = open
            .map(|it| it.op.name.as_deref().unwrap_or(&it.op.id))
            .take(WAITING_NAMES_MAX)
            .collect();
        if !names.is_empty() {
            line.text("waitsFor", &names.join(","));
        }
        if let Some(due) = execution.next_due() {
            line.time("until", due);
        }
    }
}

fn waits(operation: &Operation) -> bool {
    operation.status.is_open() && operation.kind() != OperationType::Context
}

fn name(line: &mut Line, op: &OpRef) {
    line.maybe("operationName", op.name.as_deref()).text("operationId", &op.id);
}

fn error_type(line: &mut Line, error: &ErrorObject) {
    line.maybe("errorType", error.error_type.as_deref());
}
