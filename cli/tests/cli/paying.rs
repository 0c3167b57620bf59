//! A server that takes real payments: through a double of Stripe, with tokens.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;

use serde_json::{Value, json};
use stripe_double::{Status, StripeDouble};

use crate::support::{Said, Server, run_with, seed_order};

const KEY: &str = "sk_test_of_a_double_in_a_test";

fn settings(stripe: &StripeDouble) -> [(&'static str, String); 3] {
    [
        ("PAYMENT_GATEWAY", "stripe".to_owned()),
        ("STRIPE_SECRET_KEY", KEY.to_owned()),
        ("STRIPE_API_BASE", stripe.base()),
    ]
}

/// A server that pays through this double, with the products of the demo.
fn serve(settings: &[(&'static str, String)]) -> Server {
    let settings: Vec<(&str, &str)> =
        settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let server = Server::start_with_settings(&settings);
    let products = concat!(env!("CARGO_MANIFEST_DIR"), "/src/seed/products.json");
    server.run(&["catalog", "import", products]).ended(0);
    server
}

/// Places one of the four orders of the demo, paid with a token.
fn place(server: &Server, number: u32, token: &str) -> Said {
    let text = std::fs::read_to_string(seed_order(number)).unwrap();
    let mut order: Value = serde_json::from_str(&text).unwrap();
    order["paymentMethod"] = json!({ "type": "credit", "token": token });
    let said = server.run_with_input(&["order", "place", "-", "--wait"], &order.to_string());
    assert_shows_no_secret(&said, token);
    said
}

fn assert_shows_no_secret(said: &Said, token: &str) {
    for text in [&said.out, &said.err] {
        assert!(!text.contains(KEY) && !text.contains(token), "{said:?}");
    }
}

/// Searches everything below a directory.
fn assert_nowhere_below(directory: &Path, text: &str) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            assert_nowhere_below(&path, text);
        } else {
            let bytes = std::fs::read(&path).unwrap();
            let found = bytes.windows(text.len()).any(|window| window == text.as_bytes());
            assert!(!found, "{} holds the key", path.display());
        }
    }
}

#[test]
fn the_four_orders_are_paid_with_tokens_and_money_is_taken_for_the_one_that_is_on_its_way() {
    let stripe = StripeDouble::start(KEY).unwrap();
    let server = serve(&settings(&stripe));
    let said = place(&server, 1, "pm_card_visa").ended(0);
    for part in
        ["ORDER-001  completed", "1359.97", "Visa ****4242", "captured as pi_", "capture-payment"]
    {
        assert!(said.out.contains(part), "{part} in {}", said.out);
    }
    let said = place(&server, 2, "pm_card_chargeDeclined").ended(3);
    assert!(said.out.contains("payment_declined"), "{}", said.out);
    let said = place(&server, 3, "tok_visa").ended(3);
    assert!(said.out.contains("inventory_unavailable"), "{}", said.out);
    let said = place(&server, 4, "pm_card_visa").ended(3);
    assert!(said.out.contains("rejected"), "{}", said.out);

    let intents = stripe.intents();
    let states: Vec<_> = intents.iter().map(|it| (it.order_id.as_str(), it.status)).collect();
    assert_eq!(
        states,
        [
            ("ORDER-001", Status::Succeeded),
            ("ORDER-002", Status::RequiresPaymentMethod),
            ("ORDER-003", Status::Canceled),
        ]
    );
    assert_eq!((intents[0].amount_received, intents[0].captures), (135_997, 1));

    let shown = server.run(&["order", "show", "ORDER-001", "--json"]).ended(0);
    assert_shows_no_secret(&shown, "pm_card_visa");
    assert_eq!(shown.json()["order"]["paymentMethod"]["token"], "****");
    assert_nowhere_below(server.kill().path(), KEY);
}

#[test]
fn a_card_number_is_declined_where_tokens_are_wanted() {
    let stripe = StripeDouble::start(KEY).unwrap();
    let server = serve(&settings(&stripe));
    let said = server.run(&["order", "place", &seed_order(1), "--wait"]).ended(3);
    assert!(said.out.contains("payment_token_required"), "{}", said.out);
    assert!(stripe.calls().is_empty());
}

#[test]
fn the_key_may_be_in_secrets_manager_and_is_read_at_the_start() {
    let stripe = StripeDouble::start(KEY).unwrap();
    let (endpoint, asked) = secrets_manager(&json!({ "SecretString": format!("{KEY}\n") }));
    let [gateway, _, base] = settings(&stripe);
    let server = serve(&[
        gateway,
        base,
        ("STRIPE_SECRET_KEY_SECRET_ID", "shop/stripe".to_owned()),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", endpoint),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
    ]);
    let request = asked.join().unwrap();
    assert!(request.contains("secretsmanager.GetSecretValue"), "{request}");
    assert!(request.ends_with(r#"{"SecretId":"shop/stripe"}"#), "{request}");
    place(&server, 1, "pm_card_visa").ended(0);
    assert_eq!(stripe.intents()[0].status, Status::Succeeded);
}

/// Answers one request with this, and gives the request.
fn secrets_manager(answer: &Value) -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let body = answer.to_string();
    let asked = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        // The body is JSON and ends with the only brace that closes it.
        while !request.ends_with(b"}") {
            let mut some = [0; 4096];
            let read = stream.read(&mut some).unwrap();
            request.extend_from_slice(&some[..read]);
        }
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        )
        .unwrap();
        String::from_utf8(request).unwrap().to_owned()
    });
    (endpoint, asked)
}

#[test]
fn a_gateway_that_cannot_be_used_keeps_the_server_from_starting_in_one_sentence() {
    let directory = tempfile::tempdir().unwrap();
    let serve =
        ["serve", "--listen", "127.0.0.1:0", "--data-dir", directory.path().to_str().unwrap()];
    let cases: [(&[(&str, &str)], &str); 5] = [
        (&[("PAYMENT_GATEWAY", "paypal")], "PAYMENT_GATEWAY must be simulated or stripe"),
        (&[("PAYMENT_GATEWAY", "stripe")], "STRIPE_SECRET_KEY or STRIPE_SECRET_KEY_SECRET_ID"),
        (&[("PAYMENT_GATEWAY", "stripe"), ("STRIPE_SECRET_KEY", "pk_live_1")], "STRIPE_SECRET_KEY"),
        (
            &[
                ("PAYMENT_GATEWAY", "stripe"),
                ("STRIPE_SECRET_KEY", KEY),
                ("STRIPE_API_BASE", "http://stripe.example"),
            ],
            "STRIPE_API_BASE must be https://HOST",
        ),
        (
            &[
                ("PAYMENT_GATEWAY", "stripe"),
                ("STRIPE_SECRET_KEY", KEY),
                ("PAYMENT_CURRENCY", "jpy"),
            ],
            "PAYMENT_CURRENCY must be a currency with hundredths",
        ),
    ];
    for (settings, sentence) in cases {
        let said = run_with(&serve, settings).ended(1);
        assert!(said.err.starts_with("error: ") && said.err.contains(sentence), "{said:?}");
        assert_eq!(said.err.lines().count(), 1, "{said:?}");
        assert_shows_no_secret(&said, "pk_live_1");
    }
}
