//! The durable execution state machine: no I/O, no clock, no async.
//!
//! A [`Execution`] is a fold over [`Record`]s: what was accepted, and when. Nothing else changes it, with one
//! exception, the invocation in flight, which a restart forgets on purpose. Every command is a *decision*: it takes
//! the state, the request and the time, and returns the [`Fact`]s that would follow or a [`Rejection`]. The caller
//! writes the facts to the journal, and only then applies them and acts on them.
//!
//! ```text
//!   command ──decide──► facts ──journal──► apply ──► state
//!                                  └──────► event history (a fact is an event, with its details)
//! ```
//!
//! | file | job |
//! |---|---|
//! | `types` | statuses, operation types, the error object |
//! | `operation` | one operation and its details |
//! | `fact` | what a journal holds |
//! | `execution` | the state and how facts change it |
//! | `transition` | how a fact changes one operation |
//! | `checkpoint/` | deciding one `CheckpointDurableExecution` batch, a file per operation type |
//! | `invocation` | beginning and ending an invocation, and what its output means |
//! | `pause` | pausing, resuming, and the execution timeout |
//! | `timers` | what is due next, and what happens then |
//! | `commands` | stop, callbacks, ends of chained invocations |
//! | `token` | checkpoint tokens and callback ids |
//! | `limits` | every bound, named |

mod checkpoint;
mod commands;
mod execution;
mod fact;
mod invocation;
mod limits;
mod operation;
mod pause;
mod timers;
mod token;
mod transition;
mod types;

pub use checkpoint::{
    Action, CallbackOptions, ChainedInvokeOptions, CheckpointDecision, OperationUpdate, Resolution,
    Resolver, StepOptions, WaitOptions,
};
pub use commands::{CallbackCompletion, ChainedOutcome};
pub use execution::{Execution, Invocation, StoredReply};
pub use fact::{ExecutionStarted, Fact, ParentLink, Record, RetryDelay};
pub use invocation::{InvocationOutcome, RetryPolicy};
pub use limits::Limits;
pub use operation::{ChainedTarget, Details, OpRef, Operation};
pub use pause::{PauseRequest, ResumeRequest, timeout_at};
pub use token::{CallbackId, CheckpointToken};
pub use types::{ErrorObject, ExecutionStatus, Millis, OperationStatus, OperationType, Rejection};
