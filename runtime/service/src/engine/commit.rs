//! One record: written, applied, followed up.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use durable_core::{Fact, Millis, Record};
use durable_store::{ChainedChange, Closing, IndexChange, JournalRow, PauseChange, Write};

use crate::engine::Engine;
use crate::engine::cells::{Cell, CellState};
use crate::wire::error::AwsError;

impl Engine {
    /// Commits facts that no checkpoint brought, and follows up. Nothing to do without facts, or for an execution that
    /// has been deleted.
    pub(crate) async fn commit_facts(
        self: &Arc<Self>,
        cell: &Arc<Cell>,
        state: &mut CellState,
        facts: Vec<Fact>,
        now: Millis,
    ) -> Result<(), AwsError> {
        if facts.is_empty() || state.deleted {
            return Ok(());
        }
        self.commit(state, &Record::new(now, facts)).await?;
        self.follow_up(cell, state, now);
        Ok(())
    }

    /// Writes a record and applies it. On an error nothing has changed.
    pub(crate) async fn commit(
        &self,
        state: &mut CellState,
        record: &Record,
    ) -> Result<(), AwsError> {
        let mut index = IndexChange {
            chained: chained_changes(state, record, self.chained.delay),
            ..index_change(state, record)
        };
        if let (Some(events), Some(closing)) = (&self.status_events, &mut index.closing) {
            closing.told = events.closed(&state.execution, closing)?;
        }
        let write = Write::Append {
            key: state.key,
            seq: state.execution.records(),
            first_event: state.execution.events() + 1,
            body: JournalRow::encode(record)?,
            index: index.clone(),
        };
        self.store.write(write).await?;
        if index.closing.is_some() {
            self.open.closed();
        }
        state.execution.apply(record);
        self.observers.recorded(&state.execution, record);
        state.remember(&index);
        if !index.chained.is_empty() {
            self.chained.notify();
        }
        Ok(())
    }

    /// Acts on what the state has become: wakes who waits for the end, sets the alarm, has the function invoked.
    pub(crate) fn follow_up(self: &Arc<Self>, cell: &Arc<Cell>, state: &CellState, now: Millis) {
        if !state.execution.status.is_open() {
            cell.closed.send_replace(true);
            self.finish_deletion_of(&state.execution.start.function);
            if state.execution.invocation().is_none() {
                self.forget(&cell.id);
            }
            return;
        }
        if let Some(wake) = state.indexed_wake {
            self.alarm.set(wake);
        }
        self.invoke_if_wanted(cell, state, now);
    }

    /// A function that was deleted may have waited for this execution.
    fn finish_deletion_of(&self, function: &str) {
        if !self.functions.get(function).is_some_and(|function| function.deleting) {
            return;
        }
        let (deployer, function) = (Arc::clone(&self.deployer), function.to_owned());
        tokio::spawn(async move {
            if let Err(error) = deployer.finish_deletion(&function).await {
                tracing::error!(function, error = %error.message, "a deleted function could not be removed");
            }
        });
    }

    /// Queues the execution for an invocation if it wants one.
    pub(crate) fn invoke_if_wanted(
        self: &Arc<Self>,
        cell: &Arc<Cell>,
        state: &CellState,
        now: Millis,
    ) {
        if state.execution.wants_invocation(now) && !cell.queued.swap(true, Ordering::AcqRel) {
            self.enqueue(&state.execution.start.function, cell.id.clone());
        }
    }
}

impl CellState {
    /// Notes what the index now says.
    pub(crate) fn remember(&mut self, index: &IndexChange) {
        if let Some(next_wake) = index.next_wake {
            self.indexed_wake = next_wake;
        }
        if let Some(active) = index.active {
            self.indexed_active = active;
        }
    }
}

/// What a record changes in the index, known before it is applied.
///
/// The index may wake an execution too early, which costs one look, but never too late: it is moved only when something
/// is due earlier, or when its own time has passed and what was due then is done: a record that comes between a deadline
/// and the clock leaves it where it is.
fn index_change(state: &CellState, record: &Record) -> IndexChange {
    let execution = &state.execution;
    if let Some(status) = record.facts.iter().find_map(Fact::closing_status) {
        let closing = Closing {
            status,
            ended: record.at,
            delete_at: execution.delete_at(record.at),
            seq: execution.records(),
            told: None,
        };
        return IndexChange { closing: Some(closing), ..IndexChange::default() };
    }
    if !execution.status.is_open() {
        return IndexChange::default();
    }
    let now = record.at;
    if let Some(status) = record.facts.iter().rev().find_map(Fact::pause_status) {
        // A pause moves the execution timeout and changes what is left to do; it is rare enough to try it out.
        let mut after = execution.clone();
        after.apply(record);
        let pause = PauseChange { status, seq: execution.records() };
        return IndexChange {
            next_wake: Some(after.next_due()),
            active: Some(after.is_active()),
            pause: Some(pause),
            ..IndexChange::default()
        };
    }
    let wake = record
        .facts
        .iter()
        .filter_map(|fact| fact.due(now))
        .chain(execution.next_due_besides(&record.facts))
        .min();
    let moved = match (state.indexed_wake, wake) {
        (Some(indexed), Some(wake)) => wake < indexed || (indexed <= now && wake != indexed),
        (indexed, wake) => indexed != wake,
    };
    let active = match record.facts.as_slice() {
        [.., Fact::InvocationCompleted { .. }] => execution.has_unseen_changes(),
        // Nothing that anybody has to be told.
        [Fact::CallbackHeartbeat { .. }] => state.indexed_active,
        _ => true,
    };
    IndexChange {
        next_wake: moved.then_some(wake),
        active: (active != state.indexed_active).then_some(active),
        ..IndexChange::default()
    }
}

/// What a record changes in the table of chained invocations: of this execution's own, and of the one that started it.
fn chained_changes(state: &CellState, record: &Record, delay: Duration) -> Vec<ChainedChange> {
    let start = &state.execution.start;
    let (parent, now) = (&start.id, record.at);
    let change = |fact: &Fact| match fact {
        Fact::ChainedInvokeStarted { op, target: Some(_), .. } => Some(ChainedChange::Started {
            parent: parent.clone(),
            operation: op.id.clone(),
            due: now + delay.as_millis() as Millis,
        }),
        Fact::ChainedInvokeSucceeded { op, .. }
        | Fact::ChainedInvokeFailed { op, .. }
        | Fact::ChainedInvokeTimedOut { op, .. }
        | Fact::ChainedInvokeStopped { op, .. } => {
            Some(ChainedChange::Ended { parent: parent.clone(), operation: op.id.clone() })
        }
        // The history is to show the end of the invocation before the ends of what it started, which a fast target
        // would otherwise overtake.
        Fact::InvocationCompleted { .. } if state.execution.has_open_chained() => {
            Some(ChainedChange::Released { parent: parent.clone(), due: now })
        }
        fact if fact.is_closing() => start.parent.as_ref().map(|link| ChainedChange::ChildClosed {
            parent: link.execution.clone(),
            operation: link.operation.clone(),
            due: now,
        }),
        _ => None,
    };
    record.facts.iter().filter_map(change).collect()
}
