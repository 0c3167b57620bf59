//! What functions print.

use std::sync::Arc;

/// A line that a function printed, or that the platform adds about an invocation.
#[derive(Clone, Debug)]
pub struct LogLine {
    /// Which function.
    pub function_name: Arc<str>,
    /// Which version of it.
    pub version: Arc<str>,
    /// The log group that the function writes to.
    pub log_group: Arc<str>,
    /// The log stream of the process.
    pub log_stream: Arc<str>,
    /// The invocation that the process was running, or had run last. `None` during the start of the process, and while
    /// it runs several at once, since nothing tells then whose line it is.
    pub request_id: Option<Arc<str>>,
    /// Where it was printed.
    pub stream: LogStream,
    /// The line without its line feed. Bytes that are no UTF-8 are replaced.
    pub text: String,
    /// Whether the end of the line is missing because it was too long.
    pub cut: bool,
}

/// Where a line was printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// Nowhere: it is the platform's own line, such as START and REPORT.
    Platform,
}

impl LogStream {
    /// `stdout`, `stderr` or `platform`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
            Self::Platform => "platform",
        }
    }
}

/// Takes what functions print.
pub trait LogSink: Send + Sync + 'static {
    /// Takes one line. Lines of one stream of one process come in order.
    ///
    /// It is called on a thread that each process has for its log. If it is slow, lines queue up, then the function waits
    /// a little, and then lines are dropped; a line in their place says how many.
    fn line(&self, line: LogLine);
}

/// Hands lines to `tracing`, with level info and target `function`.
#[derive(Clone, Copy, Debug, Default)]
pub struct TracingLog;

impl LogSink for TracingLog {
    fn line(&self, line: LogLine) {
        tracing::info!(
            target: "function",
            function = &*line.function_name,
            version = &*line.version,
            request_id = line.request_id.as_deref(),
            stream = line.stream.name(),
            cut = line.cut,
            "{}",
            line.text
        );
    }
}
