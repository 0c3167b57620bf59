//! `order place`, and the history that it leaves.

use aws_sdk_lambda::types::EventType;
use serde_json::json;

use crate::support::{Server, seed_order};

#[test]
fn an_order_that_is_waited_for_is_printed_with_its_outcome() {
    let server = Server::with_products();
    let said = server.run(&["order", "place", &seed_order(1), "--wait"]).ended(0);
    for part in ["ORDER-001  completed", "1359.97", "TRK-", "Visa ****9012", "fulfill-order"] {
        assert!(said.out.contains(part), "{part} in {}", said.out);
    }
    assert_eq!(said.err, "");
}

#[test]
fn an_order_that_is_not_completed_ends_the_waiting_with_3() {
    let server = Server::with_products();
    for (number, outcome) in
        [(2, "payment_declined"), (3, "inventory_unavailable"), (4, "rejected")]
    {
        let said =
            server.run(&["order", "place", &seed_order(number), "--wait", "--json"]).ended(3);
        let document = said.json();
        assert_eq!(document["outcome"], outcome);
        assert_eq!(document["status"], "SUCCEEDED");
        assert_eq!(document["alreadyPlaced"], false);
    }
}

#[test]
fn without_waiting_the_answer_is_the_execution() {
    let server = Server::with_products();
    let document = server.run(&["order", "place", &seed_order(1), "--json"]).ended(0).json();
    assert_eq!(document["orderId"], "ORDER-001");
    assert_eq!(document["alreadyPlaced"], false);
    assert!(document["executionArn"].as_str().unwrap().starts_with("arn:aws:lambda:"));
    assert_eq!(document.as_object().unwrap().len(), 3);
}

#[test]
fn placing_an_order_twice_is_one_order_and_says_so() {
    let server = Server::with_products();
    let first = server.run(&["order", "place", &seed_order(1), "--wait", "--json"]).ended(0).json();
    let again = server.run(&["order", "place", &seed_order(1), "--json"]).ended(0).json();
    assert_eq!(again["alreadyPlaced"], true);
    assert_eq!(again["executionArn"], first["executionArn"]);
    let said = server.run(&["order", "place", &seed_order(1)]).ended(0);
    assert!(said.out.contains("was placed before; nothing new was started"), "{said:?}");
    let waited = server.run(&["order", "place", &seed_order(1), "--wait"]).ended(0);
    assert!(waited.err.contains("was placed before"), "{waited:?}");

    let orders = server.run(&["order", "list", "--json"]).ended(0).json();
    assert_eq!(orders.as_array().unwrap().len(), 1);
    let stock = server.run(&["catalog", "list", "--json"]).ended(0).json();
    assert_eq!(stock[1]["stockLevel"], 49, "the laptop was taken once");
}

#[test]
fn another_order_under_the_same_id_is_refused() {
    let server = Server::with_products();
    server.run(&["order", "place", &seed_order(1), "--wait"]).ended(0);
    let text = std::fs::read_to_string(seed_order(1)).unwrap();
    // A blank more is another content: orders are compared byte for byte.
    let said = server.run_with_input(&["order", "place", "-"], &format!("{text} ")).ended(1);
    assert_eq!(said.out, "");
    assert!(
        said.err.starts_with("error: cannot place order ORDER-001: another order with this id"),
        "{said:?}"
    );
    assert!(said.err.contains("order show ORDER-001"), "{said:?}");
}

#[test]
fn an_order_is_read_from_stdin() {
    let server = Server::with_products();
    let text = std::fs::read_to_string(seed_order(1)).unwrap();
    let said = server.run_with_input(&["order", "place", "-", "--wait", "--json"], &text).ended(0);
    assert_eq!(said.json()["result"]["orderTotal"], json!(1359.97));
    let again = server.run(&["order", "place", &seed_order(1), "--json"]).ended(0).json();
    assert_eq!(again["alreadyPlaced"], true, "the same bytes from a file are the same order");
}

#[test]
fn a_wrong_order_is_for_the_order_system_to_reject() {
    let server = Server::with_products();
    let text = r#"{"orderId":"W-1","paymentMethod":{"cardNumber":"4111 1111 1111 1111 x"}}"#;
    let said = server.run_with_input(&["order", "place", "-", "--wait"], text).ended(3);
    assert!(said.out.contains("W-1  rejected"), "{said:?}");
    assert!(!said.out.contains("4111 1111"), "{said:?}");
}

/// Read through the API, as any other client would.
#[tokio::test]
async fn the_history_of_a_completed_order_is_its_four_steps() {
    let server = Server::with_products();
    let placed =
        server.run(&["order", "place", &seed_order(1), "--wait", "--json"]).ended(0).json();
    let history = server
        .clients()
        .await
        .lambda
        .get_durable_execution_history()
        .durable_execution_arn(placed["executionArn"].as_str().unwrap())
        .include_execution_data(false)
        .send()
        .await
        .unwrap();
    let events: Vec<String> = history
        .events()
        .iter()
        .enumerate()
        .map(|(index, event)| {
            assert_eq!(event.event_id(), i32::try_from(index).unwrap() + 1);
            let kind = event.event_type().map_or("", EventType::as_str);
            format!("{kind} {}", event.name().unwrap_or_default()).trim_end().to_owned()
        })
        .collect();
    assert_eq!(
        events,
        [
            "ExecutionStarted ORDER-001",
            "StepStarted validate-order",
            "StepSucceeded validate-order",
            "StepStarted authorize-payment",
            "StepSucceeded authorize-payment",
            "StepStarted allocate-inventory",
            "StepSucceeded allocate-inventory",
            "StepStarted fulfill-order",
            "StepSucceeded fulfill-order",
            "InvocationCompleted",
            "ExecutionSucceeded ORDER-001",
        ]
    );
}
