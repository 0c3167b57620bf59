//! Runs of functions.

use durable_functions::FunctionError;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::names::{ByFunction, FunctionLabel, OTHER};
use crate::functions::Function;
use crate::observe::{Observer, Run, RunEnd};

/// Seconds, from a worker in this process to Lambda's longest.
const DURATIONS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0, 60.0, 900.0];

/// What came of a run. `THROTTLED` is a run that waited for a process in vain, `CUT_OFF` one that the server's own end
/// stopped.
const OUTCOMES: [&str; 5] = ["SUCCEEDED", "FAILED", "TIMED_OUT", "THROTTLED", "CUT_OFF"];

fn outcome_of(outcome: Result<(), &FunctionError>) -> &'static str {
    match outcome {
        Ok(()) => "SUCCEEDED",
        Err(error) if error.is_throttling() => "THROTTLED",
        Err(error) if error.is_cut_off() => "CUT_OFF",
        Err(error) if error.is_timeout() => "TIMED_OUT",
        Err(_) => "FAILED",
    }
}

struct OfFunction {
    outcomes: [(&'static str, Counter); OUTCOMES.len()],
    durations: Histogram,
    running: Gauge,
    throttles: Counter,
}

/// Counts what runs. Every run that begins also ends: none is dropped while it waits.
pub(super) struct InvocationCounts {
    functions: ByFunction<OfFunction>,
}

impl InvocationCounts {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let outcomes = Family::<(FunctionLabel, [(&str, &str); 1]), Counter>::default();
        registry.register("invocations", "Invocations that ended, by outcome", outcomes.clone());
        let durations = Family::<FunctionLabel, Histogram, _>::new_with_constructor(|| {
            Histogram::new(DURATIONS)
        });
        let help = "How long an invocation took, the start of its process included";
        registry.register("invocation_duration_seconds", help, durations.clone());
        let running = Family::<FunctionLabel, Gauge>::default();
        registry.register("invocations_running", "Invocations that run", running.clone());
        let throttles = Family::<FunctionLabel, Counter>::default();
        let help = "Calls of plain functions that had no place and were refused";
        registry.register("throttles", help, throttles.clone());
        let functions = ByFunction::new(move |label| OfFunction {
            outcomes: OUTCOMES.map(|outcome| {
                let labels = (label.clone(), [("outcome", outcome)]);
                (outcome, outcomes.get_or_create_owned(&labels))
            }),
            durations: durations.get_or_create_owned(label),
            running: running.get_or_create_owned(label),
            throttles: throttles.get_or_create_owned(label),
        });
        Self { functions }
    }
}

impl InvocationCounts {
    /// The label of a function: its name, or what all the others have. A function of which there is nothing to tell
    /// takes no place among the names; it has no label until it has run.
    pub(super) fn label(&self, function: String, idle: bool) -> Option<String> {
        if !idle {
            self.functions.get(&function);
        }
        match self.functions.knows(&function) {
            true => Some(function),
            false => (!idle).then(|| OTHER.to_owned()),
        }
    }
}

impl Observer for InvocationCounts {
    fn begins(&self, run: &Run<'_>) {
        self.functions.get(&run.function.name).running.inc();
    }

    fn ended(&self, run: &Run<'_>, end: &RunEnd<'_>) {
        let function = self.functions.get(&run.function.name);
        function.running.dec();
        function.durations.observe(end.duration.as_secs_f64());
        let came = outcome_of(end.outcome.map(drop));
        if let Some((_, counter)) = function.outcomes.iter().find(|(known, _)| *known == came) {
            counter.inc();
        }
    }

    fn throttled(&self, function: &Function) {
        self.functions.get(&function.name).throttles.inc();
    }
}
