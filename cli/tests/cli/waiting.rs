//! Waiting for orders that take long: their product's row cannot be read, so the first step is tried
//! again until it can.

use std::time::{Duration, Instant};

use aws_sdk_lambda::types::ErrorObject;
use serde_json::Value;

use crate::support::{Running, Server, binary, order};

/// By then a step must have failed once.
const DEADLINE: Duration = Duration::from_secs(30);

/// The first step of an order, once the order is placed and an attempt has failed.
fn failed_step(server: &Server, id: &str) -> Value {
    let begun = Instant::now();
    loop {
        let said = server.run(&["order", "show", id, "--json"]);
        // Until it is placed, there is no such order.
        let document = if said.code == Some(0) { said.json() } else { Value::Null };
        if let Some(step) = document["steps"].get(0).filter(|step| step["error"].is_string()) {
            return step.clone();
        }
        assert!(begun.elapsed() < DEADLINE, "{said:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Somebody who placed an order for the spoiled product and waits for it.
fn wait_for(server: &Server, id: &str) -> Running {
    let mut command = binary();
    command.args(["order", "place", "-", "--wait", "--endpoint-url", &server.url]);
    Running::start_with_input(&mut command, &order(id, "BAD-1"))
}

#[tokio::test]
async fn after_the_time_limit_the_order_goes_on() {
    let server = Server::with_products();
    server.spoil_product("BAD-1").await;
    let place = ["order", "place", "-", "--wait", "--timeout", "1"];
    let said = server.run_with_input(&place, &order("T-1", "BAD-1")).ended(3);
    assert!(said.out.contains("T-1  running"), "{said:?}");
    assert!(said.err.contains("goes on; look again with `durable-orders"), "{said:?}");
    assert!(said.err.contains("order show T-1`"), "{said:?}");
    assert!(!said.err.contains('\r'), "no live line when it is not a terminal");

    let step = failed_step(&server, "T-1");
    assert!(step["error"].as_str().unwrap().contains("product BAD-1"), "{step}");
    server.mend_product("BAD-1");
    let said = server.run_with_input(&["order", "place", "-", "--wait"], &order("T-1", "BAD-1"));
    let said = said.ended(0);
    assert!(said.out.contains("T-1  completed"), "{said:?}");
}

#[tokio::test]
async fn ctrl_c_leaves_the_order_running_and_says_how_to_look_again() {
    let server = Server::with_products();
    server.spoil_product("BAD-1").await;
    let waiting = wait_for(&server, "C-1");
    failed_step(&server, "C-1");
    waiting.interrupt();
    let said = waiting.end().ended(130);
    assert_eq!(said.out, "");
    assert!(said.err.contains("order C-1 goes on; look again with `durable-orders"), "{said:?}");
    let document = server.run(&["order", "show", "C-1", "--json"]).ended(0).json();
    assert_eq!(document["status"], "RUNNING");
}

/// The server is killed, as by a power cut, while somebody waits for an order that is half done.
#[tokio::test]
async fn an_order_and_whoever_waits_for_it_survive_a_restart_of_the_server() {
    let server = Server::with_products();
    server.spoil_product("BAD-1").await;
    let waiting = wait_for(&server, "K-1");
    failed_step(&server, "K-1");
    let server = server.restart();
    server.mend_product("BAD-1");
    let said = waiting.end().ended(0);
    assert!(said.out.contains("K-1  completed"), "{said:?}");
    let step = &server.run(&["order", "show", "K-1", "--json"]).ended(0).json()["steps"][0];
    assert!(step["attempts"].as_u64() >= Some(2), "{step}");
}

#[tokio::test]
async fn an_order_that_is_stopped_ends_the_waiting_with_3() {
    let server = Server::with_products();
    server.spoil_product("BAD-1").await;
    let waiting = wait_for(&server, "S-1");
    failed_step(&server, "S-1");
    let document = server.run(&["order", "show", "S-1", "--json"]).ended(0).json();
    let error = ErrorObject::builder()
        .error_type("Fraud")
        .error_message("the card 4532123456789012 is stolen")
        .build();
    let stop = server.clients().await.lambda.stop_durable_execution();
    let arn = document["executionArn"].as_str().unwrap();
    stop.durable_execution_arn(arn).error(error).send().await.unwrap();

    let said = waiting.end().ended(3);
    assert!(said.out.contains("S-1  stopped"), "{said:?}");
    assert!(said.out.contains("Fraud: the card ****9012 is stolen"), "{said:?}");
    let rows = server.run(&["order", "list", "--status", "STOPPED", "--json"]).ended(0).json();
    assert_eq!(rows[0]["outcome"], "stopped");
}

/// Interrupted as soon as there is something that could be left behind.
#[test]
fn ctrl_c_ends_the_demo_and_leaves_nothing_behind() {
    let place = tempfile::tempdir().unwrap();
    let left = || std::fs::read_dir(place.path()).unwrap().count();
    let mut demo = Running::start(binary().arg("demo").env("TMPDIR", place.path()));
    while left() == 0 && !demo.has_ended() {
        std::thread::yield_now();
    }
    demo.interrupt();
    let said = demo.end();
    // A fast demo is done before it hears of it.
    assert!(matches!(said.code, Some(0 | 130)), "{said:?}");
    assert_eq!(left(), 0);
}
