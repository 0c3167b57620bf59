//! `invoke`: the answer on stdout, failures in the exit code.

use crate::support::{Server, order, run, seed_order};

#[test]
fn a_durable_function_needs_no_version_on_the_command_line() {
    let server = Server::with_products();
    let order = seed_order(1);
    let said = server.run(&["invoke", "ValidateOrder", "--event-file", &order, "--wait"]).ended(0);
    assert_eq!(said.json()["status"], "completed");
    assert_eq!(said.err, "ValidateOrder is durable: invoking $LATEST\n");
    let said =
        server.run(&["invoke", "ValidateOrder:$LATEST", "--event-file", &order, "--wait"]).ended(0);
    assert_eq!((said.json()["orderId"].as_str(), said.err.as_str()), (Some("ORDER-001"), ""));
}

#[test]
fn the_payload_is_text_a_file_or_stdin() {
    let server = Server::with_products();
    let function = "ValidateOrder:$LATEST";
    let text = order("P-1", "MOUSE-001");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &text).unwrap();
    let path = file.path().to_str().unwrap();
    let at = format!("@{path}");
    for options in [["--payload", &text], ["-e", &at], ["--event", &text], ["--event-file", path]] {
        let said =
            server.run(&[["invoke", function, "--wait"].as_slice(), &options].concat()).ended(0);
        assert_eq!(said.json()["orderId"], "P-1");
    }
    for option in ["--payload", "--event-file"] {
        let said =
            server.run_with_input(&["invoke", function, "--wait", option, "-"], &text).ended(0);
        assert_eq!(said.json()["orderId"], "P-1");
    }
}

#[test]
fn a_named_execution_is_waited_for_and_is_the_same_the_second_time() {
    let server = Server::with_products();
    let order = seed_order(1);
    let arguments =
        ["invoke", "ValidateOrder", "--event-file", &order, "--name", "ORDER-001", "--wait"];
    let first = server.run(&arguments).ended(0).json();
    assert_eq!(first["status"], "completed");
    assert_eq!(server.run(&arguments).ended(0).json(), first);
    let other = ["invoke", "ValidateOrder:$LATEST", "-e", "{}", "--name", "ORDER-001", "--async"];
    let said = server.run(&other).ended(1);
    assert!(
        said.err.contains("cannot invoke ValidateOrder:$LATEST: Execution already started"),
        "{said:?}"
    );
}

#[test]
fn an_execution_that_may_take_longer_than_a_connection_is_told_how_to_be_waited_for() {
    let server = Server::with_products();
    let said = server.run(&["invoke", "ValidateOrder:$LATEST", "-e", "{}"]).ended(1);
    assert!(said.err.contains("You cannot synchronously invoke"), "{said:?}");
    assert!(said.err.contains("hint: --wait starts it"), "{said:?}");
}

#[test]
fn without_waiting_the_arn_is_the_answer() {
    let server = Server::with_products();
    let arguments = ["invoke", "ValidateOrder", "--event-file", &seed_order(1), "--async"];
    let said = server.run(&arguments).ended(0);
    assert!(said.out.contains("/durable-execution/") && said.out.lines().count() == 1, "{said:?}");
}

#[tokio::test]
async fn a_wait_that_ends_before_the_execution_is_3() {
    let server = Server::with_products();
    server.spoil_product("BAD-1").await;
    let text = order("W-1", "BAD-1");
    let arguments = ["invoke", "ValidateOrder", "-e", &text, "--wait", "--timeout", "1"];
    let said = server.run(&arguments).ended(3);
    assert!(said.err.contains("has not ended after 1 s and goes on: arn:aws:lambda:"), "{said:?}");
    assert_eq!(said.out, "");
}

#[tokio::test]
async fn an_execution_that_is_stopped_is_3_for_whoever_waits_and_an_error_of_the_function_is_1() {
    let server = Server::with_products();
    server.spoil_product("BAD-1").await;
    let text = order("S-1", "BAD-1");
    let started = server.run(&["invoke", "ValidateOrder", "-e", &text, "--name", "S-1", "--async"]);
    let arn = started.ended(0).out.trim().to_owned();
    let lambda = server.clients().await.lambda;
    lambda.stop_durable_execution().durable_execution_arn(&arn).send().await.unwrap();
    let said = server.run(&["invoke", "ValidateOrder", "-e", &text, "--name", "S-1", "--wait"]);
    let said = said.ended(3);
    assert!(said.err.contains("error: S-1 STOPPED: "), "{said:?}");

    // A worker that is asked for nothing it knows.
    let said = server.run(&["invoke", "FulfillOrder", "-e", "{}"]).ended(1);
    assert!(said.json()["errorType"].is_string(), "{said:?}");
    assert!(said.err.contains("error: FulfillOrder failed ("), "{said:?}");
}

#[test]
fn what_cannot_be_invoked_is_one_sentence() {
    let server = Server::start();
    let said = server.run(&["invoke", "Nobody"]).ended(1);
    assert!(said.err.starts_with("error: cannot invoke Nobody: "), "{said:?}");
    assert!(said.err.contains("function list` shows the functions"), "{said:?}");
    let said =
        server.run(&["invoke", "FulfillOrder", "-e", "{\"card\": 4111111111111111"]).ended(1);
    assert!(said.err.starts_with("error: the payload is not JSON: "), "{said:?}");
    let said = server.run(&["invoke", "FulfillOrder", "-e", "@/nowhere.json"]).ended(1);
    assert!(said.err.contains("cannot read /nowhere.json"), "{said:?}");
    let said = server.run(&["invoke", "FulfillOrder", "-e", "{}", "--wait"]).ended(1);
    assert!(said.err.contains("FulfillOrder is not durable"), "{said:?}");
    run(&["invoke"]).ended(2);
    run(&["invoke", "F", "--timeout", "1"]).ended(2);
    run(&["invoke", "F", "-e", "{}", "--event-file", "x"]).ended(2);
}
