//! What happens to durable executions, as `[DURABLE_EXECUTION]` lines in the log groups of their functions.
//!
//! An observer of the engine: a line is made when its record is on disk, and handed to the log's queue, which drops it
//! rather than wait. No line holds an input, a result or an error's message.
//!
//! | file | job |
//! |---|---|
//! | `line` | one line, as text or JSON |
//! | `facts` | which lines a record makes |

mod facts;
mod line;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use durable_core::Millis;
use durable_functions::stream_name;
use durable_logs::{Logs, StreamName};

use self::line::{Line, Subject};
use crate::clock::Clock;
use crate::functions::{Functions, LoggingConfig};
use crate::observe::{ExecutionRun, Observer, Recorded, Run, RunEnd};
use crate::wire::arn::Home;

/// Function versions whose streams are remembered. One beyond them begins new streams for all.
const VERSIONS_KNOWN_MAX: usize = 1024;

/// Writes the lines of executions.
pub(crate) struct DurableLog {
    store: Logs,
    home: Home,
    clock: Clock,
    functions: Arc<Functions>,
    /// By function and version.
    targets: Mutex<HashMap<String, HashMap<String, Arc<Target>>>>,
}

/// Where the lines of one version go, and in which form.
struct Target {
    logging: LoggingConfig,
    json: bool,
    warnings_only: bool,
    stream: Arc<StreamName>,
}

/// How much a line matters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Info,
    /// Something failed.
    Warn,
}

impl DurableLog {
    pub(super) fn new(store: Logs, home: Home, clock: Clock, functions: Arc<Functions>) -> Self {
        Self { store, home, clock, functions, targets: Mutex::default() }
    }

    /// A function's group and format may change while it runs; then its next lines begin a stream in the new ones.
    fn target(&self, function: &str, version: &str) -> Arc<Target> {
        let resolved = self.functions.resolve(function, Some(version));
        let config = resolved.as_ref().map(|resolved| &resolved.version.config);
        let mut targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        let known = targets.get(function).and_then(|versions| versions.get(version));
        if let Some(known) = known
            && config.is_none_or(|config| config.logging_config == known.logging)
        {
            return Arc::clone(known);
        }
        let logging = config.map(|config| config.logging_config.clone()).unwrap_or_default();
        let group = logging.log_group.clone().unwrap_or_else(|| format!("/aws/lambda/{function}"));
        let stream = stream_name(version, self.clock.now().unsigned_abs());
        let json = logging.log_format == "JSON";
        let target = Arc::new(Target {
            json,
            warnings_only: json && logging.system_log_level.as_deref() == Some("WARN"),
            stream: Arc::new(StreamName { group, stream }),
            logging,
        });
        if targets.values().map(HashMap::len).sum::<usize>() >= VERSIONS_KNOWN_MAX {
            targets.clear();
        }
        let versions = targets.entry(function.to_owned()).or_default();
        versions.insert(version.to_owned(), Arc::clone(&target));
        target
    }

    fn of_run(
        &self,
        run: &Run<'_>,
        execution: ExecutionRun<'_>,
        at: Millis,
        level: Level,
        event: &str,
        members: impl FnOnce(&mut Line),
    ) {
        let ExecutionRun { id, name, .. } = execution;
        let (function, version) = (run.function.name.as_str(), run.version.number.as_str());
        let target = self.target(function, version);
        let subject = Subject { home: &self.home, function, version, name, id };
        Pen { store: &self.store, target: &target, subject, at }.write(level, event, |line| {
            line.text("requestId", run.request_id);
            members(line);
        });
    }
}

/// Writes lines about one execution.
struct Pen<'a> {
    store: &'a Logs,
    target: &'a Target,
    subject: Subject<'a>,
    at: Millis,
}

impl Pen<'_> {
    fn write(&self, level: Level, event: &str, members: impl FnOnce(&mut Line)) {
        if self.target.warnings_only && level == Level::Info {
            return;
        }
        let mut line = Line::begin(self.target.json, self.at, event, self.subject);
        members(&mut line);
        self.store.put(&self.target.stream, line.finish());
    }
}

impl Observer for DurableLog {
    fn recorded(&self, recorded: &Recorded<'_>) {
        let start = &recorded.execution.start;
        let target = self.target(&start.function, &start.version);
        let subject = Subject {
            home: &self.home,
            function: &start.function,
            version: &start.version,
            name: &start.name,
            id: &start.id,
        };
        let at = recorded.record.at;
        facts::write(&Pen { store: &self.store, target: &target, subject, at }, recorded);
    }

    fn begins(&self, run: &Run<'_>) {
        let Some(execution) = run.execution else { return };
        let operations = execution.operations;
        // A run that is shown operations goes through what it has done before.
        let event = if operations == 0 { "INVOCATION_STARTED" } else { "REPLAY_STARTED" };
        self.of_run(run, execution, run.at, Level::Info, event, |line| {
            if operations > 0 {
                line.number("operations", operations);
            }
        });
    }

    fn ended(&self, run: &Run<'_>, end: &RunEnd<'_>) {
        let (Some(execution), Err(error)) = (run.execution, end.outcome) else { return };
        // The server stops; the execution goes on with the next start.
        if error.is_cut_off() {
            return;
        }
        self.of_run(run, execution, self.clock.now(), Level::Warn, "INVOCATION_FAILED", |line| {
            line.number("durationMs", end.duration.as_millis());
            line.text("errorType", &error.error_type);
        });
    }
}
