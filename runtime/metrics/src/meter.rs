//! Where values are recorded.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::changed::Changed;
use crate::model::{MINUTE_MS, Minute, SeriesId};
use crate::summary::Summary;

/// Minutes that one meter holds while the thread does not come to write them. A value of one more is dropped.
const PENDING_MINUTES_MAX: usize = 8;

/// Takes values for one or several series.
///
/// A value that counts for a version, for its function and for the account is recorded once, under one lock that nobody
/// holds for long; the thread adds the whole minute to each series.
pub struct Meter {
    feeds: Vec<SeriesId>,
    pending: Mutex<Pending>,
    changed: Changed,
}

#[derive(Default)]
struct Pending {
    minutes: Vec<(Minute, Summary)>,
    /// It is on the list of those that the thread has to see.
    listed: bool,
}

impl Meter {
    pub(crate) fn new(feeds: Vec<SeriesId>, changed: Changed) -> Self {
        Self { feeds, pending: Mutex::default(), changed }
    }

    /// Records a value at a time in milliseconds since the epoch. It never waits. One that is no number is dropped.
    pub fn record(self: &Arc<Self>, at: i64, value: f64) {
        if !value.is_finite() {
            self.changed.dropped.add(1);
            return;
        }
        let minute = at.div_euclid(MINUTE_MS);
        let mut pending = self.pending();
        let room = pending.minutes.len() < PENDING_MINUTES_MAX;
        match pending.minutes.iter_mut().rev().find(|(known, _)| *known == minute) {
            Some((_, summary)) => summary.record(value),
            None if room => {
                let mut summary = Summary::default();
                summary.record(value);
                pending.minutes.push((minute, summary));
            }
            None => self.changed.dropped.add(1),
        }
        if !pending.listed {
            pending.listed = self.changed.list(self);
        }
    }

    /// What was recorded since the last look.
    pub(crate) fn take(&self) -> Vec<(Minute, Summary)> {
        let mut pending = self.pending();
        pending.listed = false;
        std::mem::take(&mut pending.minutes)
    }

    pub(crate) fn feeds(&self) -> &[SeriesId] {
        &self.feeds
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
