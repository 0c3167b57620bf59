//! `function list` and `function get`.

use serde_json::{Value, json};

use crate::support::{Server, order};

#[test]
fn the_functions_of_the_order_system_are_listed() {
    let server = Server::start();
    let rows = server.run(&["function", "list", "--json"]).ended(0).json();
    let names: Vec<&str> =
        rows.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["AllocateInventory", "AuthorizePayment", "FulfillOrder", "ValidateOrder"]);
    assert!(rows[3]["durable"]["executionTimeoutSeconds"].is_u64(), "{rows}");
    assert_eq!(rows[0]["durable"], Value::Null);
    let said = server.run(&["function", "list"]).ended(0);
    assert!(said.out.starts_with("FUNCTION") && said.out.contains("\nValidateOrder "), "{said:?}");
}

const TEMPLATE: &str = "
Transform: AWS::Serverless-2016-10-31
Resources:
  Greeter:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: greeter
      Runtime: python3.13
      Handler: app.greet
      CodeUri: .
      AutoPublishAlias: live
";

#[test]
fn a_function_is_shown_with_its_versions_and_aliases() {
    let directory = tempfile::tempdir().unwrap();
    let template = directory.path().join("template.yaml");
    std::fs::write(&template, TEMPLATE).unwrap();
    let server = Server::start_with(&[
        "--template",
        template.to_str().unwrap(),
        "--runtime-command",
        "python=python3",
    ]);
    let shown = server.run(&["function", "get", "greeter", "--json"]).ended(0).json();
    assert_eq!(
        json!([shown["name"], shown["version"], shown["runtime"], shown["openExecutions"]]),
        json!(["greeter", "$LATEST", "python3.13", null])
    );
    assert_eq!(shown["versions"][0]["version"], "1");
    assert_eq!(
        json!([shown["aliases"][0]["name"], shown["aliases"][0]["version"]]),
        json!(["live", "1"])
    );
    let said = server.run(&["function", "get", "greeter"]).ended(0);
    for part in ["greeter\n", "handler     app.greet", "\nVERSION  MODIFIED", "\nlive   1"] {
        assert!(said.out.contains(part), "{part} in {}", said.out);
    }
}

#[tokio::test]
async fn a_durable_function_is_shown_with_what_is_open() {
    let server = Server::with_products();
    let name = "ValidateOrder";
    server.spoil_product("BAD-1").await;
    server.run_with_input(&["order", "place", "-"], &order("R-1", "BAD-1")).ended(0);
    let shown = server.run(&["function", "get", name, "--json"]).ended(0).json();
    assert_eq!(
        json!([shown["name"], shown["openExecutions"], shown["moreOpenExecutions"]]),
        json!([name, 1, false])
    );
    let said = server.run(&["function", "get", name]).ended(0);
    for part in ["ValidateOrder\n", "1 running", "executions may take 1 h 0 min"] {
        assert!(said.out.contains(part), "{part} in {}", said.out);
    }
    let plain = server.run(&["function", "get", "FulfillOrder", "--json"]).ended(0).json();
    assert_eq!(plain["openExecutions"], Value::Null, "it is not durable");
}

#[test]
fn an_unknown_function_is_one_sentence() {
    let server = Server::start();
    let said = server.run(&["function", "get", "Nobody"]).ended(1);
    assert_eq!(said.out, "");
    assert!(said.err.starts_with("error: cannot get function Nobody: "), "{said:?}");
    assert!(said.err.contains("function list` shows the functions"), "{said:?}");
}
