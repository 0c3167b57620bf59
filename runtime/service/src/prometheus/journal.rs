//! Commits of the journal.

use durable_store::{Commit, CommitObserver};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Seconds. A good disk takes a tenth of a millisecond for an fsync, a bad one a tenth of a second.
const DURATIONS: [f64; 14] = [
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0,
    5.0,
];
/// Writes; the store allows 1,024.
const BATCHES: [f64; 11] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1_024.0];

/// Counts commits.
pub(super) struct JournalCounts {
    durations: Histogram,
    batches: Histogram,
    record_bytes: Counter,
    failures: Counter,
}

impl JournalCounts {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let counts = Self {
            durations: Histogram::new(DURATIONS),
            batches: Histogram::new(BATCHES),
            record_bytes: Counter::default(),
            failures: Counter::default(),
        };
        let help = "How long a commit took, its fsync included";
        registry.register("journal_commit_duration_seconds", help, counts.durations.clone());
        let help = "Writes that shared a commit";
        registry.register("journal_commit_writes", help, counts.batches.clone());
        let help = "Bytes of records that were committed";
        registry.register("journal_record_bytes", help, counts.record_bytes.clone());
        let help = "Commits that failed; the first one makes the journal refuse writes";
        registry.register("journal_commit_failures", help, counts.failures.clone());
        counts
    }
}

impl CommitObserver for JournalCounts {
    fn committed(&self, commit: &Commit) {
        self.durations.observe(commit.duration.as_secs_f64());
        if commit.ok {
            self.batches.observe(commit.writes as f64);
            self.record_bytes.inc_by(commit.record_bytes as u64);
        } else {
            self.failures.inc();
        }
    }
}
