//! Goal: with `PER_TENANT`, no process ever serves two tenants, and nobody calls without saying for whom.
//!
//! Method: functions whose answers tell their process and whom it has served.

use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_sdk_lambda::operation::invoke::{InvokeError, InvokeOutput};
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{InvocationType, TenancyConfig, TenantIsolationMode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::package::{create, create_durable, durable, finish, function, publish};
use crate::support::{Server, Setup, within};

fn tenancy() -> TenancyConfig {
    let mode = TenantIsolationMode::PerTenant;
    TenancyConfig::builder().tenant_isolation_mode(mode).build().unwrap()
}

/// A server whose functions may have one process each, and so two tenants.
async fn open(directory: &TempDir) -> Server {
    let setup = Setup::new(directory.path()).with(|setup| setup.config.processes_max = 1);
    let server = setup.open().await;
    let request = function(&server, "isolated", "one").tenancy_config(tenancy());
    within("create", request.send()).await.unwrap();
    server
}

async fn invoke(
    server: &Server,
    function: &str,
    tenant: Option<&str>,
    payload: &str,
) -> Result<InvokeOutput, InvokeError> {
    let request = server.lambda().invoke().function_name(function).payload(Blob::new(payload));
    let request = request.set_tenant_id(tenant.map(str::to_owned));
    within("an answer", request.send()).await.map_err(|error| error.into_service_error())
}

async fn served(server: &Server, function: &str, tenant: &str) -> Value {
    let output = invoke(server, function, Some(tenant), "{}").await.unwrap();
    serde_json::from_slice(output.payload().unwrap().as_ref()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_serves_one_tenant_for_its_whole_life() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    let blue = served(&server, "isolated", "blue").await;
    assert_eq!((&blue["tenant"], &blue["served"]), (&json!("blue"), &json!(["blue"])));
    let green = served(&server, "isolated", "green").await;
    assert_eq!(green["served"], json!(["green"]));
    assert_ne!(green["process"], blue["process"]);
    // A process is used again, by its own tenant.
    let again = served(&server, "isolated", "blue").await;
    assert_eq!(again["process"], blue["process"]);
    assert_eq!(again["served"], json!(["blue", "blue"]));
    // A third tenant takes the place of the one that was idle the longest.
    assert_eq!(served(&server, "isolated", "red").await["served"], json!(["red"]));
    let kept = served(&server, "isolated", "blue").await;
    assert_eq!(kept["process"], blue["process"]);
    let back = served(&server, "isolated", "green").await;
    assert_eq!(back["served"], json!(["green"]));
    assert_ne!(back["process"], green["process"]);
    // Another version is another pool.
    publish(&server, "isolated").await;
    let version = served(&server, "isolated:1", "blue").await;
    assert_eq!((&version["version"], &version["served"]), (&json!("1"), &json!(["blue"])));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_is_named_where_tenants_are_isolated_and_nowhere_else() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    create(&server, "plain", "one").await;
    let missing = invoke(&server, "isolated", None, "{}").await.unwrap_err();
    assert!(missing.is_invalid_parameter_value_exception(), "{missing:?}");
    let text = "The invoked function is enabled with tenancy configuration. Add a valid tenant ID in your request \
                and try again.";
    assert_eq!(missing.message(), Some(text));
    let given = invoke(&server, "plain", Some("blue"), "{}").await.unwrap_err();
    assert!(given.is_invalid_parameter_value_exception(), "{given:?}");
    let bad = invoke(&server, "isolated", Some("a!b"), "{}").await.unwrap_err();
    assert_eq!(bad.code(), Some("ValidationException"));
    // It stays so.
    let shown = server.get("/2015-03-31/functions/isolated").await.ok();
    assert_eq!(
        shown["Configuration"]["TenancyConfig"],
        json!({ "TenantIsolationMode": "PER_TENANT" })
    );
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_execution_and_what_it_calls_run_for_its_tenant() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    let request = function(&server, "flow", "one").tenancy_config(tenancy());
    within("create", request.durable_config(durable(300)).send()).await.unwrap();
    let request = server.lambda().invoke().function_name("flow:$LATEST").payload(Blob::new("{}"));
    let started = request.invocation_type(InvocationType::Event).tenant_id("blue").send();
    let arn = within("start", started).await.unwrap().durable_execution_arn.unwrap();
    let result = finish(&server, &arn).await;
    assert_eq!((&result["tenant"], &result["served"][0]), (&json!("blue"), &json!("blue")));

    create_durable(&server, "caller", "one").await;
    let call = async |target: Value| {
        let arn = server.start("caller", None, &json!({ "call": target })).await;
        let closed = server.closed(&arn).await;
        let details: Value = serde_json::from_str(closed["Result"].as_str().unwrap()).unwrap();
        details
    };
    let details = call(json!({ "function": "isolated", "tenant": "blue" })).await;
    let answer: Value = serde_json::from_str(details["Result"].as_str().unwrap()).unwrap();
    assert_eq!((&answer["tenant"], &answer["served"]), (&json!("blue"), &json!(["blue"])));
    for target in ["isolated", "flow:$LATEST"] {
        let details = call(json!({ "function": target })).await;
        assert_eq!(details["Error"]["ErrorType"], "InvalidParameterValueException", "{target}");
    }
    server.close().await;
}
