//! A function that runs in the server's process.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use durable_functions::FunctionHost;

use super::config::{DurableConfig, Environment, FunctionConfig};

/// A function and where it runs.
#[derive(Clone)]
pub struct FunctionSpec {
    /// Its name.
    pub name: String,
    /// For people.
    pub description: String,
    /// How long one invocation may take.
    pub timeout: Duration,
    /// What it is said to have; functions in this process share its memory.
    pub memory_mb: u32,
    /// Shown by GetFunction. A function in this process gets its settings from whoever made it.
    pub environment: BTreeMap<String, String>,
    /// Set for a durable function.
    pub durable: Option<DurableConfig>,
    /// Invocations at one time. Durable executions beyond it wait their turn; callers of a plain function are
    /// told to slow down, as AWS does.
    pub concurrency_max: usize,
    /// Where it runs.
    pub host: Arc<dyn FunctionHost>,
}

impl FunctionSpec {
    /// As the Lambda API shows it.
    pub(crate) fn config(&self) -> FunctionConfig {
        FunctionConfig {
            description: self.description.clone(),
            timeout: u32::try_from(self.timeout.as_secs()).unwrap_or(u32::MAX),
            memory_size: self.memory_mb,
            environment: Environment { variables: self.environment.clone() },
            durable_config: self.durable,
            ..FunctionConfig::new(&self.name, "provided.al2023", "bootstrap")
        }
    }
}
