//! Goal: an order is found by what a shop knows of it: its id or the beginning of it, the customer, what became of it,
//! when it was placed.

use serde_json::Value;

use crate::support::{Server, order, run, seed_order};

fn place_all(server: &Server) {
    for number in 1..=4 {
        server.run(&["order", "place", &seed_order(number), "--wait"]);
    }
}

/// The ids that a list with these options shows, in its order.
fn ids(server: &Server, options: &[&str]) -> Vec<String> {
    let rows = server.run(&[&["order", "list", "--json"], options].concat()).ended(0).json();
    let id = |row: &Value| row["orderId"].as_str().unwrap().to_owned();
    rows.as_array().unwrap().iter().map(id).collect()
}

/// An execution of the order function whose name says nothing, as Lambda makes it.
fn place_without_a_name(server: &Server, text: &str) {
    server.run_with_input(&["invoke", "ValidateOrder:$LATEST", "--wait", "-e", "-"], text).ended(0);
}

#[test]
fn orders_are_found_by_customer_outcome_and_beginning() {
    let server = Server::with_products();
    place_all(&server);
    assert_eq!(ids(&server, &["--customer", "CUST-003"]), ["ORDER-003"]);
    assert!(ids(&server, &["--customer", "CUST-00"]).is_empty(), "a customer is meant whole");
    assert_eq!(ids(&server, &["--status", "completed"]), ["ORDER-001"]);
    assert_eq!(
        ids(&server, &["--status", "payment_declined,REJECTED"]),
        ["ORDER-004", "ORDER-002"]
    );
    assert_eq!(
        ids(&server, &["--status", "inventory-unavailable", "--status", "running"]),
        ["ORDER-003"]
    );
    assert_eq!(ids(&server, &["--id", "ORDER-00", "--limit", "2"]), ["ORDER-004", "ORDER-003"]);
    assert_eq!(ids(&server, &["--id", "ORDER-002"]), ["ORDER-002"]);
    let oldest_first = ["ORDER-001", "ORDER-002", "ORDER-003", "ORDER-004"];
    assert_eq!(ids(&server, &["--oldest-first"]), oldest_first);
    assert_eq!(ids(&server, &["--customer", "CUST-001", "--status", "rejected"]), [""; 0]);
}

#[test]
fn orders_are_found_by_the_time_when_they_were_placed() {
    let server = Server::with_products();
    place_all(&server);
    let rows = server.run(&["order", "list", "--json"]).ended(0).json();
    let third = rows[1]["startedAt"].as_str().unwrap();
    assert_eq!(ids(&server, &["--until", third]), ["ORDER-002", "ORDER-001"]);
    let rest = ids(&server, &["--since", third]);
    assert!(rest.contains(&"ORDER-004".to_owned()), "{rest:?}");
    assert!(!rest.contains(&"ORDER-002".to_owned()), "{rest:?}");
    assert_eq!(ids(&server, &["--since", "1h"]).len(), 4);
    assert!(ids(&server, &["--until", "1h"]).is_empty());
}

#[test]
fn an_order_whose_execution_has_another_name_is_found_by_its_own_id() {
    let server = Server::with_products();
    place_without_a_name(&server, &order("WEB-77", "MOUSE-001"));
    assert_eq!(ids(&server, &[]), ["WEB-77"]);
    assert_eq!(ids(&server, &["--id", "WEB-"]), ["WEB-77"]);
    let shown = server.run(&["order", "show", "WEB-77", "--json"]).ended(0).json();
    assert_eq!((&shown["orderId"], &shown["outcome"]), (&"WEB-77".into(), &"completed".into()));
    let shown = server.run(&["order", "show", "WEB"]).ended(0);
    assert!(shown.out.starts_with("WEB-77  completed"), "{shown:?}");
}

#[test]
fn of_several_executions_of_one_order_the_newest_is_shown() {
    let server = Server::with_products();
    place_without_a_name(&server, &order("TWICE", "NOBODY-KNOWS-IT"));
    place_without_a_name(&server, &order("TWICE", "MOUSE-001"));
    let said = server.run(&["order", "show", "TWICE"]).ended(0);
    assert!(said.out.starts_with("TWICE  completed"), "{said:?}");
    assert!(said.err.contains("2 executions have the order TWICE"), "{said:?}");
}

#[test]
fn a_beginning_is_enough_if_it_fits_one_order_only() {
    let server = Server::with_products();
    place_all(&server);
    let said = server.run(&["order", "show", "ORDER-00"]).ended(1);
    assert_eq!(said.out, "");
    assert!(said.err.contains("several orders begin with ORDER-00:\n  ORDER-004\n"), "{said:?}");
    assert!(said.err.contains("hint: write more of the id"), "{said:?}");
    server.run_with_input(&["order", "place", "-", "--wait"], &order("X-1", "MOUSE-001"));
    let said = server.run(&["order", "show", "X"]).ended(0);
    assert!(said.out.starts_with("X-1  completed"), "{said:?}");
}

#[test]
fn the_table_says_who_ordered_how_many_and_where_it_is() {
    let server = Server::with_products();
    place_all(&server);
    let said = server.run(&["order", "list", "--status", "completed"]).ended(0);
    let lines: Vec<&str> = said.out.lines().collect();
    let headings: Vec<&str> = lines[0].split_whitespace().collect();
    assert_eq!(
        headings,
        [
            "ORDER", "CUSTOMER", "OUTCOME", "TOTAL", "ITEMS", "PLACED", "(UTC)", "DURATION",
            "TRACKING"
        ]
    );
    let cells: Vec<&str> = lines[1].split_whitespace().collect();
    assert_eq!(cells[..5], ["ORDER-001", "CUST-001", "completed", "1359.97", "3"]);
    assert!(cells.last().unwrap().starts_with("TRK-"), "{said:?}");
}

#[test]
fn what_is_no_time_or_status_is_2_and_told_what_is_one() {
    for (options, told) in [
        (["--since", "yesterday"], "30s, 10m, 2h, 3d or 1w ago"),
        (["--until", "10"], "RFC 3339"),
        (["--status", "paid"], "payment_declined"),
        (["--limit", "0"], "0"),
    ] {
        let said = run(&[["order", "list"].as_slice(), &options].concat()).ended(2);
        assert!(said.err.contains(told), "{said:?}");
    }
}
