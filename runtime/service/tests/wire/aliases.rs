//! Goal: an alias is a name for a version, or splits its traffic between two; an execution never hears of it.
//!
//! Method: functions whose answers tell which code has run; weights of 0 and 1, which leave nothing to chance.

use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_sdk_lambda::types::AliasRoutingConfiguration;
use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::functions::open;
use crate::support::package::{create, create_durable, finish, invoke, publish, start, update};
use crate::support::{Reply, Server, within};

/// A function `greet` with the versions 1 and 2, whose codes are `one` and `two`.
async fn versions(server: &Server, durable: bool) {
    match durable {
        true => create_durable(server, "greet", "one").await,
        false => create(server, "greet", "one").await,
    }
    publish(server, "greet").await;
    update(server, "greet", "two").await;
    publish(server, "greet").await;
}

async fn create_alias(server: &Server, name: &str, version: &str) -> String {
    let request = server.lambda().create_alias().function_name("greet").name(name);
    let created = within("create", request.function_version(version).send()).await.unwrap();
    created.revision_id.unwrap()
}

fn weight(version: &str, weight: f64) -> AliasRoutingConfiguration {
    AliasRoutingConfiguration::builder().additional_version_weights(version, weight).build()
}

async fn send(server: &Server, method: &str, suffix: &str, body: &Value) -> Reply {
    let path = format!("/2015-03-31/functions/greet/aliases{suffix}");
    let request = Request::builder().method(method).uri(path);
    server.send(request.body(Bytes::from(body.to_string())).unwrap()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alias_leads_to_its_version_until_it_is_moved() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    versions(&server, false).await;
    let revision = create_alias(&server, "live", "1").await;
    let (answer, executed) = invoke(&server, "greet:live").await;
    assert_eq!((&answer["code"], executed.as_str()), (&json!("one"), "1"));
    let shown = server.get("/2015-03-31/functions/greet?Qualifier=live").await.ok();
    let configuration = &shown["Configuration"];
    assert_eq!(configuration["Version"], "1");
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:greet:live";
    assert_eq!(configuration["FunctionArn"], arn);
    let client = server.lambda();
    let change = || client.update_alias().function_name("greet").name("live");
    let moved = change().function_version("2").revision_id(&revision).description("moved");
    let moved = within("move", moved.send()).await.unwrap();
    assert_eq!((moved.alias_arn(), moved.function_version()), (Some(arn), Some("2")));
    assert_eq!(invoke(&server, "greet:live").await.0["code"], "two");
    let stale = within("a refusal", change().revision_id(&revision).send()).await;
    assert!(stale.unwrap_err().into_service_error().is_precondition_failed_exception());
    server.close().await;

    let server = open(&directory).await;
    let get = server.lambda().get_alias().function_name("greet").name("live").send();
    let kept = within("get", get).await.unwrap();
    assert_eq!((kept.description(), kept.revision_id()), (Some("moved"), moved.revision_id()));
    assert_eq!(kept.routing_config(), None);
    for _ in 0..2 {
        // The second time it is gone already.
        let delete = server.lambda().delete_alias().function_name("greet").name("live").send();
        within("delete", delete).await.unwrap();
    }
    let get = server.lambda().get_alias().function_name("greet").name("live").send();
    let gone = within("gone", get).await.unwrap_err().into_service_error();
    assert!(gone.is_resource_not_found_exception());
    assert_eq!(gone.message(), Some(format!("Cannot find alias arn: {arn}").as_str()));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn weights_decide_where_an_execution_starts_and_it_stays_there() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    versions(&server, true).await;
    let request = server.lambda().create_alias().function_name("greet").name("live");
    let request = request.function_version("1").routing_config(weight("2", 1.0));
    within("create", request.send()).await.unwrap();
    let second = start(&server, "greet:live").await;
    assert!(second.contains(":greet:2/durable-execution/"), "{second}");
    let change = server.lambda().update_alias().function_name("greet").name("live");
    within("change", change.routing_config(weight("2", 0.0)).send()).await.unwrap();
    let first = start(&server, "greet:live").await;
    assert!(first.contains(":greet:1/durable-execution/"), "{first}");
    // The list by alias: whatever it may lead to now.
    let list = async |qualifier: &str| {
        let path = format!("/2025-12-01/functions/greet/durable-executions?Qualifier={qualifier}");
        server.get(&path).await
    };
    let listed = async |qualifier: &str| {
        let listed = list(qualifier).await.ok();
        listed["DurableExecutions"].as_array().unwrap().len()
    };
    assert_eq!((listed("live").await, listed("1").await, listed("2").await), (2, 1, 1));
    let change = server.lambda().update_alias().function_name("greet").name("live");
    let none = AliasRoutingConfiguration::builder().build();
    within("change", change.routing_config(none).send()).await.unwrap();
    assert_eq!(listed("live").await, 1);
    assert_eq!((list("other").await.status, listed("7").await), (404, 0));
    assert_eq!(finish(&server, &second).await["code"], "two");
    assert_eq!(finish(&server, &first).await["code"], "one");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_of_the_traffic_goes_each_way() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    versions(&server, false).await;
    let request = server.lambda().create_alias().function_name("greet").name("split");
    let request = request.function_version("1").routing_config(weight("2", 0.5));
    within("create", request.send()).await.unwrap();
    let mut seen = std::collections::BTreeSet::new();
    // Sixty-four throws of one kind are not seen in a lifetime.
    for _ in 0..64 {
        seen.insert(invoke(&server, "greet:split").await.1);
        if seen.len() == 2 {
            break;
        }
    }
    assert_eq!(seen.len(), 2);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alias_that_could_not_work_is_refused() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    versions(&server, false).await;
    create_alias(&server, "live", "1").await;
    let routing = |weights: Value| json!({ "AdditionalVersionWeights": weights });
    for (body, code) in [
        (json!({ "Name": "a", "FunctionVersion": "9" }), (404, "ResourceNotFoundException")),
        (json!({ "Name": "live", "FunctionVersion": "1" }), (409, "ResourceConflictException")),
        (
            json!({ "Name": "a", "FunctionVersion": "1", "RoutingConfig": routing(json!({ "9": 0.5 })) }),
            (404, "ResourceNotFoundException"),
        ),
        (
            json!({ "Name": "a", "FunctionVersion": "1", "RoutingConfig": routing(json!({ "1": 0.5 })) }),
            (400, "InvalidParameterValueException"),
        ),
        (
            json!({ "Name": "a", "FunctionVersion": "$LATEST", "RoutingConfig": routing(json!({ "1": 0.5 })) }),
            (400, "InvalidParameterValueException"),
        ),
    ] {
        let reply = send(&server, "POST", "", &body).await;
        assert_eq!((reply.status, reply.code()), code, "{body}: {}", reply.text());
    }
    let bad = json!({ "Name": "12", "FunctionVersion": "live", "Description": "x".repeat(257),
        "RoutingConfig": routing(json!({ "2": 1.5, "live": 0.1 })) });
    send(&server, "POST", "", &bad).await.assert_violations(&[
        "'name'",
        "'functionVersion'",
        "'description'",
        "'{2=1.5}' at 'routingConfig.additionalVersionWeights'",
        "'{live=0.1}' at 'routingConfig.additionalVersionWeights'",
    ]);
    send(&server, "POST", "", &json!({})).await.assert_violations(&["'name'", "'functionVersion'"]);
    send(&server, "GET", "/a%20b", &json!({})).await.assert_violations(&["'name'"]);
    let reply = send(&server, "PUT", "/none", &json!({ "FunctionVersion": "1" })).await;
    assert_eq!((reply.status, reply.code()), (404, "ResourceNotFoundException"));
    let reply = send(&server, "PUT", "/live", &json!({ "FunctionVersion": "9" })).await;
    assert_eq!((reply.status, reply.code()), (404, "ResourceNotFoundException"));
    assert_eq!(invoke(&server, "greet:live").await.1, "1");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aliases_are_listed_in_pages_and_by_version() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    versions(&server, false).await;
    for (name, version) in [("c", "2"), ("a", "1"), ("b", "2"), ("head", "$LATEST")] {
        create_alias(&server, name, version).await;
    }
    let list = async |version: Option<&str>| {
        let list = server.lambda().list_aliases().function_name("greet").max_items(1);
        let list = list.set_function_version(version.map(str::to_owned));
        let pages = list.into_paginator().items().send();
        let listed = within("list", pages.collect::<Result<Vec<_>, _>>()).await.unwrap();
        listed.into_iter().filter_map(|alias| alias.name).collect::<Vec<_>>()
    };
    assert_eq!(list(None).await, ["a", "b", "c", "head"]);
    assert_eq!(list(Some("2")).await, ["b", "c"]);
    assert_eq!(list(Some("$LATEST")).await, ["head"]);
    assert_eq!(list(Some("7")).await, [""; 0]);
    let missing = server.get("/2015-03-31/functions/missing/aliases").await;
    assert_eq!((missing.status, missing.code()), (404, "ResourceNotFoundException"));
    server.close().await;
}
