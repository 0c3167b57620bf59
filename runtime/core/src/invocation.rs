//! Invocations: when one is due, how it begins, and what its end means.
//!
//! An invocation's beginning is not written to the journal: its cause is already there, and a restart repeats it with a
//! new id, which fences off the old one. Its first checkpoint, or its end, tells the journal that it was.

use serde_json::Value;

use crate::execution::{Execution, Invocation};
use crate::fact::Fact;
use crate::operation::{Details, Operation};
use crate::types::{ErrorObject, ExecutionStatus, Millis, OperationStatus};

/// How an invocation ended.
#[derive(Clone, Debug)]
pub enum InvocationOutcome {
    /// The function answered with this body.
    Output(Vec<u8>),
    /// It crashed, timed out, or reported an error instead of answering.
    Failed(ErrorObject),
}

/// How often a failed invocation is repeated.
#[derive(Clone, Debug)]
pub struct RetryPolicy {
    /// Failures in a row after which the execution fails; 0 means that only the execution timeout ends it.
    pub attempts_max: u32,
    /// Failures of the platform (`Runtime.*`, `Sandbox.*`, `Extension.*`) that are repeated at once.
    pub immediate: u32,
    /// The first delay; it doubles with each failure.
    pub delay_first: Millis,
    /// The longest delay.
    pub delay_max: Millis,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { attempts_max: 10, immediate: 3, delay_first: 1_000, delay_max: 60_000 }
    }
}

/// In a row, before a handler that suspends with nothing to wait for is taken at its word. SDKs may do so once when a
/// completion crosses their suspension; a replay resolves it.
const EMPTY_SUSPENSIONS_MAX: u32 = 3;

/// What a function may answer.
const OUTPUT_STATUSES: [&str; 3] = ["SUCCEEDED", "FAILED", "PENDING"];

impl Execution {
    /// Whether the function is to be invoked now: open, not paused, nothing in flight, and something that no handler has
    /// seen. Not past the execution's deadline, even if the timer has not run yet.
    pub fn wants_invocation(&self, now: Millis) -> bool {
        self.status == ExecutionStatus::Running
            && self.deadline() > now
            && self.invocation.is_none()
            && self.retry_at.is_none_or(|due| due <= now)
            && (self.owed || self.pauses.cut_off.is_some() || self.has_unseen_changes())
    }

    /// Whether something is left to do without any outside cause: a restart has to take it up again.
    pub fn is_active(&self) -> bool {
        self.status.is_open()
            && (self.invocation.is_some()
                || self.owed
                || self.pauses.cut_off.is_some()
                || self.has_unseen_changes())
    }

    /// Whether something changed that no handler has been shown.
    pub fn has_unseen_changes(&self) -> bool {
        self.changes > self.shown
    }

    /// Begins an invocation and marks every change as shown. Returns the ids of the operations that changed since a
    /// handler was last shown the state; on the first invocation that is the execution itself.
    pub fn begin_invocation(&mut self, id: String, now: Millis) -> Vec<String> {
        let first = self.shown == 0;
        let places = self.mark_shown();
        let changed = places.into_iter().filter_map(|place| self.operation_at(place));
        let mut updated: Vec<String> = changed.map(|operation| operation.op.id.clone()).collect();
        if first {
            updated.insert(0, self.start.id.clone());
        }
        self.owed = false;
        self.retry_at = None;
        self.last_reply = None;
        self.pauses.cut_off = None;
        self.invocation = Some(Invocation { id, started: now, sequence: 0 });
        updated
    }

    /// The operations that changed since the handler was last shown the state; marks them as shown and gives the
    /// handler its next token. For the answer to a checkpoint, after its record has been applied. A pause withholds
    /// both: the invocation is to end, and the next one is shown everything.
    pub fn rotate_token(&mut self) -> Vec<&Operation> {
        if self.is_paused() {
            return Vec::new();
        }
        if let Some(invocation) = &mut self.invocation {
            invocation.sequence += 1;
        }
        let places = self.mark_shown();
        places.into_iter().filter_map(|place| self.operation_at(place)).collect()
    }

    /// What follows from the end of an invocation; `None` if it is not the one in flight, whose answer nobody wants.
    pub fn decide_invocation_end(
        &self,
        invocation_id: &str,
        outcome: &InvocationOutcome,
        now: Millis,
        policy: &RetryPolicy,
    ) -> Option<Vec<Fact>> {
        let invocation = self.invocation.as_ref().filter(|current| current.id == invocation_id)?;
        let completed = |error: Option<ErrorObject>| Fact::InvocationCompleted {
            request_id: invocation.id.clone(),
            started: invocation.started,
            error,
            shown: self.shown,
        };
        if !self.status.is_open() {
            let error = match outcome {
                InvocationOutcome::Failed(error) => Some(error.clone()),
                InvocationOutcome::Output(_) => None,
            };
            return Some(vec![completed(error)]);
        }
        let cut_off = self.pauses.cut_off.as_deref() == Some(invocation_id);
        // The invocation that is owed another one once the pause is over.
        let mut interrupted = None;
        let mut facts = match outcome {
            InvocationOutcome::Failed(error) => {
                vec![completed(Some(error.clone())), self.after_failure(error, now, policy)]
            }
            InvocationOutcome::Output(body) => match self.read_output(body) {
                Ok(Output::Succeeded(result)) => {
                    vec![completed(None), Fact::ExecutionSucceeded { result }]
                }
                // SDKs that need a token say that they failed, or that they have nothing to wait for. They were only
                // interrupted, and will be invoked again.
                Ok(Output::Failed(_) | Output::Pending) if cut_off => vec![completed(None)],
                // The pause holds back whatever it waits for.
                Ok(Output::Pending)
                    if self.status == ExecutionStatus::Pausing && !self.can_suspend() =>
                {
                    interrupted = Some(invocation.id.clone());
                    vec![completed(None)]
                }
                Ok(Output::Failed(error)) => {
                    vec![completed(Some(error.clone())), Fact::ExecutionFailed { error }]
                }
                Ok(Output::Pending) if self.can_suspend() => vec![completed(None)],
                Ok(Output::Pending) => self.after_empty_suspension(&completed, now),
                Err(message) => {
                    let error = ErrorObject::new("InvalidParameterValueException", message);
                    vec![completed(Some(error.clone())), Fact::ExecutionFailed { error }]
                }
            },
        };
        if !facts.iter().any(Fact::is_closing) {
            facts.extend(self.pause_takes_hold(interrupted));
        }
        Some(facts)
    }

    fn after_failure(&self, error: &ErrorObject, now: Millis, policy: &RetryPolicy) -> Fact {
        let failures = self.failures + 1;
        if policy.attempts_max > 0 && failures >= policy.attempts_max {
            return Fact::ExecutionFailed { error: error.clone() };
        }
        let delay = if is_platform_failure(error) && failures <= policy.immediate {
            0
        } else {
            let doublings = failures.saturating_sub(1).min(30);
            policy.delay_first.saturating_mul(1 << doublings).min(policy.delay_max)
        };
        let empty_suspensions = self.empty_suspensions;
        Fact::InvocationRetry { failures, empty_suspensions, due: now + delay }
    }

    fn after_empty_suspension(
        &self,
        completed: &dyn Fn(Option<ErrorObject>) -> Fact,
        now: Millis,
    ) -> Vec<Fact> {
        let error = ErrorObject::new(
            "InvalidParameterValueException",
            "Cannot return PENDING status with no pending operations.",
        );
        let empty_suspensions = self.empty_suspensions + 1;
        let then = if empty_suspensions >= EMPTY_SUSPENSIONS_MAX {
            Fact::ExecutionFailed { error: error.clone() }
        } else {
            // The handler did answer, so its failures are no longer in a row.
            Fact::InvocationRetry { failures: 0, empty_suspensions, due: now }
        };
        vec![completed(Some(error)), then]
    }

    /// Whether there is something that will wake the execution again. A step or a context that is only STARTED does
    /// not count: nobody but the handler can end it.
    fn can_suspend(&self) -> bool {
        // Every operation that waits for the clock has a timer; a callback without deadlines and another function
        // have none.
        self.has_unseen_changes()
            || !self.timers.is_empty()
            || self.has_open_chained()
            || self.callbacks.values().filter_map(|id| self.operation(id)).any(|callback| {
                matches!(callback.details, Details::Callback { .. })
                    && callback.status == OperationStatus::Started
            })
    }

    fn read_output(&self, body: &[u8]) -> Result<Output, String> {
        let invalid = |member: &str| format!("Invalid {member} in invocation output.");
        // Not a derived struct: serde would read one from an array, too.
        let Ok(Value::Object(mut output)) = serde_json::from_slice(body) else {
            return Err(invalid("Status"));
        };
        let status = match output.remove("Status") {
            Some(Value::String(status)) if OUTPUT_STATUSES.contains(&status.as_str()) => status,
            _ => return Err(invalid("Status")),
        };
        let result = match output.remove("Result") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text),
            Some(_) => return Err(invalid("Result")),
        };
        let error: Option<ErrorObject> = match output.remove("Error") {
            None | Some(Value::Null) => None,
            Some(error @ Value::Object(_)) => {
                Some(serde_json::from_value(error).map_err(|_| invalid("Error"))?)
            }
            Some(_) => return Err(invalid("Error")),
        };
        match status.as_str() {
            "SUCCEEDED" if error.is_some() => {
                Err("Cannot provide an Error for SUCCEEDED status.".to_owned())
            }
            "SUCCEEDED" => {
                let bytes_max = self.start.result_bytes_max;
                if result.as_ref().is_some_and(|result| result.len() > bytes_max) {
                    return Err(format!(
                        "Execution output payload size must be less than or equal to {bytes_max} bytes."
                    ));
                }
                Ok(Output::Succeeded(result))
            }
            "FAILED" if result.is_some() => {
                Err("Cannot provide a Result for FAILED status.".to_owned())
            }
            "FAILED" => Ok(Output::Failed(error.unwrap_or_default())),
            _ => Ok(Output::Pending),
        }
    }
}

enum Output {
    Succeeded(Option<String>),
    Failed(ErrorObject),
    Pending,
}

fn is_platform_failure(error: &ErrorObject) -> bool {
    let kind = error.error_type.as_deref().unwrap_or_default();
    kind != "Sandbox.Timedout"
        && ["Runtime.", "Sandbox.", "Extension."].iter().any(|prefix| kind.starts_with(prefix))
}
