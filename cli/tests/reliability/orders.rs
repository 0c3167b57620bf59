//! The orders that are placed, what must become of them, and what must be true of the tables.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_lambda::config::retry::RetryConfig;
use aws_sdk_lambda::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{ExecutionStatus, InvocationType};
use serde_json::{Value, json};

/// How long an order may take to end once the server is up again: retries included.
const OUTCOME_DEADLINE: Duration = Duration::from_secs(60);

/// Laptops in stock at the beginning; more than any test takes.
pub const LAPTOPS: i64 = 1_000;
/// Keyboards in stock: too few for the order that wants 60.
pub const KEYBOARDS: i64 = 20;

/// The four ways an order may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Completed,
    Declined,
    Unavailable,
    Rejected,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Completed, Self::Declined, Self::Unavailable, Self::Rejected];

    pub fn status(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Declined => "payment_declined",
            Self::Unavailable => "inventory_unavailable",
            Self::Rejected => "rejected",
        }
    }

    pub fn order(self, order_id: &str) -> Value {
        let items = match self {
            Self::Completed => json!([{ "productId": "LAPTOP-001", "quantity": 1 }]),
            Self::Declined => json!([{ "productId": "LAPTOP-001", "quantity": 10 }]),
            Self::Unavailable => json!([{ "productId": "KEYBOARD-001", "quantity": 60 }]),
            Self::Rejected => json!([]),
        };
        json!({
            "orderId": order_id,
            "customerId": "CUST-001",
            "items": items,
            "shippingAddress": "123 Main St, Seattle, WA 98101",
            "billingAddress": "123 Main St, Seattle, WA 98101",
            "paymentMethod": {
                "type": "credit", "cardNumber": 4_111_111_111_111_111_u64, "cardBrand": "Visa"
            }
        })
    }
}

/// Clients of a server at this address.
pub struct Shop {
    lambda: aws_sdk_lambda::Client,
    dynamodb: aws_sdk_dynamodb::Client,
}

impl Shop {
    pub fn at(address: SocketAddr) -> Self {
        let endpoint = format!("http://{address}");
        let credentials = Credentials::new("test", "test", None, None, "test");
        let lambda = aws_sdk_lambda::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(&endpoint)
            .credentials_provider(credentials.clone())
            .retry_config(RetryConfig::disabled())
            .build();
        let dynamodb = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(&endpoint)
            .credentials_provider(credentials)
            .retry_config(RetryConfig::disabled())
            .build();
        Self {
            lambda: aws_sdk_lambda::Client::from_conf(lambda),
            dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb),
        }
    }

    pub async fn fill_catalog(&self) {
        self.put_product("LAPTOP-001", "1299.99", LAPTOPS).await;
        self.put_product("KEYBOARD-001", "149.99", KEYBOARDS).await;
    }

    pub async fn put_product(&self, id: &str, price: &str, stock: i64) {
        self.dynamodb
            .put_item()
            .table_name("ProductCatalog")
            .item("productId", AttributeValue::S(id.to_owned()))
            .item("name", AttributeValue::S(id.to_owned()))
            .item("price", AttributeValue::N(price.to_owned()))
            .item("stockLevel", AttributeValue::N(stock.to_string()))
            .item("warehouseLocation", AttributeValue::S("WAREHOUSE-A".to_owned()))
            .send()
            .await
            .expect("the catalog takes a product");
    }

    /// Places an order; true if the server accepted it.
    pub async fn place(&self, order_id: &str, kind: Kind) -> bool {
        self.place_order(order_id, &kind.order(order_id)).await
    }

    /// As [`Self::place`], with an order of one's own.
    pub async fn place_order(&self, order_id: &str, order: &Value) -> bool {
        self.lambda
            .invoke()
            .function_name("ValidateOrder")
            .qualifier("$LATEST")
            .invocation_type(InvocationType::Event)
            .durable_execution_name(order_id)
            .payload(Blob::new(order.to_string()))
            .send()
            .await
            .is_ok()
    }

    /// Waits for an order's one outcome and gives its result.
    pub async fn outcome(&self, order_id: &str) -> Value {
        self.outcome_unless_dead(order_id).await.expect("the server lives")
    }

    /// As [`Self::outcome`]; `None` when the server dies first.
    pub async fn outcome_unless_dead(&self, order_id: &str) -> Option<Value> {
        let begun = Instant::now();
        loop {
            let found = self
                .lambda
                .list_durable_executions_by_function()
                .function_name("ValidateOrder")
                .durable_execution_name(order_id)
                .send()
                .await
                .ok()?;
            let executions = found.durable_executions();
            assert_eq!(executions.len(), 1, "{order_id} is one execution");
            let execution = executions.first().expect("the one");
            if *execution.status() != ExecutionStatus::Running {
                assert_eq!(*execution.status(), ExecutionStatus::Succeeded, "{order_id}");
                let execution = self
                    .lambda
                    .get_durable_execution()
                    .durable_execution_arn(execution.durable_execution_arn())
                    .send()
                    .await
                    .ok()?;
                let result = execution.result().expect("it has a result");
                return Some(serde_json::from_str(result).expect("the result is JSON"));
            }
            assert!(begun.elapsed() < OUTCOME_DEADLINE, "{order_id} does not end");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// What is in stock and what is reserved always add up to what there was.
    pub async fn check_tables(&self, completed: &BTreeSet<String>) {
        let stock = self.stock().await;
        assert_eq!(stock["KEYBOARD-001"], KEYBOARDS, "nobody got keyboards");
        let reserved = self.reserved().await;
        assert_eq!(&reserved, completed, "reserved is what was completed");
        let taken = i64::try_from(reserved.len()).expect("few orders");
        assert_eq!(stock["LAPTOP-001"] + taken, LAPTOPS, "stock and reservations add up");
    }

    /// The orders that hold a reservation.
    pub async fn reserved(&self) -> BTreeSet<String> {
        let reservations = self
            .dynamodb
            .scan()
            .table_name("InventoryReservations")
            .consistent_read(true)
            .send()
            .await
            .expect("reservations are read");
        reservations
            .items()
            .iter()
            .filter(|item| item["status"].as_s().is_ok_and(|status| status == "RESERVED"))
            .map(|item| item["orderId"].as_s().expect("an order id").clone())
            .collect()
    }

    /// What is in stock, by product.
    pub async fn stock(&self) -> BTreeMap<String, i64> {
        let catalog = self
            .dynamodb
            .scan()
            .table_name("ProductCatalog")
            .consistent_read(true)
            .send()
            .await
            .expect("the catalog is read");
        catalog
            .items()
            .iter()
            .map(|item| {
                let id = item["productId"].as_s().expect("an id").clone();
                let stock = item["stockLevel"].as_n().expect("a number");
                (id, stock.parse().expect("a whole number"))
            })
            .collect()
    }
}
