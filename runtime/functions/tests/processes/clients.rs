//! Functions in other languages, on AWS's own runtime clients.
//!
//! The clients are installed once, pinned, below `target/tools`; that needs Python or npm and a network. A machine that
//! cannot install one skips its test and says so.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use durable_functions::{ProcessSpec, Runtime};
use serde_json::json;
use tempfile::TempDir;

use crate::support::TestFunction;

const PYTHON_CLIENT: &str = "awslambdaric==4.2.2";
const NODE_CLIENT: &str = "aws-lambda-ric@4.0.2";

const PYTHON_FUNCTION: &str = r#"
def handler(event, context):
    print("python has", event["number"])
    if event["number"] < 0:
        raise ValueError("too small")
    return {"double": 2 * event["number"], "request": context.aws_request_id != ""}
"#;

const NODE_FUNCTION: &str = r#"
exports.handler = async (event, context) => {
  console.log("node has", event.number);
  if (event.number < 0) throw new RangeError("too small");
  return { double: 2 * event.number, request: context.awsRequestId !== "" };
};
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_python_function_runs_on_the_client_of_aws() {
    let Some(python) = python() else { return };
    let directory = TempDir::new().unwrap();
    std::fs::write(directory.path().join("app.py"), PYTHON_FUNCTION).unwrap();
    let mut spec = of("python3.11", directory.path(), "app.handler");
    spec.command.program = python;
    check(&TestFunction::of(spec), "python has", "ValueError").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_function_runs_on_the_client_of_aws() {
    let Some(client) = node() else { return };
    let directory = TempDir::new().unwrap();
    std::fs::write(directory.path().join("app.js"), NODE_FUNCTION).unwrap();
    std::os::unix::fs::symlink(client, directory.path().join("node_modules")).unwrap();
    let spec = of("nodejs20.x", directory.path(), "app.handler");
    check(&TestFunction::of(spec), "node has", "RangeError").await;
}

/// Both do the same: an answer, an error with a stack trace and its log line, and the next answer from the same process.
async fn check(function: &TestFunction, line: &str, error_type: &str) {
    for number in [4, 5] {
        let answer = function.json(json!({"number": number})).await;
        assert_eq!(answer, json!({"double": 2 * number, "request": true}));
    }
    let error = function.error(json!({"number": -1})).await;
    assert_eq!(
        (error.error_type.as_str(), error.error_message.as_str()),
        (error_type, "too small")
    );
    assert!(error.stack_trace.is_some_and(|trace| !trace.is_empty()));
    let has = |line: &str| function.log.lines().iter().any(|logged| logged.text.contains(line));
    crate::support::until(|| has(&format!("{line} -1")).then_some(())).await;
    assert_eq!(function.json(json!({"number": 6})).await["double"], 12);
}

#[tokio::test]
async fn a_client_that_is_not_installed_is_named_with_the_command_that_installs_it() {
    let directory = TempDir::new().unwrap();
    let mut spec = of("python3.11", directory.path(), "app.handler");
    // This Python has no site packages, so it has no client, whatever this machine has installed.
    std::fs::write(directory.path().join("python"), "#!/bin/sh\nexec python3 -S -I \"$@\"\n")
        .unwrap();
    make_executable(&directory.path().join("python"));
    spec.command.program = directory.path().join("python");
    let error = TestFunction::of(spec).error(json!({})).await;
    assert!(error.error_message.contains("`pip install awslambdaric`"), "{error:?}");

    let spec = of("nodejs22.x", directory.path(), "app.handler");
    let error = TestFunction::of(spec).error(json!({})).await;
    assert!(error.error_message.contains("`npm install aws-lambda-ric`"), "{error:?}");

    let mut spec = of("python3.11", directory.path(), "app.handler");
    spec.command.program = "no-such-python".into();
    let error = TestFunction::of(spec).error(json!({})).await;
    assert!(error.error_message.contains("no-such-python is not installed"), "{error:?}");
}

#[test]
fn runtimes_are_known_by_their_names() {
    for name in ["provided.al2023", "provided.al2", "python3.13", "nodejs22.x"] {
        assert_eq!(name.parse::<Runtime>().unwrap().name(), name);
    }
    for name in ["java21", "python2.7", "python3.", "nodejs.x", "nodejs22", ""] {
        let error = name.parse::<Runtime>().unwrap_err();
        assert!(error.to_string().contains("is not supported"), "{error}");
    }
    let bootstrap =
        "provided.al2023".parse::<Runtime>().unwrap().command(Path::new("/code"), "any");
    assert_eq!(bootstrap.program, Path::new("/code/bootstrap"));
}

fn of(runtime: &str, task_root: &Path, handler: &str) -> ProcessSpec {
    let command = runtime.parse::<Runtime>().unwrap().command(task_root, handler);
    let mut spec = ProcessSpec::new("test-function", command, task_root);
    spec.handler = handler.to_owned();
    spec.init_timeout = crate::support::DEADLINE;
    spec
}

fn make_executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// A Python that has the client.
fn python() -> Option<PathBuf> {
    let home = tools()?.join("python-ric");
    let python = home.join("bin/python");
    let ready = has_client(&python)
        || (done(Command::new("python3").args(["-m", "venv"]).arg(&home).output())
            && done(Command::new(&python).args(["-m", "pip", "install", PYTHON_CLIENT]).output())
            && has_client(&python));
    if !ready {
        eprintln!("skipped: {PYTHON_CLIENT} cannot be installed here");
    }
    ready.then_some(python)
}

fn has_client(python: &Path) -> bool {
    done(Command::new(python).args(["-c", "import awslambdaric"]).output())
}

/// A `node_modules` that has the client. It is compiled when it is installed, which takes a C++ compiler and a minute, so
/// the test does not install it: `python3 conformance/run.py --language typescript --tools-only` does, as `./test` does.
fn node() -> Option<PathBuf> {
    let modules = tools()?.join("conformance-typescript/node_modules");
    let ready = modules.join(".bin/aws-lambda-ric").is_file();
    if !ready {
        eprintln!("skipped: {NODE_CLIENT} is not in {}", modules.display());
    }
    ready.then_some(modules)
}

/// Where tools are kept: beside what cargo builds, found from the program that runs.
fn tools() -> Option<&'static Path> {
    static TOOLS: OnceLock<Option<PathBuf>> = OnceLock::new();
    let find = || {
        let program = std::env::current_exe().ok()?;
        Some(program.ancestors().find(|path| path.ends_with("target"))?.join("tools"))
    };
    TOOLS.get_or_init(find).as_deref()
}

fn done(output: std::io::Result<std::process::Output>) -> bool {
    output.is_ok_and(|output| output.status.success())
}
