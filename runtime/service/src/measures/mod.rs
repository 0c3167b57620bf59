//! What AWS Lambda tells CloudWatch of functions and durable executions, recorded here.
//!
//! [`Measures`] is told by the engine what is durable and what runs (see `observe/`), and records it in namespace
//! `AWS/Lambda`. Values count for the function, for its version (dimension `Resource`, as `name:version`) and, where AWS
//! has it, for the account. One value is one lock of its own, a few dozen nanoseconds, whatever number of series it
//! counts for; nothing is written on this path.
//!
//! | file | job |
//! |---|---|
//! | `meters` | the meters of a function, a version and the account |
//! | `sample` | how many executions are open, once a minute |

mod meters;
mod sample;

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, RwLock};

use durable_core::{ExecutionStatus, Fact, Millis};
use durable_metrics::Metrics;

use self::meters::{AccountMeters, FunctionMeters, VersionMeters};
pub(crate) use self::sample::sample;
use crate::clock::Clock;
use crate::functions::Function;
use crate::observe::{Observer, Recorded, Run, RunEnd};

/// Versions of functions whose meters are kept. Beyond it all are made anew, which costs a moment and loses nothing.
const METERED_VERSIONS_MAX: usize = 1_000;

/// Records what happens.
pub(crate) struct Measures {
    metrics: Metrics,
    clock: Clock,
    account: AccountMeters,
    /// By name of the function.
    functions: RwLock<HashMap<String, Arc<FunctionMeters>>>,
}

impl Measures {
    pub(crate) fn new(metrics: Metrics, clock: Clock) -> Self {
        let account = AccountMeters::new(&metrics);
        Self { metrics, clock, account, functions: RwLock::default() }
    }

    fn function(&self, name: &str) -> Arc<FunctionMeters> {
        let known = self.functions.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(function) = known.get(name) {
            return Arc::clone(function);
        }
        drop(known);
        let mut known = self.functions.write().unwrap_or_else(PoisonError::into_inner);
        let versions: usize = known.values().map(|function| function.version_count()).sum();
        if versions >= METERED_VERSIONS_MAX {
            // Values that are not written yet are in good hands: the list of changed meters holds their meters.
            known.retain(|_, function| function.running.load(Ordering::Relaxed) > 0);
        }
        let new = || Arc::new(FunctionMeters::new(&self.metrics, name));
        Arc::clone(known.entry(name.to_owned()).or_insert_with(new))
    }

    fn version(&self, function: &str, version: &str) -> Arc<VersionMeters> {
        self.function(function).version(&self.metrics, version)
    }
}

impl Observer for Measures {
    fn recorded(&self, recorded: &Recorded<'_>) {
        let (execution, record) = (recorded.execution, recorded.record);
        let start = &execution.start;
        let started = matches!(record.facts.first(), Some(Fact::ExecutionStarted(_)));
        let closed = record.facts.iter().any(|fact| fact.closing_status().is_some());
        // A record that an invocation brought is a checkpoint; what a timer or the end of an invocation brought is not.
        let checkpoint = record.invocation.is_some();
        if !started && !closed && !checkpoint {
            return;
        }
        let meters = self.version(&start.function, &start.version);
        if started {
            meters.started.record(record.at, 1.0);
        }
        if checkpoint {
            meters.checkpoints.record(record.at, 1.0);
        }
        if !closed {
            return;
        }
        meters.completed.record(record.at, 1.0);
        match execution.status {
            ExecutionStatus::Succeeded => meters.succeeded.record(record.at, 1.0),
            ExecutionStatus::Failed => meters.failed.record(record.at, 1.0),
            ExecutionStatus::Stopped => meters.stopped.record(record.at, 1.0),
            ExecutionStatus::TimedOut => meters.timed_out.record(record.at, 1.0),
            _ => {}
        }
        let duration = execution.ended.unwrap_or(record.at).saturating_sub(execution.started);
        meters.duration.record(record.at, duration as f64);
        meters.operations.record(record.at, execution.metered_operations() as f64);
        meters.written.record(record.at, execution.metered_bytes() as f64);
    }

    fn begins(&self, run: &Run<'_>) {
        let function = self.function(&run.function.name);
        let version = function.version(&self.metrics, &run.version.number);
        self.account.begins(run.at);
        function.begins(run.at);
        version.begins(run.at);
    }

    /// Like AWS, an invocation counts in the minute in which it began.
    fn ended(&self, run: &Run<'_>, end: &RunEnd<'_>) {
        let function = self.function(&run.function.name);
        let version = function.version(&self.metrics, &run.version.number);
        self.account.running.fetch_sub(1, Ordering::Relaxed);
        function.running.fetch_sub(1, Ordering::Relaxed);
        version.running.fetch_sub(1, Ordering::Relaxed);
        version.invocations.record(run.at, 1.0);
        version.errors.record(run.at, if end.outcome.is_err() { 1.0 } else { 0.0 });
        version.run_duration.record(run.at, end.duration.as_secs_f64() * 1000.0);
    }

    fn throttled(&self, function: &Function) {
        let now: Millis = self.clock.now();
        self.function(&function.name).throttles.record(now, 1.0);
    }
}
