//! The thread that owns the connection that writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::database::Database;
use crate::logs::Clock;
use crate::pending::{Drops, Pending};
use crate::retention::Bounds;

/// What is written between two looks for what is to be deleted, at most.
const WRITTEN_BYTES_MAX: usize = 8 * 1024 * 1024;

pub(crate) struct Keeper {
    pub(crate) database: Database,
    clock: Clock,
    bounds: Bounds,
    /// Bytes since the last look.
    written: usize,
    /// What is gone and was not told yet.
    drops: Drops,
    dropped_total: Arc<AtomicU64>,
}

impl Keeper {
    pub(crate) fn new(
        database: Database,
        clock: Clock,
        bounds: Bounds,
        dropped_total: Arc<AtomicU64>,
    ) -> Self {
        Self { database, clock, bounds, written: 0, drops: Drops::default(), dropped_total }
    }
}

impl durable_sidefile::Keeper for Keeper {
    type Pending = Pending;

    const FLUSH_EVERY: Duration = Duration::from_millis(100);

    /// Events, and after them how many are gone. Those that cannot be written are gone too, and told with the next.
    fn write(&mut self, pending: Pending) {
        let Pending { mut events, drops, .. } = pending;
        self.drops.add_all(&drops);
        let count = events.len();
        events.extend(self.drops.told((self.clock)()));
        if events.is_empty() {
            return;
        }
        match self.database.write(&events) {
            Ok(()) => {
                self.drops = Drops::default();
                self.written += events.iter().map(|(_, entry)| entry.message.len()).sum::<usize>();
            }
            Err(error) => {
                tracing::warn!(%error, lost = count, "log events cannot be written");
                events.truncate(count);
                self.drops.add_lost(&events);
                self.dropped_total.fetch_add(count as u64, Ordering::Relaxed);
            }
        }
    }

    fn sweep(&mut self) -> Result<bool, rusqlite::Error> {
        let swept = self.database.sweep(self.bounds, (self.clock)());
        if !matches!(swept, Ok(true)) {
            self.written = 0;
        }
        swept
    }

    fn sweep_is_due(&self) -> bool {
        self.written >= WRITTEN_BYTES_MAX
    }
}
