//! What a store does on the thread, and when.

use std::time::{Duration, Instant};

use crate::queue::Queue;

/// Between two looks for what is to be deleted.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// Owns the connection that writes, on a thread of its own.
pub trait Keeper: Sized + Send + 'static {
    /// What collects between two commits.
    type Pending: Default + Send;

    /// For how long it collects at most. A reader does not wait for it.
    const FLUSH_EVERY: Duration;

    /// Writes what has collected; called before each command too, and then there may be nothing.
    fn write(&mut self, pending: Self::Pending);

    /// Deletes one piece of what is too old or too much: so little that nobody who writes waits long for it. Says whether
    /// there may be more.
    ///
    /// # Errors
    /// When the file cannot be written.
    fn sweep(&mut self) -> Result<bool, rusqlite::Error>;

    /// Whether so much was written since the last look that it is time for the next.
    fn sweep_is_due(&self) -> bool {
        false
    }
}

/// Works until the queue is closed and empty.
pub(crate) fn run<K: Keeper>(mut keeper: K, queue: &Queue<K>) {
    let mut sweep_at = Instant::now();
    loop {
        let work = queue.take(sweep_at.saturating_duration_since(Instant::now()));
        keeper.write(work.pending);
        for command in work.commands {
            command(&mut keeper);
        }
        if work.last {
            return;
        }
        if Instant::now() >= sweep_at || keeper.sweep_is_due() {
            sweep_at = Instant::now() + pause_after_sweep(&mut keeper);
        }
    }
}

/// Deletes one piece. If there may be more, it goes on as soon as what waits is done.
fn pause_after_sweep<K: Keeper>(keeper: &mut K) -> Duration {
    match keeper.sweep() {
        Ok(true) => Duration::ZERO,
        Ok(false) => SWEEP_EVERY,
        Err(error) => {
            let file = std::thread::current().name().unwrap_or_default().to_owned();
            tracing::warn!(%error, file, "what is old cannot be deleted");
            SWEEP_EVERY
        }
    }
}
