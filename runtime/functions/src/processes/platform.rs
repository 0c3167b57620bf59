//! The log of one process, or of a function in this process: whose lines they are, and the lines that the platform adds to them.
//!
//! Each invocation begins with a START line and ends with END and REPORT, or with the JSON objects that take their place
//! (specification section 9.4). What stood for an invocation's end in the process is written first: the lines are put
//! behind everything that the process had printed by then.

use std::sync::Arc;
use std::time::Duration;

use rustix::process::Pid;
use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use super::logs::{LogLine, LogSink, LogStream};
use super::spec::{LogFormat, ProcessSpec};
use crate::logged::FunctionLog;

/// Whose lines they are.
pub(crate) struct ProcessLog {
    function_name: Arc<str>,
    version: Arc<str>,
    group: Arc<str>,
    pub(super) stream: Arc<str>,
    format: LogFormat,
    memory_mb: u32,
    sink: Arc<dyn LogSink>,
}

/// When an invocation began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Begun {
    pub(crate) at: Instant,
    /// The time on the wall, in milliseconds since the epoch.
    pub(crate) ms: u64,
}

/// What is known of an invocation at its end.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) request_id: Arc<str>,
    pub(crate) begun: Begun,
    /// How long the start of the process took, if this is its first invocation.
    pub(crate) init: Option<Duration>,
    /// The most memory that the process has had, if the system tells.
    pub(crate) memory_mb: Option<u64>,
}

/// How an invocation ended.
pub(crate) enum Ending<'a> {
    Succeeded,
    /// With an error of the function.
    Failed(&'a str),
    /// Its process ended.
    Exited(String),
    TimedOut(Duration),
}

impl ProcessLog {
    /// Names a stream for a process that starts at about `now_ms`.
    pub(super) fn new(spec: &ProcessSpec, now_ms: u64) -> Self {
        Self {
            function_name: spec.function_name.as_str().into(),
            version: spec.version.as_str().into(),
            group: spec.log_group.as_str().into(),
            stream: stream_name(&spec.version, now_ms).into(),
            format: spec.log_format,
            memory_mb: spec.memory_mb,
            sink: Arc::clone(&spec.log_sink),
        }
    }

    /// As [`new`](Self::new), for a function in this process.
    pub(crate) fn of_function(log: FunctionLog, now_ms: u64) -> Self {
        Self {
            stream: stream_name(&log.version, now_ms).into(),
            function_name: log.function_name.into(),
            version: log.version.into(),
            group: log.log_group.into(),
            format: log.log_format,
            memory_mb: log.memory_mb,
            sink: log.sink,
        }
    }

    pub(crate) fn sink(&self) -> &Arc<dyn LogSink> {
        &self.sink
    }

    /// A line that the process has printed.
    pub(crate) fn line(
        &self,
        request_id: Option<Arc<str>>,
        stream: LogStream,
        text: String,
        cut: bool,
    ) -> LogLine {
        LogLine {
            function_name: Arc::clone(&self.function_name),
            version: Arc::clone(&self.version),
            log_group: Arc::clone(&self.group),
            log_stream: Arc::clone(&self.stream),
            request_id,
            stream,
            text,
            cut,
        }
    }

    /// What stands before an invocation's lines.
    pub(crate) fn start(&self, request_id: &Arc<str>, begun: Begun) -> Vec<LogLine> {
        let version = &*self.version;
        let text = match self.format {
            LogFormat::Text => format!("START RequestId: {request_id} Version: {version}"),
            LogFormat::Json => record(
                begun.ms,
                "platform.start",
                json!({"requestId": &**request_id, "version": version}),
            ),
        };
        vec![self.platform(request_id, text)]
    }

    /// What stands after them.
    pub(crate) fn end(&self, report: &Report, ending: &Ending<'_>) -> Vec<LogLine> {
        let duration = report.begun.at.elapsed();
        let now_ms = report.begun.ms + duration.as_millis() as u64;
        let mut texts = Vec::new();
        match ending {
            Ending::Succeeded | Ending::Failed(_) => {}
            Ending::Exited(how) => texts.push(how.clone()),
            Ending::TimedOut(after) => texts.push(format!(
                "{} {} Task timed out after {:.2} seconds",
                time(now_ms),
                report.request_id,
                after.as_secs_f64()
            )),
        }
        match self.format {
            LogFormat::Text => {
                texts.push(format!("END RequestId: {}", report.request_id));
                texts.push(self.report_text(report, ending, duration));
            }
            LogFormat::Json => {
                let body = self.report_json(report, ending, duration);
                texts.push(record(now_ms, "platform.report", body));
            }
        }
        texts.into_iter().map(|text| self.platform(&report.request_id, text)).collect()
    }

    fn platform(&self, request_id: &Arc<str>, text: String) -> LogLine {
        self.line(Some(Arc::clone(request_id)), LogStream::Platform, text, false)
    }

    fn report_text(&self, report: &Report, ending: &Ending<'_>, duration: Duration) -> String {
        let mut text = format!(
            "REPORT RequestId: {}\tDuration: {:.2} ms\tBilled Duration: {} ms\tMemory Size: {} MB",
            report.request_id,
            milliseconds(duration),
            billed(duration),
            self.memory_mb
        );
        if let Some(used) = report.memory_mb {
            text.push_str(&format!("\tMax Memory Used: {used} MB"));
        }
        if let Some(init) = report.init {
            text.push_str(&format!("\tInit Duration: {:.2} ms", milliseconds(init)));
        }
        match ending {
            Ending::Succeeded | Ending::Failed(_) => {}
            Ending::Exited(_) => text.push_str("\tStatus: error\tError Type: Runtime.ExitError"),
            Ending::TimedOut(_) => text.push_str("\tStatus: timeout"),
        }
        text
    }

    fn report_json(&self, report: &Report, ending: &Ending<'_>, duration: Duration) -> Value {
        let mut metrics = json!({
            "durationMs": hundredths(duration),
            "billedDurationMs": billed(duration),
            "memorySizeMB": self.memory_mb,
        });
        if let Some(used) = report.memory_mb {
            insert(&mut metrics, "maxMemoryUsedMB", used.into());
        }
        if let Some(init) = report.init {
            insert(&mut metrics, "initDurationMs", hundredths(init).into());
        }
        let (status, error) = match ending {
            Ending::Succeeded => ("success", None),
            Ending::Failed(kind) => ("error", Some(*kind)),
            Ending::Exited(_) => ("error", Some("Runtime.ExitError")),
            Ending::TimedOut(_) => ("timeout", None),
        };
        let id = &*report.request_id;
        let mut body = json!({"requestId": id, "metrics": metrics, "status": status});
        if let Some(error) = error {
            insert(&mut body, "errorType", error.into());
        }
        body
    }
}

/// The most memory that a process has had, as far as the system tells.
pub(super) fn memory_mb(pid: Pid) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", pid.as_raw_nonzero())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes.div_ceil(1024))
}

/// A stream of its own for each process, named as Lambda names it.
pub fn stream_name(version: &str, now_ms: u64) -> String {
    let date = timestamp(now_ms).strftime("%Y/%m/%d");
    format!("{date}/[{version}]{}", Uuid::new_v4().simple())
}

fn record(ms: u64, kind: &str, record: Value) -> String {
    json!({"time": time(ms), "type": kind, "record": record}).to_string()
}

fn insert(object: &mut Value, name: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

fn time(ms: u64) -> String {
    format!("{:.3}", timestamp(ms))
}

fn timestamp(ms: u64) -> jiff::Timestamp {
    let ms = i64::try_from(ms).ok();
    ms.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok()).unwrap_or_default()
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn hundredths(duration: Duration) -> f64 {
    (milliseconds(duration) * 100.0).round() / 100.0
}

/// Begun milliseconds, as on AWS.
fn billed(duration: Duration) -> u64 {
    milliseconds(duration).ceil() as u64
}
