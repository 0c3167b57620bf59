//! What the tests share.

use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use durable_functions::{
    CommandLine, FunctionError, FunctionHost, Invocation, LogLine, LogSink, ProcessFunction,
    ProcessSpec,
};
use serde_json::Value;
use uuid::Uuid;

use crate::bootstrap::MODE;

/// How long a test waits for anything.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// A function's time, unless a test is about it: long enough never to be up.
pub const TIMEOUT: Duration = Duration::from_secs(60);

/// The arguments that make this program run one of its tests alone.
pub fn only(test: &str) -> Vec<std::ffi::OsString> {
    ["--exact", test, "--ignored", "--nocapture", "--test-threads=1"].map(Into::into).to_vec()
}

/// This program as a function.
pub fn spec(mode: &str) -> ProcessSpec {
    let mut command = CommandLine::new(std::env::current_exe().unwrap());
    command.arguments = only("bootstrap::bootstrap");
    let mut spec = ProcessSpec::new("test-function", command, std::env::temp_dir());
    spec.environment.insert(MODE.to_owned(), mode.to_owned());
    spec.endpoint_url = "http://127.0.0.1:1".to_owned();
    // A machine that runs all tests at once may be slow to start a process.
    spec.init_timeout = DEADLINE;
    spec
}

/// A function and what it printed.
pub struct TestFunction {
    pub function: ProcessFunction,
    pub log: Log,
}

impl Deref for TestFunction {
    type Target = ProcessFunction;

    fn deref(&self) -> &ProcessFunction {
        &self.function
    }
}

impl TestFunction {
    pub fn start(mode: &str) -> Self {
        Self::with(mode, |_| {})
    }

    pub fn with(mode: &str, change: impl FnOnce(&mut ProcessSpec)) -> Self {
        let mut spec = spec(mode);
        change(&mut spec);
        Self::of(spec)
    }

    pub fn of(mut spec: ProcessSpec) -> Self {
        let log = Log::default();
        spec.log_sink = Arc::new(log.clone());
        Self { function: ProcessFunction::new(spec), log }
    }

    /// Invokes it, within the deadline.
    pub async fn invoke(&self, invocation: Invocation) -> Result<Bytes, FunctionError> {
        within(self.function.invoke(invocation)).await
    }

    /// The answer to this event.
    pub async fn json(&self, payload: Value) -> Value {
        serde_json::from_slice(&self.invoke(event(payload)).await.unwrap()).unwrap()
    }

    /// The error that this event leads to.
    pub async fn error(&self, payload: Value) -> FunctionError {
        self.invoke(event(payload)).await.unwrap_err()
    }

    /// The process that takes the next event.
    pub async fn pid(&self) -> u64 {
        self.json(serde_json::json!({"do": "pid"})).await.as_u64().unwrap()
    }
}

/// An invocation with this event.
pub fn event(payload: Value) -> Invocation {
    Invocation {
        request_id: Uuid::new_v4().to_string(),
        function_name: "test-function".to_owned(),
        version: "$LATEST".to_owned(),
        function_arn: "arn:aws:lambda:us-east-1:123456789012:function:test-function".to_owned(),
        deadline_ms: 1_800_000_000_000,
        timeout: TIMEOUT,
        payload: payload.to_string().into(),
        trace_header: None,
        tenant_id: None,
        client_context: None,
    }
}

/// Everything that a function printed.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<LogLine>>>);

impl LogSink for Log {
    fn line(&self, line: LogLine) {
        self.0.lock().unwrap().push(line);
    }
}

impl Log {
    pub fn lines(&self) -> Vec<LogLine> {
        self.0.lock().unwrap().clone()
    }

    /// The line with this text, if it is there.
    pub fn find(&self, text: &str) -> Option<LogLine> {
        self.lines().into_iter().find(|line| line.text == text)
    }

    /// The line with this text.
    pub async fn wait_for(&self, text: &str) -> LogLine {
        until(|| self.find(text)).await
    }
}

/// The future's result, or a failed test.
pub async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, future).await.expect("in time")
}

/// What `look` finds, as soon as it finds something.
pub async fn until<T>(look: impl Fn() -> Option<T>) -> T {
    within(async {
        loop {
            if let Some(found) = look() {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
}

/// Waits until a process runs no more.
pub async fn until_gone(pid: u64) {
    until(|| (!runs(pid)).then_some(())).await;
}

/// Whether a process runs. One that has ended and is not reaped yet does not.
pub fn runs(pid: u64) -> bool {
    let state = std::process::Command::new("ps")
        .args(["-o", "stat=", "-p", &pid.to_string()])
        .output()
        .unwrap();
    let state = String::from_utf8(state.stdout).unwrap();
    !state.trim().is_empty() && !state.trim().starts_with('Z')
}

/// Kills a process.
pub fn kill(pid: u64) {
    let pid = rustix::process::Pid::from_raw(pid as i32).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}
