//! The only place that reads the time.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use durable_core::Millis;

/// The wall clock, never going backwards while the process lives: a step back makes timers late, not early, and the
/// history keeps its order.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    latest: AtomicI64,
}

impl Clock {
    pub(crate) fn now(&self) -> Millis {
        let wall = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
        self.latest.fetch_max(wall, Ordering::Relaxed).max(wall)
    }
}
