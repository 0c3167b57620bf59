//! AuthorizePayment with the Stripe gateway against a double of Stripe: what the workflow is told, and
//! what became of the money.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use lambda_runtime::{Context, LambdaEvent};
use orders::{SecretKey, StripeGateway, StripeTimeouts, authorize_payment};
use serde_json::{Value, json};
use stripe_double::{Fault, Operation, Status, StripeDouble};

const KEY: &str = "sk_test_of_a_double";
const VISA: &str = "pm_card_visa";
/// How long the double may take to get to something.
const DEADLINE: Duration = Duration::from_secs(20);

struct World {
    stripe: StripeDouble,
    gateway: Arc<StripeGateway>,
}

/// The answer, or the type of the error and its text.
type Answered = Result<Value, (String, String)>;

fn gateway(base: &str, key: &str, call: Duration) -> Arc<StripeGateway> {
    let timeouts = StripeTimeouts { call, ..StripeTimeouts::default() };
    let key = SecretKey::parse(key).unwrap();
    Arc::new(StripeGateway::new(base, &key, "usd", timeouts).unwrap())
}

async fn ask(gateway: &Arc<StripeGateway>, request: Value) -> Answered {
    let payload = serde_json::from_value(request).unwrap();
    let worker = authorize_payment(gateway.clone());
    match worker(LambdaEvent::new(payload, Context::default())).await {
        Ok(answer) => Ok(serde_json::from_str(&serde_json::to_string(&answer).unwrap()).unwrap()),
        Err(error) => {
            let text = error.to_string();
            assert!(
                !text.contains(KEY) && !text.contains("pm_") && !text.contains("tok_"),
                "{text}"
            );
            Err((error.error_type().to_owned(), text))
        }
    }
}

fn authorization(order_id: &str, token: &str, amount: &str) -> Value {
    let method = json!({ "type": "credit", "token": token });
    json!({ "orderId": order_id, "paymentMethod": method, "amount": amount })
}

impl World {
    fn new() -> Self {
        let stripe = StripeDouble::start(KEY).unwrap();
        let gateway = gateway(&stripe.base(), KEY, DEADLINE);
        Self { stripe, gateway }
    }

    async fn authorize(&self) -> Answered {
        ask(&self.gateway, authorization("O-1", VISA, "13.50")).await
    }

    /// As [`Self::authorize`], for its name.
    async fn authorized(&self) -> String {
        let answer = self.authorize().await.unwrap();
        answer["authorized"]["authorizationId"].as_str().unwrap().to_owned()
    }

    async fn void(&self, id: Option<&str>) -> Answered {
        let request =
            json!({ "action": "void", "orderId": "O-1", "authorizationId": id, "amount": "13.50" });
        ask(&self.gateway, request).await
    }

    async fn capture(&self, id: &str, amount: &str) -> Answered {
        let request = json!({ "action": "capture", "orderId": "O-1", "authorizationId": id, "amount": amount });
        ask(&self.gateway, request).await
    }

    /// The one intent: how far it is, how often its amount was held, and how often taken.
    fn one_intent(&self) -> (Status, u32, u32) {
        let intents = self.stripe.intents();
        assert_eq!(intents.len(), 1, "{intents:?}");
        (intents[0].status, intents[0].holds, intents[0].captures)
    }

    async fn wait_for_held(&self, calls: usize) {
        let begun = Instant::now();
        while self.stripe.held() < calls {
            assert!(begun.elapsed() < DEADLINE, "no call stands still");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

fn error_type(answered: Answered) -> String {
    answered.unwrap_err().0
}

#[tokio::test]
async fn a_token_holds_the_amount_and_nothing_is_taken_yet() {
    let world = World::new();
    let answer = world.authorize().await.unwrap();
    let authorized = &answer["authorized"];
    assert_eq!(authorized["cardBrand"], "Visa");
    assert_eq!(authorized["lastFourDigits"], "4242");
    assert_eq!(authorized["capture"], "after_fulfillment");
    assert_eq!(world.one_intent(), (Status::RequiresCapture, 1, 0));
    let intent = &world.stripe.intents()[0];
    assert_eq!((intent.amount, intent.currency.as_str()), (1_350, "usd"));
    assert_eq!(intent.order_id, "O-1");
    assert_eq!(authorized["authorizationId"], intent.id.as_str());
    for call in world.stripe.calls() {
        assert_eq!(call.version.as_deref(), Some("2024-06-20"));
        assert!(call.agent.unwrap().starts_with("durable-orders/"));
        assert!(!call.key.contains(VISA), "{}", call.key);
    }
}

#[tokio::test]
async fn one_time_tokens_and_brands_of_other_gateways_are_taken_too() {
    let world = World::new();
    let one_time = ask(&world.gateway, authorization("O-1", "tok_visa", "13.50")).await.unwrap();
    assert_eq!(one_time["authorized"]["cardBrand"], "Visa");
    let other = ask(&world.gateway, authorization("O-2", "pm_card_discover", "1")).await.unwrap();
    assert_eq!(other["authorized"]["cardBrand"], "discover");
}

#[tokio::test]
async fn an_amount_is_taken_once_however_often_it_is_captured() {
    let world = World::new();
    let id = world.authorized().await;
    let captured = world.capture(&id, "13.50").await.unwrap()["captured"].clone();
    assert_eq!(captured["captureId"], "ch_000001");
    assert!(captured["capturedAt"].as_str().unwrap().ends_with('Z'));
    let again = world.capture(&id, "13.50").await.unwrap();
    assert_eq!(again["captured"]["captureId"], captured["captureId"]);
    // A day later Stripe knows the key no more, and the intent is what it is.
    world.stripe.forget_keys();
    let later = world.capture(&id, "13.50").await.unwrap();
    assert_eq!(later["captured"]["captureId"], captured["captureId"]);
    assert_eq!(world.one_intent(), (Status::Succeeded, 1, 1));
    assert_eq!(world.stripe.intents()[0].amount_received, 1_350);
}

#[tokio::test]
async fn what_is_not_held_is_not_captured() {
    let world = World::new();
    let id = world.authorized().await;
    world.void(Some(&id)).await.unwrap();
    let (kind, text) = world.capture(&id, "13.50").await.unwrap_err();
    assert_eq!(kind, "PaymentRefused");
    assert!(text.contains("holds nothing any more"), "{text}");
    for unknown in ["pi_unknown", "AUTH-0123", "pi/../x", ""] {
        assert_eq!(
            error_type(world.capture(unknown, "13.50").await),
            "PaymentRefused",
            "{unknown}"
        );
    }
}

#[tokio::test]
async fn another_amount_than_the_one_that_was_taken_is_an_error() {
    let world = World::new();
    let id = world.authorized().await;
    world.capture(&id, "13.50").await.unwrap();
    world.stripe.forget_keys();
    let (kind, text) = world.capture(&id, "13.49").await.unwrap_err();
    assert_eq!(kind, "PaymentRefused");
    assert!(text.contains("another amount"), "{text}");
}

#[tokio::test]
async fn voiding_twice_succeeds_and_voiding_what_was_captured_says_so() {
    let world = World::new();
    let id = world.authorized().await;
    for forgets in [false, true] {
        assert_eq!(world.void(Some(&id)).await.unwrap()["voided"]["authorizationId"], id);
        assert_eq!(world.void(Some(&id)).await.unwrap()["voided"]["authorizationId"], id);
        if forgets {
            world.stripe.forget_keys();
        }
    }
    assert_eq!(world.one_intent(), (Status::Canceled, 1, 0));

    let world = World::new();
    let id = world.authorized().await;
    world.capture(&id, "13.50").await.unwrap();
    let (kind, text) = world.void(Some(&id)).await.unwrap_err();
    assert_eq!(kind, "PaymentRefused");
    assert!(text.contains("was captured") && text.contains("refund"), "{text}");
    assert_eq!(world.one_intent(), (Status::Succeeded, 1, 1));
}

/// Every way in which an answer does not come, at every call, and the repetition by the workflow.
#[tokio::test]
async fn a_call_without_an_answer_is_repeated_and_money_moves_once() {
    let faults = [
        Fault::NotReached,
        Fault::AnswerLost,
        Fault::RateLimited,
        Fault::ServerError,
        Fault::ServerErrorAfterWork,
        Fault::HugeAnswer,
    ];
    for fault in faults {
        for operation in [Operation::Create, Operation::Confirm, Operation::Capture] {
            let world = World::new();
            world.stripe.plan(operation, fault, 1);
            let mut failures = 0;
            let id = loop {
                match world.authorize().await {
                    Ok(answer) => break answer["authorized"]["authorizationId"].clone(),
                    Err((kind, _)) => assert_eq!(kind, "PaymentGatewayUnavailable", "{fault:?}"),
                }
                failures += 1;
                assert!(failures < 3, "{operation:?} {fault:?}");
            };
            let id = id.as_str().unwrap();
            while let Err((kind, _)) = world.capture(id, "13.50").await {
                assert_eq!(kind, "PaymentGatewayUnavailable", "{fault:?}");
                failures += 1;
                assert!(failures < 3, "{operation:?} {fault:?}");
            }
            assert_eq!(failures, 1, "{operation:?} {fault:?}");
            let holds: u32 = world.stripe.intents().iter().map(|intent| intent.holds).sum();
            let taken: i64 = world.stripe.intents().iter().map(|it| it.amount_received).sum();
            assert_eq!((holds, taken), (1, 1_350), "{operation:?} {fault:?}");
        }
    }
}

/// The workflow gives up on an authorization of which it knows nothing, and voids it.
#[tokio::test]
async fn a_void_finds_an_authorization_whose_answer_was_lost() {
    let faults =
        [Fault::NotReached, Fault::AnswerLost, Fault::ServerError, Fault::ServerErrorAfterWork];
    for fault in faults {
        for operation in [Operation::Create, Operation::Confirm] {
            let world = World::new();
            world.stripe.plan(operation, fault, 1);
            assert_eq!(error_type(world.authorize().await), "PaymentGatewayUnavailable");
            world.stripe.plan(Operation::Cancel, Fault::AnswerLost, 1);
            assert_eq!(error_type(world.void(None).await), "PaymentGatewayUnavailable");
            world.void(None).await.unwrap();
            for intent in world.stripe.intents() {
                assert_ne!(intent.status, Status::RequiresCapture, "{operation:?} {fault:?}");
                assert_eq!(intent.captures, 0);
            }
            // Late, and of no effect: what it would confirm is cancelled.
            let holds =
                |world: &World| world.stripe.intents().iter().map(|it| it.holds).sum::<u32>();
            let before = holds(&world);
            let late = world.authorize().await;
            assert_eq!(holds(&world), before, "{operation:?} {fault:?}: {late:?}");
        }
    }
}

#[tokio::test]
async fn a_confirmation_that_arrives_after_the_void_holds_nothing() {
    let world = World::new();
    world.stripe.plan(Operation::Confirm, Fault::HeldBefore, 1);
    let gateway = world.gateway.clone();
    let late =
        tokio::spawn(async move { ask(&gateway, authorization("O-1", VISA, "13.50")).await });
    world.wait_for_held(1).await;
    world.void(None).await.unwrap();
    world.stripe.release();
    let (kind, text) = late.await.unwrap().unwrap_err();
    assert_eq!(kind, "PaymentRefused");
    assert!(text.contains("cancelled"), "{text}");
    assert_eq!(world.one_intent(), (Status::Canceled, 0, 0));
}

#[tokio::test]
async fn a_void_of_what_was_never_authorized_keeps_it_from_being_authorized() {
    let world = World::new();
    world.void(None).await.unwrap();
    assert_eq!(error_type(world.authorize().await), "PaymentRefused");
    assert_eq!(world.one_intent(), (Status::Canceled, 0, 0));
}

#[tokio::test]
async fn two_repetitions_at_one_time_do_not_both_work() {
    let world = World::new();
    world.stripe.plan(Operation::Create, Fault::HeldBefore, 1);
    let gateway = world.gateway.clone();
    let first =
        tokio::spawn(async move { ask(&gateway, authorization("O-1", VISA, "13.50")).await });
    world.wait_for_held(1).await;
    let (kind, text) = world.authorize().await.unwrap_err();
    assert_eq!(kind, "PaymentGatewayUnavailable");
    assert!(text.contains("idempotency_key_in_use"), "{text}");
    world.stripe.release();
    first.await.unwrap().unwrap();
    world.authorize().await.unwrap();
    assert_eq!(world.one_intent(), (Status::RequiresCapture, 1, 0));
}

#[tokio::test]
async fn what_takes_too_long_is_tried_again() {
    let stripe = StripeDouble::start(KEY).unwrap();
    let impatient = gateway(&stripe.base(), KEY, Duration::from_millis(50));
    stripe.plan(Operation::Confirm, Fault::SlowAnswer(DEADLINE), 1);
    let (kind, text) = ask(&impatient, authorization("O-1", VISA, "13.50")).await.unwrap_err();
    assert_eq!(kind, "PaymentGatewayUnavailable");
    assert!(text.contains("not answered in time"), "{text}");
    let patient = gateway(&stripe.base(), KEY, DEADLINE);
    ask(&patient, authorization("O-1", VISA, "13.50")).await.unwrap();
    assert_eq!(stripe.intents()[0].holds, 1);
}

#[tokio::test]
async fn a_decline_is_an_answer_with_stripes_reason_and_stays_one() {
    let world = World::new();
    let cases = [
        ("pm_card_chargeDeclined", "13.50", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "13.50", "insufficient_funds"),
        ("pm_card_authenticationRequired", "13.50", "authentication_required"),
        ("pm_unknown", "13.50", "resource_missing"),
        ("tok_unknown", "13.50", "resource_missing"),
        (VISA, "0.30", "amount_too_small"),
        (VISA, "0", "amount_too_small"),
        (VISA, "1000000.00", "amount_too_large"),
    ];
    for (number, (token, amount, reason)) in cases.into_iter().enumerate() {
        let order_id = format!("O-{number}");
        for _ in 0..2 {
            let answer =
                ask(&world.gateway, authorization(&order_id, token, amount)).await.unwrap();
            assert_eq!(answer, json!({ "declined": { "reason": reason } }), "{token} {amount}");
        }
    }
    assert!(world.stripe.intents().iter().all(|intent| intent.holds == 0));
}

#[tokio::test]
async fn a_card_number_is_declined_and_never_sent() {
    let world = World::new();
    let method = json!({ "type": "credit", "cardNumber": "4532123456789012", "cardBrand": "Visa" });
    let request = json!({ "orderId": "O-1", "paymentMethod": method, "amount": "13.50" });
    let answer = ask(&world.gateway, request).await.unwrap();
    assert_eq!(answer, json!({ "declined": { "reason": "payment_token_required" } }));
    assert!(world.stripe.calls().is_empty());
}

#[tokio::test]
async fn an_order_id_that_paid_another_amount_is_a_conflict() {
    let world = World::new();
    world.authorize().await.unwrap();
    let other = ask(&world.gateway, authorization("O-1", VISA, "99.00")).await;
    assert_eq!(error_type(other), "PaymentConflict");
    assert_eq!(world.one_intent(), (Status::RequiresCapture, 1, 0));
}

#[tokio::test]
async fn another_token_for_an_order_that_is_authorized_holds_nothing_more() {
    let world = World::new();
    let id = world.authorized().await;
    let other = ask(&world.gateway, authorization("O-1", "pm_card_mastercard", "13.50")).await;
    assert_eq!(other.unwrap()["authorized"]["authorizationId"], id);
    assert_eq!(world.one_intent(), (Status::RequiresCapture, 1, 0));
}

#[tokio::test]
async fn a_wrong_key_is_refused_for_good_and_the_text_leads_to_the_call() {
    let stripe = StripeDouble::start(KEY).unwrap();
    let stranger = gateway(&stripe.base(), "sk_test_of_somebody_else", DEADLINE);
    let (kind, text) = ask(&stranger, authorization("O-1", VISA, "13.50")).await.unwrap_err();
    assert_eq!(kind, "PaymentRefused");
    assert!(
        text.contains("create") && text.contains("HTTP 401") && text.contains("req_"),
        "{text}"
    );
    assert!(!text.contains("sk_"), "{text}");
    assert!(stripe.intents().is_empty());
}

#[tokio::test]
async fn a_stripe_that_is_not_there_may_be_there_later() {
    let stripe = StripeDouble::start(KEY).unwrap();
    let base = stripe.base();
    drop(stripe);
    let (kind, text) =
        ask(&gateway(&base, KEY, DEADLINE), authorization("O-1", VISA, "1")).await.unwrap_err();
    assert_eq!(kind, "PaymentGatewayUnavailable");
    assert!(text.contains("connected"), "{text}");
}
