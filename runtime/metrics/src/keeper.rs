//! The thread that owns the connection that writes: what changed meters add to each of their series.

use std::sync::Arc;
use std::time::Duration;

use crate::changed::Dropped;
use crate::database::{Addition, Database};
use crate::meter::Meter;
use crate::metrics::Clock;
use crate::retention::Bounds;

pub(crate) struct Keeper {
    pub(crate) database: Database,
    clock: Clock,
    bounds: Bounds,
    dropped: Arc<Dropped>,
    /// Somebody was told that series are dropped.
    warned: bool,
}

impl Keeper {
    pub(crate) fn new(
        database: Database,
        clock: Clock,
        bounds: Bounds,
        dropped: Arc<Dropped>,
    ) -> Self {
        Self { database, clock, bounds, dropped, warned: false }
    }
}

impl durable_sidefile::Keeper for Keeper {
    type Pending = Vec<Arc<Meter>>;

    const FLUSH_EVERY: Duration = Duration::from_secs(1);

    fn write(&mut self, changed: Vec<Arc<Meter>>) {
        let additions: Vec<_> = changed.iter().flat_map(|meter| additions(meter)).collect();
        if additions.is_empty() {
            return;
        }
        match self.database.write(&additions) {
            Ok(0) => {}
            Ok(refused) => {
                self.dropped.add(refused);
                if !self.warned {
                    self.warned = true;
                    tracing::warn!("there are too many metrics: new ones are not recorded");
                }
            }
            Err(error) => {
                let lost: f64 = additions.iter().map(|addition| addition.summary.count()).sum();
                tracing::warn!(%error, lost, "metrics cannot be written");
                self.dropped.add(lost as u64);
            }
        }
    }

    fn sweep(&mut self) -> Result<bool, rusqlite::Error> {
        self.database.sweep(self.bounds, (self.clock)())
    }
}

/// What a meter adds to each of its series.
fn additions(meter: &Meter) -> Vec<Addition> {
    let minutes = meter.take();
    let each = meter.feeds().iter().flat_map(|series| {
        minutes.iter().map(|(minute, summary)| Addition {
            series: series.clone(),
            minute: *minute,
            summary: summary.clone(),
        })
    });
    each.collect()
}
