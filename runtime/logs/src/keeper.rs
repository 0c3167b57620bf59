//! The thread that owns the connection that writes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::database::Database;
use crate::logs::Clock;
use crate::model::{Entry, StreamName};
use crate::queue::{Queue, Work};
use crate::retention::Bounds;

/// Between two looks for what is to be deleted, if little is written.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// What is written between two looks at most.
const WRITTEN_BYTES_MAX: usize = 8 * 1024 * 1024;

pub(crate) struct Keeper {
    database: Database,
    queue: Arc<Queue>,
    clock: Clock,
    bounds: Bounds,
    sweep_at: Instant,
    /// Bytes since the last look.
    written: usize,
}

impl Keeper {
    pub(crate) fn new(database: Database, queue: Arc<Queue>, clock: Clock, bounds: Bounds) -> Self {
        Self { database, queue, clock, bounds, sweep_at: Instant::now(), written: 0 }
    }

    /// Works until the queue is closed and empty.
    pub(crate) fn run(mut self) {
        loop {
            let patience = self.sweep_at.saturating_duration_since(Instant::now());
            let work = self.queue.take(patience);
            let last = work.last;
            self.work(work);
            if last {
                return;
            }
            if Instant::now() >= self.sweep_at || self.written >= WRITTEN_BYTES_MAX {
                self.sweep();
            }
        }
    }

    fn work(&mut self, work: Work) {
        let mut events = work.events;
        let now = (self.clock)();
        events.extend(work.dropped.into_iter().map(|(stream, dropped)| {
            let count = dropped.count;
            let message = format!("[{count} log events were dropped: the log does not keep up]");
            (stream, Entry::new(dropped.at, now, message))
        }));
        if !events.is_empty() {
            self.write(&events);
        }
        for command in work.commands {
            command(&mut self.database);
        }
    }

    fn write(&mut self, events: &[(Arc<StreamName>, Entry)]) {
        match self.database.write(events) {
            Ok(()) => {
                self.written += events.iter().map(|(_, entry)| entry.message.len()).sum::<usize>();
            }
            Err(error) => {
                tracing::warn!(%error, lost = events.len(), "log events cannot be written");
                self.queue.lost(events);
            }
        }
    }

    /// Deletes one piece. If there may be more, it goes on as soon as what waits is done.
    fn sweep(&mut self) {
        match self.database.sweep(self.bounds, (self.clock)()) {
            Ok(true) => self.sweep_at = Instant::now(),
            Ok(false) => {
                self.sweep_at = Instant::now() + SWEEP_EVERY;
                self.written = 0;
            }
            Err(error) => {
                tracing::warn!(%error, "old log events cannot be deleted");
                self.sweep_at = Instant::now() + SWEEP_EVERY;
                self.written = 0;
            }
        }
    }
}
