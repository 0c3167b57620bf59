//! What waits for the thread: events, which may be dropped, and commands, which may not.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::database::Database;
use crate::error::LogsError;
use crate::model::{Entry, StreamName};

/// Events that may wait, and their bytes; one more is dropped. Ten times a second there is nothing left of them, so it
/// takes a burst of a hundred thousand lines a second, or a disk that hangs.
const QUEUED_EVENTS_MAX: usize = 16_384;
const QUEUED_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Commands that may wait; callers beyond it are told to come back.
const QUEUED_COMMANDS_MAX: usize = 256;

/// Streams that remember how many of their events were dropped. Those of others are only counted.
const DROPPED_STREAMS_MAX: usize = 1024;

/// What events are collected for. A reader does not wait for it.
const FLUSH_EVERY: Duration = Duration::from_millis(100);

/// Something to do on the thread, after the events that were queued before it.
pub(crate) type Command = Box<dyn FnOnce(&mut Database) + Send>;

/// What the thread has to do next.
#[derive(Default)]
pub(crate) struct Work {
    pub(crate) events: Vec<(Arc<StreamName>, Entry)>,
    /// Per stream, and when it dropped one last.
    pub(crate) dropped: HashMap<Arc<StreamName>, Dropped>,
    pub(crate) commands: Vec<Command>,
    /// Nothing comes after this.
    pub(crate) last: bool,
}

/// Events that are gone.
#[derive(Clone, Copy, Default)]
pub(crate) struct Dropped {
    pub(crate) count: u64,
    pub(crate) at: i64,
}

#[derive(Default)]
struct State {
    work: Work,
    bytes: usize,
    /// When the oldest of the events came.
    since: Option<Instant>,
    dropped_total: u64,
}

#[derive(Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues an event, or drops it.
    pub(crate) fn put(&self, stream: &Arc<StreamName>, entry: Entry) {
        let mut state = self.state();
        if state.work.last {
            return;
        }
        let bytes = state.bytes + entry.message.len();
        if state.work.events.len() >= QUEUED_EVENTS_MAX || bytes > QUEUED_BYTES_MAX {
            state.drop_event(stream, entry.at);
            return;
        }
        state.bytes = bytes;
        state.work.events.push((Arc::clone(stream), entry));
        if state.since.is_none() {
            state.since = Some(Instant::now());
            drop(state);
            self.changed.notify_one();
        }
    }

    /// Counts events that could not be written.
    pub(crate) fn lost(&self, events: &[(Arc<StreamName>, Entry)]) {
        let mut state = self.state();
        for (stream, entry) in events {
            state.drop_event(stream, entry.at);
        }
    }

    /// How many events were dropped so far.
    pub(crate) fn dropped_total(&self) -> u64 {
        self.state().dropped_total
    }

    /// Queues a command.
    pub(crate) fn command(&self, command: Command) -> Result<(), LogsError> {
        let mut state = self.state();
        if state.work.last {
            return Err(LogsError::Closed);
        }
        if state.work.commands.len() >= QUEUED_COMMANDS_MAX {
            return Err(LogsError::Busy);
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

    /// Waits until events are due or somebody wants something, but not longer than `patience`, and takes all there is.
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
        state.bytes = 0;
        state.since = None;
        let last = state.work.last;
        std::mem::replace(&mut state.work, Work { last, ..Work::default() })
    }
}

impl State {
    fn drop_event(&mut self, stream: &Arc<StreamName>, at: i64) {
        self.dropped_total += 1;
        let known = self.work.dropped.len();
        if known < DROPPED_STREAMS_MAX || self.work.dropped.contains_key(stream) {
            let dropped = self.work.dropped.entry(Arc::clone(stream)).or_default();
            dropped.count += 1;
            dropped.at = dropped.at.max(at);
        }
        if self.since.is_none() {
            self.since = Some(Instant::now());
        }
    }
}
