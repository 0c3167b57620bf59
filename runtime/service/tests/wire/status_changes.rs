//! Goal: a receiver is told of every change of every execution's status, at least once, in the order of the execution, as
//! EventBridge would say it; and what the receiver does holds up no execution.
//!
//! Method: a receiver on a bare socket that answers, fails, hangs and talks nonsense as a test wants; what waits is read in
//! the journal behind the server's back. The signature is checked by an HMAC that is written here from its definition.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use durable_service::{Patience, StatusWebhook};
use rusqlite::Connection;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::support::receiver::{Message, Reaction, Receiver};
use crate::support::{Server, Setup, eventually, failed, succeeded, workflow};

/// Tries again after milliseconds.
fn impatient() -> Patience {
    Patience {
        request: Duration::from_millis(500),
        delay_first: Duration::from_millis(5),
        delay_max: Duration::from_millis(20),
        pause_max: Duration::from_millis(20),
        ..Patience::default()
    }
}

fn webhook(url: &str) -> StatusWebhook {
    let mut webhook = StatusWebhook::new(url).unwrap();
    webhook.patience = impatient();
    webhook
}

/// A server with the functions that the tests need, and perhaps somebody to tell.
async fn open(directory: &Path, webhook: Option<StatusWebhook>) -> Server {
    Setup::new(directory)
        .durable("good", async |_| succeeded("1"))
        .durable("bad", async |_| failed("Broken", "it is"))
        .durable("waits", |turn| workflow::run(turn, |_| {}))
        .durable_for("slow", 1, |turn| workflow::run(turn, |_| {}))
        .with(|setup| setup.config.status_webhook = webhook)
        .open()
        .await
}

fn waiting(directory: &Path) -> i64 {
    let journal = Connection::open(directory.join("journal.db")).unwrap();
    journal.query_row("SELECT count(*) FROM outbox", [], |row| row.get(0)).unwrap()
}

async fn none_waits(directory: &Path) {
    eventually("nothing waits", async || (waiting(directory) == 0).then_some(())).await;
}

/// Name and status of each message, in the order of their coming.
fn told(messages: &[Message]) -> Vec<(&str, &str)> {
    messages.iter().map(|message| (message.name(), message.status())).collect()
}

/// Every execution was told of in its order, and a message that came again was the same.
fn assert_consistent(messages: &[Message]) {
    let mut bodies = BTreeMap::new();
    let mut closed = BTreeSet::new();
    for message in messages {
        assert_eq!(message.id(), message.event["id"], "the id of the event");
        let first = bodies.entry(message.id()).or_insert(&message.body);
        assert_eq!(*first, &message.body, "the same id and another body");
        match message.status() {
            "RUNNING" => assert!(!closed.contains(message.name()), "{:?}", told(messages)),
            _ => _ = closed.insert(message.name()),
        }
    }
    let changes: BTreeSet<_> = told(messages).into_iter().collect();
    assert_eq!(changes.len(), bodies.len(), "one id for each change: {:?}", told(messages));
}

/// As RFC 2104 defines it.
fn hmac_sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    assert!(key.len() <= 64, "longer keys are hashed first");
    let padded = |with: u8| -> Vec<u8> {
        (0..64).map(|at| key.get(at).copied().unwrap_or_default() ^ with).collect()
    };
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize().to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_finished_execution_is_told_of_as_eventbridge_says_it() {
    let receiver = Receiver::start(|_| Reaction::Status(204)).await;
    let directory = TempDir::new().unwrap();
    let to = webhook(&receiver.url()).header("Authorization: Bearer me").unwrap();
    let server = open(directory.path(), Some(to)).await;
    let arn = server.start("good", Some("order-1"), &json!({})).await;
    let shown = server.closed(&arn).await;
    let messages = receiver.at_least(2).await;
    assert_eq!(told(&messages), [("order-1", "RUNNING"), ("order-1", "SUCCEEDED")]);

    let [running, succeeded] = messages.as_slice() else { panic!("two: {messages:?}") };
    assert_eq!(running.line, "POST /hooks?shop=1 HTTP/1.1");
    assert_eq!(running.headers["content-type"], "application/json");
    assert_eq!(running.headers["authorization"], "Bearer me");
    assert_eq!(running.headers["host"], receiver.address.to_string());
    assert!(running.headers["user-agent"].starts_with("durable-orders/"));
    assert!(!running.headers.contains_key("webhook-signature"), "there is no secret");
    let millis = |time: &Value| (time.as_f64().unwrap() * 1000.0).round() as i64;
    let iso = |millis: i64| {
        let time = jiff::Timestamp::from_millisecond(millis).unwrap();
        (
            time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
        )
    };
    let (start_second, start) = iso(millis(&shown["StartTimestamp"]));
    let (end_second, end) = iso(millis(&shown["EndTimestamp"]));
    let mut expected = json!({
        "version": "0",
        "id": running.id(),
        "detail-type": "Durable Execution Status Change",
        "source": "aws.lambda",
        "account": "000000000000",
        "time": start_second,
        "region": "us-east-1",
        "resources": [],
        "detail": {
            "durableExecutionArn": arn,
            "durableExecutionName": "order-1",
            "functionArn": "arn:aws:lambda:us-east-1:000000000000:function:good:$LATEST",
            "status": "RUNNING",
            "startTimestamp": start,
        },
    });
    assert_eq!(running.event, expected);
    expected["id"] = json!(succeeded.id());
    expected["time"] = json!(end_second);
    expected["detail"]["status"] = json!("SUCCEEDED");
    expected["detail"]["endTimestamp"] = json!(end);
    assert_eq!(succeeded.event, expected);
    none_waits(directory.path()).await;
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_end_is_told_and_a_pause_is_not() {
    let receiver = Receiver::start(|_| Reaction::Status(200)).await;
    let directory = TempDir::new().unwrap();
    let server = open(directory.path(), Some(webhook(&receiver.url()))).await;
    let waiting = json!({ "plan": [{ "callback": "c" }] });
    let paused = server.start("waits", Some("paused"), &waiting).await;
    server.history_until(&paused, "InvocationCompleted").await;
    for operation in ["pause", "resume"] {
        let path = format!(
            "/2025-12-01/durable-executions/{}/{operation}",
            crate::support::encode(&paused)
        );
        assert_eq!(server.post(&path, "{}").await.status, 202, "{operation}");
    }
    assert_eq!(server.stop(&paused, "").await.status, 200);
    server.start("bad", Some("broken"), &json!({})).await;
    server.start("slow", Some("late"), &waiting).await;
    let messages = receiver.at_least(6).await;
    assert_consistent(&messages);
    let changes: BTreeSet<_> = told(&messages).into_iter().collect();
    let expected = [
        ("broken", "FAILED"),
        ("broken", "RUNNING"),
        ("late", "RUNNING"),
        ("late", "TIMED_OUT"),
        ("paused", "RUNNING"),
        ("paused", "STOPPED"),
    ];
    assert_eq!(changes, BTreeSet::from(expected));
    assert_eq!(messages.len(), 6);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_signed_and_signed_anew_when_it_is_sent_again() {
    let receiver = Receiver::start(|messages| match messages.len() {
        1 => Reaction::Status(503),
        _ => Reaction::Status(200),
    })
    .await;
    let directory = TempDir::new().unwrap();
    let key = b"thirty-two bytes that are secret";
    let secret = format!("whsec_{}", STANDARD.encode(key));
    let to = webhook(&receiver.url()).secret(&secret).unwrap();
    let server = open(directory.path(), Some(to)).await;
    server.start("good", None, &json!({})).await;
    let messages = receiver.at_least(3).await;
    assert_consistent(&messages);
    for message in &messages {
        let timestamp = &message.headers["webhook-timestamp"];
        let signed =
            [message.id().as_bytes(), b".", timestamp.as_bytes(), b".", &message.body].concat();
        let expected = format!("v1,{}", STANDARD.encode(hmac_sha256(key, &signed)));
        assert_eq!(message.headers["webhook-signature"], expected);
        let age = jiff::Timestamp::now().as_second() - timestamp.parse::<i64>().unwrap();
        assert!((0..300).contains(&age), "receivers refuse what is older than five minutes: {age}");
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_not_taken_is_sent_again_with_the_same_id() {
    for reaction in [
        Reaction::Status(500),
        Reaction::Status(429),
        Reaction::Status(400),
        Reaction::Garbage,
        Reaction::Close,
        Reaction::Hang,
    ] {
        // Each message meets it twice.
        let receiver = Receiver::start(move |messages| {
            let id = messages.last().unwrap().id();
            match messages.iter().filter(|message| message.id() == id).count() {
                1 | 2 => reaction,
                _ => Reaction::Status(200),
            }
        })
        .await;
        let directory = TempDir::new().unwrap();
        let server = open(directory.path(), Some(webhook(&receiver.url()))).await;
        for name in ["one", "two"] {
            let arn = server.start("good", Some(name), &json!({})).await;
            // It closes, whatever the receiver does.
            assert_eq!(server.closed(&arn).await["Status"], "SUCCEEDED");
        }
        let messages = receiver.at_least(12).await;
        assert_consistent(&messages);
        none_waits(directory.path()).await;
        assert_eq!(receiver.messages().len(), 12, "{reaction:?}");
        server.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect_is_not_followed() {
    let elsewhere = Receiver::start(|_| Reaction::Status(200)).await;
    let to = elsewhere.address;
    let receiver = Receiver::start(move |messages| match messages.len() {
        1..=3 => Reaction::Redirect(to),
        _ => Reaction::Status(200),
    })
    .await;
    let directory = TempDir::new().unwrap();
    let server = open(directory.path(), Some(webhook(&receiver.url()))).await;
    server.start("good", None, &json!({})).await;
    assert_consistent(&receiver.at_least(5).await);
    none_waits(directory.path()).await;
    assert_eq!(elsewhere.messages().len(), 0);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_was_away_gets_what_happened_meanwhile() {
    let place = Receiver::start(|_| Reaction::Status(200)).await;
    let (address, url) = (place.address, place.url());
    drop(place);
    let directory = TempDir::new().unwrap();
    let server = open(directory.path(), Some(webhook(&url))).await;
    for number in 0..20 {
        let arn = server.start("good", Some(&format!("order-{number}")), &json!({})).await;
        server.closed(&arn).await;
    }
    assert_eq!(waiting(directory.path()), 40);
    let receiver = Receiver::start_at(address, |_| Reaction::Status(200)).await;
    let messages = receiver.at_least(40).await;
    assert_consistent(&messages);
    none_waits(directory.path()).await;
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_takes_nothing_is_asked_by_few_however_many_wait() {
    let receiver = Receiver::start(|_| Reaction::Status(500)).await;
    let directory = TempDir::new().unwrap();
    let hour = Duration::from_secs(3600);
    let mut to = webhook(&receiver.url());
    to.patience = Patience { delay_first: hour, delay_max: hour, pause_max: hour, ..impatient() };
    let server = open(directory.path(), Some(to)).await;
    receiver_is_given_up_on(&server, &receiver, directory.path()).await;
    server.close().await;
}

/// Three in a row are its trouble; those that were on their way by then arrive, too.
async fn receiver_is_given_up_on(server: &Server, receiver: &Receiver, directory: &Path) {
    for number in 0..100 {
        server.start("good", Some(&format!("order-{number}")), &json!({})).await;
    }
    receiver.at_least(3).await;
    eventually("all are closed", async || (waiting(directory) == 200).then_some(())).await;
    let asked = receiver.messages().len();
    assert!(asked <= 3 + 8, "{asked}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_refused_again_and_again_is_given_up_and_the_next_of_its_execution_is_sent() {
    let receiver = Receiver::start(|messages| {
        let last = messages.last().unwrap();
        match (last.name(), last.status()) {
            ("poison", "RUNNING") => Reaction::Status(400),
            _ => Reaction::Status(200),
        }
    })
    .await;
    let directory = TempDir::new().unwrap();
    let mut to = webhook(&receiver.url());
    to.patience.tries_max = 4;
    let server = open(directory.path(), Some(to)).await;
    for name in ["poison", "healthy"] {
        server.start("good", Some(name), &json!({})).await;
    }
    let messages = receiver.at_least(7).await;
    let of = |name| {
        let of_it = messages.iter().filter(|it| it.name() == name);
        of_it.map(Message::status).collect::<Vec<_>>()
    };
    assert_eq!(of("poison"), ["RUNNING", "RUNNING", "RUNNING", "RUNNING", "SUCCEEDED"]);
    assert_eq!(of("healthy"), ["RUNNING", "SUCCEEDED"]);
    none_waits(directory.path()).await;
    assert_eq!(receiver.messages().len(), 7);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_webhook_nothing_is_written_and_what_waits_is_kept_until_there_is_one_or_it_is_old()
 {
    let directory = TempDir::new().unwrap();
    let server = open(directory.path(), None).await;
    let arn = server.start("good", Some("untold"), &json!({})).await;
    server.closed(&arn).await;
    assert_eq!((waiting(directory.path()), server.service.untold().await.unwrap()), (0, 0));
    server.close().await;

    let place = Receiver::start(|_| Reaction::Status(200)).await;
    let (address, url) = (place.address, place.url());
    drop(place);
    let server = open(directory.path(), Some(webhook(&url))).await;
    for name in ["old", "young"] {
        let arn = server.start("good", Some(name), &json!({})).await;
        server.closed(&arn).await;
    }
    server.close().await;
    let journal = Connection::open(directory.path().join("journal.db")).unwrap();
    let older =
        "UPDATE outbox SET at = at - 86400000 WHERE instr(CAST(body AS TEXT), '\"old\"') > 0";
    assert_eq!(journal.execute(older, []).unwrap(), 2);
    drop(journal);

    let server = open(directory.path(), None).await;
    assert_eq!((waiting(directory.path()), server.service.untold().await.unwrap()), (4, 4));
    server.close().await;

    let receiver = Receiver::start_at(address, |_| Reaction::Status(200)).await;
    let server = open(directory.path(), Some(webhook(&url))).await;
    none_waits(directory.path()).await;
    assert_eq!(server.service.untold().await.unwrap(), 0);
    assert_eq!(told(&receiver.messages()), [("young", "RUNNING"), ("young", "SUCCEEDED")]);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_is_asked_for_is_told() {
    let receiver = Receiver::start(|_| Reaction::Status(200)).await;
    let directory = TempDir::new().unwrap();
    let to = webhook(&receiver.url()).only(["FAILED"]).unwrap();
    let server = open(directory.path(), Some(to)).await;
    for (function, name) in [("good", "fine"), ("bad", "broken")] {
        let arn = server.start(function, Some(name), &json!({})).await;
        server.closed(&arn).await;
    }
    assert_eq!(told(&receiver.at_least(1).await), [("broken", "FAILED")]);
    none_waits(directory.path()).await;
    assert_eq!(receiver.messages().len(), 1);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn far_more_than_are_kept_in_memory_are_sent() {
    let receiver = Receiver::start(|messages| match messages.len() {
        1..=20 => Reaction::Status(500),
        _ => Reaction::Status(200),
    })
    .await;
    let directory = TempDir::new().unwrap();
    let server = open(directory.path(), Some(webhook(&receiver.url()))).await;
    for number in 0..1_500 {
        server.start("good", Some(&format!("order-{number}")), &json!({})).await;
    }
    none_waits_after(&server, directory.path()).await;
    let messages = receiver.messages();
    assert_consistent(&messages);
    assert_eq!(messages.len(), 3_020);
    server.close().await;
}

/// All are closed, and then nothing waits.
async fn none_waits_after(server: &Server, directory: &Path) {
    let journal = Connection::open(directory.join("journal.db")).unwrap();
    let open = "SELECT count(*) FROM executions WHERE ended IS NULL";
    eventually("all are closed", async || {
        (journal.query_row(open, [], |row| row.get::<_, i64>(0)).unwrap() == 0).then_some(())
    })
    .await;
    assert_eq!(server.service.untold().await.unwrap(), 0);
    none_waits(directory).await;
}
