//! The last lines of an invocation, for a caller of Invoke who asks for them with `X-Amz-Log-Type: Tail`.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use durable_functions::LogLine;

/// What a caller gets, as on AWS.
const TAIL_BYTES_MAX: usize = 4096;

/// The invocations whose callers want their last lines.
#[derive(Default)]
pub(super) struct Tails {
    wanted: Mutex<HashMap<String, VecDeque<u8>>>,
    /// Their number, so that lines of all others cost no lock.
    count: AtomicUsize,
}

impl Tails {
    fn wanted(&self) -> MutexGuard<'_, HashMap<String, VecDeque<u8>>> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, line: &LogLine) {
        if self.count.load(Ordering::Relaxed) == 0 {
            return;
        }
        let Some(request_id) = &line.request_id else { return };
        let mut wanted = self.wanted();
        let Some(tail) = wanted.get_mut(&**request_id) else { return };
        let text = line.text.as_bytes();
        tail.extend(text.get(text.len().saturating_sub(TAIL_BYTES_MAX)..).unwrap_or_default());
        tail.push_back(b'\n');
        let excess = tail.len().saturating_sub(TAIL_BYTES_MAX);
        tail.drain(..excess);
    }
}

/// Collects the last lines of an invocation until it is dropped.
pub(crate) struct Tail {
    tails: Arc<Tails>,
    request_id: String,
}

impl Tail {
    pub(super) fn begin(tails: &Arc<Tails>, request_id: &str) -> Self {
        tails.wanted().insert(request_id.to_owned(), VecDeque::new());
        tails.count.fetch_add(1, Ordering::Relaxed);
        Self { tails: Arc::clone(tails), request_id: request_id.to_owned() }
    }

    /// What was collected so far.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let wanted = self.tails.wanted();
        wanted.get(&self.request_id).map(|tail| tail.iter().copied().collect()).unwrap_or_default()
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.tails.wanted().remove(&self.request_id);
        self.tails.count.fetch_sub(1, Ordering::Relaxed);
    }
}
