//! Asynchronous invocations of plain functions: accepted on disk, carried out at least once, tried again when they fail.
//!
//! One task takes them from the store in the order in which they are due and runs a bounded number at a time. A row is
//! removed when its invocation has ended; one that a crash cut off is still there and runs again, as on AWS.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use durable_core::Millis;
use durable_functions::{FunctionError, Invocation};
use durable_store::{QueuedInvocation, Write};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::engine::{Engine, to_the_end};
use crate::functions::{Function, LATEST};
use crate::wire::error::AwsError;

/// Asynchronous invocations of all functions that run at one time.
const RUNNING_MAX: usize = 64;
/// Attempts after the first, as AWS's default.
const RETRIES_MAX: u32 = 2;
/// The longest sleep, so that a clock that is set forward is noticed.
const SLEEP_MAX_MS: Millis = 30_000;
/// After an error of the store, before the next try.
const ERROR_PAUSE: Duration = Duration::from_secs(1);

pub(crate) struct AsyncQueue {
    /// Something was enqueued, or a place became free.
    changed: Notify,
    places: Arc<Semaphore>,
    /// Rows whose invocations run.
    in_hand: Mutex<HashSet<i64>>,
    /// Before the first retry; the second waits twice as long.
    retry_delay: Duration,
}

impl AsyncQueue {
    pub(crate) fn new(retry_delay: Duration) -> Self {
        Self {
            changed: Notify::new(),
            places: Arc::new(Semaphore::new(RUNNING_MAX)),
            in_hand: Mutex::new(HashSet::new()),
            retry_delay,
        }
    }

    fn in_hand(&self) -> std::sync::MutexGuard<'_, HashSet<i64>> {
        self.in_hand.lock().unwrap_or_else(PoisonError::into_inner)
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
            engine.async_queue.changed.notify_one();
            Ok(())
        })
        .await
    }

    /// Carries out asynchronous invocations for as long as the server runs.
    pub(crate) async fn run_async_queue(self: Arc<Self>) {
        loop {
            if let Err(error) = self.queue_round().await {
                tracing::error!(error = %error.message, "queued invocations could not be read");
                tokio::time::sleep(ERROR_PAUSE).await;
            }
        }
    }

    async fn queue_round(self: &Arc<Self>) -> Result<(), AwsError> {
        let queue = &self.async_queue;
        // Everything in hand stands in front, so this sees as many more as there are places.
        // What is in hand is noted before that: a row whose invocation ends meanwhile may be in this reading still, but
        // must not run again.
        self.check_writable()?;
        let in_hand = queue.in_hand().clone();
        let rows = self.store.queued_invocations(2 * RUNNING_MAX).await?;
        let now = self.clock.now();
        let mut next_due = now + SLEEP_MAX_MS;
        for row in rows {
            if in_hand.contains(&row.key) {
                continue;
            }
            if row.due > now {
                next_due = next_due.min(row.due);
                break;
            }
            let Ok(place) = Arc::clone(&queue.places).acquire_owned().await else { return Ok(()) };
            queue.in_hand().insert(row.key);
            tokio::spawn(Arc::clone(self).carry_out(row, place));
        }
        let pause = Duration::from_millis((next_due - now).unsigned_abs());
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = queue.changed.notified() => {}
        }
        Ok(())
    }

    async fn carry_out(self: Arc<Self>, row: QueuedInvocation, place: OwnedSemaphorePermit) {
        let (key, attempts) = (row.key, row.attempts + 1);
        let function = row.function.clone();
        let write = match self.invoke_queued(row).await {
            Err(error) if attempts <= RETRIES_MAX => {
                tracing::warn!(function, attempts, error = %error.error_type, "an asynchronous invocation failed and is tried again");
                let delay = self.async_queue.retry_delay * attempts;
                let due = self.clock.now() + delay.as_millis() as Millis;
                Write::Requeue { key, attempts, due }
            }
            Err(error) => {
                tracing::error!(function, attempts, error = %error.error_type, "an asynchronous invocation failed and is given up");
                Write::Dequeue { key }
            }
            Ok(_) => Write::Dequeue { key },
        };
        match self.store.write(write).await {
            Ok(_) => drop(self.async_queue.in_hand().remove(&key)),
            // It stays in hand: taken again, it would run over and over. The next start takes it once more.
            Err(error) => {
                tracing::error!(%error, "the end of an asynchronous invocation could not be recorded");
            }
        }
        drop(place);
        self.async_queue.changed.notify_one();
    }

    async fn invoke_queued(&self, row: QueuedInvocation) -> Result<Bytes, FunctionError> {
        match self.functions.get(&row.function) {
            Some(function) => self.invoke_plain(function, row).await,
            None => {
                let arn = self.home.function_arn(&row.function);
                let message = format!("Function not found: {arn}");
                Err(FunctionError::new("ResourceNotFoundException", message))
            }
        }
    }

    /// Runs a plain function once.
    pub(crate) async fn invoke_plain(
        &self,
        function: &Function,
        request: QueuedInvocation,
    ) -> Result<Bytes, FunctionError> {
        let spec = &function.spec;
        let invocation = Invocation {
            request_id: request.request_id,
            function_name: spec.name.clone(),
            version: LATEST.to_owned(),
            function_arn: self.home.function_arn(&spec.name),
            deadline_ms: self.clock.now().unsigned_abs() + spec.timeout.as_millis() as u64,
            timeout: spec.timeout,
            payload: Bytes::from(request.payload),
            trace_header: request.trace_header,
            tenant_id: request.tenant_id,
            client_context: request.client_context,
        };
        spec.host.invoke(invocation).await
    }
}
