//! Asynchronous invocations of plain functions: accepted on disk, carried out at least once, tried again when they fail.
//!
//! One task takes them from the store in the order in which they are due and runs a bounded number at a time. A row is
//! removed when its invocation has ended; one that a crash cut off is still there and runs again, as on AWS.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use durable_core::Millis;
use durable_functions::{FunctionError, Invocation};
use durable_store::{QueuedInvocation, Write};
use tokio::sync::OwnedSemaphorePermit;

use crate::engine::work_list::{Job, Work, WorkList};
use crate::engine::{Engine, to_the_end};
use crate::functions::Resolved;
use crate::observe::Run;
use crate::wire::error::AwsError;

/// Asynchronous invocations of all functions that run at one time.
const RUNNING_MAX: usize = 64;
/// Attempts after the first, as AWS's default.
const RETRIES_MAX: u32 = 2;
/// Before the next look for a place in a function that has none: AWS begins with a second, too.
const THROTTLED_DELAY: Duration = Duration::from_secs(1);

pub(crate) struct AsyncQueue {
    list: WorkList,
    /// Before the first retry; the second waits twice as long.
    retry_delay: Duration,
}

impl AsyncQueue {
    pub(crate) fn new(retry_delay: Duration) -> Self {
        Self { list: WorkList::new(RUNNING_MAX), retry_delay }
    }
}

impl Job for QueuedInvocation {
    fn key(&self) -> i64 {
        self.key
    }

    fn due(&self) -> Millis {
        self.due
    }
}

struct Queued;

impl Work for Queued {
    type Job = QueuedInvocation;
    const NAME: &'static str = "asynchronous invocations";

    fn list(engine: &Engine) -> &WorkList {
        &engine.async_queue.list
    }

    async fn read(engine: &Engine, limit: usize) -> Result<Vec<QueuedInvocation>, AwsError> {
        Ok(engine.store.queued_invocations(limit).await?)
    }

    async fn carry_out(
        engine: Arc<Engine>,
        row: QueuedInvocation,
        place: OwnedSemaphorePermit,
    ) -> Result<(), AwsError> {
        let write = engine.try_queued(row).await;
        engine.store.write(write).await?;
        drop(place);
        Ok(())
    }
}

impl Engine {
    /// Accepts an asynchronous invocation: when this returns, it is on disk.
    pub(crate) async fn accept_invocation(
        self: &Arc<Self>,
        queued: QueuedInvocation,
    ) -> Result<(), AwsError> {
        let engine = Arc::clone(self);
        to_the_end(async move {
            engine.store.write(Write::Enqueue(queued)).await?;
            engine.async_queue.list.notify();
            Ok(())
        })
        .await
    }

    /// Carries out asynchronous invocations for as long as the server runs.
    pub(crate) async fn run_async_queue(self: Arc<Self>) {
        self.work::<Queued>().await;
    }

    /// Runs one, and says what becomes of its row.
    async fn try_queued(&self, row: QueuedInvocation) -> Write {
        let (key, attempts) = (row.key, row.attempts + 1);
        let function = row.function.clone();
        let again = |attempts, delay: Duration| {
            let due = self.clock.now() + delay.as_millis() as Millis;
            Write::Requeue { key, attempts, due }
        };
        match self.invoke_queued(row).await {
            Ok(_) => Write::Dequeue { key },
            // That is no failure of the function; the next start takes it up.
            Err(error) if self.has_cut_off(&error) => again(attempts - 1, Duration::ZERO),
            // Nor is it to find no place.
            Err(error) if error.is_throttling() => again(attempts - 1, THROTTLED_DELAY),
            Err(error) if attempts <= RETRIES_MAX => {
                tracing::warn!(function, attempts, error = %error.error_type, "an asynchronous invocation failed and is tried again");
                again(attempts, self.async_queue.retry_delay * attempts)
            }
            Err(error) => {
                tracing::error!(function, attempts, error = %error.error_type, "an asynchronous invocation failed and is given up");
                Write::Dequeue { key }
            }
        }
    }

    async fn invoke_queued(&self, row: QueuedInvocation) -> Result<Bytes, FunctionError> {
        match self.functions.resolve(&row.function, Some(&row.version)) {
            Some(function) => self.invoke_in_place(&function, row).await,
            None => {
                let arn = self.home.version_arn(&row.function, &row.version);
                let message = format!("Function not found: {arn}");
                Err(FunctionError::new("ResourceNotFoundException", message))
            }
        }
    }

    /// Runs a plain function once, if it has a place for that.
    pub(crate) async fn invoke_in_place(
        &self,
        function: &Resolved,
        request: QueuedInvocation,
    ) -> Result<Bytes, FunctionError> {
        let Ok(_place) = function.function.places.try_acquire() else {
            self.observers.throttled(&function.function);
            return Err(FunctionError::throttled());
        };
        self.invoke_plain(function, request).await
    }

    /// Runs a plain function once.
    async fn invoke_plain(
        &self,
        function: &Resolved,
        request: QueuedInvocation,
    ) -> Result<Bytes, FunctionError> {
        let _counted = self.count_plain();
        let Resolved { function: called, version } = function;
        let now = self.clock.now();
        let request_id = request.request_id.clone();
        let invocation = Invocation {
            request_id: request.request_id,
            function_name: called.name.clone(),
            version: version.number.clone(),
            function_arn: self.home.invoked_arn(&called.name, &version.number),
            deadline_ms: now.unsigned_abs() + version.timeout.as_millis() as u64,
            timeout: version.timeout,
            payload: Bytes::from(request.payload),
            trace_header: request.trace_header,
            tenant_id: request.tenant_id,
            client_context: request.client_context,
        };
        let run =
            Run { function: called, version, request_id: &request_id, at: now, execution: None };
        self.run(&run, invocation).await
    }
}
