//! The order system's stack: what its settings change, and what is left of it when the server dies while it is deleted.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::support::{Server, run_with, seed_order};

const STACK: &str = "LambdaDurableFunctionChainingCdkStack";
/// Milliseconds from the request to the death: before, within, and behind the deletion.
const DEATHS: [u64; 7] = [0, 1, 2, 4, 8, 16, 200];

/// Sends a request of CloudFormation, without waiting for the answer.
fn send(server: &Server, form: &str) -> TcpStream {
    let address = server.url.strip_prefix("http://").unwrap();
    let form = format!("Action={form}&Version=2010-05-15");
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "POST / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n{form}",
        form.len()
    )
    .unwrap();
    stream
}

fn describe(server: &Server) -> String {
    let mut answer = String::new();
    let mut stream = send(server, &format!("DescribeStacks&StackName={STACK}"));
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_server_that_dies_while_its_stack_is_deleted_comes_back_with_a_whole_one() {
    let mut server = Server::with_products();
    for (round, after) in (1..).zip(DEATHS) {
        let deletion = send(&server, &format!("DeleteStack&StackName={STACK}"));
        std::thread::sleep(Duration::from_millis(after));
        server = server.restart();
        drop(deletion);
        let described = describe(&server);
        assert!(described.contains("<StackStatus>CREATE_COMPLETE<"), "{after} ms: {described}");
        let products = concat!(env!("CARGO_MANIFEST_DIR"), "/src/seed/products.json");
        server.run(&["catalog", "import", products]).ended(0);
        let order = std::fs::read_to_string(seed_order(1)).unwrap();
        let order = order.replace("ORDER-001", &format!("ORDER-{after}-{round}"));
        let said = server.run_with_input(&["order", "place", "-", "--wait", "--json"], &order);
        assert_eq!(said.ended(0).json()["outcome"], "completed", "{after} ms");
    }
}

#[test]
fn a_setting_that_the_template_has_a_parameter_for_is_shown_as_its_value() {
    let server = Server::start_with_settings(&[
        ("EXECUTION_TIMEOUT_SECONDS", "120"),
        ("FULFILL_ORDER_FUNCTION", "shop-fulfill"),
    ]);
    let described = describe(&server);
    for (key, value) in
        [("ExecutionTimeoutSeconds", "120"), ("FulfillOrderFunctionName", "shop-fulfill")]
    {
        let shown = format!("<ParameterKey>{key}</ParameterKey><ParameterValue>{value}<");
        assert!(described.contains(&shown), "{described}");
    }
    let output = "<OutputKey>FulfillOrderFunctionName</OutputKey><OutputValue>shop-fulfill<";
    assert!(described.contains(output), "{described}");
    let products = concat!(env!("CARGO_MANIFEST_DIR"), "/src/seed/products.json");
    server.run(&["catalog", "import", products]).ended(0);
    // With a timeout of two minutes, a caller may wait: the order goes through the renamed worker.
    let said = server.run(&["order", "place", &seed_order(1), "--wait", "--json"]).ended(0);
    assert_eq!(said.json()["outcome"], "completed");
}

#[test]
fn a_setting_that_the_template_does_not_take_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let arguments =
        ["serve", "--listen", "127.0.0.1:0", "--data-dir", directory.path().to_str().unwrap()];
    let said = run_with(&arguments, &[("RETENTION_DAYS", "91")]).ended(1);
    let told = "environment variable RETENTION_DAYS must be a whole number from 1 to 90, not 91";
    assert!(said.err.contains(told), "{said:?}");
    let said = run_with(&arguments, &[("FULFILL_ORDER_FUNCTION", "no name")]).ended(1);
    assert!(said.err.contains("Parameters.FulfillOrderFunctionName"), "{said:?}");
}
