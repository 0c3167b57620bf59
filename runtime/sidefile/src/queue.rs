//! What waits for the thread: what collects, and commands.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::CallError;
use crate::keeper::Keeper;

/// Commands that may wait; callers beyond it are told to come back.
const QUEUED_COMMANDS_MAX: usize = 256;

/// Something to do on the thread, after what was collected before it.
pub(crate) type Command<K> = Box<dyn FnOnce(&mut K) + Send>;

/// What the thread has to do next.
pub(crate) struct Work<K: Keeper> {
    pub(crate) pending: K::Pending,
    pub(crate) commands: Vec<Command<K>>,
    /// Nothing comes after this.
    pub(crate) last: bool,
}

struct State<K: Keeper> {
    work: Work<K>,
    /// When the oldest of what collects came.
    since: Option<Instant>,
}

/// Where things collect for the thread of a keeper.
pub struct Queue<K: Keeper> {
    state: Mutex<State<K>>,
    changed: Condvar,
}

impl<K: Keeper> Default for Queue<K> {
    fn default() -> Self {
        let work = Work::new(false);
        Self { state: Mutex::new(State { work, since: None }), changed: Condvar::new() }
    }
}

impl<K: Keeper> Work<K> {
    fn new(last: bool) -> Self {
        Self { pending: K::Pending::default(), commands: Vec::new(), last }
    }
}

impl<K: Keeper> Queue<K> {
    /// Adds to what collects, and never waits. `add` keeps it bounded, and says whether there is something to write;
    /// `false` also when the file is closed and nothing was added.
    pub fn collect(&self, add: impl FnOnce(&mut K::Pending) -> bool) -> bool {
        let mut state = self.state();
        if state.work.last || !add(&mut state.work.pending) {
            return false;
        }
        if state.since.is_none() {
            state.since = Some(Instant::now());
            drop(state);
            self.changed.notify_one();
        }
        true
    }

    /// Queues a command.
    pub(crate) fn command(&self, command: Command<K>) -> Result<(), CallError> {
        let mut state = self.state();
        if state.work.last {
            return Err(CallError::Closed);
        }
        if state.work.commands.len() >= QUEUED_COMMANDS_MAX {
            return Err(CallError::Busy);
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

    /// Waits until something is due or somebody wants something, but not longer than `patience`, and takes all there is.
    pub(crate) fn take(&self, patience: Duration) -> Work<K> {
        let end = Instant::now() + patience;
        let mut state = self.state();
        loop {
            let due = state.since.map_or(end, |since| end.min(since + K::FLUSH_EVERY));
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() || state.work.last || !state.work.commands.is_empty() {
                break;
            }
            state =
                self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.since = None;
        let rest = Work::new(state.work.last);
        std::mem::replace(&mut state.work, rest)
    }

    fn state(&self) -> MutexGuard<'_, State<K>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
