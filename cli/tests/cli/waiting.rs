//! Waiting for orders that take long: their product's row cannot be read, so the first step is tried
//! again until it can.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Running, Server, binary, order, run};

/// By then a step must have failed once.
const DEADLINE: Duration = Duration::from_secs(30);

/// The first step of an order, once it has failed.
fn failed_step(server: &Server, id: &str) -> Value {
    let begun = Instant::now();
    loop {
        let document = server.run(&["order", "show", id, "--json"]).ended(0).json();
        if let Some(step) = document["steps"].get(0).filter(|step| step["error"].is_string()) {
            return step.clone();
        }
        assert!(begun.elapsed() < DEADLINE, "{document}");
        std::thread::sleep(Duration::from_millis(50));
    }
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
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("order.json");
    std::fs::write(&file, order("C-1", "BAD-1")).unwrap();
    let mut command = binary();
    command.args(["order", "place", "--wait", "--endpoint-url", &server.url]).arg(&file);
    let waiting = Running::start(&mut command);
    // It waits from when the order is there.
    failed_step(&server, "C-1");
    waiting.interrupt();
    let said = waiting.end().ended(130);
    assert_eq!(said.out, "");
    assert!(said.err.contains("order C-1 goes on; look again with `durable-orders"), "{said:?}");
    let document = server.run(&["order", "show", "C-1", "--json"]).ended(0).json();
    assert_eq!(document["status"], "RUNNING");
}

#[test]
fn ctrl_c_ends_the_demo_and_leaves_nothing_behind() {
    let place = tempfile::tempdir().unwrap();
    let demo = Running::start(binary().arg("demo").env("TMPDIR", place.path()));
    demo.interrupt();
    // It may have been done before, or not have begun.
    demo.end();
    let left = std::fs::read_dir(place.path()).unwrap().count();
    assert_eq!(left, 0);
    run(&["demo"]).ended(0);
}
