//! `demo`.

use serde_json::{Value, json};

use crate::support::{Running, binary, run};

fn names(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn four_orders_end_in_four_ways_and_only_the_completed_one_takes_stock() {
    let said = run(&["demo", "--json"]).ended(0);
    assert_eq!(said.err, "");
    let document = said.json();
    assert_eq!(names(&document), ["orders", "stock"]);
    let orders = document["orders"].as_array().unwrap();
    let ends: Vec<Value> = orders
        .iter()
        .map(|order| {
            assert_eq!(names(order), ["executionArn", "orderId", "result"]);
            let result = &order["result"];
            assert_eq!(result["orderId"], order["orderId"]);
            let id = order["orderId"].as_str().unwrap();
            let arn = order["executionArn"].as_str().unwrap();
            assert!(arn.contains(&format!("/durable-execution/{id}/")), "{arn}");
            json!([id, result["status"], result["reason"], result["orderTotal"]])
        })
        .collect();
    assert_eq!(
        Value::from(ends),
        json!([
            ["ORDER-001", "completed", null, 1359.97],
            ["ORDER-002", "payment_declined", "amount_exceeds_limit", 12999.90],
            ["ORDER-003", "inventory_unavailable", "insufficient_inventory", 8999.40],
            ["ORDER-004", "rejected", "validation_failed", null],
        ])
    );
    assert_eq!(
        document["stock"],
        json!({
            "before": { "KEYBOARD-001": 20, "LAPTOP-001": 50, "MOUSE-001": 200 },
            "after": { "KEYBOARD-001": 20, "LAPTOP-001": 49, "MOUSE-001": 198 },
        })
    );
    let shortage = &orders[2]["result"];
    assert_eq!(
        json!([shortage["productId"], shortage["requested"], shortage["available"]]),
        json!(["KEYBOARD-001", 60, 20])
    );
    assert_eq!(shortage["payment"]["status"], "voided");
    assert_eq!(orders[3]["result"]["errors"][0]["field"], "items");
    assert_eq!(orders[0]["result"]["payment"]["lastFourDigits"], "9012");
}

#[test]
fn totals_are_printed_with_two_decimals() {
    let said = run(&["demo", "--json"]).ended(0);
    for total in
        ["\"orderTotal\": 12999.90,", "\"orderTotal\": 8999.40,", "\"orderTotal\": 1359.97,"]
    {
        assert!(said.out.contains(total), "{total} in {}", said.out);
    }
}

#[test]
fn people_read_a_table_of_orders_and_one_of_stock() {
    let said = run(&["demo"]).ended(0);
    for part in [
        "ORDER-001  completed",
        "TRK-",
        "validate-order",
        "void-payment",
        "60 of KEYBOARD-001 ordered, 20 in stock",
        "more than the payment gateway authorizes",
        "items must have at least one line",
        "KEYBOARD-001      20     20",
        "LAPTOP-001        50     49",
        "MOUSE-001        200    198",
    ] {
        assert!(said.out.contains(part), "{part} in {}", said.out);
    }
    assert!(!said.out.contains('\u{1b}'), "no colours when it is not a terminal");
}

#[test]
fn nothing_is_left_behind() {
    let place = tempfile::tempdir().unwrap();
    Running::start(binary().arg("demo").env("TMPDIR", place.path())).end().ended(0);
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}

/// Everything is printed, down to the requests; `support` looks for card numbers in it.
#[test]
fn not_even_the_most_talkative_log_shows_a_card_number() {
    let said = Running::start(binary().arg("demo").env("RUST_LOG", "trace")).end().ended(0);
    assert!(said.err.contains("TRACE"));
}
