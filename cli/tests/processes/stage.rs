//! The directory of one run: the template, the program that it deploys, the data of the server, and what functions leave
//! behind. Also what a function's process knows of it.

use std::fmt;
use std::path::{Path, PathBuf};

/// Tells a function where its stage is.
const STAGE: &str = "KILL_TEST_STAGE";
/// The directory that the functions run in, inside the stage.
const CODE: &str = "code";

/// What the template deploys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// Durable: the workflow.
    Order,
    /// Durable: a chained target of the workflow.
    Deliver,
    /// Plain: a chained target of the workflow.
    Price,
    /// Plain: gets asynchronous invocations. Nobody kills its processes: after a failure such an invocation waits for a
    /// minute.
    Notice,
}

impl Function {
    pub const ALL: [Self; 4] = [Self::Order, Self::Deliver, Self::Price, Self::Notice];
    /// Those whose processes are killed.
    pub const MORTAL: [&str; 3] = ["Order", "Deliver", "Price"];

    fn is_durable(self) -> bool {
        matches!(self, Self::Order | Self::Deliver)
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// Which function this process is, if it is one.
pub fn function_of_this_process() -> Option<Function> {
    std::env::var_os(STAGE)?;
    let handler = std::env::var("_HANDLER").ok()?;
    Function::ALL.into_iter().find(|function| function.to_string() == handler)
}

/// The stage of this process, which is a function.
pub fn stage_of_this_process() -> PathBuf {
    std::env::var_os(STAGE).expect("a function has a stage").into()
}

/// The directory. A run that fails leaves it behind.
pub struct Stage {
    root: Option<tempfile::TempDir>,
    path: PathBuf,
}

impl Stage {
    /// Makes one with everything that a server needs.
    pub fn set() -> Self {
        let root = tempfile::tempdir().expect("a directory");
        // Processes are found by the directory that they run in, as the kernel spells it.
        let path = root.path().canonicalize().expect("its path");
        let stage = Self { root: Some(root), path };
        std::fs::create_dir(stage.code()).expect("a directory for the code");
        std::fs::create_dir(stage.path.join("marks")).expect("a directory for marks");
        std::fs::write(stage.template(), stage.template_text()).expect("a template");
        write_program(&stage.code().join("bootstrap"));
        stage
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the functions run.
    pub fn code(&self) -> PathBuf {
        self.path.join(CODE)
    }

    pub fn template(&self) -> PathBuf {
        self.path.join("template.yaml")
    }

    pub fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    fn template_text(&self) -> String {
        let mut text = format!(
            "Transform: AWS::Serverless-2016-10-31\nGlobals:\n  Function:\n    Runtime: provided.al2023\n    \
             CodeUri: ./{CODE}\n    Timeout: 60\n    Environment:\n      Variables:\n        \
             {STAGE}: {:?}\nResources:\n",
            self.path
        );
        for function in Function::ALL {
            text += &format!(
                "  {function}:\n    Type: AWS::Serverless::Function\n    Properties:\n      \
                 FunctionName: {function}\n      Handler: {function}\n"
            );
            if function.is_durable() {
                text += "      DurableConfig:\n        ExecutionTimeout: 600\n        \
                         RetentionPeriodInDays: 1\n";
            }
        }
        text
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(root) = self.root.take().filter(|_| std::thread::panicking()) {
            eprintln!("what the run left behind is in {}", root.keep().display());
        }
    }
}

/// A script that runs this program's only function.
fn write_program(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let program = std::env::current_exe().expect("this program");
    let test = "functions::is_a_function_when_told_so";
    let script = format!(
        "#!/bin/sh\nexec {program:?} --ignored --exact {test} --nocapture --test-threads=1\n"
    );
    std::fs::write(path, script).expect("a script");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("its mode");
}
