//! Goal: the tables behind the same door answer the real SDK with results and errors that it can type, and keep what
//! they were given.
//!
//! Method: `aws-sdk-dynamodb` over a real socket; raw requests for what it would not send.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, Put,
    ScalarAttributeType, TransactWriteItem, Update,
};
use bytes::Bytes;
use durable_service::TableSpec;
use http::Request;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Reply, Server, Setup, within};

async fn server(directory: &TempDir) -> Server {
    let table = TableSpec::with_key("Orders", "orderId");
    Setup::new(directory.path()).with(|setup| setup.config.tables = vec![table]).open().await
}

fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn n(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

async fn put(client: &Client, id: &str, stock: i64) {
    let put = client.put_item().table_name("Orders").item("orderId", s(id)).item("stock", n(stock));
    within("put", put.send()).await.unwrap();
}

async fn get(client: &Client, id: &str) -> Option<HashMap<String, AttributeValue>> {
    let get = client.get_item().table_name("Orders").key("orderId", s(id)).consistent_read(true);
    within("get", get.send()).await.unwrap().item
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn items_are_put_read_changed_and_deleted() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let client = server.dynamodb();
    assert_eq!(get(&client, "a").await, None);
    put(&client, "a", 5).await;
    assert_eq!(get(&client, "a").await.unwrap()["stock"], n(5));
    let update = client
        .update_item()
        .table_name("Orders")
        .key("orderId", s("a"))
        .update_expression("SET stock = stock - :two, #n = :name")
        .expression_attribute_names("#n", "name")
        .expression_attribute_values(":two", n(2))
        .expression_attribute_values(":name", s("Ä"))
        .return_values(aws_sdk_dynamodb::types::ReturnValue::AllNew);
    let changed = within("update", update.send()).await.unwrap().attributes.unwrap();
    assert_eq!((&changed["stock"], &changed["name"]), (&n(3), &s("Ä")));
    let delete = client.delete_item().table_name("Orders").key("orderId", s("a"));
    within("delete", delete.send()).await.unwrap();
    assert_eq!(get(&client, "a").await, None);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queries_and_scans_find_and_page() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let client = server.dynamodb();
    for number in 0..7 {
        put(&client, &format!("o{number}"), number).await;
    }
    let query = client
        .query()
        .table_name("Orders")
        .key_condition_expression("orderId = :id")
        .expression_attribute_values(":id", s("o3"));
    let found = within("query", query.send()).await.unwrap();
    assert_eq!((found.count(), &found.items()[0]["stock"]), (1, &n(3)));
    let scan = client
        .scan()
        .table_name("Orders")
        .filter_expression("stock >= :four")
        .expression_attribute_values(":four", n(4));
    assert_eq!(within("scan", scan.send()).await.unwrap().count(), 3);
    let pages = client.scan().table_name("Orders").limit(2).into_paginator().items().send();
    let all = within("pages", pages.collect::<Result<Vec<_>, _>>()).await.unwrap();
    assert_eq!(all.len(), 7);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_condition_that_does_not_hold_is_a_typed_error_and_changes_nothing() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let client = server.dynamodb();
    put(&client, "a", 1).await;
    let again = client
        .put_item()
        .table_name("Orders")
        .item("orderId", s("a"))
        .condition_expression("attribute_not_exists(orderId)");
    let refused = within("put", again.send()).await.unwrap_err().into_service_error();
    assert!(refused.is_conditional_check_failed_exception(), "{refused:?}");
    assert_eq!(refused.message(), Some("The conditional request failed"));
    let update = client
        .update_item()
        .table_name("Orders")
        .key("orderId", s("a"))
        .update_expression("SET stock = stock - :n")
        .condition_expression("stock >= :n")
        .expression_attribute_values(":n", n(2));
    let refused = within("update", update.send()).await.unwrap_err().into_service_error();
    assert!(refused.is_conditional_check_failed_exception(), "{refused:?}");
    assert_eq!(get(&client, "a").await.unwrap()["stock"], n(1));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_is_all_or_nothing_and_says_what_stopped_it() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let client = server.dynamodb();
    put(&client, "a", 1).await;
    let insert = |id: &str| {
        let put = Put::builder().table_name("Orders").item("orderId", s(id)).build().unwrap();
        TransactWriteItem::builder().put(put).build()
    };
    let take = |number: i64| {
        let update = Update::builder()
            .table_name("Orders")
            .key("orderId", s("a"))
            .update_expression("SET stock = stock - :n")
            .condition_expression("stock >= :n")
            .expression_attribute_values(":n", n(number));
        TransactWriteItem::builder().update(update.build().unwrap()).build()
    };
    let write = |items| client.transact_write_items().set_transact_items(Some(items)).send();
    let refused = within("transaction", write(vec![insert("b"), take(2)])).await.unwrap_err();
    let refused = refused.into_service_error();
    assert!(refused.is_transaction_canceled_exception(), "{refused:?}");
    let aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(
        canceled,
    ) = refused
    else {
        panic!("typed above")
    };
    let codes: Vec<_> = canceled.cancellation_reasons().iter().map(|r| r.code().unwrap()).collect();
    assert_eq!(codes, ["None", "ConditionalCheckFailed"]);
    assert_eq!(get(&client, "b").await, None);
    within("transaction", write(vec![insert("b"), take(1)])).await.unwrap();
    assert!(get(&client, "b").await.is_some());
    assert_eq!(get(&client, "a").await.unwrap()["stock"], n(0));
    server.close().await;
}

async fn create(
    client: &Client,
    name: &str,
) -> Result<(), aws_sdk_dynamodb::operation::create_table::CreateTableError> {
    let attribute = AttributeDefinition::builder()
        .attribute_name("id")
        .attribute_type(ScalarAttributeType::S)
        .build()
        .unwrap();
    let key =
        KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash).build().unwrap();
    let create = client
        .create_table()
        .table_name(name)
        .attribute_definitions(attribute)
        .key_schema(key)
        .billing_mode(BillingMode::PayPerRequest);
    within("create", create.send()).await.map(drop).map_err(|error| error.into_service_error())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_are_created_described_listed_and_deleted() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let client = server.dynamodb();
    create(&client, "Products").await.unwrap();
    let refused = create(&client, "Products").await.unwrap_err();
    assert!(refused.is_resource_in_use_exception(), "{refused:?}");
    let describe = || client.describe_table().table_name("Products").send();
    let described = within("describe", describe()).await.unwrap().table.unwrap();
    assert_eq!(described.table_name(), Some("Products"));
    let listed = within("list", client.list_tables().send()).await.unwrap();
    assert_eq!(listed.table_names(), ["Orders", "Products"]);
    within("delete", client.delete_table().table_name("Products").send()).await.unwrap();
    let refused = within("describe", describe()).await.unwrap_err().into_service_error();
    assert!(refused.is_resource_not_found_exception(), "{refused:?}");
    let put = client.put_item().table_name("Products").item("id", s("x")).send();
    let refused = within("put", put).await.unwrap_err().into_service_error();
    assert!(refused.is_resource_not_found_exception(), "{refused:?}");
    server.close().await;
}

async fn raw(server: &Server, target: &str, body: impl Into<Bytes>) -> Reply {
    let request = Request::post("/")
        .header("x-amz-target", target)
        .header("content-type", "application/x-amz-json-1.0");
    server.send(request.body(body.into()).unwrap()).await
}

fn code(reply: &Reply) -> String {
    let kind = reply.json()["__type"].as_str().unwrap_or_default().to_owned();
    kind.rsplit('#').next().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_make_no_sense_are_errors_of_the_right_name() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let put_item = "DynamoDB_20120810.PutItem";
    let get_item = "DynamoDB_20120810.GetItem";
    let item = |item: Value| json!({ "TableName": "Orders", "Item": item }).to_string();
    for (target, body, expected) in [
        ("DynamoDB_20120810.Nonsense", "{}".to_owned(), "UnknownOperationException"),
        ("DynamoDBStreams_20120810.Nonsense", "{}".to_owned(), "UnknownOperationException"),
        (put_item, "nope".to_owned(), "SerializationException"),
        (put_item, "[]".to_owned(), "SerializationException"),
        (put_item, json!({ "TableName": 1 }).to_string(), "SerializationException"),
        (put_item, item(json!({ "orderId": { "S": 1 } })), "SerializationException"),
        (put_item, item(json!({ "orderId": { "N": "1" } })), "ValidationException"),
        (put_item, item(json!({ "stock": { "N": "1" } })), "ValidationException"),
        (
            put_item,
            item(json!({ "orderId": { "S": "a" }, "n": { "N": "many" } })),
            "ValidationException",
        ),
        (put_item, "{}".to_owned(), "ValidationException"),
        (get_item, json!({ "TableName": "Orders", "Key": {} }).to_string(), "ValidationException"),
        (
            get_item,
            json!({ "TableName": "Missing", "Key": { "orderId": { "S": "a" } } }).to_string(),
            "ResourceNotFoundException",
        ),
    ] {
        let reply = raw(&server, target, body.clone()).await;
        assert_eq!(
            (reply.status, code(&reply).as_str()),
            (400, expected),
            "{target} {body}: {}",
            reply.text()
        );
        assert_eq!(reply.header("content-type"), Some("application/x-amz-json-1.0"));
        let checksum = crc32fast::hash(&reply.body).to_string();
        assert_eq!(reply.header("x-amz-crc32"), Some(checksum.as_str()));
        assert!(reply.header("x-amzn-requestid").is_some());
    }
    let reply = raw(&server, put_item, Bytes::from_static(b"\xff\xfe")).await;
    assert_eq!((reply.status, code(&reply).as_str()), (400, "SerializationException"));
    // And the table is untouched.
    let scan = raw(&server, "DynamoDB_20120810.Scan", r#"{"TableName":"Orders"}"#).await.ok();
    assert_eq!(scan["Count"], 0);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_there_after_reopening() {
    let directory = TempDir::new().unwrap();
    let first = server(&directory).await;
    let client = first.dynamodb();
    put(&client, "kept", 9).await;
    create(&client, "Products").await.unwrap();
    first.close().await;
    let second = server(&directory).await;
    let client = second.dynamodb();
    assert_eq!(get(&client, "kept").await.unwrap()["stock"], n(9));
    let listed = within("list", client.list_tables().send()).await.unwrap();
    assert_eq!(listed.table_names(), ["Orders", "Products"]);
    second.close().await;
}
