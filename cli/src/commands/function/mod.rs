//! `function`: which functions there are.

mod get;
mod list;

use aws_sdk_lambda::types::{DurableConfig, FunctionConfiguration};
use clap::Subcommand;
use serde::Serialize;

use crate::client::Clients;
use crate::exit::{Exit, Failure};
use crate::time;

/// What can be done with functions.
#[derive(Clone, Debug, Subcommand)]
pub enum FunctionCommand {
    /// List the functions
    List(list::List),
    /// Show a function: its settings, versions, aliases and open executions
    Get(get::Get),
}

impl FunctionCommand {
    /// Does it.
    ///
    /// # Errors
    /// What kept it from being done.
    pub async fn run(self, clients: &Clients) -> Result<Exit, Failure> {
        match self {
            Self::List(command) => command.run(clients).await,
            Self::Get(command) => command.run(clients).await,
        }
    }
}

/// A version of a function, for programs. Members are only ever added.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct VersionDocument {
    name: String,
    arn: String,
    version: String,
    state: Option<String>,
    runtime: Option<String>,
    handler: Option<String>,
    description: Option<String>,
    memory_mb: Option<i32>,
    timeout_seconds: Option<i32>,
    durable: Option<DurableDocument>,
    last_modified: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DurableDocument {
    execution_timeout_seconds: Option<i32>,
    retention_days: Option<i32>,
}

impl VersionDocument {
    fn new(configuration: &FunctionConfiguration) -> Self {
        let text = |text: Option<&str>| text.filter(|it| !it.is_empty()).map(str::to_owned);
        Self {
            name: text(configuration.function_name()).unwrap_or_default(),
            arn: text(configuration.function_arn()).unwrap_or_default(),
            version: text(configuration.version()).unwrap_or_default(),
            state: text(configuration.state().map(|state| state.as_str())),
            runtime: text(configuration.runtime().map(|runtime| runtime.as_str())),
            handler: text(configuration.handler()),
            description: text(configuration.description()),
            memory_mb: configuration.memory_size(),
            timeout_seconds: configuration.timeout(),
            durable: configuration.durable_config().map(DurableDocument::new),
            last_modified: text(configuration.last_modified()),
        }
    }

    /// Of a durable function, how long an execution may take.
    fn durable_shown(&self) -> Option<String> {
        let seconds = self.durable.as_ref()?.execution_timeout_seconds?;
        Some(time::duration(i64::from(seconds) * 1_000))
    }

    fn timeout_shown(&self) -> Option<String> {
        self.timeout_seconds.map(|seconds| format!("{seconds} s"))
    }

    fn memory_shown(&self) -> Option<String> {
        self.memory_mb.map(|megabytes| format!("{megabytes} MB"))
    }
}

impl DurableDocument {
    fn new(config: &DurableConfig) -> Self {
        Self {
            execution_timeout_seconds: config.execution_timeout(),
            retention_days: config.retention_period_in_days(),
        }
    }
}
