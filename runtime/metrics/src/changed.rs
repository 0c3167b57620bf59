//! The meters that have changed, for the thread to see, and the values that are gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use durable_sidefile::Queue;

use crate::keeper::Keeper;
use crate::meter::Meter;

/// Meters that may wait. One more keeps its values, and is listed with a later one.
const LISTED_METERS_MAX: usize = 16_384;

/// Counts values that are gone.
#[derive(Default)]
pub(crate) struct Dropped(AtomicU64);

impl Dropped {
    pub(crate) fn add(&self, values: u64) {
        self.0.fetch_add(values, Ordering::Relaxed);
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Where a meter says that it has changed, or that a value is gone.
#[derive(Clone)]
pub(crate) struct Changed {
    pub(crate) queue: Arc<Queue<Keeper>>,
    pub(crate) dropped: Arc<Dropped>,
}

impl Changed {
    /// Lists a meter. Says whether it is listed.
    pub(crate) fn list(&self, meter: &Arc<Meter>) -> bool {
        self.queue.collect(|meters| {
            let room = meters.len() < LISTED_METERS_MAX;
            if room {
                meters.push(Arc::clone(meter));
            }
            room
        })
    }
}
