//! What a process finds around it.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::json;
use tempfile::TempDir;

use crate::support::TestFunction;

#[tokio::test]
async fn the_environment_is_lambdas_and_the_functions_own_and_nothing_else() {
    let function = TestFunction::with("sequential", |spec| {
        spec.memory_mb = 256;
        spec.region = "eu-west-1".to_owned();
        spec.version = "7".to_owned();
        spec.log_level = Some("DEBUG".to_owned());
        spec.command.managed_runtime = Some("python3.13".to_owned());
        for (name, value) in
            [("OWN", "own"), ("AWS_REGION", "elsewhere"), ("AWS_ACCESS_KEY_ID", "mine")]
        {
            spec.environment.insert(name.to_owned(), value.to_owned());
        }
    });
    let variables = function.json(json!({"do": "environment"})).await;
    let expected = [
        ("AWS_LAMBDA_FUNCTION_NAME", "test-function"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "7"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/test-function"),
        ("AWS_LAMBDA_LOG_FORMAT", "Text"),
        ("AWS_LAMBDA_LOG_LEVEL", "DEBUG"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        // Reserved: the function's own value does not count.
        ("AWS_REGION", "eu-west-1"),
        ("AWS_DEFAULT_REGION", "eu-west-1"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
        ("AWS_ENDPOINT_URL_LAMBDA", "http://127.0.0.1:1"),
        // Not reserved: it does.
        ("AWS_ACCESS_KEY_ID", "mine"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_SESSION_TOKEN", "local"),
        ("AWS_EXECUTION_ENV", "AWS_Lambda_python3.13"),
        ("_HANDLER", "bootstrap"),
        ("LAMBDA_RUNTIME_DIR", "/var/runtime"),
        ("OWN", "own"),
    ];
    for (name, value) in expected {
        assert_eq!(variables[name], value, "{name}");
    }
    let stream = variables["AWS_LAMBDA_LOG_STREAM_NAME"].as_str().unwrap();
    assert!(stream.starts_with("2027/01/15/[7]") && stream.len() == 14 + 32, "{stream}");
    assert!(variables["AWS_LAMBDA_RUNTIME_API"].as_str().unwrap().starts_with("127.0.0.1:"));

    let mut names: BTreeSet<&str> =
        variables.as_object().unwrap().keys().map(String::as_str).collect();
    for (name, _) in expected {
        names.remove(name);
    }
    let rest = [
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "LANG",
        "LD_LIBRARY_PATH",
        "PATH",
        "TEST_BOOTSTRAP",
        "TZ",
        // The runtime itself sets it.
        "_X_AMZN_TRACE_ID",
    ];
    names.retain(|name| !rest.contains(name));
    assert!(names.is_empty(), "leaked: {names:?}");
}

#[tokio::test]
async fn a_process_starts_in_its_task_root_or_where_the_spec_says() {
    let directory = TempDir::new().unwrap();
    let root = directory.path().canonicalize().unwrap();
    let function = TestFunction::with("sequential", |spec| spec.task_root.clone_from(&root));
    let here = function.json(json!({"do": "directory"})).await;
    assert_eq!(Path::new(here.as_str().unwrap()), root);

    let function =
        TestFunction::with("sequential", |spec| spec.working_directory = Some("/".into()));
    assert_eq!(function.json(json!({"do": "directory"})).await, "/");
}

#[tokio::test]
async fn a_process_for_several_invocations_is_told_how_many() {
    let function = TestFunction::with("concurrent", |spec| spec.max_concurrency = Some(3));
    let variables = function.json(json!({"do": "environment"})).await;
    assert_eq!(variables["AWS_LAMBDA_MAX_CONCURRENCY"], "3");
    assert_eq!(variables["AWS_LAMBDA_INITIALIZATION_TYPE"], "lambda-managed-instances");
}
