//! The thread that owns the connection that writes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::database::{Addition, Database};
use crate::meter::Meter;
use crate::metrics::Clock;
use crate::queue::{Queue, Work};
use crate::retention::Bounds;

/// Between two looks for what is to be deleted.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

pub(crate) struct Keeper {
    database: Database,
    queue: Arc<Queue>,
    clock: Clock,
    bounds: Bounds,
    sweep_at: Instant,
    /// Somebody was told that series are dropped.
    warned: bool,
}

impl Keeper {
    pub(crate) fn new(database: Database, queue: Arc<Queue>, clock: Clock, bounds: Bounds) -> Self {
        Self { database, queue, clock, bounds, sweep_at: Instant::now(), warned: false }
    }

    /// Works until the queue is closed and empty.
    pub(crate) fn run(mut self) {
        loop {
            let patience = self.sweep_at.saturating_duration_since(Instant::now());
            let work = self.queue.take(patience);
            let last = work.last;
            self.work(work);
            if last {
                return;
            }
            if Instant::now() >= self.sweep_at {
                self.sweep();
            }
        }
    }

    fn work(&mut self, work: Work) {
        let additions: Vec<_> = work.meters.iter().flat_map(|meter| additions(meter)).collect();
        if !additions.is_empty() {
            self.write(&additions);
        }
        for command in work.commands {
            command(&mut self.database);
        }
    }

    fn write(&mut self, additions: &[Addition]) {
        match self.database.write(additions) {
            Ok(0) => {}
            Ok(refused) => {
                self.queue.drop_values(refused);
                if !self.warned {
                    self.warned = true;
                    tracing::warn!("there are too many metrics: new ones are not recorded");
                }
            }
            Err(error) => {
                let lost: f64 = additions.iter().map(|addition| addition.summary.count()).sum();
                tracing::warn!(%error, lost, "metrics cannot be written");
                self.queue.drop_values(lost as u64);
            }
        }
    }

    /// Deletes one piece. If there may be more, it goes on as soon as what waits is done.
    fn sweep(&mut self) {
        let swept = self.database.sweep(self.bounds, (self.clock)());
        if let Err(error) = &swept {
            tracing::warn!(%error, "old metrics cannot be deleted");
        }
        let more = matches!(swept, Ok(true));
        self.sweep_at = if more { Instant::now() } else { Instant::now() + SWEEP_EVERY };
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
