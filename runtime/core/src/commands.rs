//! Commands from outside the function: stop, answers to callbacks, and the ends of chained invocations.

use crate::execution::Execution;
use crate::fact::Fact;
use crate::limits::Limits;
use crate::operation::{Details, Operation};
use crate::types::{ErrorObject, Millis, Rejection};

/// How an outside party answers a callback.
#[derive(Clone, Debug)]
pub enum CallbackCompletion {
    /// With a result; `None` for an empty body.
    Success(Option<String>),
    /// With an error.
    Failure(ErrorObject),
}

/// How the target of a chained invocation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChainedOutcome {
    /// With a result.
    Succeeded(Option<String>),
    /// With an error, or it could not be started.
    Failed(ErrorObject),
    /// It took too long.
    TimedOut(ErrorObject),
    /// Somebody stopped it.
    Stopped(ErrorObject),
}

impl Execution {
    /// Ends a chained invocation as its target did. Nothing to do if that is known already, or if the execution is
    /// closed or past its deadline: nobody waits for it any more.
    pub fn decide_chained_outcome(
        &self,
        operation_id: &str,
        outcome: ChainedOutcome,
        now: Millis,
    ) -> Vec<Fact> {
        let Some(operation) = self
            .operation(operation_id)
            .filter(|operation| operation.is_open_chained())
            .filter(|_| self.status.is_open() && self.deadline() > now)
        else {
            return Vec::new();
        };
        let op = operation.op.clone();
        vec![match outcome {
            ChainedOutcome::Succeeded(result) => Fact::ChainedInvokeSucceeded { op, result },
            ChainedOutcome::Failed(error) => Fact::ChainedInvokeFailed { op, error },
            ChainedOutcome::TimedOut(error) => Fact::ChainedInvokeTimedOut { op, error },
            ChainedOutcome::Stopped(error) => Fact::ChainedInvokeStopped { op, error },
        }]
    }

    /// Stops an open execution; a closed one stays as it is. Pending operations keep their status.
    pub fn decide_stop(&self, error: ErrorObject) -> Vec<Fact> {
        if self.status.is_open() { vec![Fact::ExecutionStopped { error }] } else { Vec::new() }
    }

    /// Answers a callback.
    ///
    /// # Errors
    /// [`Rejection::CallbackClosed`] when it is unknown, answered, or past its deadline (even if the timer has not
    /// run yet), or its execution is closed.
    pub fn decide_callback(
        &self,
        callback_id: &str,
        completion: CallbackCompletion,
        now: Millis,
        limits: &Limits,
    ) -> Result<Vec<Fact>, Rejection> {
        let op = self.open_callback(callback_id, now)?.op.clone();
        Ok(vec![match completion {
            CallbackCompletion::Success(result) => Fact::CallbackSucceeded { op, result },
            CallbackCompletion::Failure(error) => {
                limits.check_error(&error)?;
                Fact::CallbackFailed { op, error }
            }
        }])
    }

    /// Moves a callback's heartbeat deadline; nothing to do without one.
    ///
    /// # Errors
    /// [`Rejection::CallbackClosed`], as for an answer.
    pub fn decide_heartbeat(&self, callback_id: &str, now: Millis) -> Result<Vec<Fact>, Rejection> {
        let operation = self.open_callback(callback_id, now)?;
        Ok(match operation.details {
            Details::Callback { heartbeat: Some(_), .. } => {
                vec![Fact::CallbackHeartbeat { id: operation.op.id.clone() }]
            }
            _ => Vec::new(),
        })
    }

    fn open_callback(&self, callback_id: &str, now: Millis) -> Result<&Operation, Rejection> {
        self.callbacks
            .get(callback_id)
            .and_then(|id| self.operation(id))
            .filter(|callback| self.status.is_open() && callback.status.is_open())
            .filter(|callback| callback.due().is_none_or(|due| due > now))
            .filter(|_| self.deadline() > now)
            .ok_or(Rejection::CallbackClosed)
    }
}
