//! Chained invocations: when a target is started, and when its parent is told how it ended (specification section 8).
//!
//! The store's table of chained invocations is the work list, in operation and after a restart alike: the parent's record
//! puts a row there, the child's first record takes it off, the child's closing record puts it back, and the parent's
//! record with the outcome removes it. One task takes what is due. The child's id stands in the parent's record, so a
//! child is started once; a plain function that a crash cut off runs again, as there is nobody else who knows of it.

use std::sync::Arc;
use std::time::Duration;

use durable_core::{ChainedOutcome, ChainedTarget, Fact, Millis};
use durable_store::{ChainedRow, ChainedWork, Write};
use tokio::sync::OwnedSemaphorePermit;

use crate::engine::chained_target::Request;
use crate::engine::work_list::{Job, Work, WorkList};
use crate::engine::{Engine, to_the_end};
use crate::observe::Caller;
use crate::wire::error::AwsError;

/// Starts and reports at one time; each is a commit or two.
const AT_ONCE_MAX: usize = 64;

pub(crate) struct ChainedWorkers {
    list: WorkList,
    /// How long a target waits for the end of the invocation that started it.
    pub(crate) delay: Duration,
}

impl ChainedWorkers {
    pub(crate) fn new(delay: Duration) -> Self {
        Self { list: WorkList::new(AT_ONCE_MAX), delay }
    }

    pub(crate) fn notify(&self) {
        self.list.notify();
    }
}

impl Job for ChainedRow {
    fn key(&self) -> i64 {
        self.key
    }

    fn due(&self) -> Millis {
        self.due
    }
}

struct Chained;

impl Work for Chained {
    type Job = ChainedRow;
    const NAME: &'static str = "chained invocations";

    fn list(engine: &Engine) -> &WorkList {
        &engine.chained.list
    }

    async fn read(engine: &Engine, limit: usize) -> Result<Vec<ChainedRow>, AwsError> {
        Ok(engine.store.chained_work(limit).await?)
    }

    async fn carry_out(
        engine: Arc<Engine>,
        row: ChainedRow,
        place: OwnedSemaphorePermit,
    ) -> Result<(), AwsError> {
        engine.work_on(row, place).await
    }
}

impl Engine {
    /// Starts targets and reports outcomes for as long as the server runs.
    pub(crate) async fn run_chained(self: Arc<Self>) {
        self.work::<Chained>().await;
    }

    async fn work_on(
        self: &Arc<Self>,
        row: ChainedRow,
        place: OwnedSemaphorePermit,
    ) -> Result<(), AwsError> {
        let Some(mut request) = self.request(&row).await? else {
            // Its parent has been deleted, and with it what was to be started.
            return self.forget_chained(&row).await;
        };
        if row.work == ChainedWork::Dispatch {
            request.trace_header = self.traced(&row, request.trace_header).await?;
        }
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
                match self.run_plain(&function, &version, request).await {
                    Some(outcome) => outcome,
                    // Its row stays, and the next start takes it up.
                    None => return Ok(()),
                }
            }
        };
        self.report(&row, outcome).await
    }

    /// The header that makes the target a part of the operation's trace, unless the function has chosen one itself.
    async fn traced(
        &self,
        row: &ChainedRow,
        chosen: Option<String>,
    ) -> Result<Option<String>, AwsError> {
        if !self.observers.traces() {
            return Ok(chosen);
        }
        let Some(cell) = self.cell(&row.parent).await? else { return Ok(chosen) };
        let state = cell.state.lock().await;
        let execution = &state.execution;
        if chosen != execution.start.trace_header {
            return Ok(chosen);
        }
        Ok(self.observers.trace_header(execution, Caller::Operation(&row.operation)).or(chosen))
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
