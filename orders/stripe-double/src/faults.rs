//! What goes wrong, when a test says so.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::Operation;

/// How a call goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection is closed and nothing is done.
    NotReached,
    /// It is done, and the connection is closed without an answer.
    AnswerLost,
    /// Status 500 instead of doing it, kept under the key.
    ServerError,
    /// It is done, and status 500 is answered and kept under the key.
    ServerErrorAfterWork,
    /// Status 429. Nothing is kept under the key.
    RateLimited,
    /// It is done at once and answered so much later.
    SlowAnswer(Duration),
    /// It is done, and the answer is a megabyte of blanks.
    HugeAnswer,
    /// It stands still before it is done, until it is released, whether or not the caller waits.
    HeldBefore,
    /// It is done and stands still before the answer, until it is released.
    HeldAfter,
}

#[derive(Debug, Default)]
pub(crate) struct Faults {
    planned: HashMap<Operation, VecDeque<(Fault, u32)>>,
}

impl Faults {
    pub(crate) fn plan(&mut self, operation: Operation, fault: Fault, times: u32) {
        self.planned.entry(operation).or_default().push_back((fault, times));
    }

    /// What is to go wrong now.
    pub(crate) fn next(&mut self, operation: Operation) -> Option<Fault> {
        let planned = self.planned.get_mut(&operation)?;
        while let Some((fault, times)) = planned.front_mut() {
            if *times > 0 {
                *times -= 1;
                return Some(*fault);
            }
            planned.pop_front();
        }
        None
    }
}
