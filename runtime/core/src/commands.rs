//! Commands from outside the function: stop, and answers to callbacks.

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

impl Execution {
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
                let error_max = limits.error_bytes_max;
                if error.len_bytes() > error_max {
                    return Err(Rejection::invalid(format!(
                        "Error object size must be less than or equal to {error_max} bytes."
                    )));
                }
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
