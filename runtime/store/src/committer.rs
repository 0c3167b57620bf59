//! The one holder of the connection that writes: whoever has it commits.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use crate::error::StoreError;
use crate::model::{Outcome, Write};
use crate::observe::{Commit, CommitObserver};
use crate::sqlite::Backend;

/// Shared between the writer thread and callers that find it idle.
#[derive(Clone)]
pub(crate) struct Committer {
    /// Gone once the journal is closed.
    backend: Arc<Mutex<Option<Box<dyn Backend>>>>,
    poison: Arc<Mutex<Option<String>>>,
    /// How long the last commit took, in microseconds.
    last_commit: Arc<AtomicU64>,
    observer: Arc<OnceLock<Arc<dyn CommitObserver>>>,
}

impl Committer {
    pub(crate) fn new(backend: Box<dyn Backend>) -> Self {
        Self {
            backend: Arc::new(Mutex::new(Some(backend))),
            poison: Arc::default(),
            last_commit: Arc::default(),
            observer: Arc::default(),
        }
    }

    /// Waits for its turn.
    pub(crate) fn turn(&self) -> Turn<'_> {
        let backend = self.backend.lock().unwrap_or_else(PoisonError::into_inner);
        Turn { backend, shared: self }
    }

    /// `None` while somebody else commits.
    pub(crate) fn try_turn(&self) -> Option<Turn<'_>> {
        let backend = match self.backend.try_lock() {
            Ok(backend) => backend,
            Err(TryLockError::Poisoned(backend)) => backend.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        Some(Turn { backend, shared: self })
    }

    /// How long the last commit took.
    pub(crate) fn last_commit(&self) -> Duration {
        Duration::from_micros(self.last_commit.load(Ordering::Relaxed))
    }

    /// Tells this one of every commit from now on; there can be one.
    pub(crate) fn observe(&self, observer: Arc<dyn CommitObserver>) {
        // The one who came first stays.
        let _ = self.observer.set(observer);
    }

    /// Why nothing is written any more.
    pub(crate) fn poisoned(&self) -> Option<String> {
        self.poison.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The right to commit.
pub(crate) struct Turn<'a> {
    backend: MutexGuard<'a, Option<Box<dyn Backend>>>,
    shared: &'a Committer,
}

impl Turn<'_> {
    /// Commits all of these with one fsync, or none.
    pub(crate) fn commit(&mut self, writes: &[Write]) -> Result<Vec<Outcome>, StoreError> {
        let Some(backend) = self.backend.as_mut() else { return Err(StoreError::Closed) };
        let poison = || self.shared.poison.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reason) = poison().as_ref() {
            return Err(StoreError::Unavailable(reason.clone()));
        }
        let begun = Instant::now();
        let outcomes = backend.commit(writes);
        let duration = begun.elapsed();
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        self.shared.last_commit.store(micros, Ordering::Relaxed);
        if let Some(observer) = self.shared.observer.get() {
            observer.committed(&Commit {
                writes: writes.len(),
                record_bytes: writes.iter().map(Write::record_bytes).sum(),
                duration,
                ok: outcomes.is_ok(),
            });
        }
        outcomes.map_err(|reason| {
            // After a failed commit nobody knows what the system's cache and the disk agree on, so nothing is written on
            // top.
            tracing::error!(reason, "a commit failed; the store refuses writes from now on");
            *poison() = Some(reason.clone());
            StoreError::Unavailable(reason)
        })
    }

    /// The callers of these writes have their answers.
    pub(crate) fn answered(&mut self, writes: usize) {
        if let Some(backend) = self.backend.as_mut() {
            backend.answered(writes);
        }
    }

    /// Closes the journal; nobody commits after this.
    pub(crate) fn close(&mut self) {
        if let Some(mut backend) = self.backend.take() {
            backend.finish();
        }
    }
}
