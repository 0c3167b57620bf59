//! A function in processes of its own, as a host.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout};

use super::failure;
use super::pool::{NoPlace, Permit, Place, Pool};
use super::slot::Slot;
use super::spec::ProcessSpec;
use super::supervisor;
use crate::host::{BoxFuture, FunctionError, FunctionHost, Invocation, Processes};

/// How often an event that no process has seen is given to another one. Only a process that ends in the moment when it
/// is chosen costs a turn.
const TURNS_MAX: usize = 10;

/// Runs a function version in child processes, each on a Runtime API of its own.
///
/// Processes start when they are needed, are used again, and end after some time without work, with
/// [`close`](Self::close), when this is dropped, and when the server is killed. It has to be used inside a tokio
/// runtime.
pub struct ProcessFunction {
    spec: Arc<ProcessSpec>,
    pool: Arc<Pool>,
    /// Set once the command is known to have what it needs.
    checked: OnceCell<()>,
}

impl ProcessFunction {
    /// Hosts this function. Nothing is started yet.
    pub fn new(spec: ProcessSpec) -> Self {
        let pool = Pool::new(&spec);
        Self { spec: Arc::new(spec), pool, checked: OnceCell::new() }
    }

    /// Stops every process and waits until they are gone: those that want SIGTERM get it and
    /// [`stop_grace`](ProcessSpec::stop_grace). Invocations that still run fail; later ones are refused.
    pub async fn close(&self) {
        for process in self.pool.close() {
            process.wait_end().await;
        }
    }

    async fn run(&self, invocation: Invocation) -> Result<Bytes, FunctionError> {
        let request_id = invocation.request_id.as_str();
        let asked = Instant::now();
        // Set when the function's time starts to run before it has the event: after an init that took too long.
        let mut time_is_up = None;
        for _ in 0..TURNS_MAX {
            let slot = match self.pool.place().await {
                Ok(Place::Warm(slot)) => slot,
                Ok(Place::Start(permit)) => {
                    match self.start(permit, &invocation, &mut time_is_up).await? {
                        Some(slot) => slot,
                        None => continue,
                    }
                }
                Err(NoPlace::Throttled) => return Err(failure::throttled()),
                Err(NoPlace::Closed) => return Err(failure::closed(request_id)),
            };
            let end = time_is_up.unwrap_or_else(|| Instant::now() + invocation.timeout);
            let timed_out = FunctionError::timed_out(request_id, invocation.timeout);
            // The caller's clock says when the time would have been up if it had begun at once; waiting for a process
            // has moved that.
            let later = end.saturating_duration_since(asked + invocation.timeout);
            let later_ms = u64::try_from(later.as_millis()).unwrap_or(u64::MAX);
            let deadline_ms = invocation.deadline_ms.saturating_add(later_ms);
            if let Ok(handed) = slot.hand_over(&invocation, deadline_ms).await {
                let answer = handed.finish(end, timed_out).await;
                return answer.map_err(|error| match self.pool.is_closed() {
                    // The process was ended, and has not crashed.
                    true if failure::is_exit(&error) => failure::closed(request_id),
                    _ => error,
                });
            }
        }
        Err(failure::not_started(request_id, "processes end as soon as they are ready"))
    }

    /// Starts a process and waits until it is ready. `None` if it was not in time; the next one counts under the
    /// function's timeout.
    async fn start(
        &self,
        permit: Permit,
        invocation: &Invocation,
        time_is_up: &mut Option<Instant>,
    ) -> Result<Option<Slot>, FunctionError> {
        let request_id = invocation.request_id.as_str();
        let checked = self.checked.get_or_try_init(|| self.spec.command.check(&self.spec)).await;
        checked.map_err(|missing| failure::not_started(request_id, missing))?;
        let started = supervisor::start(&self.spec, permit, invocation.deadline_ms).await;
        let starting = started.map_err(|error| {
            let program = self.spec.command.program.display();
            failure::not_started(request_id, format!("cannot start {program}: {error}"))
        })?;
        let patience = match time_is_up {
            None => self.spec.init_timeout,
            Some(end) => end.saturating_duration_since(Instant::now()),
        };
        match timeout(patience, starting.first_slot).await {
            Ok(Ok(slot)) => Ok(Some(slot)),
            Ok(Err(_)) => {
                starting.process.wait_end().await;
                Err(if self.pool.is_closed() {
                    failure::closed(request_id)
                } else {
                    starting.process.init_failure(request_id)
                })
            }
            Err(_) => {
                starting.process.close();
                starting.process.wait_end().await;
                if time_is_up.is_some() {
                    return Err(FunctionError::timed_out(request_id, invocation.timeout));
                }
                tracing::warn!(
                    function = self.spec.function_name,
                    request_id,
                    "a function's process was not ready within {:?}; it is started again",
                    self.spec.init_timeout
                );
                *time_is_up = Some(Instant::now() + invocation.timeout);
                Ok(None)
            }
        }
    }
}

impl FunctionHost for ProcessFunction {
    fn invoke(&self, invocation: Invocation) -> BoxFuture<'_, Result<Bytes, FunctionError>> {
        Box::pin(self.run(invocation))
    }

    fn processes(&self) -> Processes {
        self.pool.processes()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(Self::close(self))
    }
}

impl Drop for ProcessFunction {
    /// The processes end in the background.
    fn drop(&mut self) {
        self.pool.close();
    }
}
