//! How a fact changes the operation that it is about.

use crate::fact::{Fact, RetryDelay};
use crate::operation::{Details, OpRef, Operation};
use crate::types::{ErrorObject, Millis, OperationStatus};

/// The operation after this fact, or `None` if the fact is about none.
///
/// An operation may appear with its end: an at-least-once step may report nothing else.
pub(crate) fn next_operation(
    fact: &Fact,
    current: Option<&Operation>,
    at: Millis,
) -> Option<Operation> {
    Some(match fact {
        Fact::ContextStarted { op } => Operation::begin(op, at, context(false)),
        Fact::ContextSucceeded { op, result, replay_children } => {
            let mut operation = existing_or_new(current, op, at, context(false));
            operation.details = context(*replay_children);
            operation.succeed(result.clone(), at);
            operation
        }
        Fact::ContextFailed { op, error, replay_children } => {
            let mut operation = existing_or_new(current, op, at, context(false));
            operation.details = context(*replay_children);
            operation.fail(error, OperationStatus::Failed, at);
            operation
        }
        Fact::StepStarted { op } => {
            let mut operation = existing_or_new(current, op, at, step(0, None));
            operation.status = OperationStatus::Started;
            operation
        }
        Fact::StepSucceeded { op, attempt, result, retry } => {
            let mut operation = existing_or_new(current, op, at, step(0, None));
            operation.succeed(result.clone(), at);
            operation.plan_attempt(*attempt, *retry);
            operation
        }
        Fact::StepFailed { op, attempt, error, retry } => {
            let mut operation = existing_or_new(current, op, at, step(0, None));
            operation.fail(error, OperationStatus::Failed, at);
            operation.plan_attempt(*attempt, *retry);
            operation
        }
        Fact::WaitStarted { op, seconds, due } => {
            Operation::begin(op, at, Details::Wait { seconds: *seconds, due: *due })
        }
        Fact::CallbackStarted { op, callback_id, timeout_seconds, heartbeat_seconds } => {
            let details = Details::Callback {
                callback_id: callback_id.clone(),
                timeout: timeout_seconds.map(|seconds| after(at, seconds)),
                heartbeat_seconds: *heartbeat_seconds,
                heartbeat: heartbeat_seconds.map(|seconds| after(at, seconds)),
            };
            Operation::begin(op, at, details)
        }
        Fact::ChainedInvokeStarted { op, function_name, tenant_id, target, .. } => {
            let details = Details::ChainedInvoke {
                function_name: function_name.clone(),
                tenant_id: tenant_id.clone(),
                target: target.clone(),
            };
            Operation::begin(op, at, details)
        }
        fact => change_existing(fact, current?.clone(), at)?,
    })
}

/// Facts about operations that must exist.
fn change_existing(fact: &Fact, mut operation: Operation, at: Millis) -> Option<Operation> {
    match fact {
        Fact::StepReady { .. } => {
            operation.status = OperationStatus::Ready;
            if let Details::Step { next_attempt, .. } = &mut operation.details {
                *next_attempt = None;
            }
        }
        Fact::WaitSucceeded { .. } => operation.end(OperationStatus::Succeeded, at),
        Fact::WaitCancelled { .. } => operation.end(OperationStatus::Cancelled, at),
        Fact::CallbackHeartbeat { .. } => {
            if let Details::Callback { heartbeat, heartbeat_seconds, .. } = &mut operation.details {
                *heartbeat = heartbeat_seconds.map(|seconds| after(at, seconds));
            }
        }
        Fact::CallbackSucceeded { result, .. } | Fact::ChainedInvokeSucceeded { result, .. } => {
            operation.succeed(result.clone(), at);
        }
        Fact::CallbackFailed { error, .. } | Fact::ChainedInvokeFailed { error, .. } => {
            operation.fail(error, OperationStatus::Failed, at);
        }
        Fact::CallbackTimedOut { error, .. } | Fact::ChainedInvokeTimedOut { error, .. } => {
            operation.fail(error, OperationStatus::TimedOut, at);
        }
        Fact::ChainedInvokeStopped { error, .. } => {
            operation.fail(error, OperationStatus::Stopped, at);
        }
        _ => return None,
    }
    Some(operation)
}

impl Operation {
    fn succeed(&mut self, result: Option<String>, at: Millis) {
        self.result = result;
        self.error = None;
        self.end(OperationStatus::Succeeded, at);
    }

    fn fail(&mut self, error: &ErrorObject, status: OperationStatus, at: Millis) {
        self.result = None;
        self.error = Some(error.clone());
        self.end(status, at);
    }

    /// Ends a step's attempt for good, or until the next one; its result or error stays readable meanwhile.
    fn plan_attempt(&mut self, attempt: u32, retry: Option<RetryDelay>) {
        self.details = step(attempt, retry.map(|retry| retry.due));
        if retry.is_some() {
            self.status = OperationStatus::Pending;
            self.ended = None;
        }
    }
}

fn existing_or_new(
    current: Option<&Operation>,
    op: &OpRef,
    at: Millis,
    details: Details,
) -> Operation {
    current.cloned().unwrap_or_else(|| Operation::begin(op, at, details))
}

fn context(replay_children: bool) -> Details {
    Details::Context { replay_children }
}

fn step(attempt: u32, next_attempt: Option<Millis>) -> Details {
    Details::Step { attempt, next_attempt }
}

fn after(at: Millis, seconds: u32) -> Millis {
    at + Millis::from(seconds) * 1000
}
