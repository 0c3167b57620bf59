//! What is written and read.
//!
//! The journal holds what happened; the index row of an execution holds what has to be found without reading a journal:
//! its names, its status, when it wakes, and whether it has something left to do.

use durable_core::{ExecutionStatus, Millis, ParentLink, Record};

use crate::error::StoreError;

/// One durable write. Everything in it is committed together, or not at all.
#[derive(Clone, Debug)]
pub enum Write {
    /// A new execution with its first record.
    Start(NewExecution),
    /// The next record of an execution, and what it changes in the index.
    Append {
        /// The execution.
        key: i64,
        /// The record's number in its journal, counted from 0.
        seq: u64,
        /// The number of its first event, counted from 1.
        first_event: u64,
        /// The record, as [`JournalRow::encode`] writes it.
        body: Vec<u8>,
        /// What changes in the index.
        index: IndexChange,
    },
    /// A change of the index alone.
    Index {
        /// The execution.
        key: i64,
        /// What changes.
        index: IndexChange,
    },
    /// An asynchronous invocation of a plain function, accepted.
    Enqueue(QueuedInvocation),
    /// One that failed and is to be tried again.
    Requeue {
        /// Which one.
        key: i64,
        /// Attempts that failed.
        attempts: u32,
        /// When it is to be tried again.
        due: Millis,
    },
    /// One that was carried out, or given up.
    Dequeue {
        /// Which one.
        key: i64,
    },
    /// A chained invocation that nobody waits for any more.
    ForgetChained {
        /// Which one.
        key: i64,
    },
    /// Executions to forget, journal and name included.
    Delete {
        /// Their keys.
        keys: Vec<i64>,
    },
    /// What is deployed changes.
    Deploy(Vec<DeploymentChange>),
    /// Status changes that were taken, or given up.
    ClearOutbox {
        /// Their keys.
        keys: Vec<i64>,
    },
}

impl Write {
    /// Bytes of the record that it brings; of what else it changes, none.
    pub(crate) fn record_bytes(&self) -> usize {
        match self {
            Self::Start(new) => new.body.len(),
            Self::Append { body, .. } => body.len(),
            Self::Enqueue(queued) => queued.payload.len(),
            _ => 0,
        }
    }
}

/// A change of what is deployed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeploymentChange {
    /// An item is new, or replaces the one that has its name.
    Put(DeployedItem),
    /// An item is gone.
    Remove {
        /// The function's name.
        function: String,
        /// The item.
        item: String,
    },
    /// A function is gone with everything that belongs to it.
    RemoveFunction {
        /// Its name.
        function: String,
    },
}

/// A part of a deployed function: its head, a version, an alias. What the names and bodies mean is the service's affair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeployedItem {
    /// The function's name.
    pub function: String,
    /// Names the item inside the function.
    pub item: String,
    /// The document.
    pub body: Vec<u8>,
}

/// A new execution.
#[derive(Clone, Debug)]
pub struct NewExecution {
    /// The last part of its ARN.
    pub id: String,
    /// The function's name.
    pub function: String,
    /// The version that it runs on.
    pub version: String,
    /// Unique for the function.
    pub name: String,
    /// When it starts.
    pub started: Millis,
    /// When it wakes at the latest.
    pub next_wake: Millis,
    /// Its first record, as [`JournalRow::encode`] writes it.
    pub body: Vec<u8>,
    /// The chained invocation that starts it.
    pub parent: Option<ParentLink>,
    /// What somebody outside is to be told of its start.
    pub told: Option<StatusChange>,
}

/// A status change that somebody outside is to be told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusChange {
    /// Names it for whoever is told, however often.
    pub id: String,
    /// The id of the execution.
    pub execution: String,
    /// When it happened.
    pub at: Millis,
    /// What is told.
    pub body: Vec<u8>,
}

/// A status change that waits in the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRow {
    /// Names it inside the store; grows with time and is never used again.
    pub key: i64,
    /// The change.
    pub change: StatusChange,
}

/// What a record changes in the table of chained invocations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChainedChange {
    /// The record starts one.
    Started {
        /// The id of the execution.
        parent: String,
        /// The operation.
        operation: String,
        /// When it is to be dispatched at the latest.
        due: Millis,
    },
    /// The invocation that started some has ended, so they need not wait longer.
    Released {
        /// The id of the execution.
        parent: String,
        /// When they are to be dispatched.
        due: Millis,
    },
    /// The record ends one.
    Ended {
        /// The id of the execution.
        parent: String,
        /// The operation.
        operation: String,
    },
    /// The record closes a child: its outcome is to be reported.
    ChildClosed {
        /// The id of the parent.
        parent: String,
        /// The operation that started the child.
        operation: String,
        /// When it is to be reported.
        due: Millis,
    },
}

/// A chained invocation for which something is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainedRow {
    /// Names it inside the store.
    pub key: i64,
    /// The id of the execution that it belongs to.
    pub parent: String,
    /// The operation.
    pub operation: String,
    /// The execution's key.
    pub parent_key: i64,
    /// The record that started it.
    pub seq: u64,
    /// What is to do.
    pub work: ChainedWork,
    /// When.
    pub due: Millis,
}

/// What is to do for a chained invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainedWork {
    /// Start the target.
    Dispatch,
    /// Tell the parent how the child ended.
    Report,
}

/// An asynchronous invocation of a plain function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedInvocation {
    /// Names it inside the store; ignored when it is enqueued.
    pub key: i64,
    /// Its Lambda request id, the same for each attempt.
    pub request_id: String,
    /// The function's name.
    pub function: String,
    /// The version that was meant when it was accepted.
    pub version: String,
    /// The event.
    pub payload: Vec<u8>,
    /// The caller's X-Ray header.
    pub trace_header: Option<String>,
    /// The caller's tenant.
    pub tenant_id: Option<String>,
    /// The caller's client context, as JSON text.
    pub client_context: Option<String>,
    /// Attempts that failed.
    pub attempts: u32,
    /// When it is to be tried.
    pub due: Millis,
}

/// What a write changes in the index; `None` leaves a member as it is.
#[derive(Clone, Debug, Default)]
pub struct IndexChange {
    /// When the clock must look at the execution next; the inner `None` means never.
    pub next_wake: Option<Option<Millis>>,
    /// Whether a restart has to take it up.
    pub active: Option<bool>,
    /// It is closed by this record.
    pub closing: Option<Closing>,
    /// The record pauses or resumes it.
    pub pause: Option<PauseChange>,
    /// What changes for chained invocations.
    pub chained: Vec<ChainedChange>,
}

impl IndexChange {
    /// Whether there is nothing to change.
    pub fn is_empty(&self) -> bool {
        self.next_wake.is_none()
            && self.active.is_none()
            && self.closing.is_none()
            && self.pause.is_none()
            && self.chained.is_empty()
    }
}

/// A pause as the index shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PauseChange {
    /// The status from now on.
    pub status: ExecutionStatus,
    /// The record that says so.
    pub seq: u64,
}

/// How an execution was closed.
#[derive(Clone, Debug)]
pub struct Closing {
    /// Its terminal status.
    pub status: ExecutionStatus,
    /// When it ended.
    pub ended: Millis,
    /// When it is to be deleted.
    pub delete_at: Millis,
    /// The record that closed it.
    pub seq: u64,
    /// What somebody outside is to be told of its end.
    pub told: Option<StatusChange>,
}

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is durable. For a start or an enqueued invocation, the new key; otherwise 0.
    Done {
        /// The key.
        key: i64,
    },
    /// A start found its name taken; nothing was written.
    NameTaken,
}

/// The index row of an execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutionRow {
    /// Names it inside the store; grows with time.
    pub key: i64,
    /// The last part of its ARN.
    pub id: String,
    /// The function's name.
    pub function: String,
    /// The version that it runs on.
    pub version: String,
    /// Unique for the function.
    pub name: String,
    /// Where it stands.
    pub status: ExecutionStatus,
    /// When it started.
    pub started: Millis,
    /// When it ended.
    pub ended: Option<Millis>,
    /// The record that closed it.
    pub closing_seq: Option<u64>,
    /// The last record that paused or resumed it.
    pub pause_seq: Option<u64>,
}

/// One record of a journal.
#[derive(Clone, Debug)]
pub struct JournalRow {
    /// The execution.
    pub key: i64,
    /// The record's number, counted from 0.
    pub seq: u64,
    /// The number of its first event, counted from 1.
    pub first_event: u64,
    /// The record as it was written.
    pub body: Vec<u8>,
}

impl JournalRow {
    /// A record as the journal keeps it.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when it cannot be written as JSON, which no record that the core makes does.
    pub fn encode(record: &Record) -> Result<Vec<u8>, StoreError> {
        serde_json::to_vec(record).map_err(|error| StoreError::Damaged {
            key: 0,
            seq: 0,
            reason: error.to_string(),
        })
    }

    /// The record.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the row does not hold one.
    pub fn record(&self) -> Result<Record, StoreError> {
        serde_json::from_slice(&self.body).map_err(|error| StoreError::Damaged {
            key: self.key,
            seq: self.seq,
            reason: error.to_string(),
        })
    }
}

/// Which executions to list.
#[derive(Clone, Debug)]
pub struct ListFilter {
    /// Of this function.
    pub function: String,
    /// Of one of these versions; empty means any.
    pub versions: Vec<String>,
    /// With this name.
    pub name: Option<String>,
    /// With one of these statuses; empty means any.
    pub statuses: Vec<ExecutionStatus>,
    /// Started later than this.
    pub started_after: Option<Millis>,
    /// Started earlier than this.
    pub started_before: Option<Millis>,
    /// Oldest first; otherwise newest first.
    pub oldest_first: bool,
    /// Continue behind this one.
    pub after: Option<ListPosition>,
    /// At most so many.
    pub limit: usize,
}

/// A place in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListPosition {
    /// The start time of the last one listed.
    pub started: Millis,
    /// Its key.
    pub key: i64,
}
