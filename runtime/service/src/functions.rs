//! The functions that this server knows.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use durable_core::Millis;
use durable_functions::FunctionHost;
use tokio::sync::Semaphore;

/// The unpublished version, the only one that a function of this process has.
pub(crate) const LATEST: &str = "$LATEST";

/// What makes a function durable.
#[derive(Clone, Copy, Debug)]
pub struct DurableConfig {
    /// Seconds after its start at which an execution times out, 1 to 31,622,400.
    pub execution_timeout_seconds: u32,
    /// Days for which a closed execution is kept, 1 to 90.
    pub retention_days: u32,
}

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

/// A registered function.
pub(crate) struct Function {
    pub(crate) spec: FunctionSpec,
    /// Places for invocations of a plain function.
    pub(crate) places: Semaphore,
    /// When it was registered, as `LastModified` shows it.
    pub(crate) modified: String,
}

/// Every function of this server, by name.
pub(crate) struct Functions {
    by_name: BTreeMap<String, Arc<Function>>,
}

impl Functions {
    pub(crate) fn new(specs: Vec<FunctionSpec>, now: Millis) -> Self {
        let now = jiff::Timestamp::from_millisecond(now).unwrap_or_default();
        let modified = now.strftime("%Y-%m-%dT%H:%M:%S.000+0000").to_string();
        let by_name = specs
            .into_iter()
            .map(|spec| {
                let places = Semaphore::new(spec.concurrency_max);
                let function = Function { places, modified: modified.clone(), spec };
                (function.spec.name.clone(), Arc::new(function))
            })
            .collect();
        Self { by_name }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Arc<Function>> {
        self.by_name.get(name)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Function>> {
        self.by_name.values()
    }
}
