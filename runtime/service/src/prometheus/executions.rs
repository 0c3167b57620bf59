//! Starts, ends, checkpoints, operations and timers of executions.

use durable_core::{Execution, ExecutionStatus, Fact, Millis};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::names::{ByFunction, FunctionLabel};
use super::operations::OperationCounts;
use crate::observe::{Observer, Recorded, Woken};

/// Seconds, from an order that fails its validation to one that waits for a month.
const DURATIONS: [f64; 18] = [
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
    60.0,
    600.0,
    3_600.0,
    86_400.0,
    604_800.0,
    2_592_000.0,
];
/// Seconds. Timers are in milliseconds and fire within a few; more than a second is trouble, or a restart.
const LATENESSES: [f64; 12] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 10.0, 60.0, 3_600.0];

const ENDS: [ExecutionStatus; 4] = [
    ExecutionStatus::Succeeded,
    ExecutionStatus::Failed,
    ExecutionStatus::TimedOut,
    ExecutionStatus::Stopped,
];

/// What is counted of the executions of one function.
struct OfFunction {
    started: Counter,
    closed: [(ExecutionStatus, Counter); ENDS.len()],
    durations: Histogram,
    step_retries: Counter,
    invocation_retries: Counter,
}

/// Counts what is recorded. A checkpoint costs a few atomic additions; the counters of its function are looked up for a
/// start, an end and a retry only.
pub(super) struct ExecutionCounts {
    functions: ByFunction<OfFunction>,
    checkpoints: Counter,
    operations: OperationCounts,
    lateness: Histogram,
}

impl ExecutionCounts {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let (checkpoints, lateness) = (Counter::default(), Histogram::new(LATENESSES));
        let help = "Checkpoints that changed something";
        registry.register("checkpoints", help, checkpoints.clone());
        let help = "How long after it was due a timer fired; the count is that of the wakes";
        registry.register("timer_lateness_seconds", help, lateness.clone());
        Self {
            functions: OfFunction::register(registry),
            checkpoints,
            operations: OperationCounts::register(registry),
            lateness,
        }
    }

    fn close(&self, execution: &Execution, status: ExecutionStatus, at: Millis) {
        let function = self.functions.get(&execution.start.function);
        if let Some((_, closed)) = function.closed.iter().find(|(end, _)| *end == status) {
            closed.inc();
        }
        let millis = at.saturating_sub(execution.started).max(0);
        function.durations.observe(millis as f64 / 1000.0);
    }
}

impl OfFunction {
    fn register(registry: &mut Registry) -> ByFunction<Self> {
        let started = Family::<FunctionLabel, Counter>::default();
        registry.register("executions_started", "Executions that were started", started.clone());
        let closed = Family::<(FunctionLabel, [(&str, &str); 1]), Counter>::default();
        registry.register("executions_closed", "Executions that ended, by status", closed.clone());
        let step_retries = Family::<FunctionLabel, Counter>::default();
        let help = "Attempts of steps that were put off to a later time";
        registry.register("step_retries", help, step_retries.clone());
        let invocation_retries = Family::<FunctionLabel, Counter>::default();
        let help = "Invocations that failed, or came to nothing, and are repeated";
        registry.register("invocation_retries", help, invocation_retries.clone());
        let durations = Family::<FunctionLabel, Histogram, _>::new_with_constructor(|| {
            Histogram::new(DURATIONS)
        });
        let help = "From the start of an execution to its end";
        registry.register("execution_duration_seconds", help, durations.clone());
        ByFunction::new(move |label| Self {
            started: started.get_or_create_owned(label),
            closed: ENDS.map(|end| {
                let labels = (label.clone(), [("status", end.as_str())]);
                (end, closed.get_or_create_owned(&labels))
            }),
            durations: durations.get_or_create_owned(label),
            step_retries: step_retries.get_or_create_owned(label),
            invocation_retries: invocation_retries.get_or_create_owned(label),
        })
    }
}

impl Observer for ExecutionCounts {
    fn recorded(&self, recorded: &Recorded<'_>) {
        let Recorded { execution, record } = *recorded;
        if record.invocation.is_some() {
            self.checkpoints.inc();
        }
        let function = || self.functions.get(&execution.start.function);
        for fact in &record.facts {
            self.operations.count(fact);
            match fact {
                Fact::ExecutionStarted(_) => {
                    function().started.inc();
                }
                Fact::StepSucceeded { retry: Some(_), .. }
                | Fact::StepFailed { retry: Some(_), .. } => {
                    function().step_retries.inc();
                }
                Fact::InvocationRetry { .. } => {
                    function().invocation_retries.inc();
                }
                fact => {
                    if let Some(status) = fact.closing_status() {
                        self.close(execution, status, record.at);
                    }
                }
            }
        }
    }

    fn woken(&self, woken: &Woken) {
        self.lateness.observe(woken.lateness.as_secs_f64());
    }
}
