//! The log of a function in this process: the platform's lines about its invocations, and what it says meanwhile.
//!
//! A process has pipes to write to; a handler in this process has none. What it logs is its own if it is said inside
//! [`LoggedFunction`]'s call of it: [`own_line`] finds out whose call that is.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use crate::host::{BoxFuture, FunctionError, FunctionHost, Invocation};
use crate::processes::platform::{Begun, Ending, ProcessLog, Report};
use crate::processes::{LogFormat, LogSink, LogStream};

/// What the log of a function in this process is made of.
#[derive(Clone)]
pub struct FunctionLog {
    /// Whose it is.
    pub function_name: String,
    /// Which version of it.
    pub version: String,
    /// The log group that it writes to.
    pub log_group: String,
    /// The form of the platform's lines.
    pub log_format: LogFormat,
    /// What it is said to have.
    pub memory_mb: u32,
    /// Takes the lines. Unlike that of a process it is called where the function runs, so it must not wait.
    pub sink: Arc<dyn LogSink>,
}

/// A host with START, END and REPORT around each invocation.
pub struct LoggedFunction {
    host: Arc<dyn FunctionHost>,
    log: Arc<ProcessLog>,
}

impl LoggedFunction {
    /// Begins a log stream for this host, now: in milliseconds since the epoch.
    pub fn new(host: Arc<dyn FunctionHost>, log: FunctionLog, now_ms: u64) -> Self {
        Self { host, log: Arc::new(ProcessLog::of_function(log, now_ms)) }
    }

    fn write_end(&self, report: &Report, outcome: &Result<Bytes, FunctionError>, limit: Duration) {
        let ending = match outcome {
            Ok(_) => Ending::Succeeded,
            Err(error) if error.is_timeout() => Ending::TimedOut(limit),
            Err(error) => Ending::Failed(&error.error_type),
        };
        self.log.end(report, &ending).into_iter().for_each(|line| self.log.sink().line(line));
    }
}

/// An invocation that lines may belong to.
#[derive(Clone)]
struct Current {
    log: Arc<ProcessLog>,
    request_id: Arc<str>,
}

tokio::task_local! {
    static CURRENT: Current;
}

/// Writes a line into the log of the function whose invocation this is said in. Elsewhere it is nobody's, and dropped. In
/// a task that a function spawns, it is nobody's too.
pub fn own_line(text: &str) {
    let _ = CURRENT.try_with(|current| {
        let request_id = Some(Arc::clone(&current.request_id));
        let line = current.log.line(request_id, LogStream::Stdout, text.to_owned(), false);
        current.log.sink().line(line);
    });
}

impl FunctionHost for LoggedFunction {
    fn invoke(&self, invocation: Invocation) -> BoxFuture<'_, Result<Bytes, FunctionError>> {
        Box::pin(async move {
            let request_id: Arc<str> = invocation.request_id.as_str().into();
            let limit = invocation.timeout;
            let now_ms = invocation.deadline_ms.saturating_sub(limit.as_millis() as u64);
            let begun = Begun { at: Instant::now(), ms: now_ms };
            let start = self.log.start(&request_id, begun);
            start.into_iter().for_each(|line| self.log.sink().line(line));
            let current =
                Current { log: Arc::clone(&self.log), request_id: Arc::clone(&request_id) };
            let outcome = CURRENT.scope(current, self.host.invoke(invocation)).await;
            let report = Report { request_id, begun, init: None, memory_mb: None };
            self.write_end(&report, &outcome, limit);
            outcome
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.host.close()
    }
}
