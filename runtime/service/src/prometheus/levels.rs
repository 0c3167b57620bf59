//! What is read when somebody scrapes: queues, memory, files, the state of the journal.
//!
//! A number that cannot be read now (the journal is closed, the disk does not answer) is left out: a scraper sees a gap
//! and not a lie.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use durable_functions::Processes;
use durable_store::Backlog;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use super::invocations::InvocationCounts;
use crate::engine::{Engine, FunctionLevels};
use crate::logs::CloudWatchLogs;

/// How far the queues on disk are counted. The index is walked for it, so a longer queue must not cost more; that it is
/// this long says enough.
const BACKLOG_MAX: usize = 10_000;

/// The files of a data directory that grow. One that is not there is left out.
const FILES: [&str; 6] =
    ["journal.db", "journal.db-wal", "dynamodb.db", "dynamodb.db-wal", "logs.db", "logs.db-wal"];

/// A label and its value.
type Label = [(&'static str, String); 1];

/// Numbers, each with its labels.
type Values<const N: usize> = Vec<([(&'static str, String); N], u64)>;

/// One look at a server.
#[derive(Debug)]
pub(super) struct Levels {
    single: Vec<(&'static str, &'static str, f64)>,
    log_events_dropped: u64,
    queued: Values<1>,
    processes: Values<2>,
    files: Values<1>,
}

impl Levels {
    /// Looks at everything. It waits for a reader of the store, and for no writer.
    pub(super) async fn read(
        engine: &Engine,
        logs: &CloudWatchLogs,
        data_dir: &Path,
        labels: &InvocationCounts,
    ) -> Self {
        let mut single = Vec::new();
        let levels = engine.levels();
        let mut add = |name, help, value: f64| single.push((name, help, value));
        add("executions_open", "Executions that have not ended", levels.open as f64);
        add("executions_resident", "Executions in memory", levels.resident as f64);
        let waiting = engine.store.writes_waiting();
        add("journal_queue_writes", "Writes that wait for a commit", waiting as f64);
        let poisoned = f64::from(u8::from(engine.store.poisoned().is_some()));
        let help = "1 if a commit has failed and the journal refuses writes";
        add("journal_poisoned", help, poisoned);
        if let Ok(Backlog { invocations, chained }) = engine.store.backlog(BACKLOG_MAX).await {
            let help = "Asynchronous invocations of plain functions that wait or run, up to 10000";
            add("async_invocations_queued", help, invocations as f64);
            let help = "Chained invocations to be started or reported, up to 10000";
            add("chained_invocations_queued", help, chained as f64);
        }
        if let Ok(next) = engine.store.next_wake().await {
            let overdue = next.map_or(0, |next| engine.clock.now().saturating_sub(next).max(0));
            let help = "How long ago the timer that is due first should have fired";
            add("timer_overdue_seconds", help, overdue as f64 / 1000.0);
        }
        if let Ok(disk) = rustix::fs::statvfs(data_dir) {
            let bytes = |blocks: u64| blocks.saturating_mul(disk.f_frsize) as f64;
            let help = "Room on the data directory's disk";
            add("disk_free_bytes", help, bytes(disk.f_bavail));
            add("disk_size_bytes", "Size of the data directory's disk", bytes(disk.f_blocks));
        }
        let (queued, processes) = of_functions(levels.functions, labels);
        let log_events_dropped = logs.dropped();
        Self { single, log_events_dropped, queued, processes, files: sizes(data_dir) }
    }
}

/// What the functions have, by their labels.
fn of_functions(
    functions: Vec<FunctionLevels>,
    labels: &InvocationCounts,
) -> (Values<1>, Values<2>) {
    let mut by_label: BTreeMap<String, (u64, Processes)> = BTreeMap::new();
    for FunctionLevels { name, queued, processes } in functions {
        let idle = queued == 0 && processes.alive == 0;
        let Some(label) = labels.label(name, idle) else { continue };
        let (queued_before, processes_before) = by_label.entry(label).or_default();
        *queued_before += queued as u64;
        *processes_before = [*processes_before, processes].into_iter().sum();
    }
    let mut queued = Vec::new();
    let mut processes = Vec::new();
    for (label, (waiting, Processes { alive, busy })) in by_label {
        queued.push(([("function", label.clone())], waiting));
        for (state, count) in [("busy", busy), ("idle", alive.saturating_sub(busy))] {
            let labels = [("function", label.clone()), ("state", state.to_owned())];
            processes.push((labels, count as u64));
        }
    }
    (queued, processes)
}

fn sizes(data_dir: &Path) -> Vec<(Label, u64)> {
    let size = |file: &&'static str| {
        let metadata = std::fs::metadata(data_dir.join(file)).ok()?;
        Some(([("file", (*file).to_owned())], metadata.len()))
    };
    FILES.iter().filter_map(size).collect()
}

impl Collector for Levels {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for (name, help, value) in &self.single {
            let metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            ConstGauge::new(*value).encode(metric)?;
        }
        let help = "Events of functions that the log dropped, because they came too fast";
        let metric =
            encoder.encode_descriptor("log_events_dropped", help, None, MetricType::Counter)?;
        ConstCounter::new(self.log_events_dropped).encode(metric)?;
        let help = "Executions that wait for an invocation";
        gauges(&mut encoder, "invocations_queued", help, &self.queued)?;
        let help = "Processes of functions; a busy one has an invocation in it";
        gauges(&mut encoder, "function_processes", help, &self.processes)?;
        gauges(&mut encoder, "file_size_bytes", "Files of the data directory", &self.files)?;
        let version = vec![([("version", env!("CARGO_PKG_VERSION").to_owned())], 1)];
        gauges(&mut encoder, "build_info", "The version that runs", &version)
    }
}

/// A gauge with labels.
fn gauges<const N: usize>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    values: &Values<N>,
) -> fmt::Result {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (labels, value) in values {
        ConstGauge::new(*value as f64).encode(family.encode_family(labels)?)?;
    }
    Ok(())
}
