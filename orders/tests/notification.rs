//! The step `send-notification`: the whole workflow on the SDK's in-memory runner, and mails over real SMTP.
//!
//! Whatever a run records or answers is searched for the customer's address and the mail server's password.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_durable_execution_sdk::test_util::{LocalRunner, TestResult};
use aws_durable_execution_sdk::{BoxError, DurableContext};
use orders::notification::Notifier;
use orders::settings::{NOTIFICATION_FROM, NOTIFICATION_SMTP_URL};
use orders::{OrderPayload, Services, Settings, notifier, process_order};
use serde_json::{Value, json};
use support::lambda::{Failure, Workers};
use support::smtp::{MailServer, Manner};
use support::tables::Tables;

const ADDRESS: &str = "ada@customers.example";
const SENDER: &str = "Shop <orders@shop.example>";
const STEPS: [&str; 5] = [
    "validate-order",
    "authorize-payment",
    "allocate-inventory",
    "fulfill-order",
    "send-notification",
];

/// Whether customers are told, by the number of the invocation from zero on.
type Told = fn(usize) -> bool;

struct World {
    tables: Tables,
    workers: Workers,
}

impl World {
    async fn new() -> Self {
        Self { tables: Tables::new().await, workers: Workers::default() }
    }

    async fn run(&self, order: &Value, url: &str) -> TestResult<Value> {
        self.run_when(order, url, |_| true).await
    }

    /// Runs an order to its end; the configuration may differ from one invocation to the next.
    async fn run_when(&self, order: &Value, url: &str, told: Told) -> TestResult<Value> {
        let services = Services {
            lambda: self.workers.client(&self.tables),
            dynamodb: self.tables.client.clone(),
            settings: Arc::new(self.tables.settings.clone()),
            notifier: None,
        };
        let (notifier, invocations) = (mail(url), Arc::new(AtomicUsize::new(0)));
        let handler = move |payload: Value, ctx: DurableContext| {
            let notifier =
                notifier.clone().filter(|_| told(invocations.fetch_add(1, Ordering::SeqCst)));
            let services = Services { notifier, ..services.clone() };
            async move {
                let outcome = process_order(OrderPayload::from(payload), ctx, services).await?;
                Ok::<_, BoxError>(serde_json::to_value(&outcome)?)
            }
        };
        let result = LocalRunner::new().run(handler, order.clone()).await;
        assert_nothing_private(&result);
        result
    }
}

/// As the environment configures it; nothing without a URL.
fn mail(url: &str) -> Option<Arc<dyn Notifier>> {
    let settings = Settings::from_lookup(|variable| match variable {
        _ if url.is_empty() => None,
        NOTIFICATION_SMTP_URL => Some(url.to_owned()),
        NOTIFICATION_FROM => Some(SENDER.to_owned()),
        _ => None,
    });
    notifier(settings.unwrap().notification.as_ref()).unwrap()
}

fn order(product: &str, quantity: u32, email: &Value) -> Value {
    json!({
        "orderId": "ORDER-001",
        "customerId": "CUST-001",
        "customerEmail": email,
        "items": [{ "productId": product, "quantity": quantity }],
        "shippingAddress": "123 Main St, Seattle, WA 98101",
        "billingAddress": "123 Main St, Seattle, WA 98101",
        "paymentMethod": { "type": "credit", "cardNumber": 4_532_123_456_789_012_u64, "cardBrand": "Visa" },
    })
}

fn good_order() -> Value {
    order("MOUSE-001", 2, &json!(ADDRESS))
}

fn assert_nothing_private(result: &TestResult<Value>) {
    let mut texts = vec![format!("{result:?}")];
    texts.extend(result.output().map(ToString::to_string));
    for operation in result.operations() {
        texts.extend(operation.result().map(str::to_owned));
        texts.extend(operation.error_message().map(str::to_owned));
    }
    for text in texts {
        assert!(!text.contains("ada@") && !text.contains("secret"), "{text}");
    }
}

fn steps(result: &TestResult<Value>) -> Vec<&str> {
    result.operations().iter().map(|operation| operation.name().unwrap_or_default()).collect()
}

#[tokio::test]
async fn a_completed_order_is_confirmed_once_with_what_was_ordered() {
    let (world, server) = (World::new().await, MailServer::start(&[]));
    let result = world.run(&good_order(), &server.url()).await;
    assert_eq!(steps(&result), STEPS);
    let outcome = result.output().unwrap();
    assert_eq!(outcome["status"], "completed");
    assert_eq!(outcome["notification"], json!({ "status": "sent" }));

    let [mail] = &server.mails()[..] else { panic!("one mail: {:?}", server.mails()) };
    assert_eq!(
        mail.commands,
        ["MAIL FROM:<orders@shop.example>", "RCPT TO:<ada@customers.example>"]
    );
    assert_eq!(mail.header("From"), "Shop <orders@shop.example>");
    assert_eq!(mail.header("To"), ADDRESS);
    assert_eq!(mail.header("Subject"), "Your order ORDER-001");
    assert_eq!(mail.header("Message-ID"), "<order.ORDER-001@shop.example>");
    assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
    assert!(mail.header("Content-Type").starts_with("text/plain"), "{mail:?}");
    let text = |pointer: &str| outcome.pointer(pointer).unwrap().as_str().unwrap();
    let expected = format!(
        "Thank you for your order ORDER-001. It is on its way.\r\n\r\n  \
         2 x Wireless Mouse (MOUSE-001): 59.98\r\n\r\nTotal: 59.98\r\n\
         Tracking number: {}\r\nCarrier: {}\r\nEstimated delivery: {}\r\n",
        text("/fulfillment/trackingNumber"),
        text("/fulfillment/carrier"),
        text("/fulfillment/estimatedDeliveryDate"),
    );
    assert_eq!(mail.text(), expected);
}

#[tokio::test]
async fn without_a_mail_server_or_an_address_there_is_no_step_and_no_word_of_it() {
    let server = MailServer::start(&[]);
    for (order, url) in [
        (good_order(), String::new()),
        (order("MOUSE-001", 2, &Value::Null), server.url()),
        (json!({ "customerEmail": null }), server.url()),
    ] {
        let world = World::new().await;
        let result = world.run(&order, &url).await;
        assert!(!steps(&result).contains(&"send-notification"), "{:?}", steps(&result));
        assert!(result.output().unwrap().get("notification").is_none());
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn only_completed_orders_are_confirmed() {
    let server = MailServer::start(&[]);
    for (product, quantity, status) in
        [("LAPTOP-001", 10, "payment_declined"), ("KEYBOARD-001", 60, "inventory_unavailable")]
    {
        let result =
            World::new().await.run(&order(product, quantity, &json!(ADDRESS)), &server.url()).await;
        assert_eq!(result.output().unwrap()["status"], status);
    }
    let world = World::new().await;
    world.workers.fail("FulfillOrder", Failure::NotReached, 1_000);
    assert!(world.run(&good_order(), &server.url()).await.is_failure());
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn an_address_that_is_not_one_is_rejected_with_the_reason() {
    let server = MailServer::start(&[]);
    let shape = "must be one address such as name@example.com, of at most 254 characters";
    for (email, message) in [
        (json!("ada@"), shape),
        (json!("ada@a.example,eve@b.example"), shape),
        (json!("ada@a.example\r\nRCPT TO:<eve@b.example>"), shape),
        (json!(""), shape),
        (json!(7), "must be a string"),
    ] {
        let result = World::new().await.run(&order("MOUSE-001", 1, &email), &server.url()).await;
        let outcome = result.output().unwrap();
        assert_eq!(outcome["status"], "rejected", "{email}");
        assert_eq!(outcome["errors"], json!([{ "field": "customerEmail", "message": message }]));
    }
    assert_eq!(server.connections(), 0);
}

/// The server quotes the address in its answer; it is left out of what is recorded.
#[tokio::test]
async fn a_mail_that_is_refused_is_not_sent_again_and_the_order_is_completed() {
    let server = MailServer::start(&[Manner::Answers(550)]);
    let world = World::new().await;
    let result = world.run(&good_order(), &server.url()).await;
    let outcome = result.output().unwrap();
    assert_eq!(outcome["status"], "completed");
    let notification = &outcome["notification"];
    assert_eq!(
        (&notification["status"], &notification["reason"]),
        (&json!("not_sent"), &json!("refused"))
    );
    assert!(notification["detail"].as_str().unwrap().contains("550"), "{notification}");
    assert_eq!(server.connections(), 1);
    assert!(
        !world.workers.calls().iter().any(|call| call.contains("void") || call.contains("release"))
    );
}

#[tokio::test]
async fn a_server_that_is_away_or_busy_is_tried_again() {
    let server = MailServer::start(&[Manner::Closes, Manner::Answers(451)]);
    let result = World::new().await.run(&good_order(), &server.url()).await;
    assert_eq!(result.output().unwrap()["notification"], json!({ "status": "sent" }));
    assert_eq!((server.connections(), server.mails().len()), (3, 1));
}

#[tokio::test]
async fn a_server_that_stays_away_does_not_keep_the_order_from_being_completed() {
    let server = MailServer::start(&[Manner::Closes; 100]);
    let world = World::new().await;
    let result = world.run(&good_order(), &server.url()).await;
    let outcome = result.output().unwrap();
    assert_eq!(outcome["status"], "completed");
    assert_eq!(outcome["notification"]["status"], "not_sent");
    assert_eq!(outcome["notification"]["reason"], "unavailable");
    assert_eq!(server.connections(), 6);
    assert_eq!(world.tables.stock("MOUSE-001").await, Some(198));
}

/// The first answer is lost, so the customer gets two mails, and can tell that they are one.
#[tokio::test]
async fn a_repeated_mail_is_the_same_to_the_byte() {
    let server = MailServer::start(&[Manner::KeepsSilent]);
    let result = World::new().await.run(&good_order(), &server.url()).await;
    assert_eq!(result.output().unwrap()["notification"], json!({ "status": "sent" }));
    let mails = server.mails();
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0].data, mails[1].data);
}

/// The configuration changes while the fourth step waits for its second attempt.
#[tokio::test]
async fn an_order_that_began_without_mail_is_confirmed_if_it_is_switched_on_meanwhile() {
    let (world, server) = (World::new().await, MailServer::start(&[]));
    world.workers.fail("FulfillOrder", Failure::NotReached, 1);
    let result = world.run_when(&good_order(), &server.url(), |invocation| invocation > 0).await;
    assert_eq!(result.invocation_count(), 2);
    assert_eq!(steps(&result), STEPS);
    assert_eq!(result.output().unwrap()["notification"], json!({ "status": "sent" }));
    assert_eq!(server.mails().len(), 1);
}

/// The configuration changes while the mail waits for its second attempt.
#[tokio::test]
async fn an_order_whose_mail_is_switched_off_meanwhile_ends_without_it() {
    let (world, server) = (World::new().await, MailServer::start(&[Manner::Closes]));
    let result = world.run_when(&good_order(), &server.url(), |invocation| invocation == 0).await;
    assert_eq!(result.invocation_count(), 2);
    let outcome = result.output().unwrap();
    assert_eq!(outcome["status"], "completed");
    assert!(outcome.get("notification").is_none());
    assert!(server.mails().is_empty());
}

#[tokio::test]
async fn nothing_in_the_catalog_becomes_a_header_or_a_line() {
    let (world, server) = (World::new().await, MailServer::start(&[]));
    let name = "Pen\r\nBcc: eve@b.example\r\n.\r\nQUIT\r\n äöü";
    world.tables.put("PEN-001", name, "4.5", 10, "WAREHOUSE-A").await;
    world.run(&order("PEN-001", 1, &json!(ADDRESS)), &server.url()).await;
    let [mail] = &server.mails()[..] else { panic!("one mail: {:?}", server.mails()) };
    assert_eq!(mail.commands.len(), 2);
    assert!(!mail.data.lines().any(|line| line.starts_with("Bcc") || line == "QUIT"), "{mail:?}");
    assert_eq!(mail.header("Content-Transfer-Encoding"), "quoted-printable");
}

#[tokio::test]
async fn the_password_is_for_the_server_only_and_never_goes_out_in_the_clear() {
    let server = MailServer::start(&[]);
    let with_password = |scheme: &str| format!("{scheme}://shop:secret@{}", server.address);
    let result = World::new().await.run(&good_order(), &with_password("smtp")).await;
    assert_eq!(result.output().unwrap()["notification"], json!({ "status": "sent" }));
    // "\0shop\0secret" in base64.
    assert_eq!(server.mails()[0].commands[0], "AUTH PLAIN AHNob3AAc2VjcmV0");
    // This server does not speak TLS, so nothing is sent.
    let result = World::new().await.run(&good_order(), &with_password("smtps")).await;
    assert_eq!(result.output().unwrap()["notification"]["status"], "not_sent");
    assert_eq!(server.mails().len(), 1);
}
