//! The shell around the pure core: it locks, asks the core, writes, applies, and acts.
//!
//! ```text
//!   request ─► lock the execution's cell ─► core decides ─► store commits ─► core applies ─► answer
//!                                                              │
//!                          dispatcher ◄── wants an invocation ─┤
//!                          clock      ◄── is due at ───────────┘
//! ```
//!
//! What must not be reordered: nothing is applied, answered, invoked or scheduled before its record is committed; and a
//! commit that was begun is always followed by its apply, which is why a command goes on when its
//! caller has gone away (`uncancelled`).
//!
//! | file | job |
//! |---|---|
//! | `cells` | open executions in memory, loaded when needed, evicted when idle |
//! | `commit` | one record: written, applied, followed up |
//! | `start` | a new execution, or the one that has the name already |
//! | `checkpoint` | a checkpoint and its answer |
//! | `dispatch` | who is invoked next, and how many at once |
//! | `invocation` | one invocation of a durable function, from envelope to outcome |
//! | `chained` | chained invocations: the work list, and telling the parent |
//! | `chained_target` | their targets: resolving, starting, how they ended |
//! | `work_list` | rows of the store that are work to do |
//! | `clock_loop` | timers and retention |
//! | `async_queue` | asynchronous invocations of plain functions |
//! | `pause` | pausing and resuming |
//! | `delete` | deleting a closed execution |
//! | `retire` | functions of a stack that is deleted, with what is open of them |
//! | `recovery` | what a restart takes up again |
//! | `uncancelled` | commands that end even if their caller goes away |
//! | `queries` | what the store can answer alone |
//! | `levels` | how much is open and queued, for whoever looks |

mod async_queue;
mod cells;
mod chained;
mod chained_target;
mod checkpoint;
mod clock_loop;
mod commit;
mod delete;
mod dispatch;
mod invocation;
mod levels;
mod pause;
mod queries;
mod recovery;
mod retire;
mod start;
mod uncancelled;
mod work_list;

use std::sync::Arc;
use std::time::Duration;

use durable_core::{CallbackCompletion, CallbackId, ErrorObject, Limits, Millis, RetryPolicy};
use durable_store::{Store, StoreError};

pub(crate) use invocation::{payload_len, read_state_marker, state_marker};
pub(crate) use levels::FunctionLevels;
pub(crate) use queries::{Ending, HistoryPosition, HistoryQuery};
pub use recovery::Recovered;
pub(crate) use retire::Open;
pub(crate) use start::{StartRequest, Started};
pub(crate) use uncancelled::to_the_end;

use crate::clock::Clock;
use crate::deploy::Deployer;
use crate::engine::async_queue::AsyncQueue;
use crate::engine::cells::Cells;
use crate::engine::chained::ChainedWorkers;
use crate::engine::clock_loop::Alarm;
use crate::engine::dispatch::Dispatcher;
use crate::engine::start::OpenExecutions;
use crate::events::StatusEvents;
use crate::functions::Functions;
use crate::observe::Observers;
use crate::rates::{RateLimits, Rates};
use crate::wire::arn::{ExecutionArn, Home};
use crate::wire::error::AwsError;

/// What an engine is told besides what it works with; each is a member of the service's configuration.
pub(crate) struct EngineOptions {
    pub(crate) limits: Limits,
    pub(crate) retry: RetryPolicy,
    pub(crate) resident_max: usize,
    pub(crate) async_retry_delay: Duration,
    pub(crate) chained_delay: Duration,
    pub(crate) observers: Observers,
    pub(crate) status_events: Option<StatusEvents>,
    pub(crate) rates: Rates,
    pub(crate) open_max: Option<u64>,
}

/// Runs durable executions.
pub(crate) struct Engine {
    pub(crate) home: Home,
    pub(crate) functions: Arc<Functions>,
    pub(crate) deployer: Arc<Deployer>,
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) rates: RateLimits,
    observers: Observers,
    /// Makes the events of status changes, if anybody wants them.
    status_events: Option<StatusEvents>,
    limits: Limits,
    retry: RetryPolicy,
    open: OpenExecutions,
    cells: Cells,
    dispatcher: Dispatcher,
    alarm: Alarm,
    async_queue: AsyncQueue,
    chained: ChainedWorkers,
}

impl Engine {
    pub(crate) fn new(
        home: Home,
        functions: Arc<Functions>,
        deployer: Arc<Deployer>,
        clock: Clock,
        store: Store,
        options: EngineOptions,
    ) -> Arc<Self> {
        Arc::new(Self {
            home,
            functions,
            deployer,
            store,
            clock,
            rates: RateLimits::new(&options.rates),
            observers: options.observers,
            status_events: options.status_events,
            limits: options.limits,
            retry: options.retry,
            open: OpenExecutions::new(options.open_max),
            cells: Cells::new(options.resident_max),
            dispatcher: Dispatcher::default(),
            alarm: Alarm::default(),
            async_queue: AsyncQueue::new(options.async_retry_delay),
            chained: ChainedWorkers::new(options.chained_delay),
        })
    }

    /// How many executions are open, and how many may be.
    pub(crate) fn open_executions(&self) -> (u64, Option<u64>) {
        self.open.now()
    }

    /// Stops an open execution and tells when it ended; a closed one stays as it is.
    pub(crate) async fn stop(
        self: &Arc<Self>,
        arn: ExecutionArn,
        error: ErrorObject,
    ) -> Result<Millis, AwsError> {
        self.limits.check_error(&error)?;
        let row = self.row(&arn).await?;
        if let Some(ended) = row.ended {
            return Ok(ended);
        }
        let engine = Arc::clone(self);
        let ended = to_the_end(async move {
            let Some(cell) = engine.cell(&row.id).await? else { return Ok(None) };
            let mut state = cell.state.lock().await;
            engine.check_writable()?;
            let now = engine.clock.now();
            let facts = state.execution.decide_stop(error);
            engine.commit_facts(&cell, &mut state, facts, now).await?;
            Ok(state.execution.ended)
        })
        .await?;
        match ended {
            Some(ended) => Ok(ended),
            // It closed between the two looks.
            None => self.row(&arn).await?.ended.ok_or_else(AwsError::no_such_execution),
        }
    }

    /// Refuses a command while nothing can be written. To be asked with the execution's lock held: a commit that failed
    /// may be on disk all the same, so the state in memory must not be the reason for a final answer such as "this
    /// callback is closed".
    pub(crate) fn check_writable(&self) -> Result<(), AwsError> {
        match self.store.poisoned() {
            None => Ok(()),
            Some(reason) => Err(StoreError::Unavailable(reason).into()),
        }
    }

    /// Answers a callback.
    pub(crate) async fn complete_callback(
        self: &Arc<Self>,
        callback_id: String,
        completion: CallbackCompletion,
    ) -> Result<(), AwsError> {
        self.with_callback(callback_id, move |execution, id, now, limits| {
            execution.decide_callback(id, completion, now, limits)
        })
        .await
    }

    /// Moves a callback's heartbeat deadline.
    pub(crate) async fn heartbeat(self: &Arc<Self>, callback_id: String) -> Result<(), AwsError> {
        self.with_callback(callback_id, |execution, id, now, _| execution.decide_heartbeat(id, now))
            .await
    }

    async fn with_callback(
        self: &Arc<Self>,
        callback_id: String,
        decide: impl FnOnce(
            &durable_core::Execution,
            &str,
            Millis,
            &Limits,
        ) -> Result<Vec<durable_core::Fact>, durable_core::Rejection>
        + Send
        + 'static,
    ) -> Result<(), AwsError> {
        let id = CallbackId::parse(&callback_id)
            .ok_or_else(|| AwsError::invalid_parameter("Invalid callback id"))?;
        let engine = Arc::clone(self);
        to_the_end(async move {
            let cell =
                engine.cell(&id.execution_id()).await?.ok_or_else(AwsError::callback_closed)?;
            let mut state = cell.state.lock().await;
            engine.check_writable()?;
            let now = engine.clock.now();
            let facts = decide(&state.execution, &callback_id, now, &engine.limits)?;
            engine.commit_facts(&cell, &mut state, facts, now).await
        })
        .await
    }
}
