//! What a checkpoint asks for, free of the wire's spelling.

use crate::operation::{ChainedTarget, OpRef};
use crate::types::{ErrorObject, OperationType, Rejection};

/// What to do with an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Begin it.
    Start,
    /// End it with a result.
    Succeed,
    /// End it with an error.
    Fail,
    /// End this attempt and plan another.
    Retry,
    /// Give it up.
    Cancel,
}

impl Action {
    /// Every action, in the order in which AWS lists them.
    pub const ALL: [Self; 5] = [Self::Start, Self::Succeed, Self::Fail, Self::Retry, Self::Cancel];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "START",
            Self::Succeed => "SUCCEED",
            Self::Fail => "FAIL",
            Self::Retry => "RETRY",
            Self::Cancel => "CANCEL",
        }
    }

    /// The action with this wire name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == name)
    }
}

/// Options of a STEP update.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepOptions {
    /// Seconds until the next attempt.
    pub next_attempt_delay_seconds: Option<u32>,
}

/// Options of a WAIT update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitOptions {
    /// The length of the wait in seconds.
    pub wait_seconds: u32,
}

/// Options of a CALLBACK update; no value and 0 mean "none".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallbackOptions {
    /// Seconds until the callback times out.
    pub timeout_seconds: Option<u32>,
    /// Seconds allowed between heartbeats.
    pub heartbeat_timeout_seconds: Option<u32>,
}

/// Options of a CHAINED_INVOKE update.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChainedInvokeOptions {
    /// The function, in any of Lambda's spellings.
    pub function_name: String,
    /// The tenant that it runs for.
    pub tenant_id: Option<String>,
    /// The X-Ray header that it is given instead of the execution's own.
    pub trace_header: Option<String>,
}

/// What a function's name leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// Something that can be started.
    Target(ChainedTarget),
    /// Nothing: the operation fails with this as soon as it has begun.
    Unavailable(ErrorObject),
}

/// Knows the functions: what a name leads to, with fresh UUIDs for a child execution, or why it is not accepted.
pub type Resolver<'a> =
    dyn Fn(&str, &mut dyn FnMut() -> String) -> Result<Resolution, Rejection> + 'a;

/// One element of a checkpoint's `Updates`; its members have been checked against the service model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationUpdate {
    /// The operation.
    pub op: OpRef,
    /// Its type.
    pub kind: OperationType,
    /// What to do with it.
    pub action: Action,
    /// A result, or for RETRY a state.
    pub payload: Option<String>,
    /// Why it failed.
    pub error: Option<ErrorObject>,
    /// For a context: whether its children are replayed although it is closed.
    pub replay_children: bool,
    /// For a step.
    pub step_options: Option<StepOptions>,
    /// For a wait.
    pub wait_options: Option<WaitOptions>,
    /// For a callback.
    pub callback_options: Option<CallbackOptions>,
    /// For a chained invocation.
    pub chained_invoke_options: Option<ChainedInvokeOptions>,
}

impl OperationUpdate {
    /// An update without payload, error or options.
    pub fn new(id: impl Into<String>, kind: OperationType, action: Action) -> Self {
        Self {
            op: OpRef { id: id.into(), ..OpRef::default() },
            kind,
            action,
            payload: None,
            error: None,
            replay_children: false,
            step_options: None,
            wait_options: None,
            callback_options: None,
            chained_invoke_options: None,
        }
    }
}
