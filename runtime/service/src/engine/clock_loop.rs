//! Timers and retention.
//!
//! One task sleeps until the earliest wake time in the store's index and then looks at what is due. A suspended
//! execution costs it nothing. An alarm that is set earlier than the sleeper's target wakes it; a later one does not.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use durable_core::{Execution, Millis};
use durable_store::{IndexChange, Write};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::engine::{Engine, to_the_end};
use crate::wire::error::AwsError;

/// The longest sleep. A clock that is set forward is noticed after this time at the latest.
const SLEEP_MAX_MS: Millis = 30_000;
/// Executions looked at per round.
const ROUND_MAX: usize = 256;
/// Executions woken at one time.
const WAKING_MAX: usize = 64;
/// Closed executions deleted per commit.
const DELETE_MAX: usize = 100;
/// Between two looks for executions whose retention has ended.
const SWEEP_EVERY: Duration = Duration::from_secs(60);
/// After an error of the store, before the next try.
const ERROR_PAUSE: Duration = Duration::from_secs(1);

/// Wakes the clock's task when something is due earlier than it knows.
pub(crate) struct Alarm {
    earliest: AtomicI64,
    changed: Notify,
}

impl Default for Alarm {
    fn default() -> Self {
        Self { earliest: AtomicI64::new(i64::MAX), changed: Notify::new() }
    }
}

impl Alarm {
    pub(crate) fn set(&self, due: Millis) {
        if due < self.earliest.fetch_min(due, Ordering::AcqRel) {
            self.changed.notify_one();
        }
    }
}

impl Engine {
    /// Fires timers for as long as the server runs.
    pub(crate) async fn run_clock(self: Arc<Self>) {
        loop {
            if let Err(error) = self.clock_round().await {
                tracing::error!(error = %error.message, "timers could not be looked at");
                tokio::time::sleep(ERROR_PAUSE).await;
            }
        }
    }

    async fn clock_round(self: &Arc<Self>) -> Result<(), AwsError> {
        // From here on an alarm counts even if it is set while the index is being read.
        self.alarm.earliest.store(i64::MAX, Ordering::Release);
        let next = self.store.next_wake().await?.unwrap_or(i64::MAX);
        self.alarm.earliest.fetch_min(next, Ordering::AcqRel);
        loop {
            let target = self.alarm.earliest.load(Ordering::Acquire);
            if target <= self.clock.now() {
                break;
            }
            tokio::select! {
                () = tokio::time::sleep(self.clock.pause_until(target, SLEEP_MAX_MS)) => {}
                () = self.alarm.changed.notified() => {}
            }
        }
        let due = self.store.due(self.clock.now(), ROUND_MAX).await?;
        self.wake_all(due.into_iter().map(|row| row.id)).await
    }

    /// Wakes several at a time, so that they share commits. One execution that cannot be read must not keep the others
    /// asleep: its error is told when all have had their turn.
    async fn wake_all(self: &Arc<Self>, ids: impl Iterator<Item = String>) -> Result<(), AwsError> {
        let mut waking = JoinSet::new();
        let mut outcome = Ok(());
        for id in ids {
            if waking.len() >= WAKING_MAX {
                outcome = outcome.and(next_woken(&mut waking).await);
            }
            let engine = Arc::clone(self);
            waking.spawn(to_the_end(async move { engine.wake(&id).await }));
        }
        while !waking.is_empty() {
            outcome = outcome.and(next_woken(&mut waking).await);
        }
        outcome
    }

    /// Lets the clock change one execution.
    async fn wake(self: &Arc<Self>, id: &str) -> Result<(), AwsError> {
        let Some(cell) = self.cell(id).await? else { return Ok(()) };
        let mut state = cell.state.lock().await;
        let now = self.clock.now();
        let lateness = lateness(&state.execution, now);
        let facts = state.execution.decide_due(now);
        if facts.is_empty() {
            // The index was early, or a failed invocation is to be repeated: only the index moves on.
            let index = IndexChange {
                next_wake: Some(state.execution.next_due_after(now)),
                active: Some(state.execution.is_active()),
                ..IndexChange::default()
            };
            self.store.write(Write::Index { key: state.key, index: index.clone() }).await?;
            state.remember(&index);
            self.follow_up(&cell, &state, now);
        } else {
            self.commit_facts(&cell, &mut state, facts, now).await?;
        }
        if let Some(lateness) = lateness {
            self.observers.woken(lateness);
        }
        Ok(())
    }

    /// Deletes what has been kept long enough, for as long as the server runs.
    pub(crate) async fn run_sweeper(self: Arc<Self>) {
        loop {
            match self.sweep().await {
                Ok(deleted) if deleted == DELETE_MAX => continue,
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(error = %error.message, "old executions could not be deleted");
                }
            }
            tokio::time::sleep(SWEEP_EVERY).await;
        }
    }

    async fn sweep(&self) -> Result<usize, AwsError> {
        let keys = self.store.expired(self.clock.now(), DELETE_MAX).await?;
        let deleted = keys.len();
        if deleted > 0 {
            self.store.write(Write::Delete { keys }).await?;
        }
        Ok(deleted)
    }
}

/// How long ago the execution was due; `None` if it is not.
fn lateness(execution: &Execution, now: Millis) -> Option<Duration> {
    let late = now.checked_sub(execution.next_due()?)?;
    u64::try_from(late).ok().map(Duration::from_millis)
}

/// What became of the next execution that has been woken.
async fn next_woken(waking: &mut JoinSet<Result<(), AwsError>>) -> Result<(), AwsError> {
    match waking.join_next().await {
        Some(Ok(woken)) => woken,
        Some(Err(failure)) => Err(AwsError::service(failure.to_string())),
        None => Ok(()),
    }
}
