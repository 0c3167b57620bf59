//! One operation of an execution.

use serde::{Deserialize, Serialize};

use crate::types::{ErrorObject, Millis, OperationStatus, OperationType};

/// What identifies an operation to people and to the SDK. It stands in every fact about the operation, so that an
/// event can be written from its fact alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpRef {
    /// Chosen by the SDK, unique in the execution.
    pub id: String,
    /// The context that it runs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// The name that the function gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Free text of the SDK, such as `Step` or `WaitForCondition`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_type: Option<String>,
}

/// What a chained invocation runs, settled when it is accepted: whatever happens later, it is this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum ChainedTarget {
    /// A durable function, as an execution of its own. Its id is chosen before it starts, so that a restart starts it
    /// once and not again.
    Durable {
        /// The function's name.
        function: String,
        /// The version that it runs on.
        version: String,
        /// The name of the child execution.
        execution_name: String,
        /// The id of the child execution.
        execution_id: String,
        /// The ARN of the child execution.
        execution_arn: String,
    },
    /// A function that is not durable, invoked once.
    Plain {
        /// The function's name.
        function: String,
        /// The version that is invoked.
        version: String,
    },
}

impl ChainedTarget {
    /// The version that it runs on.
    pub fn version(&self) -> &str {
        match self {
            Self::Durable { version, .. } | Self::Plain { version, .. } => version,
        }
    }

    /// The child execution's id; a plain function has none.
    pub fn execution_id(&self) -> Option<&str> {
        match self {
            Self::Durable { execution_id, .. } => Some(execution_id),
            Self::Plain { .. } => None,
        }
    }
}

/// What only one type of operation has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Details {
    /// A child context.
    Context {
        /// Whether its children are replayed although it is closed.
        replay_children: bool,
    },
    /// A step.
    Step {
        /// Attempts that ended.
        attempt: u32,
        /// When the next attempt is due, while it is `PENDING`.
        next_attempt: Option<Millis>,
    },
    /// A wait.
    Wait {
        /// Its length.
        seconds: u32,
        /// When it ends.
        due: Millis,
    },
    /// A callback.
    Callback {
        /// The id that the outside party answers with.
        callback_id: String,
        /// When it times out.
        timeout: Option<Millis>,
        /// Seconds allowed between heartbeats.
        heartbeat_seconds: Option<u32>,
        /// When the next heartbeat is due at the latest.
        heartbeat: Option<Millis>,
    },
    /// Another function.
    ChainedInvoke {
        /// As the function wrote it.
        function_name: String,
        /// The tenant that it runs for.
        tenant_id: Option<String>,
        /// What runs; none if the name led to nothing that could be started.
        target: Option<ChainedTarget>,
    },
}

impl Details {
    /// The type that these details belong to.
    pub fn kind(&self) -> OperationType {
        match self {
            Self::Context { .. } => OperationType::Context,
            Self::Step { .. } => OperationType::Step,
            Self::Wait { .. } => OperationType::Wait,
            Self::Callback { .. } => OperationType::Callback,
            Self::ChainedInvoke { .. } => OperationType::ChainedInvoke,
        }
    }
}

/// One operation, as the fold of the facts about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Who it is.
    pub op: OpRef,
    /// Where it stands.
    pub status: OperationStatus,
    /// When it began.
    pub started: Millis,
    /// When it ended, once it has.
    pub ended: Option<Millis>,
    /// What it gave, or for a waiting step its state.
    pub result: Option<String>,
    /// Why it failed, or for a waiting step why its last attempt did.
    pub error: Option<ErrorObject>,
    /// What only its type has.
    pub details: Details,
}

impl Operation {
    /// The operation's type.
    pub fn kind(&self) -> OperationType {
        self.details.kind()
    }

    pub(crate) fn is_open_chained(&self) -> bool {
        matches!(self.details, Details::ChainedInvoke { .. }) && self.status.is_open()
    }

    pub(crate) fn begin(op: &OpRef, at: Millis, details: Details) -> Self {
        Self {
            op: op.clone(),
            status: OperationStatus::Started,
            started: at,
            ended: None,
            result: None,
            error: None,
            details,
        }
    }

    pub(crate) fn end(&mut self, status: OperationStatus, at: Millis) {
        self.status = status;
        self.ended = Some(at);
    }
}
