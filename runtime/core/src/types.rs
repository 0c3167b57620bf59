//! The words of the service: statuses, operation types and the error object.

use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch, UTC.
pub type Millis = i64;

/// Where an execution stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ExecutionStatus {
    /// Open: it runs, or waits for something.
    Running,
    /// Open: a pause waits for the invocation in flight.
    Pausing,
    /// Open: its function is not invoked until it is resumed.
    Paused,
    /// Closed with a result.
    Succeeded,
    /// Closed with an error.
    Failed,
    /// Closed because its execution timeout passed.
    TimedOut,
    /// Closed by `StopDurableExecution`.
    Stopped,
}

impl ExecutionStatus {
    /// Every status, in the order in which AWS lists them.
    pub const ALL: [Self; 7] = [
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::TimedOut,
        Self::Stopped,
        Self::Pausing,
        Self::Paused,
    ];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Pausing => "PAUSING",
            Self::Paused => "PAUSED",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
            Self::Stopped => "STOPPED",
        }
    }

    /// The status with this wire name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// Whether the execution still accepts changes.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Running | Self::Pausing | Self::Paused)
    }
}

/// What kind of work an operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum OperationType {
    /// The execution itself.
    Execution,
    /// A child context: other operations run inside it.
    Context,
    /// A piece of code whose result is recorded.
    Step,
    /// A pause of a known length.
    Wait,
    /// Something that an outside party answers.
    Callback,
    /// Another function.
    ChainedInvoke,
}

impl OperationType {
    /// Every type, in the order in which AWS lists them.
    pub const ALL: [Self; 6] = [
        Self::Execution,
        Self::Context,
        Self::Step,
        Self::Wait,
        Self::Callback,
        Self::ChainedInvoke,
    ];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Execution => "EXECUTION",
            Self::Context => "CONTEXT",
            Self::Step => "STEP",
            Self::Wait => "WAIT",
            Self::Callback => "CALLBACK",
            Self::ChainedInvoke => "CHAINED_INVOKE",
        }
    }

    /// The type with this wire name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Where an operation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OperationStatus {
    /// Begun, not ended.
    Started,
    /// A step that waits for its next attempt.
    Pending,
    /// A step whose next attempt is due.
    Ready,
    /// Ended with a result.
    Succeeded,
    /// Ended with an error.
    Failed,
    /// A wait that was given up.
    Cancelled,
    /// Its deadline passed.
    TimedOut,
    /// Its target was stopped.
    Stopped,
}

impl OperationStatus {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Started => "STARTED",
            Self::Pending => "PENDING",
            Self::Ready => "READY",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
            Self::TimedOut => "TIMED_OUT",
            Self::Stopped => "STOPPED",
        }
    }

    /// Whether the operation can still change.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Started | Self::Pending | Self::Ready)
    }
}

/// An error as data: it is recorded, shown and handed back, with AWS's member names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ErrorObject {
    /// What went wrong, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// What went wrong, for programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_type: Option<String>,
    /// Whatever the function wants to add, machine readable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_data: Option<String>,
    /// Where it went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack_trace: Option<Vec<String>>,
}

impl ErrorObject {
    /// An error with a type and a message.
    pub fn new(error_type: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            error_type: Some(error_type.into()),
            error_message: Some(message.into()),
            ..Self::default()
        }
    }

    /// The UTF-8 bytes of all members together.
    pub fn len_bytes(&self) -> usize {
        let text = |member: &Option<String>| member.as_ref().map_or(0, String::len);
        let frames = self.stack_trace.iter().flatten().map(String::len).sum::<usize>();
        text(&self.error_message) + text(&self.error_type) + text(&self.error_data) + frames
    }
}

/// Why a command was refused. Nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The request contradicts the state or itself; the text is AWS's.
    #[error("{0}")]
    InvalidParameter(String),
    /// The callback was answered, timed out, or its execution is closed.
    #[error("The callback is either timed out or already completed")]
    CallbackClosed,
    /// The execution's status does not allow it.
    #[error("{0}")]
    Conflict(String),
}

impl Rejection {
    /// A checkpoint token came with the ARN of something else.
    pub fn wrong_arn() -> Self {
        Self::invalid("Checkpoint token is not valid for the durable execution ARN")
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::InvalidParameter(message.into())
    }
}
