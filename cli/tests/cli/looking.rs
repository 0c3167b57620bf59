//! `order show` and `order list`.

use serde_json::{Value, json};

use crate::support::{Server, order, seed_order};

fn place_all(server: &Server) {
    for number in 1..=4 {
        server.run(&["order", "place", &seed_order(number), "--wait"]);
    }
}

#[test]
fn an_order_is_shown_with_its_steps_and_without_its_card_number() {
    let server = Server::with_products();
    place_all(&server);
    let document = server.run(&["order", "show", "ORDER-001", "--json"]).ended(0).json();
    assert_eq!(
        json!([document["outcome"], document["customerId"], document["total"], document["error"]]),
        json!(["completed", "CUST-001", 1359.97, null])
    );
    assert_eq!(document["trackingNumber"], document["result"]["fulfillment"]["trackingNumber"]);
    assert_eq!(document["order"]["paymentMethod"]["cardNumber"], "****9012");
    assert_eq!(document["order"]["shippingAddress"], "123 Main St, Seattle, WA 98101");
    let steps: Vec<Value> = document["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| {
            assert!(step["durationMs"].is_u64(), "{step}");
            json!([step["name"], step["state"], step["attempts"]])
        })
        .collect();
    assert_eq!(
        Value::from(steps),
        json!([
            ["validate-order", "succeeded", 1],
            ["authorize-payment", "succeeded", 1],
            ["allocate-inventory", "succeeded", 1],
            ["fulfill-order", "succeeded", 1],
        ])
    );

    let arn = document["executionArn"].as_str().unwrap();
    let by_arn = server.run(&["order", "show", arn, "--json"]).ended(0).json();
    assert_eq!(by_arn, document, "the ARN of the execution names the order too");

    let said = server.run(&["order", "show", "ORDER-002"]).ended(0);
    for part in ["ORDER-002  payment_declined", "12999.90", "Mastercard ****1234", "CUST-002"] {
        assert!(said.out.contains(part), "{part} in {}", said.out);
    }
    let said = server.run(&["order", "show", "ORDER-001"]).ended(0);
    for part in
        ["delivery", "ship to     123 Main St", "authorized as ", "shipments\n", "WAREHOUSE-A"]
    {
        assert!(said.out.contains(part), "{part} in {}", said.out);
    }
    assert!(said.err.contains("logs tail --order ORDER-001 --since 2"), "{said:?}");
    let said = server.run(&["order", "show", "ORDER-003"]).ended(0);
    assert!(said.out.contains("payment     voided as "), "{}", said.out);
}

#[test]
fn orders_are_listed_newest_first() {
    let server = Server::with_products();
    place_all(&server);
    let rows = server.run(&["order", "list", "--json"]).ended(0).json();
    let shown: Vec<Value> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            assert!(row["durationMs"].is_u64() && row["startedAt"].is_string(), "{row}");
            json!([row["orderId"], row["status"], row["outcome"], row["total"]])
        })
        .collect();
    assert_eq!(
        Value::from(shown),
        json!([
            ["ORDER-004", "SUCCEEDED", "rejected", null],
            ["ORDER-003", "SUCCEEDED", "inventory_unavailable", 8999.40],
            ["ORDER-002", "SUCCEEDED", "payment_declined", 12999.90],
            ["ORDER-001", "SUCCEEDED", "completed", 1359.97],
        ])
    );

    let said = server.run(&["order", "list", "--limit", "2"]).ended(0);
    assert_eq!(said.out.lines().count(), 3, "{said:?}");
    assert!(said.out.contains("8999.40") && said.err.contains("more than 2"), "{said:?}");
    let said = server.run(&["order", "list", "--limit", "4"]).ended(0);
    assert_eq!((said.out.lines().count(), said.err.as_str()), (5, ""));
}

#[test]
fn a_list_of_nothing_is_an_empty_document() {
    let server = Server::start();
    assert_eq!(server.run(&["order", "list", "--json"]).ended(0).json(), json!([]));
    let said = server.run(&["order", "list"]).ended(0);
    assert_eq!((said.out.as_str(), said.err.as_str()), ("", "no orders\n"));
}

#[tokio::test]
async fn the_list_is_filtered_by_status() {
    let server = Server::with_products();
    server.run(&["order", "place", &seed_order(1), "--wait"]).ended(0);
    server.spoil_product("BAD-1").await;
    let text = order("R-1", "BAD-1");
    server.run_with_input(&["order", "place", "-"], &text).ended(0);
    let ids = |status: &str| -> Vec<String> {
        let rows = server.run(&["order", "list", "--status", status, "--json"]).ended(0).json();
        rows.as_array().unwrap().iter().map(|row| row["orderId"].as_str().unwrap().into()).collect()
    };
    assert_eq!(ids("RUNNING"), ["R-1"]);
    assert_eq!(ids("succeeded"), ["ORDER-001"]);
    assert!(ids("TIMED_OUT").is_empty());
}

#[test]
fn an_unknown_order_is_one_sentence() {
    let server = Server::start();
    let said = server.run(&["order", "show", "NOBODY"]).ended(1);
    assert_eq!(said.out, "");
    assert!(said.err.starts_with("error: there is no order NOBODY at http://"), "{said:?}");
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:ValidateOrder:$LATEST\
               /durable-execution/a/b";
    let said = server.run(&["order", "show", arn]).ended(1);
    assert!(said.err.contains("does not exist"), "{said:?}");
}
