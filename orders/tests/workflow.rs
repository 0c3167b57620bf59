//! The workflow on the SDK's in-memory runner, with the real workers behind an in-memory Lambda API:
//! outcomes, what is given back when something fails, and what the recorded texts look like.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use std::sync::Arc;

use aws_durable_execution_sdk::test_util::{LocalRunner, TestResult};
use aws_durable_execution_sdk::{BoxError, DurableContext};
use orders::{Services, process_order};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use support::lambda::{Failure, Workers};
use support::tables::Tables;

/// More failures than any step has attempts.
const FOR_GOOD: u32 = 1_000;

struct World {
    tables: Tables,
    workers: Workers,
}

impl World {
    async fn new() -> Self {
        Self { tables: Tables::new().await, workers: Workers::default() }
    }

    /// Runs an order to its end. The result is its text, as the service would record it.
    async fn run(&self, order: &str) -> TestResult<Box<RawValue>> {
        let services = Services {
            lambda: self.workers.client(&self.tables),
            dynamodb: self.tables.client.clone(),
            settings: Arc::new(self.tables.settings.clone()),
            notifier: None,
        };
        let handler = move |payload: Box<RawValue>, ctx: DurableContext| {
            let services = services.clone();
            async move {
                let payload = serde_json::from_str(payload.get())?;
                let outcome = process_order(payload, ctx, services).await?;
                Ok::<_, BoxError>(to_raw_value(&outcome)?)
            }
        };
        let event = RawValue::from_string(order.to_owned()).unwrap();
        let result = LocalRunner::new().run(handler, event).await;
        assert_no_card(&result);
        result
    }

    async fn stock(&self) -> [i64; 2] {
        [
            self.tables.stock("LAPTOP-001").await.unwrap(),
            self.tables.stock("MOUSE-001").await.unwrap(),
        ]
    }
}

const CARD: &str = "4532123456789012";
const FULL_STOCK: [i64; 2] = [50, 200];

fn order(items: &Value) -> String {
    json!({
        "orderId": "ORDER-001",
        "customerId": "CUST-001",
        "items": items,
        "shippingAddress": "123 Main St, Seattle, WA 98101",
        "billingAddress": "123 Main St, Seattle, WA 98101",
        "paymentMethod": { "type": "credit", "cardNumber": 4_532_123_456_789_012_u64, "cardBrand": "Visa" },
    })
    .to_string()
}

fn good_order() -> String {
    order(&json!([
        { "productId": "LAPTOP-001", "quantity": 1 },
        { "productId": "MOUSE-001", "quantity": 2 },
    ]))
}

fn assert_no_card(result: &TestResult<Box<RawValue>>) {
    let mut texts = vec![format!("{result:?}")];
    texts.extend(result.output().map(|output| output.get().to_owned()));
    for operation in result.operations() {
        texts.extend(operation.result().map(str::to_owned));
        texts.extend(operation.error_message().map(str::to_owned));
    }
    for text in texts {
        assert!(!text.contains(CARD), "{text}");
    }
}

fn output(result: &TestResult<Box<RawValue>>) -> Value {
    let output =
        result.output().unwrap_or_else(|| panic!("no result: {:?}", result.error_message()));
    serde_json::from_str(output.get()).unwrap()
}

fn steps(result: &TestResult<Box<RawValue>>) -> Vec<String> {
    result
        .operations()
        .iter()
        .map(|operation| {
            let end = if operation.succeeded() { "" } else { " failed" };
            format!("{}{end}", operation.name().unwrap_or_default())
        })
        .collect()
}

fn error(result: &TestResult<Box<RawValue>>) -> (&str, &str) {
    assert!(result.is_failure(), "{:?}", result.output());
    (result.error_type().unwrap(), result.error_message().unwrap())
}

#[tokio::test]
async fn a_good_order_is_completed_in_four_steps() {
    let world = World::new().await;
    let result = world.run(&good_order()).await;
    let outcome = output(&result);
    assert_eq!(
        steps(&result),
        ["validate-order", "authorize-payment", "allocate-inventory", "fulfill-order"]
    );
    assert_eq!(result.invocation_count(), 1);
    assert_eq!(outcome["status"], "completed");
    assert_eq!(outcome["orderId"], "ORDER-001");
    assert_eq!(outcome["payment"]["lastFourDigits"], "9012");
    assert_eq!(outcome["inventory"]["totalItems"], 3);
    assert_eq!(outcome["fulfillment"]["shipments"].as_array().unwrap().len(), 2);
    assert!(outcome["completedAt"].as_str().unwrap().ends_with('Z'));
    assert_eq!(world.stock().await, [49, 198]);
}

#[tokio::test]
async fn money_is_recorded_with_two_decimals_in_steps_and_in_the_result() {
    let world = World::new().await;
    world.tables.put("PEN-001", "Pen", "4.5", 10, "WAREHOUSE-A").await;
    let result = world.run(&order(&json!([{ "productId": "PEN-001", "quantity": 3 }]))).await;
    for step in &result.operations()[..2] {
        assert!(step.result().unwrap().contains("13.50"), "{:?}", step.result());
    }
    let text = result.output().unwrap().get();
    assert!(text.contains(r#""orderTotal":13.50"#), "{text}");
    assert!(text.contains(r#""amount":13.50"#), "{text}");
    assert!(text.contains(r#""unitPrice":4.50"#), "{text}");
}

#[tokio::test]
async fn every_bad_payload_is_rejected_after_one_step() {
    let deep = format!("{}{}", "[".repeat(500), "]".repeat(500));
    let world = World::new().await;
    for payload in ["null", "7", "[]", "{}", "1e999", deep.as_str(), r#"{"items":{"a":1}}"#] {
        let result = world.run(payload).await;
        let outcome = output(&result);
        assert_eq!(steps(&result), ["validate-order"]);
        assert_eq!(outcome["status"], "rejected");
        assert_eq!(outcome["reason"], "validation_failed");
        assert!(!outcome["errors"].as_array().unwrap().is_empty());
    }
    let result = world.run(&order(&json!([]))).await;
    let errors = json!([{ "field": "items", "message": "must have at least one line" }]);
    assert_eq!(output(&result)["errors"], errors);
    assert_eq!(output(&result)["orderId"], "ORDER-001");
    assert!(world.workers.calls().is_empty());
}

#[tokio::test]
async fn an_amount_above_the_limit_is_declined_and_takes_nothing() {
    let world = World::new().await;
    let result = world.run(&order(&json!([{ "productId": "LAPTOP-001", "quantity": 10 }]))).await;
    let text = result.output().unwrap().get();
    assert!(text.contains(r#""orderTotal":12999.90"#), "{text}");
    let outcome = output(&result);
    assert_eq!(steps(&result), ["validate-order", "authorize-payment"]);
    assert_eq!(outcome["status"], "payment_declined");
    assert_eq!(outcome["reason"], "amount_exceeds_limit");
    assert_eq!(world.stock().await, FULL_STOCK);
}

#[tokio::test]
async fn missing_stock_voids_the_payment_and_says_what_is_missing() {
    let world = World::new().await;
    let result = world.run(&order(&json!([{ "productId": "KEYBOARD-001", "quantity": 60 }]))).await;
    let text = result.output().unwrap().get();
    assert!(text.contains(r#""orderTotal":8999.40"#), "{text}");
    let outcome = output(&result);
    assert_eq!(
        steps(&result),
        ["validate-order", "authorize-payment", "allocate-inventory", "void-payment"]
    );
    assert_eq!(outcome["status"], "inventory_unavailable");
    assert_eq!(outcome["reason"], "insufficient_inventory");
    assert_eq!(outcome["productId"], "KEYBOARD-001");
    assert_eq!((&outcome["requested"], &outcome["available"]), (&json!(60), &json!(20)));
    assert_eq!(outcome["payment"]["status"], "voided");
    assert!(outcome["payment"]["authorizationId"].as_str().unwrap().starts_with("AUTH-"));
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_and_nothing_is_taken_twice() {
    let world = World::new().await;
    for worker in ["AuthorizePayment", "AllocateInventory:allocate", "FulfillOrder"] {
        world.workers.fail(worker, Failure::AnswerLost, 2);
    }
    let result = world.run(&good_order()).await;
    assert_eq!(output(&result)["status"], "completed");
    assert_eq!(world.stock().await, [49, 198]);
    assert_eq!(world.workers.calls().len(), 9);
}

#[tokio::test]
async fn fulfillment_that_fails_for_good_gives_stock_and_payment_back() {
    let world = World::new().await;
    world.workers.fail("FulfillOrder", Failure::NotReached, FOR_GOOD);
    let result = world.run(&good_order()).await;
    let (kind, message) = error(&result);
    assert_eq!(kind, "OrderNotFulfilled");
    assert!(
        message.contains("ORDER-001") && message.contains("everything was given back"),
        "{message}"
    );
    assert_eq!(steps(&result)[3..], ["fulfill-order failed", "release-inventory", "void-payment"]);
    assert_eq!(world.stock().await, FULL_STOCK);
}

#[tokio::test]
async fn an_allocation_whose_answers_are_all_lost_is_given_back() {
    let world = World::new().await;
    world.workers.fail("AllocateInventory:allocate", Failure::AnswerLost, FOR_GOOD);
    let result = world.run(&good_order()).await;
    assert_eq!(error(&result).0, "OrderNotFulfilled");
    assert_eq!(
        steps(&result)[2..],
        ["allocate-inventory failed", "release-inventory", "void-payment"]
    );
    assert_eq!(world.stock().await, FULL_STOCK);
    let record = world.tables.record("ORDER-001").await.unwrap();
    assert_eq!(record["status"].as_s().unwrap(), "RELEASED");
}

#[tokio::test]
async fn an_authorization_whose_answers_are_all_lost_is_voided() {
    let world = World::new().await;
    world.workers.fail("AuthorizePayment", Failure::AnswerLost, FOR_GOOD);
    let result = world.run(&good_order()).await;
    assert_eq!(error(&result).0, "OrderNotFulfilled");
    assert_eq!(steps(&result)[1..], ["authorize-payment failed", "void-payment"]);
    assert_eq!(world.workers.calls().last().unwrap(), "AuthorizePayment:void");
}

#[tokio::test]
async fn an_error_that_cannot_go_away_is_not_tried_again() {
    let world = World::new().await;
    world.workers.fail("FulfillOrder", Failure::Type("MalformedRequest"), FOR_GOOD);
    let result = world.run(&good_order()).await;
    assert_eq!(error(&result).0, "OrderNotFulfilled");
    let tries = world.workers.calls().iter().filter(|name| *name == "FulfillOrder").count();
    assert_eq!(tries, 1);
    assert_eq!(world.stock().await, FULL_STOCK);
}

#[tokio::test]
async fn giving_back_is_tried_longer_and_survives_lost_answers() {
    let world = World::new().await;
    world.workers.fail("FulfillOrder", Failure::NotReached, FOR_GOOD);
    world.workers.fail("AllocateInventory:release", Failure::AnswerLost, 9);
    let result = world.run(&good_order()).await;
    assert_eq!(error(&result).0, "OrderNotFulfilled");
    assert_eq!(world.stock().await, FULL_STOCK);
}

#[tokio::test]
async fn stock_that_cannot_be_released_does_not_keep_the_money() {
    let world = World::new().await;
    world.workers.fail("FulfillOrder", Failure::NotReached, FOR_GOOD);
    world.workers.fail("AllocateInventory:release", Failure::NotReached, FOR_GOOD);
    let result = world.run(&good_order()).await;
    let (kind, message) = error(&result);
    assert_eq!(kind, "CompensationFailed");
    assert!(message.contains("could not give back inventory"), "{message}");
    assert_eq!(
        steps(&result)[3..],
        ["fulfill-order failed", "release-inventory failed", "void-payment"]
    );
}

#[tokio::test]
async fn a_payment_that_cannot_be_voided_is_not_reported_as_voided() {
    let world = World::new().await;
    world.workers.fail("AuthorizePayment:void", Failure::NotReached, FOR_GOOD);
    let result = world.run(&order(&json!([{ "productId": "KEYBOARD-001", "quantity": 60 }]))).await;
    let (kind, message) = error(&result);
    assert_eq!(kind, "CompensationFailed");
    assert!(message.contains("could not give back payment"), "{message}");
}

/// The other order's payment and stock hang on the same id.
#[tokio::test]
async fn an_order_id_of_another_order_fails_and_leaves_the_other_order_alone() {
    let world = World::new().await;
    assert_eq!(output(&world.run(&good_order()).await)["status"], "completed");
    let result = world.run(&order(&json!([{ "productId": "LAPTOP-001", "quantity": 3 }]))).await;
    assert_eq!(error(&result).0, "ReservationConflict");
    assert_eq!(steps(&result)[2..], ["allocate-inventory failed"]);
    assert_eq!(world.stock().await, [49, 198]);
}

#[tokio::test]
async fn a_malformed_catalog_row_fails_the_execution_and_takes_nothing() {
    let world = World::new().await;
    world.tables.put("ODD-001", "Odd", "1.999", 5, "WAREHOUSE-A").await;
    let result = world.run(&order(&json!([{ "productId": "ODD-001", "quantity": 1 }]))).await;
    let (kind, message) = error(&result);
    assert_eq!(kind, "StoreUnavailable");
    assert!(message.contains("ODD-001") && message.contains("price"), "{message}");
    assert!(world.workers.calls().is_empty());
}
