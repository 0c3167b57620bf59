//! What is due next, and what happens then.
//!
//! Deadlines are absolute times and fire late rather than never. The execution timeout wins over any other timer that
//! is due with it; the others complete in the order of their deadlines.

use std::collections::HashSet;

use crate::execution::Execution;
use crate::fact::Fact;
use crate::operation::{Details, Operation};
use crate::types::{ErrorObject, Millis, OperationStatus};

impl Execution {
    /// The next time at which the clock changes this execution; `None` once it is closed.
    pub fn next_due(&self) -> Option<Millis> {
        if !self.status.is_open() {
            return None;
        }
        let timer = self.timers.first().map(|(due, _)| *due);
        [Some(self.deadline()), timer, self.next_attempt()].into_iter().flatten().min()
    }

    /// The next time after `now` at which the clock changes this execution, once all that is due by now is done.
    pub fn next_due_after(&self, now: Millis) -> Option<Millis> {
        if !self.status.is_open() {
            return None;
        }
        let timer = self.timers.range((now + 1, 0)..).next().map(|(due, _)| *due);
        [Some(self.deadline()), timer, self.next_attempt()]
            .into_iter()
            .flatten()
            .filter(|due| *due > now)
            .min()
    }

    /// The next time at which the clock changes this execution once these facts are accepted, but for what they bring
    /// themselves. What is overdue and not settled by them counts: the clock comes to it a moment later.
    pub fn next_due_besides(&self, facts: &[Fact]) -> Option<Millis> {
        if !self.status.is_open() {
            return None;
        }
        // A heartbeat moves a timer and settles nothing.
        let settles = |fact: &&Fact| !matches!(fact, Fact::CallbackHeartbeat { .. });
        let settled: HashSet<&str> =
            facts.iter().filter(settles).filter_map(Fact::operation_id).collect();
        let stays = |operation: &Operation| !settled.contains(operation.op.id.as_str());
        let mut timers = self.timers.iter();
        let timer = timers.find(|(_, place)| self.operation_at(*place).is_some_and(stays));
        let timer = timer.map(|(due, _)| *due);
        [Some(self.deadline()), timer, self.next_attempt()].into_iter().flatten().min()
    }

    /// When a failed invocation is repeated; not during a pause, which the resumption ends.
    fn next_attempt(&self) -> Option<Millis> {
        self.retry_at.filter(|_| !self.is_paused())
    }

    /// What the clock has brought by now. The end of a retry delay of the invocation itself is no fact: see
    /// [`Execution::wants_invocation`].
    pub fn decide_due(&self, now: Millis) -> Vec<Fact> {
        if !self.status.is_open() {
            return Vec::new();
        }
        if self.deadline() <= now {
            let seconds = self.start.timeout_seconds;
            let error = ErrorObject {
                error_message: Some(format!("Execution timed out after {seconds} seconds.")),
                ..ErrorObject::default()
            };
            return vec![Fact::ExecutionTimedOut { error }];
        }
        self.due_facts(now)
    }

    pub(crate) fn due_facts(&self, now: Millis) -> Vec<Fact> {
        self.timers
            .iter()
            .take_while(|(due, _)| *due <= now)
            .filter_map(|(_, place)| self.operation_at(*place))
            .map(due_fact)
            .collect()
    }
}

impl Operation {
    /// The next time at which the clock changes it.
    pub(crate) fn due(&self) -> Option<Millis> {
        match (&self.details, self.status) {
            (Details::Step { next_attempt, .. }, OperationStatus::Pending) => *next_attempt,
            (Details::Wait { due, .. }, OperationStatus::Started) => Some(*due),
            (Details::Callback { timeout, heartbeat, .. }, OperationStatus::Started) => {
                match (timeout, heartbeat) {
                    (Some(timeout), Some(heartbeat)) => Some(*timeout.min(heartbeat)),
                    (timeout, heartbeat) => timeout.or(*heartbeat),
                }
            }
            _ => None,
        }
    }
}

fn due_fact(operation: &Operation) -> Fact {
    let op = operation.op.clone();
    match &operation.details {
        // Only steps, waits and callbacks have deadlines.
        Details::Step { .. } | Details::Context { .. } | Details::ChainedInvoke { .. } => {
            Fact::StepReady { id: op.id }
        }
        Details::Wait { seconds, .. } => Fact::WaitSucceeded { op, seconds: *seconds },
        Details::Callback { timeout, heartbeat, .. } => {
            let by_heartbeat = match (timeout, heartbeat) {
                (Some(timeout), Some(heartbeat)) => heartbeat < timeout,
                (None, Some(_)) => true,
                _ => false,
            };
            let error = if by_heartbeat {
                ErrorObject::new("Callback.Heartbeat", "Callback timed out on heartbeat")
            } else {
                ErrorObject::new("Callback.Timeout", "Callback timed out")
            };
            Fact::CallbackTimedOut { op, error }
        }
    }
}
