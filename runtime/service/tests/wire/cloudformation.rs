//! The stacks that a server was started with, as CloudFormation's clients see them: forms in, XML out.

use bytes::Bytes;
use durable_service::{StackOutput, StackParameter, StackResource, StackSpec};
use http::Request;
use tempfile::TempDir;

use super::support::{Reply, Server, Setup};

const NAMESPACE: &str = "http://cloudformation.amazonaws.com/doc/2010-05-15/";

fn function(logical_id: &str, physical_id: &str) -> StackResource {
    StackResource {
        logical_id: logical_id.to_owned(),
        kind: "AWS::Lambda::Function".to_owned(),
        physical_id: physical_id.to_owned(),
        retained: false,
    }
}

fn orders() -> StackSpec {
    StackSpec {
        name: "orders".to_owned(),
        description: Some("Orders & <returns>".to_owned()),
        outputs: vec![StackOutput {
            key: "Endpoint".to_owned(),
            value: "http://localhost/?a=1&b=2".to_owned(),
            description: Some("Where to send orders".to_owned()),
            export_name: Some("orders-endpoint".to_owned()),
        }],
        parameters: vec![StackParameter { key: "Stage".to_owned(), value: "test".to_owned() }],
        resources: vec![
            function("Validate", "orders-Validate"),
            StackResource {
                logical_id: "Inventory".to_owned(),
                kind: "AWS::DynamoDB::Table".to_owned(),
                physical_id: "orders-Inventory".to_owned(),
                retained: false,
            },
        ],
        tags: vec![("team".to_owned(), "shop".to_owned())],
    }
}

/// More resources than fit on two pages.
fn large() -> StackSpec {
    let resources = (0..230).map(|n| function(&format!("F{n:03}"), &format!("large-F{n:03}")));
    StackSpec { name: "large".to_owned(), resources: resources.collect(), ..StackSpec::default() }
}

async fn server(directory: &TempDir) -> Server {
    let stacks = vec![orders(), large()];
    Setup::new(directory.path()).with(|setup| setup.config.stacks = stacks).open().await
}

async fn ask(server: &Server, form: &str) -> Reply {
    let request = Request::post("/")
        .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
        .body(Bytes::from(format!("{form}&Version=2010-05-15")))
        .unwrap();
    server.send(request).await
}

/// The texts of all elements of this name, as they stand in the XML.
fn texts<'a>(document: &'a str, name: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let rest = document.split(open.as_str()).skip(1);
    rest.map(|rest| rest.split(close.as_str()).next().unwrap()).collect()
}

fn text<'a>(document: &'a str, name: &str) -> &'a str {
    let found = texts(document, name);
    assert_eq!(found.len(), 1, "one {name} in {document}");
    found[0]
}

#[track_caller]
fn refused(reply: &Reply, code: &str, message: &str) {
    let document = reply.text();
    assert_eq!(reply.status, 400, "{document}");
    assert!(document.starts_with(&format!("<ErrorResponse xmlns=\"{NAMESPACE}\">")), "{document}");
    assert_eq!((text(&document, "Code"), text(&document, "Message")), (code, message));
    assert_eq!(text(&document, "Type"), "Sender");
    assert_eq!(Some(text(&document, "RequestId")), reply.header("x-amzn-requestid"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stack_is_described_by_its_name_and_by_its_id() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let reply = ask(&server, "Action=DescribeStacks&StackName=orders").await;
    let document = reply.text();
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/xml")));
    let beginning = format!("<DescribeStacksResponse xmlns=\"{NAMESPACE}\"><DescribeStacksResult>");
    assert!(document.starts_with(&beginning), "{document}");
    assert_eq!(Some(text(&document, "RequestId")), reply.header("x-amzn-requestid"));
    for (name, expected) in [
        ("StackName", "orders"),
        ("StackStatus", "CREATE_COMPLETE"),
        ("OutputKey", "Endpoint"),
        ("OutputValue", "http://localhost/?a=1&amp;b=2"),
        ("ExportName", "orders-endpoint"),
        ("ParameterKey", "Stage"),
        ("ParameterValue", "test"),
        ("Key", "team"),
        ("Value", "shop"),
    ] {
        assert_eq!(text(&document, name), expected);
    }
    assert_eq!(
        texts(&document, "Description"),
        ["Orders &amp; &lt;returns&gt;", "Where to send orders"]
    );
    let created: jiff::Timestamp = text(&document, "CreationTime").parse().unwrap();
    assert!(created <= jiff::Timestamp::now());
    let id = text(&document, "StackId");
    assert!(id.starts_with("arn:aws:cloudformation:us-east-1:000000000000:stack/orders/"), "{id}");
    let by_id = ask(&server, &format!("Action=DescribeStacks&StackName={id}")).await;
    assert_eq!(text(&by_id.text(), "StackId"), id);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_is_the_same_after_a_restart() {
    let directory = TempDir::new().unwrap();
    let mut ids = Vec::new();
    for _ in 0..2 {
        let server = server(&directory).await;
        let reply = ask(&server, "Action=DescribeStacks&StackName=orders").await;
        ids.push(text(&reply.text(), "StackId").to_owned());
        server.close().await;
    }
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stacks_are_listed_by_status() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    for form in ["Action=DescribeStacks", "Action=ListStacks"] {
        let reply = ask(&server, form).await;
        assert_eq!(texts(&reply.text(), "StackName"), ["orders", "large"]);
    }
    let filtered = |statuses: &str| format!("Action=ListStacks&{statuses}");
    let reply = ask(&server, &filtered("StackStatusFilter.member.1=DELETE_COMPLETE")).await;
    assert_eq!((reply.status, texts(&reply.text(), "StackName").len()), (200, 0));
    let both =
        "StackStatusFilter.member.1=DELETE_COMPLETE&StackStatusFilter.member.2=CREATE_COMPLETE";
    assert_eq!(texts(&ask(&server, &filtered(both)).await.text(), "StackName").len(), 2);
    let reply = ask(&server, &filtered("StackStatusFilter.member.1=DONE")).await;
    assert_eq!((reply.status, text(&reply.text(), "Code")), (400, "ValidationError"));
    assert!(reply.text().contains("&apos;stackStatusFilter&apos;"), "{}", reply.text());
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_resources_of_a_large_stack_come_in_pages() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let mut found = Vec::new();
    let mut sizes = Vec::new();
    let mut token = String::new();
    loop {
        let form = format!("Action=ListStackResources&StackName=large{token}");
        let document = ask(&server, &form).await.text();
        let page = texts(&document, "PhysicalResourceId");
        sizes.push(page.len());
        found.extend(page.into_iter().map(str::to_owned));
        match texts(&document, "NextToken").first() {
            Some(next) => token = format!("&NextToken={next}"),
            None => break,
        }
    }
    assert_eq!(sizes, [100, 100, 30]);
    let expected: Vec<String> = (0..230).map(|n| format!("large-F{n:03}")).collect();
    assert_eq!(found, expected);
    let form = "Action=ListStackResources&StackName=large&NextToken=x";
    refused(&ask(&server, form).await, "ValidationError", "Invalid NextToken");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resource_is_described_by_stack_logical_and_physical_id() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let form = "Action=DescribeStackResource&StackName=orders&LogicalResourceId=Inventory";
    let document = ask(&server, form).await.text();
    assert_eq!(text(&document, "PhysicalResourceId"), "orders-Inventory");
    assert_eq!(text(&document, "ResourceType"), "AWS::DynamoDB::Table");
    assert_eq!(text(&document, "ResourceStatus"), "CREATE_COMPLETE");
    for (form, expected) in [
        ("StackName=orders", vec!["orders-Validate", "orders-Inventory"]),
        ("StackName=orders&LogicalResourceId=Validate", vec!["orders-Validate"]),
        ("PhysicalResourceId=orders-Inventory", vec!["orders-Validate", "orders-Inventory"]),
    ] {
        let document = ask(&server, &format!("Action=DescribeStackResources&{form}")).await.text();
        assert_eq!(texts(&document, "PhysicalResourceId"), expected, "{form}");
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_there_is_refused_in_cloudformations_words() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let missing = "1 validation error detected: Value null at &apos;stackName&apos; failed to satisfy \
                   constraint: Member must not be null";
    let changed = "UpdateStack is not supported by this server: a stack is there as long as the server \
                   runs with its template.";
    for (form, code, message) in [
        (
            "DescribeStacks&StackName=a%3Cb",
            "ValidationError",
            "Stack with id a&lt;b does not exist",
        ),
        ("DescribeStacks&StackName=a%00b", "ValidationError", "Stack with id ab does not exist"),
        ("ListStackResources&StackName=x", "ValidationError", "Stack with id x does not exist"),
        ("ListStackResources", "ValidationError", missing),
        (
            "DescribeStackResource&StackName=x&LogicalResourceId=y",
            "ValidationError",
            "Stack &apos;x&apos; does not exist",
        ),
        (
            "DescribeStackResource&StackName=orders&LogicalResourceId=y",
            "ValidationError",
            "Resource y does not exist for stack orders",
        ),
        (
            "DescribeStackResources&PhysicalResourceId=y",
            "ValidationError",
            "Stack for y does not exist",
        ),
        (
            "DescribeStackResources",
            "ValidationError",
            "You must specify either StackName or PhysicalResourceId, but not both.",
        ),
        ("UpdateStack&StackName=orders", "ValidationError", changed),
        ("Nonsense", "InvalidAction", "Could not find operation Nonsense for version 2010-05-15"),
    ] {
        refused(&ask(&server, &format!("Action={form}")).await, code, message);
    }
    let still = ask(&server, "Action=DescribeStacks&StackName=orders").await;
    assert_eq!(text(&still.text(), "StackStatus"), "CREATE_COMPLETE");
    server.close().await;
}
