//! Goal: a function is created, changed, shown and limited as on AWS; what cannot be is refused with AWS's names, and what
//! was acknowledged is there after a restart.
//!
//! Method: the real SDK over a socket, functions in processes of their own, raw requests where the SDK would not send what
//! is tested.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_lambda::client::Waiters;
use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{
    Architecture, Environment, EphemeralStorage, LogFormat, LoggingConfig, Runtime, State,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use durable_store::{Backend, Outcome, Write};
use http::Request;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::support::package::{
    ROLE, code, create, create_durable, durable, finish, function, invoke, package, start, update,
    zip,
};
use crate::support::{DEADLINE, Reply, Server, Setup, eventually, succeeded, within};

pub async fn open(directory: &TempDir) -> Server {
    Setup::new(directory.path()).open().await
}

async fn send(server: &Server, method: &str, path: &str, body: &Value) -> Reply {
    let request = Request::builder().method(method).uri(path);
    server.send(request.body(Bytes::from(body.to_string())).unwrap()).await
}

/// A body of CreateFunction that is complete.
fn body(name: &str) -> Value {
    json!({
        "FunctionName": name, "Role": ROLE, "Runtime": "provided.al2023", "Handler": "bootstrap",
        "Code": { "ZipFile": STANDARD.encode(package("one")) },
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_created_function_runs_at_once_and_is_there_after_a_restart() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    let variables = Environment::builder().variables("STAGE", "test").build();
    let request = function(&server, "greet", "one")
        .description("greets")
        .memory_size(512)
        .environment(variables)
        .architectures(Architecture::Arm64)
        .ephemeral_storage(EphemeralStorage::builder().size(1024).build().unwrap())
        .logging_config(LoggingConfig::builder().log_format(LogFormat::Json).build())
        .tags("team", "orders");
    let created = within("create", request.send()).await.unwrap();
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:greet";
    assert_eq!(created.function_arn(), Some(arn));
    assert_eq!((created.version(), created.state()), (Some("$LATEST"), Some(&State::Active)));
    let digest = STANDARD.encode(Sha256::digest(package("one")));
    assert_eq!(created.code_sha256(), Some(digest.as_str()));
    assert_eq!(created.code_size(), package("one").as_ref().len() as i64);
    let logging = created.logging_config().unwrap();
    assert_eq!(logging.application_log_level().unwrap().as_str(), "INFO");
    assert_eq!(logging.log_group(), Some("/aws/lambda/greet"));
    let (answer, version) = invoke(&server, "greet").await;
    assert_eq!((&answer["code"], &answer["stage"]), (&json!("one"), &json!("test")));
    assert_eq!(version, "$LATEST");
    let get = || server.get("/2015-03-31/functions/greet");
    let before = get().await.ok();
    assert_eq!(before["Tags"], json!({ "team": "orders" }));
    assert_eq!(before["Configuration"]["MemorySize"], 512);
    assert_eq!(before["Configuration"]["EphemeralStorage"]["Size"], 1024);
    assert_eq!(before["Configuration"]["Architectures"], json!(["arm64"]));
    server.close().await;

    let server = open(&directory).await;
    assert_eq!(server.get("/2015-03-31/functions/greet").await.ok(), before);
    assert_eq!(invoke(&server, "greet").await.0["code"], "one");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_waiters_of_clients_end_at_their_first_look() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    let request = function(&server, "greet", "one").publish(true);
    let created = within("create", request.send()).await.unwrap();
    assert_eq!(created.version(), Some("1"));
    let client = server.lambda();
    let wait = client.wait_until_function_active_v2().function_name("greet");
    within("active", wait.wait(DEADLINE)).await.unwrap();
    let wait = client.wait_until_function_updated_v2().function_name("greet");
    within("updated", wait.wait(DEADLINE)).await.unwrap();
    let wait = client.wait_until_published_version_active().function_name("greet").qualifier("1");
    within("published", wait.wait(DEADLINE)).await.unwrap();
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_violation_of_the_model_is_named_in_one_answer() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    let reply = send(&server, "POST", "/2015-03-31/functions", &json!({})).await;
    reply.assert_violations(&["'functionName'", "'role'", "'code'"]);
    let mut bad = body("greet");
    bad["Role"] = json!("nobody");
    bad["Timeout"] = json!(901);
    bad["MemorySize"] = json!(127);
    bad["EphemeralStorage"] = json!({ "Size": 1 });
    bad["Architectures"] = json!(["mips"]);
    bad["Environment"] = json!({ "Variables": { "1A": "" } });
    bad["LoggingConfig"] = json!({ "LogFormat": "XML", "LogGroup": "a b" });
    bad["DurableConfig"] = json!({ "ExecutionTimeout": 0, "RetentionPeriodInDays": 91 });
    bad["TenancyConfig"] = json!({ "TenantIsolationMode": "SHARED" });
    let reply = send(&server, "POST", "/2015-03-31/functions", &bad).await;
    reply.assert_violations(&[
        "'role'",
        "'timeout' failed to satisfy constraint: Member must have value less than or equal to 900",
        "'memorySize'",
        "'ephemeralStorage.size'",
        "'architectures.1.member' failed to satisfy constraint: Member must satisfy enum value set: [x86_64, arm64]",
        "'environment.variables'",
        "'loggingConfig.logFormat'",
        "'loggingConfig.logGroup'",
        "'durableConfig.executionTimeout'",
        "'durableConfig.retentionPeriodInDays'",
        "'tenancyConfig.tenantIsolationMode'",
    ]);
    let reply = send(&server, "POST", "/2015-03-31/functions", &body(&"x".repeat(65))).await;
    reply.assert_violations(&["'functionName'"]);
    assert_eq!(server.get("/2015-03-31/functions").await.ok()["Functions"], json!([]));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_this_server_cannot_do_is_refused_by_name() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    let secret = "x".repeat(4096);
    for (member, value, text) in [
        ("Runtime", json!("java21"), "provided.al2023"),
        ("Runtime", json!(null), "Runtime and Handler are mandatory"),
        ("Code", json!({ "S3Bucket": "b", "S3Key": "k" }), "S3"),
        ("Code", json!({ "ImageUri": "i" }), "Container images"),
        ("Code", json!({}), "Please provide a source for function code."),
        ("Code", json!({ "ZipFile": "" }), "Could not unzip uploaded file."),
        ("Code", json!({ "ZipFile": STANDARD.encode(zip(&[])) }), "must be a non-empty zip"),
        ("PackageType", json!("Image"), "Container images"),
        (
            "Environment",
            json!({ "Variables": { "AWS_REGION": "x", "_HANDLER": "y" } }),
            "in this request: AWS_REGION, _HANDLER",
        ),
        ("Environment", json!({ "Variables": { "SECRET": secret } }), "exceeded the 4KB limit"),
        ("LoggingConfig", json!({ "ApplicationLogLevel": "INFO" }), "LogLevel is not supported"),
        ("Layers", json!(["arn"]), "Layers"),
        ("VpcConfig", json!({ "SubnetIds": ["s"] }), "VpcConfig"),
        ("FileSystemConfigs", json!([{ "Arn": "a" }]), "FileSystemConfigs"),
        ("ImageConfig", json!({ "Command": ["c"] }), "ImageConfig"),
        ("SnapStart", json!({ "ApplyOn": "PublishedVersions" }), "SnapStart"),
        ("KMSKeyArn", json!("arn:aws:kms:x"), "KMSKeyArn"),
        ("DeadLetterConfig", json!({ "TargetArn": "a" }), "DeadLetterConfig"),
        ("DurableConfig", json!({ "KMSKeyArn": "arn" }), "DurableConfig.KMSKeyArn"),
        ("FunctionName", json!("greet:1"), "qualifier"),
    ] {
        let mut bad = body("greet");
        bad[member] = value;
        let reply = send(&server, "POST", "/2015-03-31/functions", &bad).await;
        let found = (reply.status, reply.code());
        assert_eq!(found, (400, "InvalidParameterValueException"), "{member}: {}", reply.text());
        assert!(reply.message().contains(text), "{text} in {}", reply.message());
        assert!(!reply.message().contains(&secret), "a secret is repeated");
    }
    // What asks for nothing is taken.
    let mut fine = body("greet");
    fine["VpcConfig"] =
        json!({ "SubnetIds": [], "SecurityGroupIds": [], "Ipv6AllowedForDualStack": false });
    fine["SnapStart"] = json!({ "ApplyOn": "None" });
    fine["DeadLetterConfig"] = json!({ "TargetArn": "" });
    fine["TracingConfig"] = json!({ "Mode": "Active" });
    let provider = json!({ "LambdaManagedInstancesCapacityProviderConfig": {
        "CapacityProviderArn": "arn:aws:lambda:us-east-1:000000000000:capacity-provider:p",
        "PerExecutionEnvironmentMaxConcurrency": 4 } });
    fine["CapacityProviderConfig"] = provider.clone();
    fine["Timeout"] = json!(5400);
    let reply = send(&server, "POST", "/2015-03-31/functions", &fine).await;
    assert_eq!(reply.status, 201, "{}", reply.text());
    assert_eq!(reply.json()["TracingConfig"], json!({ "Mode": "Active" }));
    assert_eq!(reply.json()["CapacityProviderConfig"], provider);
    let reply = send(&server, "POST", "/2015-03-31/functions", &body("greet")).await;
    reply.assert_error(409, "ResourceConflictException", "Function already exist: greet");
    let mut bad = body("other");
    bad["Code"] = json!({ "ZipFile": "no base64!" });
    let reply = send(&server, "POST", "/2015-03-31/functions", &bad).await;
    assert_eq!((reply.status, reply.code()), (400, "SerializationException"));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_uploads_of_code_may_be_larger_than_other_requests() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    // 17 MiB of bytes that cannot be compressed, so more than 22 MiB in base64.
    let mut noise = vec![0_u8; 17 * 1024 * 1024];
    let mut state = 1_u64;
    for byte in &mut noise {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        *byte = (state >> 56) as u8;
    }
    let program = include_str!("support/bootstrap.py").replace("@CODE@", "large");
    let files = zip(&[("bootstrap!", program.as_bytes()), ("data", noise.as_slice())]);
    let request = function(&server, "large", "").code(code(files.clone()));
    within("create", request.send()).await.unwrap();
    assert_eq!(invoke(&server, "large").await.0["code"], "large");
    let request = server.lambda().update_function_code().function_name("large").zip_file(files);
    within("update", request.send()).await.unwrap();
    let request = server.lambda().publish_version().function_name("large");
    let refused = within("a refusal", request.description("x".repeat(17 << 20)).send()).await;
    let refused = refused.unwrap_err().into_service_error();
    assert_eq!(refused.code(), Some("RequestTooLargeException"));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_code_runs_with_the_next_invocation() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    create(&server, "greet", "one").await;
    let first = invoke(&server, "greet").await.0;
    let dry = server.lambda().update_function_code().function_name("greet").dry_run(true);
    within("dry run", dry.zip_file(package("two")).send()).await.unwrap();
    assert_eq!(invoke(&server, "greet").await.0["code"], "one");
    update(&server, "greet", "two").await;
    let second = invoke(&server, "greet").await.0;
    assert_eq!(second["code"], "two");
    assert_ne!(first["process"], second["process"]);
    // The process of the old code ends once nothing runs in it.
    let old = format!("/proc/{}", first["process"]);
    eventually("the old process is gone", async || {
        (!std::path::Path::new(&old).exists()).then_some(())
    })
    .await;
    let refused = server.lambda().update_function_code().function_name("greet").send();
    let refused = within("a refusal", refused).await.unwrap_err().into_service_error();
    assert!(refused.message().unwrap().contains("Please provide a source"), "{refused:?}");
    let missing = server.lambda().update_function_code().function_name("missing");
    let missing = within("missing", missing.zip_file(package("x")).send()).await;
    assert!(missing.unwrap_err().into_service_error().is_resource_not_found_exception());
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invocation_ends_on_the_code_that_it_began_with() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    create(&server, "greet", "one").await;
    let (entered, gate) = (directory.path().join("entered"), directory.path().join("gate"));
    let payload = json!({ "entered": entered, "gate": gate }).to_string();
    let request = server.lambda().invoke().function_name("greet").payload(Blob::new(payload));
    let running = tokio::spawn(request.send());
    eventually("it runs", async || entered.exists().then_some(())).await;
    update(&server, "greet", "two").await;
    assert_eq!(invoke(&server, "greet").await.0["code"], "two");
    std::fs::write(&gate, "").unwrap();
    let output = within("the answer", running).await.unwrap().unwrap();
    let answer: Value = serde_json::from_slice(output.payload().unwrap().as_ref()).unwrap();
    assert_eq!(answer["code"], "one");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_configuration_keeps_what_was_not_given() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    let variables = Environment::builder().variables("STAGE", "one").build();
    let request = function(&server, "greet", "code").description("kept").environment(variables);
    let created = within("create", request.send()).await.unwrap();
    let client = server.lambda();
    let change = || client.update_function_configuration().function_name("greet");
    let variables = Environment::builder().variables("STAGE", "two").build();
    let revision = created.revision_id().unwrap();
    let changed = change().environment(variables).timeout(7).revision_id(revision).send();
    let changed = within("change", changed).await.unwrap();
    assert_eq!((changed.description(), changed.timeout()), (Some("kept"), Some(7)));
    assert_ne!(changed.revision_id(), Some(revision));
    assert_eq!(invoke(&server, "greet").await.0["stage"], "two");
    let stale = within("a refusal", change().timeout(8).revision_id(revision).send()).await;
    assert!(stale.unwrap_err().into_service_error().is_precondition_failed_exception());
    let empty = Environment::builder().set_variables(Some(HashMap::new())).build();
    within("change", change().environment(empty).send()).await.unwrap();
    assert_eq!(invoke(&server, "greet").await.0["stage"], Value::Null);
    let refused = within("a refusal", change().runtime(Runtime::Ruby33).send()).await;
    assert!(refused.unwrap_err().into_service_error().is_invalid_parameter_value_exception());
    let path = "/2015-03-31/functions/greet:1/configuration";
    let reply = send(&server, "PUT", path, &json!({ "Timeout": 5 })).await;
    assert_eq!((reply.status, reply.code()), (400, "InvalidParameterValueException"));
    let shown = server.get("/2015-03-31/functions/greet/configuration").await.ok();
    assert_eq!(shown["Timeout"], 7);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_is_durable_from_its_creation_on_or_never() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    create(&server, "plain", "one").await;
    create_durable(&server, "flow", "one").await;
    let client = server.lambda();
    let change = |name| client.update_function_configuration().function_name(name);
    let refused = within("a refusal", change("plain").durable_config(durable(60)).send()).await;
    let refused = refused.unwrap_err().into_service_error();
    assert!(refused.is_invalid_parameter_value_exception(), "{refused:?}");

    let before = start(&server, "flow:$LATEST").await;
    let changed =
        within("change", change("flow").durable_config(durable(60)).send()).await.unwrap();
    let shown = changed.durable_config().unwrap();
    assert_eq!((shown.execution_timeout(), shown.retention_period_in_days()), (Some(60), Some(14)));
    let after = start(&server, "flow:$LATEST").await;
    for (arn, seconds) in [(&before, 300), (&after, 60)] {
        let events = server.history(arn).await;
        assert_eq!(events[0]["ExecutionStartedDetails"]["ExecutionTimeout"], seconds);
        assert_eq!(finish(&server, arn).await["code"], "one");
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reserved_concurrency_of_0_stops_a_function_until_it_is_lifted() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    create(&server, "plain", "one").await;
    create_durable(&server, "flow", "one").await;
    let client = server.lambda();
    let reserve = async |name: &str, reserved: i32| {
        let put = client.put_function_concurrency().function_name(name);
        within("put", put.reserved_concurrent_executions(reserved).send()).await.unwrap();
    };
    reserve("plain", 0).await;
    let invoke_plain = client.invoke().function_name("plain").payload(Blob::new("{}")).send();
    let refused = within("a refusal", invoke_plain).await.unwrap_err().into_service_error();
    assert!(refused.is_too_many_requests_exception(), "{refused:?}");
    reserve("plain", 2).await;
    assert_eq!(invoke(&server, "plain").await.0["code"], "one");

    reserve("flow", 0).await;
    let arn = server.start("flow", None, &json!({})).await;
    let get = client.get_function_concurrency().function_name("flow").send();
    assert_eq!(within("get", get).await.unwrap().reserved_concurrent_executions(), Some(0));
    let shown = server.get("/2015-03-31/functions/flow").await.ok();
    assert_eq!(shown["Concurrency"], json!({ "ReservedConcurrentExecutions": 0 }));
    assert_eq!(server.event_types(&arn).await, ["ExecutionStarted"]);
    server.close().await;

    let server = open(&directory).await;
    assert_eq!(server.event_types(&arn).await, ["ExecutionStarted"]);
    let lift = server.lambda().delete_function_concurrency().function_name("flow").send();
    within("lift", lift).await.unwrap();
    assert_eq!(finish(&server, &arn).await["code"], "one");
    let path = "/2017-10-31/functions/flow/concurrency";
    let reply = send(&server, "PUT", path, &json!({ "ReservedConcurrentExecutions": -1 })).await;
    reply.assert_violations(&["'reservedConcurrentExecutions'"]);
    send(&server, "PUT", path, &json!({}))
        .await
        .assert_violations(&["'reservedConcurrentExecutions'"]);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tags_and_account_settings_are_kept() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    create(&server, "greet", "one").await;
    let client = server.lambda();
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:greet";
    let tag = client.tag_resource().resource(arn).tags("a", "1").tags("b", "2");
    within("tag", tag.send()).await.unwrap();
    let untag = client.untag_resource().resource(arn).tag_keys("a").tag_keys("none");
    within("untag", untag.send()).await.unwrap();
    let tags = within("list", client.list_tags().resource(arn).send()).await.unwrap().tags.unwrap();
    assert_eq!(tags, HashMap::from([("b".to_owned(), "2".to_owned())]));
    let many: serde_json::Map<_, _> = (0..51).map(|n| (format!("k{n}"), json!(""))).collect();
    let path = format!("/2017-03-31/tags/{arn}");
    let reply = send(&server, "POST", &path, &json!({ "Tags": many })).await;
    assert_eq!((reply.status, reply.code()), (400, "InvalidParameterValueException"));
    let missing = client.list_tags().resource(arn.replace("greet", "missing")).send();
    let missing = within("missing", missing).await.unwrap_err().into_service_error();
    assert!(missing.is_resource_not_found_exception());
    let account = within("account", client.get_account_settings().send()).await.unwrap();
    assert_eq!(account.account_usage().unwrap().function_count(), 1);
    assert!(account.account_usage().unwrap().total_code_size() > 0);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_of_the_server_is_shown_and_never_changed() {
    let directory = TempDir::new().unwrap();
    let setup = Setup::new(directory.path());
    let server = setup.durable("built-in", |_| async { succeeded("1") }).open().await;
    for (method, path) in [
        ("DELETE", "/2015-03-31/functions/built-in"),
        ("PUT", "/2015-03-31/functions/built-in/configuration"),
        ("POST", "/2015-03-31/functions/built-in/versions"),
        ("PUT", "/2017-10-31/functions/built-in/concurrency"),
    ] {
        let body = json!({ "ReservedConcurrentExecutions": 1 });
        let reply = send(&server, method, path, &body).await;
        assert_eq!((reply.status, reply.code()), (400, "InvalidParameterValueException"), "{path}");
        assert!(reply.message().contains("is built into this server"), "{path}");
    }
    let code = json!({ "ZipFile": STANDARD.encode(package("x")) });
    let reply = send(&server, "PUT", "/2015-03-31/functions/built-in/code", &code).await;
    assert_eq!((reply.status, reply.code()), (400, "InvalidParameterValueException"));
    let reply = send(&server, "POST", "/2015-03-31/functions", &body("built-in")).await;
    assert_eq!((reply.status, reply.code()), (409, "ResourceConflictException"));
    let alias = json!({ "Name": "live", "FunctionVersion": "$LATEST" });
    let reply = send(&server, "POST", "/2015-03-31/functions/built-in/aliases", &alias).await;
    assert_eq!((reply.status, reply.code()), (400, "InvalidParameterValueException"));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_changes_at_once_none_is_lost() {
    const ROUNDS: usize = 8;
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    create(&server, "greet", "one").await;
    let client = server.lambda();
    let mut running = Vec::new();
    for round in 0..ROUNDS {
        let key = format!("k{round}");
        let arn = "arn:aws:lambda:us-east-1:000000000000:function:greet";
        running.push(tokio::spawn(client.tag_resource().resource(arn).tags(key, "v").send()));
    }
    for each in running {
        within("tag", each).await.unwrap().unwrap();
    }
    let shown = server.get("/2015-03-31/functions/greet").await.ok();
    assert_eq!(shown["Tags"].as_object().unwrap().len(), ROUNDS);
    // Of those who have seen the same revision, one changes it.
    let revision = shown["Configuration"]["RevisionId"].as_str().unwrap();
    let mut running = Vec::new();
    for seconds in 1..=ROUNDS {
        let change = client.update_function_configuration().function_name("greet");
        let change = change.timeout(seconds as i32).revision_id(revision);
        running.push(tokio::spawn(change.send()));
    }
    let mut changed = Vec::new();
    for each in running {
        changed.extend(within("change", each).await.unwrap().ok());
    }
    assert_eq!(changed.len(), 1);
    let shown = server.get("/2015-03-31/functions/greet/configuration").await.ok();
    assert_eq!(shown["Timeout"], changed[0].timeout().unwrap());
    server.close().await;
}

/// A backend whose commits of deployments fail, before or after they are written.
struct NoDeployments {
    inner: Box<dyn Backend>,
    after: bool,
}

impl Backend for NoDeployments {
    fn commit(&mut self, batch: &[Write]) -> Result<Vec<Outcome>, String> {
        let deploys = batch.iter().any(|write| matches!(write, Write::Deploy(_)));
        if deploys && !self.after {
            return Err("injected: the disk is gone".to_owned());
        }
        let outcomes = self.inner.commit(batch);
        if deploys { Err("injected: the disk is gone".to_owned()) } else { outcomes }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deployment_that_was_cut_off_is_there_entirely_or_not_at_all() {
    for after in [false, true] {
        let directory = TempDir::new().unwrap();
        let stored = || std::fs::read_dir(directory.path().join("code")).unwrap().count();
        let setup = Setup::new(directory.path()).with(|setup| {
            setup.wrap =
                Box::new(move |inner| Box::new(NoDeployments { inner: Box::new(inner), after }));
        });
        let server = setup.open().await;
        let request = function(&server, "greet", "one").publish(true);
        let failed = within("a failure", request.send()).await.unwrap_err().into_service_error();
        assert!(failed.is_service_exception(), "{failed:?}");
        // Nobody is shown what was not acknowledged, and its code is in nobody's way.
        assert_eq!(server.get("/2015-03-31/functions/greet").await.status, 404);
        assert_eq!(stored(), 1);
        server.close().await;

        let server = open(&directory).await;
        if after {
            assert_eq!(invoke(&server, "greet:1").await.0["code"], "one");
        } else {
            assert_eq!(server.get("/2015-03-31/functions/greet").await.status, 404);
            assert_eq!(stored(), 0);
            create(&server, "greet", "two").await;
            assert_eq!(invoke(&server, "greet").await.0["code"], "two");
        }
        server.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_whose_caller_goes_away_is_known_if_it_is_on_disk() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    create(&server, "greet", "one").await;
    let path = "/2015-03-31/functions/greet/configuration";
    for seconds in 1..=40 {
        // Cut off somewhere between the first step and the last.
        let body = json!({ "Timeout": seconds });
        let change = send(&server, "PUT", path, &body);
        let _ = tokio::time::timeout(Duration::from_micros(seconds * 60), change).await;
    }
    // Whoever comes next waits for the last of them.
    let tag = json!({ "Tags": {} });
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:greet";
    assert_eq!(send(&server, "POST", &format!("/2017-03-31/tags/{arn}"), &tag).await.status, 204);
    let known = server.get(path).await.ok();
    server.close().await;
    let server = open(&directory).await;
    assert_eq!(server.get(path).await.ok(), known);
    server.close().await;
}
