//! Starting an execution, once per name.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use durable_core::{Execution, ExecutionStarted, Fact, Limits, Record};
use durable_store::{ExecutionRow, JournalRow, NewExecution, Outcome, Write};
use uuid::Uuid;

use crate::engine::cells::Cell;
use crate::engine::{Engine, to_the_end};
use crate::functions::DurableConfig;
use crate::rates::Rated;
use crate::wire::error::AwsError;

/// What an Invoke of a durable function asks for.
#[derive(Clone, Debug)]
pub(crate) struct StartRequest {
    pub(crate) function: String,
    pub(crate) version: String,
    pub(crate) config: DurableConfig,
    /// Chosen by the caller.
    pub(crate) name: Option<String>,
    pub(crate) input: String,
    /// Whether the caller waits: the size of the result depends on it.
    pub(crate) synchronous: bool,
    pub(crate) trace_header: Option<String>,
    pub(crate) tenant_id: Option<String>,
}

/// A started execution, be it new or the one that had the name.
#[derive(Clone, Debug)]
pub(crate) struct Started {
    pub(crate) id: String,
    pub(crate) arn: String,
    pub(crate) version: String,
}

/// A name may be freed between the refusal of a start and the look at who has it; once more is enough.
const NAME_TRIES: usize = 2;

/// How many executions are open, and how many may be.
pub(crate) struct OpenExecutions {
    count: AtomicU64,
    max: Option<u64>,
}

impl OpenExecutions {
    pub(super) fn new(max: Option<u64>) -> Self {
        Self { count: AtomicU64::new(0), max }
    }

    /// So many more, started or found by a restart.
    pub(super) fn opened(&self, open: u64) {
        self.count.fetch_add(open, Ordering::Relaxed);
    }

    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    pub(super) fn closed(&self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn now(&self) -> (u64, Option<u64>) {
        (self.count.load(Ordering::Relaxed), self.max)
    }

    /// # Errors
    /// `TooManyRequestsException` when there are as many as may be.
    fn check(&self) -> Result<(), AwsError> {
        match self.max {
            Some(max) if self.count.load(Ordering::Relaxed) >= max => {
                Err(AwsError::too_many_requests("ConcurrentInvocationLimitExceeded"))
            }
            _ => Ok(()),
        }
    }
}

impl Engine {
    /// Starts an execution, or finds the one that has the name and the same input already.
    ///
    /// # Errors
    /// `DurableExecutionAlreadyStartedException` when the name belongs to another input or version.
    pub(crate) async fn start(
        self: &Arc<Self>,
        request: StartRequest,
    ) -> Result<Started, AwsError> {
        self.rates.check(Rated::StartExecution)?;
        self.open.check()?;
        let engine = Arc::clone(self);
        to_the_end(async move {
            for _ in 0..NAME_TRIES {
                if let Some(started) = engine.try_start(&request).await? {
                    return Ok(started);
                }
                let name = request.name.as_deref().unwrap_or_default();
                if let Some(row) = engine.store.execution_named(&request.function, name).await? {
                    return engine.reattach(&request, row).await;
                }
            }
            Err(AwsError::service("The execution's name changed hands too often."))
        })
        .await
    }

    /// `None` if the name is taken.
    async fn try_start(
        self: &Arc<Self>,
        request: &StartRequest,
    ) -> Result<Option<Started>, AwsError> {
        let start = self.first_fact(request);
        let started = Started {
            arn: self.home.execution_arn(&start.function, &start.version, &start.name, &start.id),
            id: start.id.clone(),
            version: start.version.clone(),
        };
        Ok(self.begin_execution(start).await?.then_some(started))
    }

    /// Writes an execution's first record and has its function invoked; `false` if its name is taken.
    pub(crate) async fn begin_execution(
        self: &Arc<Self>,
        start: ExecutionStarted,
    ) -> Result<bool, AwsError> {
        let _starting = self.functions.starting().await;
        self.check_still_there(&start)?;
        let now = self.clock.now();
        let told = self.status_events.as_ref().map(|events| events.started(&start, now));
        let new = NewExecution {
            id: start.id.clone(),
            function: start.function.clone(),
            version: start.version.clone(),
            name: start.name.clone(),
            started: now,
            next_wake: now + i64::from(start.timeout_seconds) * 1000,
            body: Vec::new(),
            parent: start.parent.clone(),
            told: told.transpose()?.flatten(),
        };
        let record = Record::new(now, vec![Fact::ExecutionStarted(start)]);
        let next_wake = new.next_wake;
        let write = Write::Start(NewExecution { body: JournalRow::encode(&record)?, ..new });
        let execution = Execution::begin(&record)
            .ok_or_else(|| AwsError::service("The execution has no beginning."))?;
        // The cell is in its place, locked, before anybody can find the execution in the store: who does waits for the
        // lock. If the cell came after the write, both would make one, and each would write the next record.
        let cell = Arc::new(Cell::new(0, execution, true));
        let mut state = cell.state.lock().await;
        self.admit(&cell);
        let outcome = self.store.write(write).await;
        if !matches!(outcome, Ok(Outcome::Done { .. })) {
            self.forget(&cell.id);
        }
        match outcome? {
            Outcome::Done { key } => state.key = key,
            Outcome::NameTaken => return Ok(false),
        }
        self.open.opened(1);
        self.observers.recorded(&state.execution, &record);
        state.indexed_wake = Some(next_wake);
        self.follow_up(&cell, &state, now);
        Ok(true)
    }

    /// Whether the function has not gone since the request was looked at. One that waits for the end of its executions
    /// still takes the children of executions: they are part of what it waits for.
    fn check_still_there(&self, start: &ExecutionStarted) -> Result<(), AwsError> {
        match self.functions.get(&start.function) {
            None => Err(AwsError::function_not_found(&self.home.function_arn(&start.function))),
            Some(_) if start.parent.is_some() => Ok(()),
            Some(function) => function.check_not_deleting(),
        }
    }

    fn first_fact(&self, request: &StartRequest) -> ExecutionStarted {
        let id = Uuid::new_v4().to_string();
        ExecutionStarted {
            id,
            name: request.name.clone().unwrap_or_else(|| Uuid::new_v4().to_string()),
            function: request.function.clone(),
            version: request.version.clone(),
            input: request.input.clone(),
            timeout_seconds: request.config.execution_timeout_seconds,
            retention_days: request.config.retention_days,
            result_bytes_max: if request.synchronous {
                Limits::RESULT_BYTES_SYNC
            } else {
                Limits::RESULT_BYTES_ASYNC
            },
            trace_header: request.trace_header.clone(),
            tenant_id: request.tenant_id.clone(),
            parent: None,
        }
    }

    /// The payload is compared as text, as AWS does.
    async fn reattach(
        &self,
        request: &StartRequest,
        row: ExecutionRow,
    ) -> Result<Started, AwsError> {
        let arn = self.arn_of(&row);
        let start = self.start_of(&row).await?;
        if start.input != request.input || row.version != request.version {
            return Err(AwsError::already_started(&arn));
        }
        Ok(Started { id: row.id, arn, version: row.version })
    }
}
