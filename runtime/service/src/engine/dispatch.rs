//! Who is invoked next, and how many at once.
//!
//! Each durable function has a queue of executions that want an invocation and a bound on how many run. A queue holds
//! ids only: an execution that waits its turn need not be in memory.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use durable_functions::FunctionError;

use crate::engine::Engine;

#[derive(Default)]
struct Lane {
    waiting: VecDeque<String>,
    running: usize,
}

#[derive(Default)]
struct Lanes {
    by_function: HashMap<String, Lane>,
    /// No further invocation is begun: the server is shutting down.
    stopped: bool,
}

#[derive(Default)]
pub(crate) struct Dispatcher {
    lanes: Mutex<Lanes>,
    /// Invocations of plain functions in flight.
    plain: AtomicUsize,
}

impl Dispatcher {
    fn lock(&self) -> std::sync::MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the next execution of this function, if one waits and there is room.
    fn next(&self, function: &str, running_max: usize) -> Option<String> {
        let mut lanes = self.lock();
        if lanes.stopped {
            return None;
        }
        let lane = lanes.by_function.get_mut(function)?;
        if lane.running >= running_max {
            return None;
        }
        let id = lane.waiting.pop_front()?;
        lane.running += 1;
        Some(id)
    }

    fn done(&self, function: &str) {
        if let Some(lane) = self.lock().by_function.get_mut(function) {
            lane.running -= 1;
        }
    }

    /// Begins no further invocation.
    pub(crate) fn stop(&self) {
        self.lock().stopped = true;
    }

    /// Whether no further invocation is begun.
    pub(crate) fn is_stopped(&self) -> bool {
        self.lock().stopped
    }

    /// Executions of this function that wait for an invocation.
    pub(crate) fn waiting(&self, function: &str) -> usize {
        self.lock().by_function.get(function).map_or(0, |lane| lane.waiting.len())
    }

    /// Invocations of durable functions in flight.
    pub(crate) fn running(&self) -> usize {
        self.lock().by_function.values().map(|lane| lane.running).sum()
    }
}

impl Engine {
    /// Puts an execution into its function's queue.
    pub(crate) fn enqueue(self: &Arc<Self>, function: &str, id: String) {
        {
            let mut lanes = self.dispatcher.lock();
            match lanes.by_function.get_mut(function) {
                Some(lane) => lane.waiting.push_back(id),
                None => {
                    let lane = Lane { waiting: VecDeque::from([id]), running: 0 };
                    lanes.by_function.insert(function.to_owned(), lane);
                }
            }
        }
        self.pump(function);
    }

    /// Begins as many invocations as there is room for.
    fn pump(self: &Arc<Self>, function: &str) {
        // A function that is gone has no bound of its own; its executions only have to be closed.
        let running_max = self.functions.get(function).map_or(1, |it| it.concurrency_max);
        while let Some(id) = self.dispatcher.next(function, running_max) {
            let engine = Arc::clone(self);
            let function = function.to_owned();
            tokio::spawn(async move {
                let place = Place { engine, function };
                if let Err(error) = place.engine.run_invocation(&id).await {
                    tracing::error!(execution.id = %id, error = %error.message, "an invocation could not be recorded");
                }
            });
        }
    }

    /// More invocations of this function may run than before.
    pub(crate) fn concurrency_changed(self: &Arc<Self>, function: &str) {
        self.pump(function);
    }

    /// Begins no further invocation; executions stay where they are until the next start.
    pub(crate) fn stop_dispatching(&self) {
        self.dispatcher.stop();
    }

    /// Whether the server's own end is the reason why an invocation has failed: it says nothing about the function,
    /// and the next start runs it again.
    pub(crate) fn has_cut_off(&self, error: &FunctionError) -> bool {
        self.dispatcher.is_stopped() && (error.is_cut_off() || error.is_throttling())
    }

    /// Invocations in flight, those of plain functions included.
    pub(crate) fn running(&self) -> usize {
        self.dispatcher.running() + self.dispatcher.plain.load(Ordering::Acquire)
    }

    /// Counts an invocation of a plain function until this is dropped.
    pub(crate) fn count_plain(&self) -> impl Drop + use<'_> {
        self.dispatcher.plain.fetch_add(1, Ordering::AcqRel);
        Counted(&self.dispatcher.plain)
    }
}

/// One invocation of a plain function that runs.
struct Counted<'a>(&'a AtomicUsize);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A place among a function's running invocations; it is given back however the invocation ends.
struct Place {
    engine: Arc<Engine>,
    function: String,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.engine.dispatcher.done(&self.function);
        self.engine.pump(&self.function);
    }
}
