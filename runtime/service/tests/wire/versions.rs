//! Goal: a published version never changes, executions stay on theirs, and `$LATEST` is whatever it is at each invocation.
//!
//! Method: functions whose answers tell which code has run; executions that wait for a callback while everything else
//! changes, also over a restart.

use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{FunctionVersion, InvocationType};
use serde_json::json;
use tempfile::TempDir;

use crate::functions::open;
use crate::support::package::{
    create, create_durable, finish, function, invoke, package, publish, start, update,
};
use crate::support::{Server, eventually, within};

async fn versions(server: &Server, name: &str) -> Vec<String> {
    let list = server.lambda().list_versions_by_function().function_name(name);
    let pages = list.max_items(2).into_paginator().items().send();
    let listed = within("list", pages.collect::<Result<Vec<_>, _>>()).await.unwrap();
    listed
        .iter()
        .map(|version| {
            let number = version.version().unwrap();
            assert!(version.function_arn().unwrap().ends_with(&format!(":{number}")));
            number.to_owned()
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_published_version_keeps_its_code_and_its_configuration() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    create(&server, "greet", "one").await;
    assert_eq!(publish(&server, "greet").await, "1");
    // Nothing has changed since.
    assert_eq!(publish(&server, "greet").await, "1");
    update(&server, "greet", "two").await;
    let change = server.lambda().update_function_configuration().function_name("greet");
    within("change", change.timeout(9).send()).await.unwrap();
    assert_eq!(publish(&server, "greet").await, "2");
    update(&server, "greet", "three").await;
    assert_eq!(versions(&server, "greet").await, ["$LATEST", "1", "2"]);
    for (name, code, version) in [
        ("greet", "three", "$LATEST"),
        ("greet:$LATEST", "three", "$LATEST"),
        ("greet:1", "one", "1"),
        ("greet:2", "two", "2"),
    ] {
        let (answer, executed) = invoke(&server, name).await;
        assert_eq!((&answer["code"], executed.as_str()), (&json!(code), version), "{name}");
        assert_eq!(answer["version"], version);
    }
    let shown = server.get("/2015-03-31/functions/greet?Qualifier=1").await.ok();
    assert_eq!(shown["Configuration"]["Timeout"], 60);
    server.close().await;

    let server = open(&directory).await;
    assert_eq!(invoke(&server, "greet:1").await.0["code"], "one");
    assert_eq!(invoke(&server, "greet:2").await.0["code"], "two");
    let reply = server.post("/2015-03-31/functions/greet:3/invocations", "{}").await;
    let text = "Function not found: arn:aws:lambda:us-east-1:000000000000:function:greet:3";
    reply.assert_error(404, "ResourceNotFoundException", text);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_is_published_only_from_what_its_caller_has_seen() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    let created = within("create", function(&server, "greet", "one").send()).await.unwrap();
    update(&server, "greet", "two").await;
    let client = server.lambda();
    let request = || client.publish_version().function_name("greet");
    let stale = request().revision_id(created.revision_id().unwrap()).send();
    let stale = within("a refusal", stale).await.unwrap_err().into_service_error();
    assert!(stale.is_precondition_failed_exception(), "{stale:?}");
    let other = request().code_sha256(created.code_sha256().unwrap()).send();
    let other = within("a refusal", other).await.unwrap_err().into_service_error();
    assert!(other.is_invalid_parameter_value_exception(), "{other:?}");
    assert!(other.message().unwrap().contains("is different from current CodeSHA256 in $LATEST"));
    let long = within("a refusal", request().description("x".repeat(257)).send()).await;
    assert_eq!(long.unwrap_err().into_service_error().code(), Some("ValidationException"));
    let shown = server.get("/2015-03-31/functions/greet/configuration").await.ok();
    let right = request()
        .revision_id(shown["RevisionId"].as_str().unwrap())
        .code_sha256(shown["CodeSha256"].as_str().unwrap())
        .description("the second");
    let published = within("publish", right.send()).await.unwrap();
    assert_eq!((published.version(), published.description()), (Some("1"), Some("the second")));
    let update = client.update_function_code().function_name("greet").publish(true);
    let updated = within("update", update.zip_file(package("three")).send()).await.unwrap();
    assert_eq!(updated.version(), Some("2"));
    let missing = within("missing", client.publish_version().function_name("no").send()).await;
    assert!(missing.unwrap_err().into_service_error().is_resource_not_found_exception());
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn executions_stay_on_their_version_over_changes_and_restarts() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    create_durable(&server, "flow", "one").await;
    assert_eq!(publish(&server, "flow").await, "1");
    let pinned = start(&server, "flow:1").await;
    let unpinned = start(&server, "flow:$LATEST").await;
    assert!(pinned.contains(":function:flow:1/durable-execution/"), "{pinned}");
    update(&server, "flow", "two").await;
    server.close().await;

    let server = open(&directory).await;
    let result = finish(&server, &pinned).await;
    assert_eq!((&result["code"], &result["version"]), (&json!("one"), &json!("1")));
    let result = finish(&server, &unpinned).await;
    assert_eq!((&result["code"], &result["version"]), (&json!("two"), &json!("$LATEST")));
    for (query, expected) in [("", 2), ("?Qualifier=1", 1), ("?Qualifier=$LATEST", 1)] {
        let path = format!("/2025-12-01/functions/flow/durable-executions{query}");
        let listed = server.get(&path).await.ok();
        assert_eq!(listed["DurableExecutions"].as_array().unwrap().len(), expected, "{query}");
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_belongs_to_one_version() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    create_durable(&server, "flow", "one").await;
    publish(&server, "flow").await;
    let client = server.lambda();
    let named = async |name: &str| {
        let request = client.invoke().function_name(name).durable_execution_name("order-1");
        let request = request.invocation_type(InvocationType::Event).payload(Blob::new("{}"));
        within("invoke", request.send()).await.map_err(|error| error.into_service_error())
    };
    let first = named("flow:1").await.unwrap().durable_execution_arn.unwrap();
    assert_eq!(named("flow:1").await.unwrap().durable_execution_arn.unwrap(), first);
    let refused = named("flow:$LATEST").await.unwrap_err();
    assert!(refused.is_durable_execution_already_started_exception(), "{refused:?}");
    finish(&server, &first).await;
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queued_invocation_keeps_its_version() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    create(&server, "greet", "one").await;
    publish(&server, "greet").await;
    let (entered, gate) = (directory.path().join("entered"), directory.path().join("gate"));
    let payload = json!({ "entered": entered, "gate": gate }).to_string();
    let request = server.lambda().invoke().function_name("greet:1").payload(Blob::new(payload));
    let accepted = request.invocation_type(InvocationType::Event).send();
    assert_eq!(within("accepted", accepted).await.unwrap().status_code(), 202);
    eventually("it runs", async || entered.exists().then_some(())).await;
    update(&server, "greet", "two").await;
    server.close_at_once().await;
    std::fs::remove_file(&entered).unwrap();

    // Cut off by the end of the server, it runs again, on the version that it was accepted for.
    let rows = || {
        let journal = rusqlite::Connection::open(directory.path().join("journal.db")).unwrap();
        let sql = "SELECT function || ':' || version FROM invocations";
        let mut statement = journal.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        rows.collect::<Result<Vec<_>, _>>().unwrap()
    };
    assert_eq!(rows(), ["greet:1"]);
    let server = open(&directory).await;
    eventually("it runs again", async || entered.exists().then_some(())).await;
    std::fs::write(&gate, "").unwrap();
    eventually("it is carried out", async || rows().is_empty().then_some(())).await;
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_versions_of_all_functions_are_listed_in_pages() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    for name in ["a", "b"] {
        create(&server, name, name).await;
        publish(&server, name).await;
        update(&server, name, "later").await;
        publish(&server, name).await;
    }
    let client = server.lambda();
    let all = client.list_functions().function_version(FunctionVersion::All).max_items(2);
    let pages = all.into_paginator().items().send();
    let listed = within("list", pages.collect::<Result<Vec<_>, _>>()).await.unwrap();
    let shown: Vec<_> = listed
        .iter()
        .map(|it| format!("{}:{}", it.function_name().unwrap(), it.version().unwrap()))
        .collect();
    assert_eq!(shown, ["a:$LATEST", "a:1", "a:2", "b:$LATEST", "b:1", "b:2"]);
    let heads = server.get("/2015-03-31/functions?MaxItems=1").await.ok();
    assert_eq!(heads["Functions"].as_array().unwrap().len(), 1);
    let marker = heads["NextMarker"].as_str().unwrap();
    let heads = server.get(&format!("/2015-03-31/functions?Marker={marker}")).await.ok();
    assert_eq!(heads["Functions"][0]["FunctionName"], "b");
    assert_eq!(heads.get("NextMarker"), None);
    for (query, code) in [
        ("?MaxItems=0", "ValidationException"),
        ("?MaxItems=10001", "ValidationException"),
        ("?MaxItems=x", "SerializationException"),
        ("?FunctionVersion=SOME", "ValidationException"),
        ("?Marker=a:x", "InvalidParameterValueException"),
    ] {
        let reply = server.get(&format!("/2015-03-31/functions{query}")).await;
        assert_eq!((reply.status, reply.code()), (400, code), "{query}");
    }
    server.close().await;
}
