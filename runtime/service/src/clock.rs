//! The only place that reads the time.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use durable_core::Millis;

/// The wall clock, never going backwards while the process lives: a step back makes timers late, not early, and the
/// history keeps its order. Clones are the same clock.
#[derive(Clone)]
pub struct Clock {
    wall: Arc<dyn Fn() -> Millis + Send + Sync>,
    latest: Arc<AtomicI64>,
}

impl Default for Clock {
    /// The system's.
    fn default() -> Self {
        Self::reading(|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH);
            since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
        })
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").field("latest", &self.latest).finish_non_exhaustive()
    }
}

impl Clock {
    /// A clock over another wall clock, in milliseconds since the Unix epoch: how tests set it back and forward.
    pub fn reading(wall: impl Fn() -> Millis + Send + Sync + 'static) -> Self {
        Self { wall: Arc::new(wall), latest: Arc::default() }
    }

    pub(crate) fn now(&self) -> Millis {
        let wall = (self.wall)();
        self.latest.fetch_max(wall, Ordering::Relaxed).max(wall)
    }

    /// How long to sleep until this time, but at most so many milliseconds. It is the wall clock that has to get there:
    /// after a step back [`now`](Self::now) stands still, and whoever slept for the little that seems to be left would
    /// wake again and again.
    pub(crate) fn pause_until(&self, time: Millis, longest: Millis) -> Duration {
        Duration::from_millis(time.saturating_sub((self.wall)()).clamp(0, longest).unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_stands_still_while_the_wall_clock_is_behind_and_whoever_waits_sleeps_that_long() {
        let wall = Arc::new(AtomicI64::new(10_000));
        let shown = Arc::clone(&wall);
        let clock = Clock::reading(move || shown.load(Ordering::Relaxed));
        assert_eq!(clock.now(), 10_000);
        assert_eq!(clock.pause_until(10_005, 30_000), Duration::from_millis(5));
        wall.store(4_000, Ordering::Relaxed);
        assert_eq!(clock.now(), 10_000);
        assert_eq!(clock.pause_until(10_005, 30_000), Duration::from_millis(6_005));
        assert_eq!(clock.pause_until(i64::MAX, 30_000), Duration::from_secs(30));
        wall.store(11_000, Ordering::Relaxed);
        assert_eq!(clock.now(), 11_000);
        assert_eq!(clock.pause_until(10_005, 30_000), Duration::ZERO);
    }
}
