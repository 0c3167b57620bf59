//! Chained invocations: when a target is started, and when its parent is told how it ended (specification section 8).
//!
//! The store's table of chained invocations is the work list, in operation and after a restart alike: the parent's record
//! puts a row there, the child's first record takes it off, the child's closing record puts it back, and the parent's
//! record with the outcome removes it. One task takes what is due. The child's id stands in the parent's record, so a
//! child is started once; a plain function that a crash cut off runs again, as there is nobody else who knows of it.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use durable_core::{ChainedOutcome, ChainedTarget, Fact, Millis};
use durable_store::{ChainedRow, ChainedWork, Write};
use tokio::sync::{Notify, Semaphore};

use crate::engine::chained_target::Request;
use crate::engine::{Engine, to_the_end};
use crate::wire::error::AwsError;

/// Rows looked at per round, besides those that are in work.
const ROUND_MAX: usize = 128;
/// Starts and reports at one time; each is a commit or two.
const AT_ONCE_MAX: usize = 64;
/// The longest sleep, so that a clock that is set forward is noticed.
const SLEEP_MAX_MS: Millis = 30_000;
/// After an error of the store, before the next try.
const ERROR_PAUSE: Duration = Duration::from_secs(1);

pub(crate) struct ChainedWorkers {
    /// Something was added, or became due.
    changed: Notify,
    /// Rows in work.
    in_hand: Mutex<HashSet<i64>>,
    commits: Arc<Semaphore>,
    /// How long a target waits for the end of the invocation that started it.
    pub(crate) delay: Duration,
}

impl ChainedWorkers {
    pub(crate) fn new(delay: Duration) -> Self {
        Self {
            changed: Notify::new(),
            in_hand: Mutex::new(HashSet::new()),
            commits: Arc::new(Semaphore::new(AT_ONCE_MAX)),
            delay,
        }
    }

    pub(crate) fn notify(&self) {
        self.changed.notify_one();
    }

    fn in_hand(&self) -> std::sync::MutexGuard<'_, HashSet<i64>> {
        self.in_hand.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// Starts targets and reports outcomes for as long as the server runs.
    pub(crate) async fn run_chained(self: Arc<Self>) {
        loop {
            if let Err(error) = self.chained_round().await {
                tracing::error!(error = %error.message, "chained invocations could not be read");
                tokio::time::sleep(ERROR_PAUSE).await;
            }
        }
    }

    async fn chained_round(self: &Arc<Self>) -> Result<(), AwsError> {
        let workers = &self.chained;
        self.check_writable()?;
        // What is in hand is noted before the reading: a row whose work ends meanwhile may be in it still, but must not
        // be worked on again. Everything in hand is due, so the reading sees as many more as are looked at.
        let in_hand = workers.in_hand().clone();
        let rows = self.store.chained_work(in_hand.len() + ROUND_MAX).await?;
        let full = rows.len() == in_hand.len() + ROUND_MAX;
        let now = self.clock.now();
        let mut next_due = now + SLEEP_MAX_MS;
        let mut begun = 0;
        for row in rows {
            if in_hand.contains(&row.key) {
                continue;
            }
            if row.due > now {
                next_due = next_due.min(row.due);
                break;
            }
            let Ok(place) = Arc::clone(&workers.commits).acquire_owned().await else {
                return Ok(());
            };
            if self.dispatcher.is_stopped() {
                return std::future::pending().await;
            }
            begun += 1;
            workers.in_hand().insert(row.key);
            let engine = Arc::clone(self);
            tokio::spawn(async move {
                let (key, operation) = (row.key, row.operation.clone());
                match engine.work_on(row, place).await {
                    Ok(()) => {
                        engine.chained.in_hand().remove(&key);
                        engine.chained.notify();
                    }
                    // It stays in hand: taken again, it would fail over and over. The next start takes it up.
                    Err(error) => {
                        tracing::error!(operation, error = %error.message, "a chained invocation could not be carried on");
                    }
                }
            });
        }
        if full && begun > 0 {
            return Ok(());
        }
        let pause = Duration::from_millis((next_due - now).unsigned_abs());
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = workers.changed.notified() => {}
        }
        Ok(())
    }

    async fn work_on(
        self: &Arc<Self>,
        row: ChainedRow,
        place: tokio::sync::OwnedSemaphorePermit,
    ) -> Result<(), AwsError> {
        let Some(request) = self.request(&row).await? else {
            // Its parent has been deleted, and with it what was to be started.
            return self.forget_chained(&row).await;
        };
        let outcome = match (row.work, &request.target) {
            (ChainedWork::Report, target) => self.outcome_of_child(target).await?,
            (ChainedWork::Dispatch, ChainedTarget::Durable { .. }) => {
                match self.start_child(&row, request).await? {
                    None => return Ok(()),
                    Some(outcome) => outcome,
                }
            }
            (ChainedWork::Dispatch, ChainedTarget::Plain { function, version }) => {
                // It may run long, and others must be started meanwhile. How many run is bounded by their functions.
                drop(place);
                let (function, version) = (function.clone(), version.clone());
                self.run_plain(&function, &version, request).await
            }
        };
        self.report(&row, outcome).await
    }

    /// Tells the parent how a closed child ended, without waiting for its turn.
    pub(crate) async fn report_child(self: &Arc<Self>, row: &ChainedRow) -> Result<(), AwsError> {
        match self.request(row).await? {
            Some(request) => {
                let outcome = self.outcome_of_child(&request.target).await?;
                self.report(row, outcome).await
            }
            None => self.forget_chained(row).await,
        }
    }

    /// What the parent's record says.
    async fn request(&self, row: &ChainedRow) -> Result<Option<Request>, AwsError> {
        let rows = self.store.journal_page(row.parent_key, row.seq, false, 1).await?;
        let Some(found) = rows.first().filter(|found| found.seq == row.seq) else {
            return Ok(None);
        };
        let started = found.record()?.facts.into_iter().find_map(|fact| match fact {
            Fact::ChainedInvokeStarted {
                op,
                target: Some(target),
                input,
                trace_header,
                tenant_id,
                ..
            } if op.id == row.operation => {
                let input = input.unwrap_or_else(|| "{}".to_owned());
                Some(Request { target, input, trace_header, tenant_id })
            }
            _ => None,
        });
        Ok(started)
    }

    /// Tells the parent how the target ended; a parent that is closed does not want to know.
    async fn report(
        self: &Arc<Self>,
        row: &ChainedRow,
        outcome: ChainedOutcome,
    ) -> Result<(), AwsError> {
        let (engine, row) = (Arc::clone(self), row.clone());
        to_the_end(async move {
            if let Some(cell) = engine.cell(&row.parent).await? {
                let mut state = cell.state.lock().await;
                engine.check_writable()?;
                let now = engine.clock.now();
                let facts = state.execution.decide_chained_outcome(&row.operation, outcome, now);
                if !facts.is_empty() {
                    return engine.commit_facts(&cell, &mut state, facts, now).await;
                }
            }
            engine.forget_chained(&row).await
        })
        .await
    }

    async fn forget_chained(&self, row: &ChainedRow) -> Result<(), AwsError> {
        self.store.write(Write::ForgetChained { key: row.key }).await?;
        Ok(())
    }
}
