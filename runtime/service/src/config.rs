//! How a service is set up.

use std::path::PathBuf;
use std::time::Duration;

use durable_core::{Limits, RetryPolicy};

use crate::clock::Clock;
use crate::cloudformation::StackSpec;
use crate::dynamodb::TableSpec;
use crate::events::StatusWebhook;
use crate::functions::RuntimeCommands;
use crate::rates::Rates;
use crate::traces::TraceSettings;

/// Executions kept in memory while they are idle. A suspended one beyond this is read from disk when it wakes.
const RESIDENT_MAX: usize = 10_000;
/// As AWS waits before it repeats an asynchronous invocation.
const ASYNC_RETRY_DELAY: Duration = Duration::from_secs(60);
/// What a target of a chained invocation waits at most: SDKs end an invocation within milliseconds of the checkpoint after
/// which it has nothing left to do.
const CHAINED_DELAY: Duration = Duration::from_millis(250);
/// Processes of one function version. A developer's machine has few cores, and durable executions that wait hold none.
const PROCESSES_MAX: usize = 10;
/// How long a log group keeps events that does not say so itself, and what all of them may take on disk.
const LOG_RETENTION_DAYS: u32 = 7;
const LOG_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// How a service is set up.
#[derive(Clone, Debug)]
pub struct ServiceConfig {
    /// Where everything is kept; created if there is none.
    pub data_dir: PathBuf,
    /// The AWS region that it claims to be.
    pub region: String,
    /// The AWS account that it claims to be: twelve digits.
    pub account: String,
    /// Bounds on each execution.
    pub limits: Limits,
    /// How often a failed invocation is repeated.
    pub retry: RetryPolicy,
    /// How long after its failure an asynchronous invocation of a plain function is tried again; the second time
    /// twice as long.
    pub async_retry_delay: Duration,
    /// How long the target of a chained invocation waits for the end of the invocation that asked for it, so that the
    /// history shows them in this order.
    pub chained_delay: Duration,
    /// Tables that must exist.
    pub tables: Vec<TableSpec>,
    /// The stacks that CloudFormation's operations describe.
    pub stacks: Vec<StackSpec>,
    /// Executions kept in memory while they are idle.
    pub resident_max: usize,
    /// The time that executions live by.
    pub clock: Clock,
    /// What templates ask for. It is deployed at the start, and described by CloudFormation's operations.
    pub templates: Vec<durable_template::Stack>,
    /// Where functions in processes of their own find this server, such as `http://127.0.0.1:6737`. Empty for a service
    /// without a socket: its processes can do no durable work.
    pub endpoint_url: String,
    /// Processes of one function version at one time.
    pub processes_max: usize,
    /// What runs functions of a runtime, where it is not the usual command.
    pub runtime_commands: RuntimeCommands,
    /// Days for which a log group keeps events if it does not say so itself.
    pub log_retention_days: u32,
    /// What the file with the log may hold; the oldest events go first.
    pub log_bytes_max: u64,
    /// Whether to open a data directory with open executions of functions that are not there, which fails them. Refused
    /// unless set: a server that is started with the wrong template must not end what it does not know.
    pub fail_orphans: bool,
    /// How often operations may be called; no bounds unless set.
    pub rates: Rates,
    /// Open executions beyond which Invoke starts none; no bound unless set.
    pub open_executions_max: Option<u64>,
    /// Who is told of every change of an execution's status; nobody unless set.
    pub status_webhook: Option<StatusWebhook>,
    /// Where traces go; none are made unless set.
    pub traces: Option<TraceSettings>,
}

impl ServiceConfig {
    /// The defaults for a data directory: us-east-1, account 000000000000, AWS's limits.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            region: "us-east-1".to_owned(),
            account: "000000000000".to_owned(),
            limits: Limits::default(),
            retry: RetryPolicy::default(),
            async_retry_delay: ASYNC_RETRY_DELAY,
            chained_delay: CHAINED_DELAY,
            tables: Vec::new(),
            stacks: Vec::new(),
            resident_max: RESIDENT_MAX,
            clock: Clock::default(),
            templates: Vec::new(),
            endpoint_url: String::new(),
            processes_max: PROCESSES_MAX,
            runtime_commands: RuntimeCommands::default(),
            log_retention_days: LOG_RETENTION_DAYS,
            log_bytes_max: LOG_BYTES_MAX,
            fail_orphans: false,
            rates: Rates::default(),
            open_executions_max: None,
            status_webhook: None,
            traces: None,
        }
    }
}
