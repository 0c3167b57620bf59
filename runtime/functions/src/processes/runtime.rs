//! Which program runs a function, by the name of its Lambda runtime.
//!
//! An OS-only function brings its own program. A Python or Node function is run by AWS's runtime interface client for
//! its language, which has to be installed; that is looked for before the first start, because a client that is missing
//! would otherwise show as a process that exits for no clear reason.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::str::FromStr;
use std::time::Duration;

use tokio::time::timeout;

use super::environment;
use super::platform::ProcessLog;
use super::spec::ProcessSpec;

/// How long the look for a runtime client may take. Python on a busy machine needs a second.
const CHECK_MAX: Duration = Duration::from_secs(20);

/// Where `npm install aws-lambda-ric` puts the program, in any directory above the function's code. npm links it there
/// wherever the package keeps it, which differs between versions.
const NODE_CLIENT: &str = "node_modules/.bin/aws-lambda-ric";

/// A Lambda runtime that this host knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// `provided.al2023`, `provided.al2`: the function's own `bootstrap`.
    Provided(String),
    /// `python3.x`.
    Python(String),
    /// `nodejsNN.x`.
    Node(String),
}

/// The name of a runtime that this host cannot run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the runtime {0} is not supported: use provided.al2023, provided.al2, python3.x or nodejsNN.x"
)]
pub struct UnknownRuntime(String);

impl FromStr for Runtime {
    type Err = UnknownRuntime;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let is_number =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let owned = name.to_owned();
        if matches!(name, "provided.al2023" | "provided.al2") {
            Ok(Self::Provided(owned))
        } else if name.strip_prefix("python3.").is_some_and(is_number) {
            Ok(Self::Python(owned))
        } else if name
            .strip_prefix("nodejs")
            .and_then(|rest| rest.strip_suffix(".x"))
            .is_some_and(is_number)
        {
            Ok(Self::Node(owned))
        } else {
            Err(UnknownRuntime(owned))
        }
    }
}

impl Runtime {
    /// Its name, as in a function's configuration.
    pub fn name(&self) -> &str {
        match self {
            Self::Provided(name) | Self::Python(name) | Self::Node(name) => name,
        }
    }

    /// What runs a function whose code is in `task_root`. Change the fields for another interpreter.
    pub fn command(&self, task_root: &Path, handler: &str) -> CommandLine {
        match self {
            Self::Provided(_) => CommandLine::new(task_root.join("bootstrap")),
            Self::Python(name) => CommandLine {
                program: "python3".into(),
                arguments: vec!["-m".into(), "awslambdaric".into(), handler.into()],
                managed_runtime: Some(name.clone()),
                client: Some(Client::Python),
            },
            Self::Node(name) => {
                let client = task_root.ancestors().map(|directory| directory.join(NODE_CLIENT));
                let client = client.into_iter().find(|path| path.is_file());
                let client = client.unwrap_or_else(|| task_root.join(NODE_CLIENT));
                CommandLine {
                    program: "node".into(),
                    arguments: vec![client.clone().into(), handler.into()],
                    managed_runtime: Some(name.clone()),
                    client: Some(Client::Node(client)),
                }
            }
        }
    }
}

/// A program and its arguments.
#[derive(Clone, Debug)]
pub struct CommandLine {
    /// The program: a path, or a name to be found on the server's `PATH`.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// What `AWS_EXECUTION_ENV` names. OS-only runtimes have none.
    pub managed_runtime: Option<String>,
    /// The runtime client that must be there.
    pub client: Option<Client>,
}

/// A runtime interface client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Client {
    /// `awslambdaric`, a module of the command's Python.
    Python,
    /// `aws-lambda-ric`, this file.
    Node(PathBuf),
}

/// Why a function's command cannot work here.
#[derive(Debug, thiserror::Error)]
pub(super) enum Missing {
    #[error("{0} is not installed or not on the PATH")]
    Program(String),
    #[error(
        "{program} has no module awslambdaric, AWS's runtime client for Python: install it with \
         `pip install awslambdaric`"
    )]
    PythonClient { program: String },
    #[error(
        "there is no {path}, AWS's runtime client for Node.js: install it beside the function with \
         `npm install aws-lambda-ric`"
    )]
    NodeClient { path: String },
}

impl CommandLine {
    /// A program without arguments that needs no client.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), arguments: Vec::new(), managed_runtime: None, client: None }
    }

    /// Looks for what the command needs.
    pub(super) async fn check(&self, spec: &ProcessSpec) -> Result<(), Missing> {
        match &self.client {
            None => Ok(()),
            Some(Client::Node(path)) if path.is_file() => Ok(()),
            Some(Client::Node(path)) => {
                Err(Missing::NodeClient { path: path.display().to_string() })
            }
            Some(Client::Python) => self.check_python(spec).await,
        }
    }

    async fn check_python(&self, spec: &ProcessSpec) -> Result<(), Missing> {
        let program = self.program.display().to_string();
        // Nothing is logged; the variables name a log.
        let log = ProcessLog::new(spec, 0);
        let mut look = Command::new(&self.program);
        look.args([
            "-c",
            "import importlib.util as u, sys; sys.exit(u.find_spec('awslambdaric') is None)",
        ])
        .current_dir(spec.working_directory.as_ref().unwrap_or(&spec.task_root))
        .env_clear()
        .envs(environment::environment(spec, ([127, 0, 0, 1], 0).into(), &log))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
        let looked = timeout(CHECK_MAX, tokio::task::spawn_blocking(move || look.status())).await;
        match looked {
            Ok(Ok(Ok(status))) if !status.success() => Err(Missing::PythonClient { program }),
            Ok(Ok(Err(error))) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(Missing::Program(program))
            }
            // It is there, or nobody knows: then the start itself will tell.
            _ => Ok(()),
        }
    }
}
