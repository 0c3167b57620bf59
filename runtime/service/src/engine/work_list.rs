//! Rows of the store that are work to do: taken in the order in which they are due, a bounded number at a time, each by one
//! worker.
//!
//! Whoever finishes a row has removed it from the store, or given it a later time. A row whose work could not be recorded
//! stays in hand: taken again, it would fail over and over. The next start takes it up.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use durable_core::Millis;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::engine::Engine;
use crate::wire::error::AwsError;

/// The longest sleep, so that a clock that is set forward is noticed.
const SLEEP_MAX_MS: Millis = 30_000;
/// After an error of the store, before the next try.
const ERROR_PAUSE: Duration = Duration::from_secs(1);
/// Rows looked at per round, besides those that are in hand.
const ROUND_MAX: usize = 128;

/// A row of a work list.
pub(super) trait Job: Send + 'static {
    fn key(&self) -> i64;
    fn due(&self) -> Millis;
}

/// A kind of work.
pub(super) trait Work: Send + Sync + 'static {
    type Job: Job;
    /// What it is called in the log.
    const NAME: &'static str;

    /// Its list.
    fn list(engine: &Engine) -> &WorkList;

    /// The first `limit` rows, in the order in which they are due.
    fn read(
        engine: &Engine,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Self::Job>, AwsError>> + Send;

    /// Does one. Work that may take long gives its place back early.
    fn carry_out(
        engine: Arc<Engine>,
        job: Self::Job,
        place: OwnedSemaphorePermit,
    ) -> impl Future<Output = Result<(), AwsError>> + Send;
}

/// What is known of a kind of work besides its rows.
pub(crate) struct WorkList {
    /// Something was added, became due, or was finished.
    changed: Notify,
    /// Rows in work.
    in_hand: Mutex<HashSet<i64>>,
    places: Arc<Semaphore>,
}

impl WorkList {
    /// A list of which so many are worked on at one time.
    pub(super) fn new(at_once_max: usize) -> Self {
        Self {
            changed: Notify::new(),
            in_hand: Mutex::new(HashSet::new()),
            places: Arc::new(Semaphore::new(at_once_max)),
        }
    }

    /// Something was added, or became due.
    pub(super) fn notify(&self) {
        self.changed.notify_one();
    }

    fn in_hand(&self) -> MutexGuard<'_, HashSet<i64>> {
        self.in_hand.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// Works for as long as the server runs.
    pub(super) async fn work<W: Work>(self: Arc<Self>) {
        loop {
            if let Err(error) = self.round::<W>().await {
                tracing::error!(work = W::NAME, error = %error.message, "work could not be read");
                tokio::time::sleep(ERROR_PAUSE).await;
            }
        }
    }

    async fn round<W: Work>(self: &Arc<Self>) -> Result<(), AwsError> {
        let list = W::list(self);
        self.check_writable()?;
        // What is in hand is noted before the reading: a row whose work ends meanwhile may be in it still, but must not
        // be worked on again. Everything in hand is due, so the reading sees as many more as are looked at.
        let in_hand = list.in_hand().clone();
        let rows = W::read(self, in_hand.len() + ROUND_MAX).await?;
        let full = rows.len() == in_hand.len() + ROUND_MAX;
        let now = self.clock.now();
        let mut next_due = now + SLEEP_MAX_MS;
        let mut begun = 0;
        for row in rows {
            if in_hand.contains(&row.key()) {
                continue;
            }
            if row.due() > now {
                next_due = next_due.min(row.due());
                break;
            }
            let Ok(place) = Arc::clone(&list.places).acquire_owned().await else { return Ok(()) };
            if self.dispatcher.is_stopped() {
                return std::future::pending().await;
            }
            begun += 1;
            list.in_hand().insert(row.key());
            tokio::spawn(Arc::clone(self).finish::<W>(row, place));
        }
        if full && begun > 0 {
            return Ok(());
        }
        let pause = self.clock.pause_until(next_due, SLEEP_MAX_MS);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = list.changed.notified() => {}
        }
        Ok(())
    }

    async fn finish<W: Work>(self: Arc<Self>, job: W::Job, place: OwnedSemaphorePermit) {
        let key = job.key();
        match W::carry_out(Arc::clone(&self), job, place).await {
            Ok(()) => {
                W::list(&self).in_hand().remove(&key);
                W::list(&self).notify();
            }
            Err(error) => {
                tracing::error!(work = W::NAME, key, error = %error.message, "work could not be carried on");
            }
        }
    }
}
