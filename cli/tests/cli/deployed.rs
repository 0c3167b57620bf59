//! `--stack`: the commands take the names of function and table from the outputs of a stack.
//!
//! Method: servers whose stacks use names of their own, so that the usual names lead nowhere. What CloudFormation says that
//! a local server never does comes from a socket that answers as it does. Where `--aws` leads is seen by a proxy.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

use tempfile::TempDir;

use crate::own_function::{STACK, server_of};
use crate::support::{Running, Said, Server, binary, order, run, seed_order};

const PRODUCTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/seed/products.json");
/// The stack of the order system.
const ORDERS_STACK: &str = "LambdaDurableFunctionChainingCdkStack";

const TEMPLATE: &str = "
Transform: AWS::Serverless-2016-10-31
Resources:
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: shop-orders
      Runtime: python3.13
      Handler: app.run
      CodeUri: .
      AutoPublishAlias: live
      DurableConfig: { ExecutionTimeout: 86400, RetentionPeriodInDays: 1 }
  Products:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: shop-products
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: productId, AttributeType: S }]
      KeySchema: [{ AttributeName: productId, KeyType: HASH }]
Outputs:
  ValidateOrderFunctionName: { Value: !Ref Orders }
  ProductCatalogTableName: { Value: !Ref Products }
";
/// As in the order system's template.
const ALIAS: &str = "  ValidateOrderLiveAliasArn: { Value: !Ref OrdersAliaslive }\n";
/// A function that takes every order.
const COMPLETES: &str = "
def run(envelope):
    return {'Status': 'SUCCEEDED', 'Result': json.dumps({'status': 'completed'})}
";

fn shop() -> (Server, TempDir) {
    server_of(&format!("{TEMPLATE}{ALIAS}"), COMPLETES)
}

/// Requests to CloudFormation that the server has seen.
fn described(server: &Server) -> u64 {
    let address = server.url.strip_prefix("http://").unwrap();
    let mut socket = TcpStream::connect(address).unwrap();
    write!(socket, "GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    let of_stacks = |line: &&str| {
        line.starts_with("durable_http_requests_total{") && line.contains("cloudformation")
    };
    let count = |line: &str| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap();
    answer.lines().filter(of_stacks).map(count).sum()
}

fn place(server: &Server, id: &str, more: &[&str]) -> Said {
    let place = ["order", "place", "-", "--wait", "--json"];
    server.run_with_input(&[&place[..], more].concat(), &order(id, "LAPTOP-001"))
}

/// The version in the ARN of an execution.
fn version(arn: &serde_json::Value) -> String {
    let function = arn.as_str().unwrap().split('/').next().unwrap();
    function.rsplit(':').next().unwrap().to_owned()
}

#[test]
fn catalog_and_orders_are_where_the_stack_says() {
    let (server, _code) = shop();
    let run = |command: &[&str]| server.run(&[command, &["--stack", STACK]].concat());
    run(&["catalog", "import", PRODUCTS]).ended(0);
    assert!(run(&["catalog", "list"]).ended(0).out.contains("LAPTOP-001"));
    let table = ["catalog", "list", "--table", "shop-products"];
    assert!(server.run(&table).ended(0).out.contains("LAPTOP-001"));
    place(&server, "ORDER-1", &["--stack", STACK]).ended(0);
    let shown = run(&["order", "show", "ORDER-1", "--json"]).ended(0).json();
    assert_eq!(shown["outcome"], "completed");
    let listed = run(&["order", "list", "--json"]).ended(0).json();
    assert_eq!(listed[0]["orderId"], "ORDER-1", "{listed}");
    assert_eq!(run(&["execution", "list", "--json"]).ended(0).json()[0]["name"], "ORDER-1");
    run(&["execution", "get", "ORDER-1"]).ended(0);
    run(&["callback", "list"]).ended(0);
}

/// The order system itself: the functions of this program, its own template, another table.
#[test]
fn an_order_goes_through_the_order_system_of_a_stack() {
    let server = Server::start_with_settings(&[("PRODUCT_CATALOG_TABLE", "shop-products")]);
    server.run(&["catalog", "list"]).ended(1);
    let stack = ["--stack", ORDERS_STACK];
    server.run(&[&["catalog", "import", PRODUCTS], &stack[..]].concat()).ended(0);
    let place = ["order", "place", &seed_order(1), "--wait", "--json"];
    let placed = server.run(&[&place[..], &stack].concat()).ended(0).json();
    assert_eq!(placed["outcome"], "completed");
    assert_eq!(version(&placed["executionArn"]), "1");
}

/// An order ends on the version that it began with, whichever version the alias leads to when somebody asks.
#[test]
fn orders_are_placed_through_the_alias_and_found_in_all_versions() {
    let (server, _code) = shop();
    let stack = ["--stack", STACK];
    let live = place(&server, "LIVE-1", &stack).ended(0).json();
    assert_eq!(version(&live["executionArn"]), "1");
    let latest = [&stack[..], &["--qualifier", "$LATEST"]].concat();
    let other = place(&server, "LATEST-1", &latest).ended(0).json();
    assert_eq!(version(&other["executionArn"]), "$LATEST");

    let count = |more: &[&str]| {
        let list = [&["order", "list", "--json"], more].concat();
        server.run(&list).ended(0).json().as_array().unwrap().len()
    };
    assert_eq!(count(&stack), 2);
    assert_eq!(count(&latest), 1);
    for id in ["LIVE-1", "LATEST-1", "LATE"] {
        server.run(&[&["order", "show", id], &stack[..]].concat()).ended(0);
    }
    server.run(&[&["order", "show", "LIVE-1"], &latest[..]].concat()).ended(1);
}

/// As in a stack that others wrote.
#[test]
fn orders_go_to_the_newest_code_where_a_stack_has_no_alias() {
    let (server, _code) = server_of(TEMPLATE, COMPLETES);
    let placed = place(&server, "ORDER-1", &["--stack", STACK]).ended(0).json();
    assert_eq!(version(&placed["executionArn"]), "$LATEST");
}

#[test]
fn a_stack_is_asked_once_and_only_if_a_name_is_missing() {
    let (server, _code) = shop();
    let named = ["--function", "shop-orders", "--table", "shop-products"];
    server.run(&[&["catalog", "import", PRODUCTS], &named[..]].concat()).ended(0);
    place(&server, "ORDER-1", &named).ended(0);
    let both = [&named[..], &["--stack", "nowhere"]].concat();
    server.run(&[&["order", "list"], &both[..]].concat()).ended(0);
    server.run(&[&["catalog", "list"], &both[..]].concat()).ended(0);
    let elsewhere = "arn:aws:lambda:us-east-1:000000000000:function:f:1/durable-execution/a/b";
    server.run(&["execution", "get", elsewhere, "--stack", "nowhere"]).ended(1);
    assert_eq!(described(&server), 0);
    place(&server, "ORDER-2", &["--stack", STACK]).ended(0);
    assert_eq!(described(&server), 1);
}

#[test]
fn the_names_may_be_in_the_environment() {
    let (server, _code) = shop();
    let run = |command: &[&str], settings: &[(&str, &str)]| {
        let mut process = binary();
        process.args(command).args(["--endpoint-url", &server.url]);
        Running::start(process.envs(settings.iter().copied())).end()
    };
    let stack = ("DURABLE_ORDERS_STACK", STACK);
    run(&["catalog", "list"], &[stack]).ended(0);
    // What is named itself wins, on the command line or in the environment; an empty variable says nothing.
    run(&["catalog", "list"], &[stack, ("PRODUCT_CATALOG_TABLE", "nothing")]).ended(1);
    run(&["catalog", "list"], &[stack, ("PRODUCT_CATALOG_TABLE", "")]).ended(0);
    run(&["catalog", "list", "--stack", "nowhere"], &[stack]).ended(1);
    run(&["catalog", "list"], &[("DURABLE_ORDERS_STACK", "")]).ended(1);
}

#[test]
fn advice_is_for_the_same_stack() {
    let (server, _code) = shop();
    let said = server.run(&["order", "show", "NOBODY", "--stack", STACK]).ended(1);
    assert!(said.err.contains(&format!("--stack {STACK} order list`")), "{said:?}");
    let said = server.run(&["catalog", "list", "--stack", STACK]).ended(0);
    assert!(said.err.contains(&format!("--stack {STACK} catalog import")), "{said:?}");
}

#[test]
fn a_stack_that_is_not_there_is_named_with_its_region_and_ways_out() {
    let server = Server::start();
    for command in [["order", "list"].as_slice(), &["catalog", "list"], &["execution", "list"]] {
        let said = server.run(&[command, &["--stack", "nowhere"]].concat()).ended(1);
        let told = format!("error: there is no stack nowhere in us-east-1 at {}\n", server.url);
        assert!(said.err.starts_with(&told), "{said:?}");
        for way in ["--stack", "--region", "--function", "--table"] {
            assert!(said.err.contains(way), "{said:?}");
        }
    }
}

#[test]
fn a_stack_without_the_output_is_told_with_the_option_that_replaces_it() {
    let bare = TEMPLATE.replace("ProductCatalogTableName", "Another");
    let (server, _code) = server_of(&bare, COMPLETES);
    let said = server.run(&["catalog", "list", "--stack", STACK]).ended(1);
    let told = "error: the stack shop has no output ProductCatalogTableName: CREATE_COMPLETE";
    assert!(said.err.starts_with(told) && said.err.contains("--table"), "{said:?}");
    // It does have the other one.
    server.run(&["order", "list", "--stack", STACK]).ended(0);
}

/// Answers every request with this, and gives the first one.
fn answering(status: &str, body: &str) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let length = body.len();
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}");
    let served = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 8192];
        let mut read = 0;
        while !String::from_utf8_lossy(&request[..read]).contains("StackName=") {
            read += stream.read(&mut request[read..]).unwrap();
        }
        stream.write_all(answer.as_bytes()).unwrap();
        String::from_utf8_lossy(&request[..read]).into_owned()
    });
    (url, served)
}

#[test]
fn what_cloudformation_refuses_is_told_with_what_to_do() {
    let stack = |status: &str| {
        format!(
            "<DescribeStacksResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\">\
             <DescribeStacksResult><Stacks><member><StackName>shop</StackName><StackStatus>{status}\
             </StackStatus></member></Stacks></DescribeStacksResult></DescribeStacksResponse>"
        )
    };
    let error = |code: &str, message: &str| {
        format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}\
             </Message></Error><RequestId>r</RequestId></ErrorResponse>"
        )
    };
    let denied = "User: ada is not authorized to perform: cloudformation:DescribeStacks";
    for (status, body, told, way) in [
        ("200 OK", stack("DELETE_IN_PROGRESS"), "about to be: DELETE_IN_PROGRESS", "deploy"),
        ("200 OK", stack("CREATE_IN_PROGRESS"), "no output ProductCatalogTableName: C", "--table"),
        ("403 Forbidden", error("AccessDenied", denied), denied, "allow cloudformation:Desc"),
        ("400 Bad Request", error("Throttling", "Rate exceeded"), "Rate exceeded", "error"),
        ("404 Not Found", "nope".to_owned(), "but not as AWS's API does", "--endpoint-url"),
        ("200 OK", "{}".to_owned(), "but not as AWS's API does", "--endpoint-url"),
    ] {
        let (url, served) = answering(status, &body);
        let said = run(&["catalog", "list", "--endpoint-url", &url, "--stack", "shop"]).ended(1);
        assert!(said.err.contains(told) && said.err.contains(way), "{said:?}");
        let request = served.join().unwrap();
        assert!(request.contains("/us-east-1/cloudformation/aws4_request"), "{request}");
    }
}

/// The hosts that a command wants to speak to, each by the name that it gave a proxy.
fn hosts(arguments: &[&str]) -> (Said, Vec<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let proxy = std::thread::spawn(move || {
        let mut hosts = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let read = stream.read(&mut request).unwrap();
            let request = String::from_utf8_lossy(&request[..read]).into_owned();
            let mut words = request.split(' ');
            match (words.next(), words.next()) {
                (Some("CONNECT"), Some(host)) => hosts.push(host.to_owned()),
                _ => return hosts,
            }
            let _ = stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n");
        }
        hosts
    });
    let mut command = binary();
    command.args(arguments).args(["--aws", "--region", "eu-west-1"]);
    command.env("HTTPS_PROXY", format!("http://{address}")).env("AWS_MAX_ATTEMPTS", "1");
    command.env("AWS_ACCESS_KEY_ID", "nobody").env("AWS_SECRET_ACCESS_KEY", "nothing");
    // A server of this machine that the environment names has no say in it.
    command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    let said = Running::start(&mut command).end();
    TcpStream::connect(address).unwrap().write_all(b"END").unwrap();
    (said, proxy.join().unwrap())
}

#[test]
fn aws_is_asked_for_the_stack_unless_the_names_are_given() {
    let (said, asked) = hosts(&["catalog", "list"]);
    assert_ne!(said.code, Some(0));
    assert_eq!(asked, ["cloudformation.eu-west-1.amazonaws.com:443"], "{said:?}");
    let (said, asked) = hosts(&["catalog", "list", "--table", "ProductCatalog"]);
    assert_eq!(asked, ["dynamodb.eu-west-1.amazonaws.com:443"], "{said:?}");
}
