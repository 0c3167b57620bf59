//! The workflow paid through a real gateway: the Stripe gateway against a double. What is captured,
//! when, and what happens when that fails.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use std::sync::Arc;

use aws_durable_execution_sdk::test_util::{LocalRunner, TestOperation, TestResult};
use aws_durable_execution_sdk::{BoxError, DurableContext};
use orders::{SecretKey, Services, StripeGateway, StripeTimeouts, process_order};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use stripe_double::{Fault, Operation, Status, StripeDouble};
use support::lambda::{Failure, Workers};
use support::tables::Tables;

const KEY: &str = "sk_test_of_a_double";
/// More failures than any step has attempts.
const FOR_GOOD: u32 = 1_000;

struct World {
    stripe: StripeDouble,
    tables: Tables,
    workers: Workers,
}

impl World {
    async fn new() -> Self {
        let stripe = StripeDouble::start(KEY).unwrap();
        let key = SecretKey::parse(KEY).unwrap();
        let gateway =
            StripeGateway::new(&stripe.base(), &key, "usd", StripeTimeouts::default()).unwrap();
        let workers = Workers::paid_through(Arc::new(gateway));
        Self { stripe, tables: Tables::new().await, workers }
    }

    async fn run(&self, order: &Value) -> TestResult<Box<RawValue>> {
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
        let event = RawValue::from_string(order.to_string()).unwrap();
        let result = LocalRunner::new().run(handler, event).await;
        assert_no_secret(&result, order["paymentMethod"]["token"].as_str());
        result
    }

    async fn keyboards(&self) -> i64 {
        self.tables.stock("KEYBOARD-001").await.unwrap()
    }

    fn one_intent(&self) -> (Status, i64) {
        let intents = self.stripe.intents();
        assert_eq!(intents.len(), 1, "{intents:?}");
        (intents[0].status, intents[0].amount_received)
    }
}

fn order(quantity: u32, token: &str) -> Value {
    json!({
        "orderId": "ORDER-001",
        "customerId": "CUST-001",
        "items": [{ "productId": "KEYBOARD-001", "quantity": quantity }],
        "shippingAddress": "123 Main St, Seattle, WA 98101",
        "billingAddress": "123 Main St, Seattle, WA 98101",
        "paymentMethod": { "type": "credit", "token": token },
    })
}

fn visa(quantity: u32) -> Value {
    order(quantity, "pm_card_visa")
}

/// Nothing that is recorded shows the key or the token.
fn assert_no_secret(result: &TestResult<Box<RawValue>>, token: Option<&str>) {
    let mut texts = vec![format!("{result:?}")];
    texts.extend(result.output().map(|output| output.get().to_owned()));
    for operation in result.operations() {
        texts.extend(operation.result().map(str::to_owned));
        texts.extend(operation.error_message().map(str::to_owned));
    }
    for text in texts {
        assert!(!text.contains(KEY) && !token.is_some_and(|it| text.contains(it)), "{text}");
    }
}

fn output(result: &TestResult<Box<RawValue>>) -> Value {
    let output =
        result.output().unwrap_or_else(|| panic!("no result: {:?}", result.error_message()));
    serde_json::from_str(output.get()).unwrap()
}

fn steps(result: &TestResult<Box<RawValue>>) -> Vec<String> {
    let named = |operation: &TestOperation| {
        let end = if operation.succeeded() { "" } else { " failed" };
        format!("{}{end}", operation.name().unwrap_or_default())
    };
    result.operations().iter().map(named).collect()
}

fn error(result: &TestResult<Box<RawValue>>) -> (&str, &str) {
    assert!(result.is_failure(), "{:?}", result.output());
    (result.error_type().unwrap(), result.error_message().unwrap())
}

#[tokio::test]
async fn money_is_taken_when_the_goods_are_on_their_way() {
    let world = World::new().await;
    let result = world.run(&visa(1)).await;
    assert_eq!(steps(&result)[3..], ["fulfill-order", "capture-payment"]);
    let payment = &output(&result)["payment"];
    assert_eq!(payment["cardBrand"], "Visa");
    assert_eq!(payment["captured"]["captureId"], "ch_000001");
    assert!(payment["captured"]["capturedAt"].as_str().unwrap().ends_with('Z'));
    assert_eq!(world.one_intent(), (Status::Succeeded, 14_999));
}

#[tokio::test]
async fn a_token_is_enough_for_the_simulated_gateway_which_captures_nothing() {
    let world = World { workers: Workers::default(), ..World::new().await };
    let result = world.run(&visa(1)).await;
    assert_eq!(steps(&result).last().unwrap(), "fulfill-order");
    let payment = output(&result)["payment"].clone();
    let fields: Vec<&String> = payment.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["amount", "authorizationId"]);
    assert!(world.stripe.calls().is_empty());
}

#[tokio::test]
async fn a_declined_card_is_an_outcome_with_stripes_reason() {
    let world = World::new().await;
    let declined = order(1, "pm_card_chargeDeclinedInsufficientFunds");
    let outcome = output(&world.run(&declined).await);
    assert_eq!(outcome["status"], "payment_declined");
    assert_eq!(outcome["reason"], "insufficient_funds");
    assert_eq!(world.one_intent(), (Status::RequiresPaymentMethod, 0));
}

#[tokio::test]
async fn goods_that_are_not_there_let_go_of_the_money() {
    let world = World::new().await;
    let outcome = output(&world.run(&visa(60)).await);
    assert_eq!(outcome["status"], "inventory_unavailable");
    assert_eq!(world.one_intent(), (Status::Canceled, 0));
}

#[tokio::test]
async fn an_authorization_of_which_nothing_is_known_is_found_and_voided() {
    let world = World::new().await;
    world.workers.fail("AuthorizePayment", Failure::AnswerLost, FOR_GOOD);
    let result = world.run(&visa(1)).await;
    assert_eq!(error(&result).0, "OrderNotFulfilled");
    assert_eq!(world.one_intent(), (Status::Canceled, 0));
}

#[tokio::test]
async fn a_capture_is_tried_for_long_and_takes_the_money_once() {
    let world = World::new().await;
    world.stripe.plan(Operation::Capture, Fault::RateLimited, 5);
    world.stripe.plan(Operation::Capture, Fault::ServerErrorAfterWork, 1);
    world.workers.fail("AuthorizePayment:capture", Failure::AnswerLost, 3);
    let result = world.run(&visa(1)).await;
    assert_eq!(output(&result)["status"], "completed");
    assert_eq!(world.one_intent(), (Status::Succeeded, 14_999));
    assert_eq!(world.stripe.intents()[0].captures, 1);
}

#[tokio::test]
async fn a_payment_that_is_not_captured_gives_nothing_back_and_says_which_it_is() {
    let world = World::new().await;
    let before = world.keyboards().await;
    world.stripe.plan(Operation::Capture, Fault::NotReached, FOR_GOOD);
    let result = world.run(&visa(2)).await;
    let (kind, message) = error(&result);
    assert_eq!(kind, "PaymentNotCaptured");
    assert!(message.contains("ORDER-001") && message.contains("pi_000001"), "{message}");
    assert_eq!(steps(&result)[3..], ["fulfill-order", "capture-payment failed"]);
    assert_eq!(world.keyboards().await, before - 2);
    assert_eq!(world.one_intent(), (Status::RequiresCapture, 0));
    // For an operator it is one call more.
    assert!(world.stripe.count(Operation::Capture) > 10);
}

#[tokio::test]
async fn a_capture_that_can_never_work_is_not_tried_again() {
    let world = World::new().await;
    world.workers.fail("AuthorizePayment:capture", Failure::Type("PaymentRefused"), FOR_GOOD);
    let result = world.run(&visa(1)).await;
    assert_eq!(error(&result).0, "PaymentNotCaptured");
    let captures = world.workers.calls().iter().filter(|it| it.ends_with(":capture")).count();
    assert_eq!(captures, 1);
}

/// The other order's payment hangs on the same id.
#[tokio::test]
async fn an_order_id_that_paid_another_amount_fails_and_leaves_that_payment_alone() {
    let world = World::new().await;
    assert_eq!(output(&world.run(&visa(1)).await)["status"], "completed");
    let result = world.run(&visa(2)).await;
    assert_eq!(error(&result).0, "PaymentConflict");
    assert_eq!(steps(&result)[1..], ["authorize-payment failed"]);
    assert_eq!(world.one_intent(), (Status::Succeeded, 14_999));
}

#[tokio::test]
async fn a_card_number_is_declined_by_a_gateway_that_wants_tokens() {
    let world = World::new().await;
    let mut order = visa(1);
    order["paymentMethod"] =
        json!({ "type": "credit", "cardNumber": 4_532_123_456_789_012_u64, "cardBrand": "Visa" });
    let outcome = output(&world.run(&order).await);
    assert_eq!(outcome["status"], "payment_declined");
    assert_eq!(outcome["reason"], "payment_token_required");
    assert!(world.stripe.calls().is_empty());
}
