//! What a journal holds: facts, in the order in which they were accepted.
//!
//! A fact carries everything that its event in the history shows, so a page of history is read from the rows that hold
//! it and nothing else. Facts that are no event (a step became ready) exist only to make the fold complete.
//!
//! The serialized form is the disk format: members may be added with a default, never renamed.

use serde::{Deserialize, Serialize};

use crate::operation::{ChainedTarget, OpRef};
use crate::pause::{PauseRequest, ResumeRequest};
use crate::types::{ErrorObject, ExecutionStatus, Millis};

/// Facts that were accepted together, at one time, in one commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// When they were accepted.
    pub at: Millis,
    /// The invocation whose checkpoint this is. A restart knows by it that an invocation was in flight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invocation: Option<String>,
    /// What was accepted.
    pub facts: Vec<Fact>,
}

impl Record {
    /// Facts that nobody's checkpoint brought: a start, a timer, the end of an invocation.
    pub fn new(at: Millis, facts: Vec<Fact>) -> Self {
        Self { at, invocation: None, facts }
    }

    /// How many events of the history this record holds.
    pub fn events(&self) -> u64 {
        self.facts.iter().filter(|fact| fact.is_event()).count() as u64
    }
}

/// How an execution begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecutionStarted {
    /// Unique, the last part of its ARN.
    pub id: String,
    /// Chosen by the caller or random; unique for its function.
    pub name: String,
    /// The function's name.
    pub function: String,
    /// The version that it runs on to its end.
    pub version: String,
    /// The body of the Invoke call.
    pub input: String,
    /// Seconds from the start after which it times out.
    pub timeout_seconds: u32,
    /// Days for which it is kept after its end.
    pub retention_days: u32,
    /// The size that its result may have, in bytes; fixed by how it was started.
    pub result_bytes_max: usize,
    /// The caller's X-Ray header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_header: Option<String>,
    /// The caller's tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    /// The operation that started it, if another execution did: there its outcome is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<ParentLink>,
}

/// The chained invocation that a child execution belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParentLink {
    /// The id of the execution.
    pub execution: String,
    /// The id of its operation.
    pub operation: String,
}

/// A step's next attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryDelay {
    /// The delay that the function asked for.
    pub seconds: u32,
    /// When it is over.
    pub due: Millis,
}

/// One thing that happened to an execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fact")]
#[allow(missing_docs)] // named and shaped like the events of the GetDurableExecutionHistory API
pub enum Fact {
    ExecutionStarted(ExecutionStarted),
    ExecutionSucceeded {
        result: Option<String>,
    },
    ExecutionFailed {
        error: ErrorObject,
    },
    ExecutionTimedOut {
        error: ErrorObject,
    },
    ExecutionStopped {
        error: ErrorObject,
    },

    /// No event: a pause was asked for while the function runs.
    ExecutionPausing {
        request: PauseRequest,
        /// For how long the execution timeout had stood still before.
        extension: Millis,
    },
    ExecutionPaused {
        request: PauseRequest,
        /// The invocation whose token was withheld.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cut_off: Option<String>,
        /// For how long the execution timeout had stood still before.
        extension: Millis,
    },
    ExecutionResumed {
        request: ResumeRequest,
        /// For how long the execution timeout has stood still until now.
        extension: Millis,
    },

    ContextStarted {
        op: OpRef,
    },
    ContextSucceeded {
        op: OpRef,
        result: Option<String>,
        replay_children: bool,
    },
    ContextFailed {
        op: OpRef,
        error: ErrorObject,
        replay_children: bool,
    },

    StepStarted {
        op: OpRef,
    },
    StepSucceeded {
        op: OpRef,
        attempt: u32,
        result: Option<String>,
        retry: Option<RetryDelay>,
    },
    StepFailed {
        op: OpRef,
        attempt: u32,
        error: ErrorObject,
        retry: Option<RetryDelay>,
    },
    /// No event: the delay before a step's next attempt is over.
    StepReady {
        id: String,
    },

    WaitStarted {
        op: OpRef,
        seconds: u32,
        due: Millis,
    },
    WaitSucceeded {
        op: OpRef,
        seconds: u32,
    },
    WaitCancelled {
        op: OpRef,
    },

    CallbackStarted {
        op: OpRef,
        callback_id: String,
        timeout_seconds: Option<u32>,
        heartbeat_seconds: Option<u32>,
    },
    CallbackSucceeded {
        op: OpRef,
        result: Option<String>,
    },
    CallbackFailed {
        op: OpRef,
        error: ErrorObject,
    },
    CallbackTimedOut {
        op: OpRef,
        error: ErrorObject,
    },
    /// No event: the outside party is still at work.
    CallbackHeartbeat {
        id: String,
    },

    ChainedInvokeStarted {
        op: OpRef,
        function_name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tenant_id: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trace_header: Option<String>,
        input: Option<String>,
        /// None if nothing could be started.
        target: Option<ChainedTarget>,
    },
    ChainedInvokeSucceeded {
        op: OpRef,
        result: Option<String>,
    },
    ChainedInvokeFailed {
        op: OpRef,
        error: ErrorObject,
    },
    ChainedInvokeTimedOut {
        op: OpRef,
        error: ErrorObject,
    },
    ChainedInvokeStopped {
        op: OpRef,
        error: ErrorObject,
    },

    InvocationCompleted {
        request_id: String,
        started: Millis,
        error: Option<ErrorObject>,
        /// The change up to which its handler had been shown the operations.
        shown: u64,
    },
    /// No event: the invocation failed, or suspended with nothing to wait for, and will be repeated.
    InvocationRetry {
        failures: u32,
        #[serde(default)]
        empty_suspensions: u32,
        due: Millis,
    },
}

impl Fact {
    /// Whether the history shows it.
    pub fn is_event(&self) -> bool {
        !matches!(
            self,
            Self::StepReady { .. }
                | Self::CallbackHeartbeat { .. }
                | Self::InvocationRetry { .. }
                | Self::ExecutionPausing { .. }
        )
    }

    /// The status between running and paused that it gives the execution.
    pub fn pause_status(&self) -> Option<ExecutionStatus> {
        match self {
            Self::ExecutionPausing { .. } => Some(ExecutionStatus::Pausing),
            Self::ExecutionPaused { .. } => Some(ExecutionStatus::Paused),
            Self::ExecutionResumed { .. } => Some(ExecutionStatus::Running),
            _ => None,
        }
    }

    /// The terminal status that it gives the execution.
    pub fn closing_status(&self) -> Option<ExecutionStatus> {
        match self {
            Self::ExecutionSucceeded { .. } => Some(ExecutionStatus::Succeeded),
            Self::ExecutionFailed { .. } => Some(ExecutionStatus::Failed),
            Self::ExecutionTimedOut { .. } => Some(ExecutionStatus::TimedOut),
            Self::ExecutionStopped { .. } => Some(ExecutionStatus::Stopped),
            _ => None,
        }
    }

    /// Whether it closes the execution.
    pub fn is_closing(&self) -> bool {
        self.closing_status().is_some()
    }

    /// The operation that it is about.
    pub fn operation_id(&self) -> Option<&str> {
        match self {
            Self::StepReady { id } | Self::CallbackHeartbeat { id } => Some(id),
            fact => fact.operation_ref().map(|op| op.id.as_str()),
        }
    }

    /// How the operation that it is about is named in the history.
    pub fn operation_ref(&self) -> Option<&OpRef> {
        match self {
            Self::ContextStarted { op }
            | Self::ContextSucceeded { op, .. }
            | Self::ContextFailed { op, .. }
            | Self::StepStarted { op }
            | Self::StepSucceeded { op, .. }
            | Self::StepFailed { op, .. }
            | Self::WaitStarted { op, .. }
            | Self::WaitSucceeded { op, .. }
            | Self::WaitCancelled { op }
            | Self::CallbackStarted { op, .. }
            | Self::CallbackSucceeded { op, .. }
            | Self::CallbackFailed { op, .. }
            | Self::CallbackTimedOut { op, .. }
            | Self::ChainedInvokeStarted { op, .. }
            | Self::ChainedInvokeSucceeded { op, .. }
            | Self::ChainedInvokeFailed { op, .. }
            | Self::ChainedInvokeTimedOut { op, .. }
            | Self::ChainedInvokeStopped { op, .. } => Some(op),
            _ => None,
        }
    }

    /// The time at which the clock has to look at the execution because of it; `at` is when it was accepted.
    pub fn due(&self, at: Millis) -> Option<Millis> {
        let after =
            |seconds: &Option<u32>| seconds.map(|seconds| at + Millis::from(seconds) * 1000);
        match self {
            Self::StepSucceeded { retry, .. } | Self::StepFailed { retry, .. } => {
                retry.map(|retry| retry.due)
            }
            Self::WaitStarted { due, .. } | Self::InvocationRetry { due, .. } => Some(*due),
            Self::CallbackStarted { timeout_seconds, heartbeat_seconds, .. } => {
                [after(timeout_seconds), after(heartbeat_seconds)].into_iter().flatten().min()
            }
            _ => None,
        }
    }

    /// What AWS meters for it. An operation counts when it appears, be it with its end, and again with each retry.
    pub(crate) fn metered(&self, is_new: bool) -> Metered {
        let again = match self {
            Self::ExecutionStarted(_) | Self::InvocationCompleted { error: Some(_), .. } => true,
            Self::StepSucceeded { retry, .. } | Self::StepFailed { retry, .. } => retry.is_some(),
            _ => false,
        };
        let appears = is_new && self.operation_id().is_some();
        Metered { operations: u64::from(appears) + u64::from(again), bytes: self.payload_bytes() }
    }

    fn payload_bytes(&self) -> u64 {
        let bytes = match self {
            Self::ExecutionStarted(start) => start.input.len(),
            Self::ChainedInvokeStarted { input, .. } => input.as_ref().map_or(0, String::len),
            Self::ContextSucceeded { result, .. }
            | Self::StepSucceeded { result, .. }
            | Self::CallbackSucceeded { result, .. }
            | Self::ChainedInvokeSucceeded { result, .. }
            | Self::ExecutionSucceeded { result } => result.as_ref().map_or(0, String::len),
            Self::ContextFailed { error, .. }
            | Self::StepFailed { error, .. }
            | Self::CallbackFailed { error, .. }
            | Self::ChainedInvokeFailed { error, .. }
            | Self::ChainedInvokeTimedOut { error, .. }
            | Self::ChainedInvokeStopped { error, .. }
            | Self::ExecutionFailed { error }
            | Self::InvocationCompleted { error: Some(error), .. } => error.len_bytes(),
            _ => 0,
        };
        bytes as u64
    }
}

/// What counts towards the quotas of one execution.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Metered {
    /// Operations, retries included.
    pub(crate) operations: u64,
    /// Payload bytes written.
    pub(crate) bytes: u64,
}

impl std::ops::AddAssign for Metered {
    fn add_assign(&mut self, more: Self) {
        self.operations += more.operations;
        self.bytes += more.bytes;
    }
}
