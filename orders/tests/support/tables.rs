//! The two tables, in a DynamoDB engine in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType,
    ScalarAttributeType,
};
use dynoxide::Database;
use orders::Settings;

use super::http;

/// The tables with three products, and the means to look behind the workers' back.
#[derive(Clone)]
pub struct Tables {
    pub client: Client,
    pub settings: Settings,
    calls: Arc<Mutex<HashMap<String, u32>>>,
    collisions: Arc<Mutex<u32>>,
    unprocessed: Arc<Mutex<u32>>,
}

impl Tables {
    pub async fn new() -> Self {
        let db = Arc::new(Database::memory().unwrap());
        let calls: Arc<Mutex<HashMap<String, u32>>> = Arc::default();
        let collisions: Arc<Mutex<u32>> = Arc::default();
        let unprocessed: Arc<Mutex<u32>> = Arc::default();
        let (seen, colliding) = (Arc::clone(&calls), Arc::clone(&collisions));
        let busy = Arc::clone(&unprocessed);
        let http_client = http::client(move |request| {
            let target = request.headers().get("x-amz-target").unwrap().to_owned();
            let operation = target.split_once('.').unwrap().1.to_owned();
            let body = request.body().bytes().unwrap().to_vec();
            *seen.lock().unwrap().entry(operation.clone()).or_default() += 1;
            let (db, colliding) = (Arc::clone(&db), Arc::clone(&colliding));
            let busy = Arc::clone(&busy);
            Box::pin(async move {
                // Concurrent requests interleave between their calls.
                tokio::task::yield_now().await;
                let body = std::str::from_utf8(&body).unwrap();
                let (status, answer) =
                    if operation == "TransactWriteItems" && count_down(&colliding) {
                        (400, collision())
                    } else if operation == "BatchGetItem" && count_down(&busy) {
                        (200, nothing_processed(body))
                    } else {
                        dispatch(&db, &operation, body)
                    };
                http::response(status, answer)
            })
        });
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-west-2"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .http_client(http_client)
            .build();
        let tables = Self {
            client: Client::from_conf(config),
            settings: Settings::default(),
            calls,
            collisions,
            unprocessed,
        };
        tables.create(&tables.settings.product_catalog_table, "productId").await;
        tables.create(&tables.settings.inventory_reservations_table, "orderId").await;
        tables.put("LAPTOP-001", "Gaming Laptop", "1299.99", 50, "WAREHOUSE-A").await;
        tables.put("MOUSE-001", "Wireless Mouse", "29.99", 200, "WAREHOUSE-A").await;
        tables.put("KEYBOARD-001", "Mechanical Keyboard", "149.99", 20, "WAREHOUSE-B").await;
        tables
    }

    async fn create(&self, table: &str, key: &str) {
        self.client
            .create_table()
            .table_name(table)
            .billing_mode(BillingMode::PayPerRequest)
            .key_schema(
                KeySchemaElement::builder()
                    .attribute_name(key)
                    .key_type(KeyType::Hash)
                    .build()
                    .unwrap(),
            )
            .attribute_definitions(
                AttributeDefinition::builder()
                    .attribute_name(key)
                    .attribute_type(ScalarAttributeType::S)
                    .build()
                    .unwrap(),
            )
            .send()
            .await
            .unwrap();
    }

    pub async fn put(&self, id: &str, name: &str, price: &str, stock: i64, warehouse: &str) {
        let text = |value: &str| AttributeValue::S(value.to_owned());
        self.client
            .put_item()
            .table_name(&self.settings.product_catalog_table)
            .item("productId", text(id))
            .item("name", text(name))
            .item("price", AttributeValue::N(price.to_owned()))
            .item("stockLevel", AttributeValue::N(stock.to_string()))
            .item("warehouseLocation", text(warehouse))
            .send()
            .await
            .unwrap();
    }

    pub async fn delete(&self, id: &str) {
        self.client
            .delete_item()
            .table_name(&self.settings.product_catalog_table)
            .key("productId", AttributeValue::S(id.to_owned()))
            .send()
            .await
            .unwrap();
    }

    /// The stock of a product; `None` when it is not in the catalog.
    pub async fn stock(&self, id: &str) -> Option<i64> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.settings.product_catalog_table)
            .key("productId", AttributeValue::S(id.to_owned()))
            .consistent_read(true)
            .send()
            .await
            .unwrap();
        Some(answer.item?["stockLevel"].as_n().unwrap().parse().unwrap())
    }

    /// The reservation record of an order.
    pub async fn record(&self, order_id: &str) -> Option<HashMap<String, AttributeValue>> {
        self.client
            .get_item()
            .table_name(&self.settings.inventory_reservations_table)
            .key("orderId", AttributeValue::S(order_id.to_owned()))
            .consistent_read(true)
            .send()
            .await
            .unwrap()
            .item
    }

    /// How often an operation of the DynamoDB API was called.
    pub fn calls(&self, operation: &str) -> u32 {
        self.calls.lock().unwrap().get(operation).copied().unwrap_or_default()
    }

    /// Leaves all keys of the next `count` batch reads unprocessed, as under load.
    pub fn leave_unprocessed(&self, count: u32) {
        *self.unprocessed.lock().unwrap() = count;
    }

    /// Cancels the next `count` transactions as if others were in their way.
    pub fn collide_next(&self, count: u32) {
        *self.collisions.lock().unwrap() = count;
    }
}

/// Whether there is one left, and takes it.
fn count_down(remaining: &Mutex<u32>) -> bool {
    let mut remaining = remaining.lock().unwrap();
    let any = *remaining > 0;
    *remaining = remaining.saturating_sub(1);
    any
}

fn collision() -> String {
    let reasons = r#"[{"Code":"None"},{"Code":"TransactionConflict","Message":"ongoing"}]"#;
    let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
    format!(r#"{{"__type":"{kind}","Message":"cancelled","CancellationReasons":{reasons}}}"#)
}

/// The answer to a batch read of which no key was read.
fn nothing_processed(request: &str) -> String {
    let request: serde_json::Value = serde_json::from_str(request).unwrap();
    serde_json::json!({ "Responses": {}, "UnprocessedKeys": request["RequestItems"] }).to_string()
}

fn dispatch(db: &Database, operation: &str, body: &str) -> (u16, String) {
    macro_rules! run {
        ($method:ident) => {
            match db.$method(serde_json::from_str(body).unwrap()) {
                Ok(answer) => (200, serde_json::to_string(&answer).unwrap()),
                Err(error) => (error.status_code(), error.to_json()),
            }
        };
    }
    match operation {
        "CreateTable" => run!(create_table),
        "GetItem" => run!(get_item),
        "PutItem" => run!(put_item),
        "DeleteItem" => run!(delete_item),
        "BatchGetItem" => run!(batch_get_item),
        "TransactWriteItems" => run!(transact_write_items),
        other => panic!("the tests do not expect {other}"),
    }
}
