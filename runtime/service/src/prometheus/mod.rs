//! What Prometheus scrapes: `GET /metrics`.
//!
//! There are two kinds of numbers. *Counted* ones (counters, histograms) grow where something happens, in the
//! [`Observer`](crate::observe::Observer) and its like: each is an atomic, or a histogram behind a lock held for some
//! nanoseconds, reached without a look-up where checkpoints pass. *Levels* (what is queued, open, on disk) are read when
//! somebody scrapes, so they cannot drift and cost nothing otherwise.
//!
//! ```text
//!   engine ──Observer──────► executions, invocations ─┐
//!   store ──CommitObserver─► journal                  ├─► registry ─┐
//!   door ──────────────────► requests                 ┘             ├─► format ─► answer
//!   a scrape ──────────────► levels, process ───────────────────────┘
//! ```
//!
//! Labels never hold an id, a name of an execution or anything else that grows with use. Names of functions are bounded
//! by [`names::FUNCTIONS_MAX`]. Each service has a registry of its own; there is no global one.
//!
//! | file | job |
//! |---|---|
//! | `names` | a bounded number of label values, the rest under `other` |
//! | `executions` | starts, ends, checkpoints, operations, timers |
//! | `operations` | which fact counts as which status of which operation |
//! | `invocations` | runs of functions |
//! | `journal` | commits |
//! | `requests` | HTTP and DynamoDB requests |
//! | `levels` | what is read at a scrape |
//! | `process` | memory, processor time and files of this process, from `/proc` |
//! | `format` | the two text formats, and which one the scraper wants |

mod executions;
mod format;
mod invocations;
mod journal;
mod levels;
mod names;
mod operations;
mod process;
mod requests;

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use durable_store::CommitObserver;
use http::{HeaderMap, Request, Response, StatusCode};
use prometheus_client::registry::Registry;

use crate::engine::Engine;
use crate::logs::CloudWatchLogs;
use crate::observe::Observer;
use executions::ExecutionCounts;
use format::Format;
use invocations::InvocationCounts;
use journal::JournalCounts;
use levels::Levels;
use process::ProcessLevels;
use requests::{RequestCounts, Requested};

/// What stands before the name of each metric that is about durable executions.
const PREFIX: &str = "durable";

/// The metrics of one service.
pub(crate) struct Prometheus {
    data_dir: PathBuf,
    registry: Registry,
    executions: Arc<ExecutionCounts>,
    invocations: Arc<InvocationCounts>,
    journal: Arc<JournalCounts>,
    requests: RequestCounts,
}

impl Prometheus {
    /// Nothing is counted yet.
    pub(crate) fn new(data_dir: PathBuf) -> Self {
        let mut registry = Registry::with_prefix(PREFIX);
        Self {
            data_dir,
            executions: Arc::new(ExecutionCounts::register(&mut registry)),
            invocations: Arc::new(InvocationCounts::register(&mut registry)),
            journal: Arc::new(JournalCounts::register(&mut registry)),
            requests: RequestCounts::register(&mut registry),
            registry,
        }
    }

    /// Who counts what the engine tells.
    pub(crate) fn observers(&self) -> [Arc<dyn Observer>; 2] {
        [Arc::clone(&self.executions) as _, Arc::clone(&self.invocations) as _]
    }

    /// Who counts commits.
    pub(crate) fn commit_observer(&self) -> Arc<dyn CommitObserver> {
        Arc::clone(&self.journal) as _
    }

    /// A request has come.
    pub(crate) fn requested(&self, request: &Request<Bytes>) -> Requested {
        self.requests.requested(request)
    }

    /// A request was answered.
    pub(crate) fn answered(&self, requested: &Requested, status: StatusCode) {
        self.requests.answered(requested, status);
    }

    /// Answers a scrape.
    pub(crate) async fn answer(
        &self,
        engine: &Engine,
        logs: &CloudWatchLogs,
        headers: &HeaderMap,
    ) -> Response<Bytes> {
        let mut levels = Registry::with_prefix(PREFIX);
        let read = Levels::read(engine, logs, &self.data_dir, &self.invocations).await;
        levels.register_collector(Box::new(read));
        let mut process = Registry::default();
        if let Some(read) = ProcessLevels::read() {
            process.register_collector(Box::new(read));
        }
        Format::wanted(headers).write(&[&self.registry, &levels, &process])
    }
}
