//! What a function that runs in processes of its own is made of.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::logs::{LogSink, TracingLog};
use super::runtime::CommandLine;

/// Processes of one function version, unless the spec says otherwise. A developer's machine has few cores, and durable
/// executions that wait hold no process.
const PROCESSES_MAX: usize = 4;

/// Invocations that may wait for a process, unless the spec says otherwise. Each holds its payload in memory.
const WAITING_MAX: usize = 1000;

/// How long an invocation waits for a process, unless the spec says otherwise. Longer than most invocations take; the
/// service tries again after it.
const WAITING_TIME_MAX: Duration = Duration::from_secs(60);

/// How long a process has for its first `/next`, as on AWS.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an idle process is kept; AWS keeps one for minutes too.
const IDLE_TIMEOUT: Duration = Duration::from_secs(300);

/// The time between SIGTERM and SIGKILL for a process that wants to know of its end, as on AWS.
const STOP_GRACE: Duration = Duration::from_secs(2);

/// The smallest memory size that Lambda knows, which is also its default.
const MEMORY_MB: u32 = 128;

/// A function version and the processes that run it.
#[derive(Clone)]
pub struct ProcessSpec {
    /// The function's name.
    pub function_name: String,
    /// The version, `$LATEST` or a number.
    pub version: String,
    /// What `_HANDLER` says. OS-only runtimes ignore it.
    pub handler: String,
    /// What the function is told to have. It is not enforced.
    pub memory_mb: u32,
    /// What to start.
    pub command: CommandLine,
    /// Where the function's code is: `LAMBDA_TASK_ROOT`.
    pub task_root: PathBuf,
    /// Where a process starts; the task root if it is `None`.
    pub working_directory: Option<PathBuf>,
    /// The function's own variables. They win over everything but the names that Lambda reserves.
    pub environment: BTreeMap<String, String>,
    /// The region the function believes to be in.
    pub region: String,
    /// The account the function believes to be in.
    pub account_id: String,
    /// What the function's AWS clients sign with.
    pub credentials: Credentials,
    /// The server that plays AWS's part: `AWS_ENDPOINT_URL` and `AWS_ENDPOINT_URL_LAMBDA`.
    pub endpoint_url: String,
    /// How the function is asked to write its log.
    pub log_format: LogFormat,
    /// `AWS_LAMBDA_LOG_LEVEL`, if the function is to have one.
    pub log_level: Option<String>,
    /// Processes at one time, at least 1.
    pub processes_max: usize,
    /// Invocations in one process at one time; `None` for the one of a plain Lambda function. It is a promise only: a
    /// process gets as many as it has open `/next` calls.
    pub max_concurrency: Option<usize>,
    /// Invocations that may wait for a process. One more is throttled.
    pub waiting_max: usize,
    /// How long one may wait until it is throttled.
    pub waiting_time_max: Duration,
    /// How long a process has for its first `/next`. One that takes longer is started a second time, and that time
    /// counts under the function's timeout, as on AWS.
    pub init_timeout: Duration,
    /// How long a process without work is kept.
    pub idle_timeout: Duration,
    /// The time between SIGTERM and SIGKILL; SIGTERM is sent only if the process has registered an extension.
    pub stop_grace: Duration,
    /// The log group that the function writes to.
    pub log_group: String,
    /// Who gets what the function prints.
    pub log_sink: Arc<dyn LogSink>,
}

impl ProcessSpec {
    /// A function with this name, started so, its code there; everything else as it is by default.
    pub fn new(
        function_name: impl Into<String>,
        command: CommandLine,
        task_root: impl Into<PathBuf>,
    ) -> Self {
        let function_name = function_name.into();
        Self {
            log_group: format!("/aws/lambda/{function_name}"),
            function_name,
            version: "$LATEST".to_owned(),
            handler: "bootstrap".to_owned(),
            memory_mb: MEMORY_MB,
            command,
            task_root: task_root.into(),
            working_directory: None,
            environment: BTreeMap::new(),
            region: "us-east-1".to_owned(),
            account_id: "123456789012".to_owned(),
            credentials: Credentials::default(),
            endpoint_url: String::new(),
            log_format: LogFormat::Text,
            log_level: None,
            processes_max: PROCESSES_MAX,
            max_concurrency: None,
            waiting_max: WAITING_MAX,
            waiting_time_max: WAITING_TIME_MAX,
            init_timeout: INIT_TIMEOUT,
            idle_timeout: IDLE_TIMEOUT,
            stop_grace: STOP_GRACE,
            log_sink: Arc::new(TracingLog),
        }
    }

    /// How many invocations a process is expected to take at once.
    pub(super) fn slots(&self) -> usize {
        self.max_concurrency.unwrap_or(1).max(1)
    }
}

/// What AWS clients sign with. The server need not check it, but a client without any refuses to start.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: String,
    /// `AWS_SESSION_TOKEN`, if there is one.
    pub session_token: Option<String>,
}

impl Default for Credentials {
    /// Not a secret, and nothing that AWS would take for one of its own.
    fn default() -> Self {
        Self {
            access_key_id: "local".to_owned(),
            secret_access_key: "local".to_owned(),
            session_token: Some("local".to_owned()),
        }
    }
}

/// `AWS_LAMBDA_LOG_FORMAT`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// Plain text.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl LogFormat {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::Json => "JSON",
        }
    }
}
