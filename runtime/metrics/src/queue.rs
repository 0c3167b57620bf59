//! What waits for the thread: meters that have changed, and commands.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::database::Database;
use crate::error::MetricsError;
use crate::meter::Meter;

/// Meters that may wait. One more keeps its values, and is listed with a later one.
const LISTED_METERS_MAX: usize = 16_384;

/// Commands that may wait; callers beyond it are told to come back.
const QUEUED_COMMANDS_MAX: usize = 256;

/// What changes are collected for. A reader does not wait for it.
const FLUSH_EVERY: Duration = Duration::from_secs(1);

/// Something to do on the thread, after what was recorded before it.
pub(crate) type Command = Box<dyn FnOnce(&mut Database) + Send>;

/// What the thread has to do next.
#[derive(Default)]
pub(crate) struct Work {
    pub(crate) meters: Vec<Arc<Meter>>,
    pub(crate) commands: Vec<Command>,
    /// Nothing comes after this.
    pub(crate) last: bool,
}

#[derive(Default)]
struct State {
    work: Work,
    /// When the first of the meters was listed.
    since: Option<Instant>,
}

#[derive(Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    dropped: AtomicU64,
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lists a meter that has changed. Says whether it is listed.
    pub(crate) fn list(&self, meter: &Arc<Meter>) -> bool {
        let mut state = self.state();
        if state.work.last || state.work.meters.len() >= LISTED_METERS_MAX {
            return false;
        }
        state.work.meters.push(Arc::clone(meter));
        if state.since.is_none() {
            state.since = Some(Instant::now());
            drop(state);
            self.changed.notify_one();
        }
        true
    }

    /// Counts values that are gone.
    pub(crate) fn drop_values(&self, values: u64) {
        self.dropped.fetch_add(values, Ordering::Relaxed);
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Queues a command.
    pub(crate) fn command(&self, command: Command) -> Result<(), MetricsError> {
        let mut state = self.state();
        if state.work.last {
            return Err(MetricsError::Closed);
        }
        if state.work.commands.len() >= QUEUED_COMMANDS_MAX {
            return Err(MetricsError::Busy);
        }
        state.work.commands.push(command);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// Lets nothing more in.
    pub(crate) fn close(&self) {
        self.state().work.last = true;
        self.changed.notify_one();
    }

    /// Waits until changes are due or somebody wants something, but not longer than `patience`, and takes all there is.
    pub(crate) fn take(&self, patience: Duration) -> Work {
        let end = Instant::now() + patience;
        let mut state = self.state();
        loop {
            let due = state.since.map_or(end, |since| end.min(since + FLUSH_EVERY));
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() || state.work.last || !state.work.commands.is_empty() {
                break;
            }
            state =
                self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.since = None;
        let last = state.work.last;
        std::mem::replace(&mut state.work, Work { last, ..Work::default() })
    }
}
