//! Death in the middle of a payment, at scripted moments and at random: in the end the money is where the order says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use stripe_double::{Fault, Operation, Status, StripeDouble};

use crate::at_random::{Random, number_from_env};
use crate::orders::{Kind, Shop};
use crate::process::ServerProcess;

const KEY: &str = "sk_test_of_a_double_among_deaths";
/// Deaths in one run of the test; `CRASH_TEST_DEATHS` sets another number.
const DEATHS: u64 = 60;
/// Printed with every failure; `CRASH_TEST_SEED` sets another one.
const SEED: u64 = 20_260_303;
/// Orders placed in each life.
const ORDERS_PER_LIFE: u64 = 4;
/// The longest life, from the first order on, in microseconds: a little more than an order takes.
const LIFE_MAX_MICROS: u64 = 80_000;
/// How long a call may take to arrive.
const DEADLINE: Duration = Duration::from_secs(30);
/// The log of all lives, in the data directory, so that it is searched with it.
const LOG: &str = "log.txt";

fn serve(directory: &Path, stripe: &StripeDouble) -> ServerProcess {
    let log = std::fs::OpenOptions::new().create(true).append(true).open(directory.join(LOG));
    ServerProcess::serve_with(directory, |command: &mut Command| {
        command
            .env("PAYMENT_GATEWAY", "stripe")
            .env("STRIPE_SECRET_KEY", KEY)
            .env("STRIPE_API_BASE", stripe.base())
            // Whatever anybody asks to be logged.
            .env("RUST_LOG", "trace")
            .stderr(log.unwrap());
    })
}

fn order(order_id: &str, kind: Kind) -> Value {
    let token = match kind {
        Kind::Declined => "pm_card_chargeDeclined",
        Kind::Completed | Kind::Unavailable | Kind::Rejected => "pm_card_visa",
    };
    let mut order = kind.order(order_id);
    order["paymentMethod"] = json!({ "type": "credit", "token": token });
    order
}

/// A completed order has paid its amount once; any other has paid nothing, and nothing is held for it.
fn check_money(stripe: &StripeDouble, order_id: &str, result: &Value) {
    let intents = stripe.intents_of(order_id);
    let captured: Vec<_> = intents.iter().filter(|intent| intent.captures > 0).collect();
    if result["status"] == "completed" {
        assert_eq!(captured.len(), 1, "{order_id}: {intents:?}");
        let paid = captured[0];
        assert_eq!((paid.captures, paid.amount_received), (1, 129_999), "{order_id}: {intents:?}");
        assert_eq!(result["payment"]["authorizationId"], paid.id.as_str());
    } else {
        assert!(captured.is_empty(), "{order_id}: {intents:?}");
    }
    let held = intents.iter().any(|intent| intent.status == Status::RequiresCapture);
    assert!(!held, "{order_id} leaves nothing on hold: {intents:?}");
}

/// The key is in no file. Tokens are in the journal, as the orders were sent, and in no log.
fn check_secrets(directory: &Path) {
    let files = files(directory);
    let log = std::fs::metadata(directory.join(LOG)).unwrap();
    assert!(log.len() > 0, "something was logged");
    for path in files {
        let bytes = std::fs::read(&path).unwrap();
        let holds = |text: &str| bytes.windows(text.len()).any(|it| it == text.as_bytes());
        assert!(!holds(KEY), "{} holds the key", path.display());
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name == LOG || name.starts_with("logs.db") {
            assert!(!holds("pm_card_"), "{name} holds a token");
        }
    }
}

/// Every file below a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let paths = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn wait_for_held_call(stripe: &StripeDouble, context: &str) {
    let begun = Instant::now();
    while stripe.held() == 0 {
        assert!(begun.elapsed() < DEADLINE, "{context}: the call does not arrive");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Goal: whichever call of Stripe the server dies in, and whether Stripe has done it by then or does it later, each order
/// ends as it should and money moves once. Method: the double stands still in the call, the server is killed, and Stripe
/// goes on while nobody listens.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_in_a_call_of_stripe_leaves_money_where_the_order_says() {
    let moments = [
        (Kind::Completed, Operation::Create),
        (Kind::Completed, Operation::Confirm),
        (Kind::Completed, Operation::Capture),
        (Kind::Declined, Operation::Create),
        (Kind::Declined, Operation::Confirm),
        (Kind::Unavailable, Operation::Confirm),
        (Kind::Unavailable, Operation::Cancel),
    ];
    let stripe = StripeDouble::start(KEY).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let mut server = serve(directory.path(), &stripe);
    Shop::at(server.address).fill_catalog().await;
    for (kind, operation) in moments {
        for (fault, late) in
            [(Fault::HeldBefore, false), (Fault::HeldBefore, true), (Fault::HeldAfter, false)]
        {
            let context = format!("{kind:?} {operation:?} {fault:?} late {late}");
            let order_id = format!("ORDER-{kind:?}-{operation:?}-{fault:?}-{late}");
            stripe.plan(operation, fault, 1);
            let shop = Shop::at(server.address);
            assert!(shop.place_order(&order_id, &order(&order_id, kind)).await, "{context}");
            wait_for_held_call(&stripe, &context);
            server.kill();
            if !late {
                stripe.release();
            }
            server = serve(directory.path(), &stripe);
            // The next life may ask while the call of the one before is still at work.
            stripe.release();
            let result = Shop::at(server.address).outcome(&order_id).await;
            assert_eq!(result["status"], kind.status(), "{context}: {result}");
            check_money(&stripe, &order_id, &result);
        }
    }
    server.kill();
    check_secrets(directory.path());
}

/// Goal: the same over many deaths at any time, with several orders in work and a Stripe that loses answers, fails and is
/// busy now and then.
#[tokio::test(flavor = "multi_thread")]
async fn each_order_is_paid_exactly_as_it_ends_over_sixty_deaths() {
    let seed = number_from_env("CRASH_TEST_SEED", SEED);
    println!("seed {seed}");
    let mut random = Random(seed);
    let stripe = StripeDouble::start(KEY).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let server = serve(directory.path(), &stripe);
    Shop::at(server.address).fill_catalog().await;
    server.kill();

    let mut kinds: BTreeMap<String, Kind> = BTreeMap::new();
    for life in 0..number_from_env("CRASH_TEST_DEATHS", DEATHS) {
        let server = serve(directory.path(), &stripe);
        plan_a_fault(&stripe, &mut random);
        let life_time = Duration::from_micros(random.below(LIFE_MAX_MICROS));
        let deadline = tokio::time::Instant::now() + life_time;
        for number in 0..ORDERS_PER_LIFE {
            let order_id = format!("ORDER-{life}-{number}");
            let kind = Kind::ALL[random.below(4) as usize];
            // Known whether or not it is accepted in time: some are accepted without an answer.
            kinds.insert(order_id.clone(), kind);
            let shop = Shop::at(server.address);
            let placed = order(&order_id, kind);
            let placed = shop.place_order(&order_id, &placed);
            if tokio::time::timeout_at(deadline, placed).await.is_err() {
                break;
            }
        }
        tokio::time::sleep_until(deadline).await;
        server.kill();
    }

    let accepted = names(directory.path());
    let server = serve(directory.path(), &stripe);
    let shop = Shop::at(server.address);
    let mut ended: BTreeMap<&str, u64> = BTreeMap::new();
    for order_id in &accepted {
        let result = shop.outcome(order_id).await;
        let kind = kinds[order_id];
        assert_eq!(result["status"], kind.status(), "seed {seed}: {order_id}: {result}");
        check_money(&stripe, order_id, &result);
        *ended.entry(kind.status()).or_default() += 1;
    }
    server.kill();
    println!("{} orders: {ended:?}; {} calls of Stripe", accepted.len(), stripe.calls().len());
    assert!(ended.contains_key("completed"), "seed {seed}: some orders were completed");
    for intent in stripe.intents() {
        assert!(accepted.contains(&intent.order_id), "seed {seed}: {intent:?} is an order's");
        let held = intent.status == Status::RequiresCapture;
        assert!(!held, "seed {seed}: {intent:?} leaves nothing on hold");
    }
    check_secrets(directory.path());
}

/// Something goes wrong with every other life.
fn plan_a_fault(stripe: &StripeDouble, random: &mut Random) {
    let operations = [Operation::Create, Operation::Confirm, Operation::Capture, Operation::Cancel];
    let faults = [
        Fault::NotReached,
        Fault::AnswerLost,
        Fault::ServerError,
        Fault::ServerErrorAfterWork,
        Fault::RateLimited,
    ];
    let (operation, fault) = (random.below(4) as usize, random.below(10) as usize);
    if let Some(fault) = faults.get(fault) {
        stripe.plan(operations[operation], *fault, 1);
    }
}

/// Every order that the journal knows.
fn names(directory: &Path) -> Vec<String> {
    let file = directory.join("journal.db");
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    let mut statement = connection.prepare("SELECT name FROM executions").unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}
