//! The meters of a function, a version and the account.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use durable_core::Millis;
use durable_metrics::{Meter, MetricId, Metrics, SeriesId};

pub(super) const NAMESPACE: &str = "AWS/Lambda";

/// Dimensions that a value counts for.
type Dimensions = Vec<(String, String)>;

pub(super) fn meter(
    metrics: &Metrics,
    name: &str,
    unit: &str,
    counts_for: &[Dimensions],
) -> Arc<Meter> {
    let series = counts_for.iter().map(|dimensions| SeriesId {
        metric: MetricId::new(NAMESPACE, name, dimensions.clone()),
        unit: unit.to_owned(),
    });
    metrics.meter(series.collect())
}

/// What is told of all functions together and cannot be added up from theirs.
pub(super) struct AccountMeters {
    pub(super) running: AtomicI64,
    concurrency: Arc<Meter>,
}

impl AccountMeters {
    pub(super) fn new(metrics: &Metrics) -> Self {
        let concurrency = meter(metrics, "ConcurrentExecutions", "Count", &[Vec::new()]);
        Self { running: AtomicI64::new(0), concurrency }
    }

    pub(super) fn begins(&self, at: Millis) {
        one_more(&self.running, &self.concurrency, at);
    }
}

/// What is told of a function as a whole, and its versions.
pub(super) struct FunctionMeters {
    name: String,
    pub(super) running: AtomicI64,
    concurrency: Arc<Meter>,
    pub(super) throttles: Arc<Meter>,
    /// By number.
    versions: RwLock<HashMap<String, Arc<VersionMeters>>>,
}

impl FunctionMeters {
    pub(super) fn new(metrics: &Metrics, name: &str) -> Self {
        let function = of_function(name);
        let account = Vec::new();
        Self {
            name: name.to_owned(),
            running: AtomicI64::new(0),
            concurrency: meter(
                metrics,
                "ConcurrentExecutions",
                "Count",
                std::slice::from_ref(&function),
            ),
            throttles: meter(metrics, "Throttles", "Count", &[function, account]),
            versions: RwLock::default(),
        }
    }

    pub(super) fn version_count(&self) -> usize {
        self.versions.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    pub(super) fn version(&self, metrics: &Metrics, number: &str) -> Arc<VersionMeters> {
        let known = self.versions.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(version) = known.get(number) {
            return Arc::clone(version);
        }
        drop(known);
        let mut known = self.versions.write().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(VersionMeters::new(metrics, &self.name, number));
        Arc::clone(known.entry(number.to_owned()).or_insert_with(new))
    }

    pub(super) fn begins(&self, at: Millis) {
        one_more(&self.running, &self.concurrency, at);
    }
}

/// What is told of a version, and with it of its function and the account.
pub(super) struct VersionMeters {
    pub(super) running: AtomicI64,
    concurrency: Arc<Meter>,
    pub(super) invocations: Arc<Meter>,
    pub(super) errors: Arc<Meter>,
    pub(super) run_duration: Arc<Meter>,
    pub(super) started: Arc<Meter>,
    pub(super) succeeded: Arc<Meter>,
    pub(super) failed: Arc<Meter>,
    pub(super) stopped: Arc<Meter>,
    pub(super) timed_out: Arc<Meter>,
    pub(super) completed: Arc<Meter>,
    pub(super) checkpoints: Arc<Meter>,
    pub(super) duration: Arc<Meter>,
    pub(super) operations: Arc<Meter>,
    pub(super) written: Arc<Meter>,
}

impl VersionMeters {
    fn new(metrics: &Metrics, function: &str, number: &str) -> Self {
        let resource = ("Resource".to_owned(), format!("{function}:{number}"));
        let of_version = [of_function(function), vec![resource]].concat();
        let both = [of_version.clone(), of_function(function)];
        let all = [of_version.clone(), of_function(function), Vec::new()];
        let durable = |name: &str, unit: &str| {
            meter(metrics, &format!("DurableExecution{name}"), unit, &both)
        };
        Self {
            running: AtomicI64::new(0),
            concurrency: meter(metrics, "ConcurrentExecutions", "Count", &[of_version]),
            invocations: meter(metrics, "Invocations", "Count", &all),
            errors: meter(metrics, "Errors", "Count", &all),
            run_duration: meter(metrics, "Duration", "Milliseconds", &all),
            started: durable("Started", "Count"),
            succeeded: durable("Succeeded", "Count"),
            failed: durable("Failed", "Count"),
            stopped: durable("Stopped", "Count"),
            timed_out: durable("TimedOut", "Count"),
            completed: durable("Completed", "Count"),
            checkpoints: durable("CheckpointCreated", "Count"),
            duration: durable("Duration", "Milliseconds"),
            operations: durable("Operations", "Count"),
            written: durable("StorageWrittenBytes", "Bytes"),
        }
    }

    pub(super) fn begins(&self, at: Millis) {
        one_more(&self.running, &self.concurrency, at);
    }
}

fn of_function(name: &str) -> Dimensions {
    vec![("FunctionName".to_owned(), name.to_owned())]
}

/// Concurrency is told whenever it grows, so that its maximum is right.
fn one_more(running: &AtomicI64, concurrency: &Arc<Meter>, at: Millis) {
    let now = running.fetch_add(1, Ordering::Relaxed) + 1;
    concurrency.record(at, now as f64);
}
