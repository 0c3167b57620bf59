//! A function's configuration, spelled as AWS spells it: this is what GetFunctionConfiguration answers and what the store
//! keeps.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Lambda's defaults.
const TIMEOUT_SECONDS: u32 = 3;
const MEMORY_MB: u32 = 128;
const STORAGE_MB: u32 = 512;

/// What one version of a function is made of, besides its code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct FunctionConfig {
    /// Its name.
    pub function_name: String,
    /// Its Lambda runtime, such as `python3.13`.
    pub runtime: String,
    /// The role that it assumes on AWS. Not used here, but shown.
    #[serde(default)]
    pub role: String,
    /// What of its code is called.
    #[serde(default)]
    pub handler: String,
    /// For people.
    #[serde(default)]
    pub description: String,
    /// Seconds that one invocation may take.
    pub timeout: u32,
    /// Megabytes that it is told to have.
    pub memory_size: u32,
    /// Its variables.
    #[serde(default)]
    pub environment: Environment,
    /// What its code is built for.
    #[serde(default)]
    pub architectures: Vec<String>,
    /// The size of its `/tmp`, shown and not enforced.
    #[serde(default)]
    pub ephemeral_storage: EphemeralStorage,
    /// How it writes its log.
    #[serde(default)]
    pub logging_config: LoggingConfig,
    /// Whether AWS would trace it. Not used here, but shown.
    #[serde(default)]
    pub tracing_config: TracingConfig,
    /// Set if its tenants must not share processes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenancy_config: Option<TenancyConfig>,
    /// Set for a durable function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub durable_config: Option<DurableConfig>,
    /// Invocations in one process at one time, for runtimes that can: what AWS calls
    /// `PerExecutionEnvironmentMaxConcurrency`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_concurrency: Option<u32>,
    /// The capacity provider that it runs on in AWS. Not used here, but shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity_provider_arn: Option<String>,
}

impl FunctionConfig {
    /// A function with this name, runtime and handler; everything else as Lambda has it by default.
    pub fn new(
        name: impl Into<String>,
        runtime: impl Into<String>,
        handler: impl Into<String>,
    ) -> Self {
        Self {
            function_name: name.into(),
            runtime: runtime.into(),
            role: String::new(),
            handler: handler.into(),
            description: String::new(),
            timeout: TIMEOUT_SECONDS,
            memory_size: MEMORY_MB,
            environment: Environment::default(),
            architectures: vec![host_architecture().to_owned()],
            ephemeral_storage: EphemeralStorage::default(),
            logging_config: LoggingConfig::default(),
            tracing_config: TracingConfig::default(),
            tenancy_config: None,
            durable_config: None,
            max_concurrency: None,
            capacity_provider_arn: None,
        }
    }

    /// Where its log goes.
    pub(crate) fn log_group(&self) -> String {
        let given = self.logging_config.log_group.clone();
        given.unwrap_or_else(|| format!("/aws/lambda/{}", self.function_name))
    }
}

/// AWS's name for what this machine runs.
fn host_architecture() -> &'static str {
    if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" }
}

/// A function's variables.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Environment {
    /// By name.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
}

/// The size of `/tmp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct EphemeralStorage {
    /// In megabytes.
    pub size: u32,
}

impl Default for EphemeralStorage {
    fn default() -> Self {
        Self { size: STORAGE_MB }
    }
}

/// How a function writes its log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct LoggingConfig {
    /// `Text` or `JSON`.
    pub log_format: String,
    /// What of its own lines is kept; only with `JSON`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_log_level: Option<String>,
    /// What of the platform's lines is kept; only with `JSON`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_log_level: Option<String>,
    /// Where it goes; `/aws/lambda/<name>` if it is `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_group: Option<String>,
}

impl Default for LoggingConfig {
    fn default() -> Self {
        Self {
            log_format: "Text".to_owned(),
            application_log_level: None,
            system_log_level: None,
            log_group: None,
        }
    }
}

/// Whether AWS would trace a function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TracingConfig {
    /// `Active` or `PassThrough`.
    pub mode: String,
}

impl Default for TracingConfig {
    fn default() -> Self {
        Self { mode: "PassThrough".to_owned() }
    }
}

/// Whether tenants share processes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TenancyConfig {
    /// `PER_TENANT`.
    pub tenant_isolation_mode: String,
}

/// What makes a function durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DurableConfig {
    /// Seconds after its start at which an execution times out, 1 to 31,622,400.
    #[serde(rename = "ExecutionTimeout")]
    pub execution_timeout_seconds: u32,
    /// Days for which a closed execution is kept, 1 to 90.
    #[serde(rename = "RetentionPeriodInDays")]
    pub retention_days: u32,
}

impl Default for DurableConfig {
    /// AWS documents no default timeout; fifteen minutes let both invocation types work (specification section 11).
    fn default() -> Self {
        Self { execution_timeout_seconds: 900, retention_days: 14 }
    }
}
