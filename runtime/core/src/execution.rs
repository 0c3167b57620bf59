//! The state of one execution, and how facts change it.
//!
//! [`Execution::apply`] is the only way to change what a restart must find again. What a restart must *not* find, the
//! invocation in flight, is changed in `invocation`. Every look-up here costs the same for the first operation as for
//! the three-thousandth: timers are ordered, changes not yet shown are listed, counters are kept.

use std::collections::{BTreeSet, HashMap};

use indexmap::IndexMap;

use crate::fact::{ExecutionStarted, Fact, Metered, Record};
use crate::operation::{Details, Operation};
use crate::pause::Pauses;
use crate::transition::next_operation;
use crate::types::{ErrorObject, ExecutionStatus, Millis};

/// The one invocation that may be in flight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// Its Lambda request id, a UUID.
    pub id: String,
    /// When it began.
    pub started: Millis,
    /// Checkpoints accepted from it; the current token carries this number.
    pub sequence: u64,
}

/// The answer to the last checkpoint, kept for a client that did not receive it.
#[derive(Clone, Debug)]
pub struct StoredReply {
    /// The token that the request carried.
    pub token: String,
    /// The client token that the request carried.
    pub client_token: String,
    /// The body that was sent.
    pub body: Vec<u8>,
}

/// One durable execution.
#[derive(Clone, Debug)]
pub struct Execution {
    /// How it began.
    pub start: ExecutionStarted,
    /// When it began.
    pub started: Millis,
    /// Where it stands.
    pub status: ExecutionStatus,
    /// What it gave.
    pub result: Option<String>,
    /// Why it failed.
    pub error: Option<ErrorObject>,
    /// When it ended.
    pub ended: Option<Millis>,
    /// In order of creation; the EXECUTION operation is not among them.
    pub(crate) operations: IndexMap<String, Operation>,
    /// Callback id to operation id.
    pub(crate) callbacks: HashMap<String, String>,
    /// Chained invocations that have not ended.
    pub(crate) open_chained: usize,
    /// Open deadlines of operations, by time; the number is the operation's place.
    pub(crate) timers: BTreeSet<(Millis, usize)>,
    /// Changes of operations so far.
    pub(crate) changes: u64,
    /// Changes that a handler has been shown.
    pub(crate) shown: u64,
    /// The changes since: their number, and the place of the operation.
    pub(crate) unseen: Vec<(u64, usize)>,
    pub(crate) invocation: Option<Invocation>,
    /// An invocation is due although nothing changed: one failed, or was cut off by a restart.
    pub(crate) owed: bool,
    /// Invocations that failed in a row.
    pub(crate) failures: u32,
    /// Suspensions with nothing to wait for, since the last output that made sense.
    pub(crate) empty_suspensions: u32,
    /// When the next attempt after a failed invocation is due.
    pub(crate) retry_at: Option<Millis>,
    pub(crate) last_reply: Option<StoredReply>,
    pub(crate) pauses: Pauses,
    events: u64,
    records: u64,
    /// What counts towards the quotas.
    pub(crate) metered: Metered,
}

impl Execution {
    /// The state after its first record; `None` if that is not a start.
    pub fn begin(record: &Record) -> Option<Self> {
        let Some(Fact::ExecutionStarted(start)) = record.facts.first() else {
            return None;
        };
        let mut execution = Self {
            start: start.clone(),
            started: record.at,
            status: ExecutionStatus::Running,
            result: None,
            error: None,
            ended: None,
            operations: IndexMap::new(),
            callbacks: HashMap::new(),
            open_chained: 0,
            timers: BTreeSet::new(),
            changes: 0,
            shown: 0,
            unseen: Vec::new(),
            invocation: None,
            owed: false,
            failures: 0,
            empty_suspensions: 0,
            retry_at: None,
            last_reply: None,
            pauses: Pauses::default(),
            events: 0,
            records: 0,
            metered: Metered::default(),
        };
        execution.apply(record);
        Some(execution)
    }

    /// The state after all its records, as a restart finds it: whatever was in flight is owed.
    pub fn fold<'a>(records: impl IntoIterator<Item = &'a Record>) -> Option<Self> {
        let mut records = records.into_iter();
        let mut execution = Self::begin(records.next()?)?;
        let mut in_flight = false;
        for record in records {
            execution.apply(record);
            if record.invocation.is_some() {
                in_flight = true;
                execution.retry_at = None;
                execution.owed = false;
                // A checkpoint that a pause cut off was answered without operations.
                if execution.pauses.cut_off.is_none() {
                    execution.mark_shown();
                }
            }
            if record.facts.iter().any(|fact| matches!(fact, Fact::InvocationCompleted { .. })) {
                in_flight = false;
            }
        }
        execution.owed |= in_flight;
        Some(execution)
    }

    /// Applies what the journal has accepted.
    pub fn apply(&mut self, record: &Record) {
        if record.invocation.is_some() && self.status == ExecutionStatus::Running {
            // It is answered with a token, so whatever a pause withheld is made good.
            self.pauses.cut_off = None;
        }
        for fact in &record.facts {
            let is_new = fact.operation_id().is_none_or(|id| !self.operations.contains_key(id));
            self.metered += fact.metered(is_new);
            self.apply_fact(fact, record.at);
        }
        self.events += record.events();
        self.records += 1;
    }

    fn apply_fact(&mut self, fact: &Fact, at: Millis) {
        match fact {
            Fact::ExecutionStarted(_) => self.changes += 1,
            Fact::ExecutionSucceeded { result } => {
                self.result.clone_from(result);
                self.close(ExecutionStatus::Succeeded, at, None);
            }
            Fact::ExecutionFailed { error } => self.close(ExecutionStatus::Failed, at, Some(error)),
            Fact::ExecutionTimedOut { error } => {
                self.close(ExecutionStatus::TimedOut, at, Some(error));
            }
            Fact::ExecutionStopped { error } => {
                self.close(ExecutionStatus::Stopped, at, Some(error))
            }
            Fact::ExecutionPausing { request, .. } => {
                self.status = ExecutionStatus::Pausing;
                self.pauses.pausing(request);
            }
            Fact::ExecutionPaused { request, cut_off, .. } => {
                self.status = ExecutionStatus::Paused;
                self.pauses.paused(request, cut_off, at);
            }
            Fact::ExecutionResumed { request, extension } => {
                self.status = ExecutionStatus::Running;
                self.pauses.resumed(request, *extension);
            }
            Fact::InvocationCompleted { request_id, shown, error, .. } => {
                self.invocation = None;
                if self.pauses.cut_off.as_ref() != Some(request_id) {
                    self.pauses.cut_off = None;
                }
                let shown = self.shown.max(*shown);
                self.shown = shown;
                self.unseen.retain(|(change, _)| *change > shown);
                if error.is_none() {
                    self.failures = 0;
                    self.empty_suspensions = 0;
                    self.owed = false;
                    self.retry_at = None;
                }
            }
            Fact::InvocationRetry { failures, empty_suspensions, due } => {
                self.failures = *failures;
                self.empty_suspensions = *empty_suspensions;
                self.retry_at = Some(*due);
                self.owed = true;
            }
            fact => {
                let current = fact.operation_id().and_then(|id| self.operations.get(id));
                if let Some(next) = next_operation(fact, current, at) {
                    self.put(next, !matches!(fact, Fact::CallbackHeartbeat { .. }));
                }
            }
        }
    }

    fn close(&mut self, status: ExecutionStatus, at: Millis, error: Option<&ErrorObject>) {
        self.status = status;
        self.ended = Some(at);
        self.error = error.cloned();
        self.timers.clear();
        self.retry_at = None;
        self.owed = false;
    }

    fn put(&mut self, operation: Operation, is_change: bool) {
        if let Details::Callback { callback_id, .. } = &operation.details {
            self.callbacks.insert(callback_id.clone(), operation.op.id.clone());
        }
        let due = operation.due();
        if operation.is_open_chained() {
            self.open_chained += 1;
        }
        let (place, old) = self.operations.insert_full(operation.op.id.clone(), operation);
        if old.as_ref().is_some_and(Operation::is_open_chained) {
            self.open_chained -= 1;
        }
        if let Some(old_due) = old.and_then(|old| old.due()) {
            self.timers.remove(&(old_due, place));
        }
        if let Some(due) = due {
            self.timers.insert((due, place));
        }
        if is_change {
            self.changes += 1;
            self.unseen.push((self.changes, place));
        }
    }

    /// A handler has now been shown every change. Returns the places of the operations that it had not seen.
    pub(crate) fn mark_shown(&mut self) -> Vec<usize> {
        self.shown = self.changes;
        let mut places: Vec<usize> = self.unseen.drain(..).map(|(_, place)| place).collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    /// The operation with this id.
    pub fn operation(&self, id: &str) -> Option<&Operation> {
        self.operations.get(id)
    }

    /// The operation at this place in the order of creation, counted from 0.
    pub fn operation_at(&self, place: usize) -> Option<&Operation> {
        self.operations.get_index(place).map(|(_, operation)| operation)
    }

    /// How many operations there are, hidden ones included.
    pub fn operation_count(&self) -> usize {
        self.operations.len()
    }

    /// Whether a chained invocation has not ended.
    pub fn has_open_chained(&self) -> bool {
        self.open_chained > 0
    }

    /// Whether a replay does not need this operation: it lies within a closed context that does not replay its
    /// children.
    pub fn is_hidden(&self, operation: &Operation) -> bool {
        let mut parent = operation.op.parent.as_deref();
        while let Some(context) = parent.and_then(|id| self.operations.get(id)) {
            let replays = matches!(context.details, Details::Context { replay_children: true });
            if !context.status.is_open() && !replays {
                return true;
            }
            parent = context.op.parent.as_deref();
        }
        false
    }

    /// Operations so far as AWS meters them: retries count again.
    pub fn metered_operations(&self) -> u64 {
        self.metered.operations
    }

    /// Bytes of payload written so far, as AWS meters them.
    pub fn metered_bytes(&self) -> u64 {
        self.metered.bytes
    }

    /// Events written so far; the next one has this number plus one.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Records applied so far; the next one has this number in the journal.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// The invocation in flight.
    pub fn invocation(&self) -> Option<&Invocation> {
        self.invocation.as_ref()
    }

    /// When the execution and its name are deleted, if it ends at this time.
    pub fn delete_at(&self, ended: Millis) -> Millis {
        const DAY: Millis = 24 * 60 * 60 * 1000;
        ended + Millis::from(self.start.retention_days) * DAY
    }
}
