//! A store with a clock that stands still.

use std::path::Path;
use std::sync::Arc;

use durable_metrics::{
    MINUTE_MS, MetricId, Metrics, Minute, Options, Point, PointsQuery, SeriesId,
};
use tempfile::TempDir;

/// The minute in which every test begins.
pub(crate) const NOW: Minute = 29_000_000;

pub(crate) struct Store {
    pub(crate) metrics: Metrics,
    pub(crate) directory: Arc<TempDir>,
}

impl Store {
    pub(crate) fn open() -> Self {
        Self::open_with(|_| {})
    }

    pub(crate) fn open_with(change: impl FnOnce(&mut Options)) -> Self {
        Self::open_in(Arc::new(tempfile::tempdir().unwrap()), change)
    }

    pub(crate) fn open_in(directory: Arc<TempDir>, change: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options::new(directory.path(), Arc::new(|| NOW * MINUTE_MS));
        change(&mut options);
        Self { metrics: Metrics::open(options).unwrap(), directory }
    }

    pub(crate) fn record(&self, name: &str, minute: Minute, values: &[f64]) {
        let meter = self.metrics.meter(vec![series(name)]);
        for value in values {
            meter.record(minute * MINUTE_MS, *value);
        }
    }

    /// The points of the whole time, one per minute.
    pub(crate) fn points(&self, name: &str) -> Vec<Point> {
        let query = PointsQuery { start: 0, end: 2 * NOW, ..query(name) };
        self.ask(query)
    }

    pub(crate) fn ask(&self, query: PointsQuery) -> Vec<Point> {
        let mut all = self.metrics.points(&[query]).unwrap().remove(0);
        assert!(all.len() <= 1, "{all:?}");
        all.pop().map_or_else(Vec::new, |series| series.points)
    }
}

pub(crate) fn metric(name: &str) -> MetricId {
    MetricId::new("Test", name, vec![("FunctionName".to_owned(), "f".to_owned())])
}

pub(crate) fn series(name: &str) -> SeriesId {
    SeriesId { metric: metric(name), unit: "Count".to_owned() }
}

pub(crate) fn query(name: &str) -> PointsQuery {
    PointsQuery {
        metric: metric(name),
        unit: None,
        start: NOW,
        end: NOW + 60,
        span: 1,
        percentiles: true,
    }
}

/// Copies what a killed process would leave.
pub(crate) fn copy(from: &Path) -> Arc<TempDir> {
    let to = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        if !path.to_string_lossy().ends_with("-shm") {
            std::fs::copy(&path, to.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    Arc::new(to)
}
