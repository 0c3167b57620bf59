//! Where a deployed version runs: in processes of its own.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use durable_functions::{
    CommandLine, FunctionHost, LogFormat, LogSink, ProcessFunction, ProcessSpec, Runtime,
    UnknownRuntime,
};

use super::config::FunctionConfig;
use super::tenants::TenantProcesses;
use crate::deploy::{Code, CodeStore};
use crate::wire::arn::Home;

/// Programs and their arguments for runtimes, such as `python3.13` or `nodejs`: for one runtime, or for all of a family. The
/// handler is added at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuntimeCommands(pub BTreeMap<String, Vec<String>>);

impl RuntimeCommands {
    fn find(&self, runtime: &str) -> Option<&[String]> {
        let family = runtime.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
        self.0.get(runtime).or_else(|| self.0.get(family)).map(Vec::as_slice)
    }
}

/// Makes hosts.
pub(crate) struct Hosting {
    pub(crate) home: Home,
    /// Where functions find this server; empty if it has no socket.
    pub(crate) endpoint_url: String,
    /// Processes of one version at one time.
    pub(crate) processes_max: usize,
    /// What runs a runtime instead of its usual command, by the runtime's name or its family.
    pub(crate) commands: RuntimeCommands,
    pub(crate) logs: Arc<dyn LogSink>,
    pub(crate) code: CodeStore,
}

impl Hosting {
    /// The host of a version. Nothing is started yet.
    ///
    /// # Errors
    /// When the runtime is none that this server can run.
    pub(crate) fn host(
        &self,
        number: &str,
        config: &FunctionConfig,
        code: &Code,
    ) -> Result<Arc<dyn FunctionHost>, UnknownRuntime> {
        let runtime: Runtime = config.runtime.parse()?;
        let task_root = self.code.directory_of(code);
        let command = self.command(config, &runtime, code, &task_root);
        let spec = ProcessSpec {
            version: number.to_owned(),
            handler: config.handler.clone(),
            memory_mb: config.memory_size,
            environment: config.environment.variables.clone(),
            region: self.home.region.clone(),
            account_id: self.home.account.clone(),
            endpoint_url: self.endpoint_url.clone(),
            log_format: match config.logging_config.log_format.as_str() {
                "JSON" => LogFormat::Json,
                _ => LogFormat::Text,
            },
            log_level: config.logging_config.application_log_level.clone(),
            processes_max: self.processes_max,
            max_concurrency: config.max_concurrency.map(|most| most as usize),
            log_group: config.log_group(),
            log_sink: Arc::clone(&self.logs),
            ..ProcessSpec::new(&config.function_name, command, task_root)
        };
        Ok(match config.tenancy_config {
            Some(_) => Arc::new(TenantProcesses::new(spec)),
            None => Arc::new(ProcessFunction::new(spec)),
        })
    }

    fn command(
        &self,
        config: &FunctionConfig,
        runtime: &Runtime,
        code: &Code,
        task_root: &Path,
    ) -> CommandLine {
        let client_root = self.client_root(code, task_root, runtime);
        let usual = runtime.command(&client_root, &config.handler);
        let Some([program, arguments @ ..]) = self.commands.find(&config.runtime) else {
            return usual;
        };
        // A program for an OS-only runtime is given no handler either: it is in the environment.
        let handler = usual.managed_runtime.as_ref().map(|_| OsString::from(&config.handler));
        CommandLine {
            program: program.into(),
            arguments: arguments.iter().map(OsString::from).chain(handler).collect(),
            client: None,
            ..usual
        }
    }

    /// Where the runtime client of a Node function is looked for: a client beside the original of a copy is as good as
    /// one inside it.
    fn client_root(&self, code: &Code, task_root: &Path, runtime: &Runtime) -> PathBuf {
        match (code, runtime) {
            (Code::Stored { origin: Some(origin), .. }, Runtime::Node(_))
                if !task_root.join("node_modules/.bin/aws-lambda-ric").exists() =>
            {
                origin.clone()
            }
            _ => task_root.to_owned(),
        }
    }

    /// Invocations of a function at one time.
    pub(crate) fn concurrency_max(&self, config: &FunctionConfig, reserved: Option<u32>) -> usize {
        let in_one = config.max_concurrency.unwrap_or(1).max(1) as usize;
        let all = self.processes_max.saturating_mul(in_one);
        reserved.map_or(all, |reserved| all.min(reserved as usize))
    }
}
