//! Goal: what functions print is in CloudWatch Logs, and its operations are AWS's.
//!
//! Method: functions in processes of their own that print what they are told, and raw requests in CloudWatch's protocol.

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{LogFormat, LogType, LoggingConfig};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::package::{code, function, zip};
use crate::support::{Reply, Server, Setup, eventually, within};

/// Prints each line of the event, then answers, fails or exits.
const PRINTER: &str = r#"#!/usr/bin/env python3
import json, os, urllib.request
RUNTIME = "http://%s/2018-06-01/runtime/invocation/" % os.environ["AWS_LAMBDA_RUNTIME_API"]
while True:
    with urllib.request.urlopen(RUNTIME + "next") as reply:
        event, request = json.load(reply), reply.headers["Lambda-Runtime-Aws-Request-Id"]
    for line in event["print"]:
        print(line, flush=True)
    if event.get("exit"):
        os._exit(7)
    answer = json.dumps(os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]).encode()
    urllib.request.urlopen(urllib.request.Request(RUNTIME + request + "/response", data=answer)).read()
"#;

async fn open(directory: &TempDir) -> Server {
    Setup::new(directory.path()).open().await
}

async fn ask(server: &Server, operation: &str, body: &Value) -> Reply {
    let request = Request::post("/")
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", format!("Logs_20140328.{operation}"))
        .body(Bytes::from(body.to_string()))
        .unwrap();
    server.send(request).await
}

async fn ok(server: &Server, operation: &str, body: Value) -> Value {
    let reply = ask(server, operation, &body).await;
    assert_eq!(reply.status, 200, "{operation}: {}", reply.text());
    assert_eq!(reply.header("content-type"), Some("application/x-amz-json-1.1"));
    if reply.body.is_empty() { Value::Null } else { reply.json() }
}

async fn refused(server: &Server, operation: &str, body: Value) -> (String, String) {
    let reply = ask(server, operation, &body).await;
    assert_eq!(reply.status, 400, "{operation} {body}: {}", reply.text());
    let error = reply.json();
    let text = |member: &str| error[member].as_str().unwrap().to_owned();
    (text("__type"), text("message"))
}

fn texts<'a>(list: &'a Value, member: &str) -> Vec<&'a str> {
    let items = list.as_array().unwrap().iter();
    items.map(|item| item[member].as_str().unwrap()).collect()
}

async fn create(server: &Server, name: &str, logging: LoggingConfig) {
    let program = zip(&[("bootstrap!", PRINTER.as_bytes())]);
    let request = function(server, name, "").code(code(program)).logging_config(logging);
    within("create", request.send()).await.unwrap();
}

fn text_logs() -> LoggingConfig {
    LoggingConfig::builder().log_format(LogFormat::Text).build()
}

/// Invokes and gives the answer and the decoded tail.
async fn invoke(server: &Server, name: &str, event: Value) -> (Value, String) {
    let request = server.lambda().invoke().function_name(name).log_type(LogType::Tail);
    let output = within("invoke", request.payload(Blob::new(event.to_string())).send()).await;
    let output = output.unwrap();
    let tail = STANDARD.decode(output.log_result().unwrap()).unwrap();
    let answer = serde_json::from_slice(output.payload().unwrap().as_ref()).unwrap();
    (answer, String::from_utf8(tail).unwrap())
}

/// Creates a group with a stream and puts events into it, a second apart, the last one now.
async fn put(server: &Server, group: &str, stream: &str, messages: &[&str]) -> i64 {
    let named = json!({ "logGroupName": group, "logStreamName": stream });
    ask(server, "CreateLogGroup", &json!({ "logGroupName": group })).await;
    ask(server, "CreateLogStream", &named).await;
    let first = jiff::Timestamp::now().as_millisecond() - 1000 * (messages.len() as i64 - 1);
    let events: Vec<Value> = (0..)
        .zip(messages)
        .map(|(number, it)| json!({ "timestamp": first + 1000 * number, "message": it }))
        .collect();
    let mut body = named;
    body["logEvents"] = events.into();
    ok(server, "PutLogEvents", body).await;
    first
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_function_prints_is_there_when_its_answer_is() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    create(&server, "printer", text_logs()).await;
    let (stream, _) = invoke(&server, "printer", json!({ "print": ["one", "two"] })).await;
    let group = json!({ "logGroupName": "/aws/lambda/printer" });
    let found = ok(&server, "FilterLogEvents", group.clone()).await;
    let messages = texts(&found["events"], "message");
    assert_eq!(messages.len(), 5, "{messages:?}");
    let id = messages[0].strip_prefix("START RequestId: ").unwrap();
    let id = id.strip_suffix(" Version: $LATEST").unwrap();
    assert_eq!(messages[1..3], ["one", "two"]);
    assert_eq!(messages[3], format!("END RequestId: {id}"));
    assert!(messages[4].starts_with(&format!("REPORT RequestId: {id}\tDuration: ")));
    assert!(messages[4].contains("\tMemory Size: 128 MB"));
    // The function knows the name of its stream.
    assert_eq!(texts(&found["events"], "logStreamName"), vec![stream.as_str().unwrap(); 5]);
    let streams = ok(&server, "DescribeLogStreams", group).await;
    assert_eq!(texts(&streams["logStreams"], "logStreamName"), [stream.as_str().unwrap()]);
    server.close().await;
    let server = open(&directory).await;
    let again = ok(&server, "FilterLogEvents", json!({ "logGroupName": "/aws/lambda/printer" }));
    assert_eq!(texts(&again.await["events"], "message").len(), 5);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn json_logs_are_found_by_their_members() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    let logging = LoggingConfig::builder().log_format(LogFormat::Json).log_group("/own/group");
    let logging = logging.build();
    create(&server, "printer", logging).await;
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST/durable-execution/n/i";
    let own = json!({ "executionArn": arn, "message": "mine" }).to_string();
    let other = json!({ "executionArn": "other", "message": arn }).to_string();
    invoke(&server, "printer", json!({ "print": [own, other] })).await;
    let filter = |pattern: &str| {
        let body = json!({ "logGroupName": "/own/group", "filterPattern": pattern });
        let server = &server;
        async move {
            let found = ok(server, "FilterLogEvents", body).await;
            texts(&found["events"], "message").into_iter().map(str::to_owned).collect::<Vec<_>>()
        }
    };
    let both = format!(r#"{{ ($.durableExecutionArn = "{arn}") || ($.executionArn = "{arn}") }}"#);
    assert_eq!(filter(&both).await, [own.as_str()]);
    let reports =
        filter("{ $.type = platform.report && $.record.metrics.memorySizeMB >= 128 }").await;
    assert_eq!(reports.len(), 1);
    assert_eq!(filter("{ $.type = platform.* }").await.len(), 2);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_gets_the_last_4_kilobytes_of_the_log() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    create(&server, "printer", text_logs()).await;
    let (_, tail) = invoke(&server, "printer", json!({ "print": ["one"] })).await;
    let lines: Vec<_> = tail.lines().collect();
    assert!(lines[0].starts_with("START RequestId: ") && lines[3].starts_with("REPORT "), "{tail}");
    assert_eq!((lines[1], lines.len()), ("one", 4));
    // The lines of the first invocation are not in it.
    let many: Vec<String> = (0..1000).map(|number| format!("line {number}")).collect();
    let (_, tail) = invoke(&server, "printer", json!({ "print": many })).await;
    assert_eq!(tail.len(), 4096);
    assert!(tail.contains("\nline 999\nEND RequestId: "), "{tail}");
    let (error, tail) =
        invoke(&server, "printer", json!({ "print": ["last"], "exit": true })).await;
    assert_eq!(error["errorType"], "Runtime.ExitError");
    assert!(tail.contains("\nlast\nRequestId: ") && tail.contains("exit status 7"), "{tail}");
    let request = Request::post("/2015-03-31/functions/printer/invocations")
        .header("x-amz-log-type", "All")
        .body(Bytes::from_static(b"{}"));
    server.send(request.unwrap()).await.assert_violations(&[
        "Value 'All' at 'logType' failed to satisfy constraint: Member must satisfy enum value \
         set: [None, Tail]",
    ]);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_and_streams_are_created_listed_in_pages_and_deleted() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    for group in ["/a", "/b", "/c"] {
        let body = json!({ "logGroupName": group });
        assert_eq!(ok(&server, "CreateLogGroup", body.clone()).await, Value::Null);
        let (kind, message) = refused(&server, "CreateLogGroup", body).await;
        assert_eq!(kind, "ResourceAlreadyExistsException");
        assert_eq!(message, "The specified log group already exists");
    }
    let page = ok(&server, "DescribeLogGroups", json!({ "limit": 2 })).await;
    assert_eq!(texts(&page["logGroups"], "logGroupName"), ["/a", "/b"]);
    let arn = "arn:aws:logs:us-east-1:000000000000:log-group:/a";
    assert_eq!(page["logGroups"][0]["logGroupArn"], arn);
    assert_eq!(page["logGroups"][0]["arn"], format!("{arn}:*"));
    let next = json!({ "limit": 2, "nextToken": page["nextToken"] });
    let page = ok(&server, "DescribeLogGroups", next).await;
    assert_eq!(texts(&page["logGroups"], "logGroupName"), ["/c"]);
    assert_eq!(page.get("nextToken"), None);

    put(&server, "/a", "older", &["x"]).await;
    put(&server, "/a", "newer", &["x"]).await;
    let group = json!({ "logGroupIdentifier": format!("{arn}:*") });
    let by_name = ok(&server, "DescribeLogStreams", group).await;
    assert_eq!(texts(&by_name["logStreams"], "logStreamName"), ["newer", "older"]);
    let mut by_time = json!({
        "logGroupName": "/a", "orderBy": "LastEventTime", "descending": true, "limit": 1,
    });
    let page = ok(&server, "DescribeLogStreams", by_time.clone()).await;
    let first = texts(&page["logStreams"], "logStreamName")[0].to_owned();
    by_time["nextToken"] = page["nextToken"].clone();
    let page = ok(&server, "DescribeLogStreams", by_time).await;
    let mut both = [first.as_str(), texts(&page["logStreams"], "logStreamName")[0]];
    both.sort_unstable();
    assert_eq!(both, ["newer", "older"]);

    let stream = json!({ "logGroupName": "/a", "logStreamName": "older" });
    ok(&server, "DeleteLogStream", stream.clone()).await;
    let (kind, message) = refused(&server, "DeleteLogStream", stream).await;
    assert_eq!(kind, "ResourceNotFoundException");
    assert_eq!(message, "The specified log stream does not exist.");
    ok(&server, "DeleteLogGroup", json!({ "logGroupName": "/a" })).await;
    let (kind, message) =
        refused(&server, "FilterLogEvents", json!({ "logGroupName": "/a" })).await;
    assert_eq!(kind, "ResourceNotFoundException");
    assert_eq!(message, "The specified log group does not exist.");

    ok(&server, "PutRetentionPolicy", json!({ "logGroupName": "/b", "retentionInDays": 3 })).await;
    let prefix = json!({ "logGroupNamePrefix": "/b" });
    let shown = ok(&server, "DescribeLogGroups", prefix.clone()).await;
    assert_eq!(shown["logGroups"][0]["retentionInDays"], 3);
    ok(&server, "DeleteRetentionPolicy", json!({ "logGroupName": "/b" })).await;
    let shown = ok(&server, "DescribeLogGroups", prefix).await;
    assert_eq!(shown["logGroups"][0].get("retentionInDays"), None);
    let tags = ok(&server, "ListTagsForResource", json!({ "resourceArn": arn })).await;
    assert_eq!(tags, json!({ "tags": {} }));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_is_read_from_either_end_with_tokens() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    let first = put(&server, "g", "s", &["0", "1", "2", "3", "4"]).await;
    let get = async |more: Value| {
        let mut body = json!({ "logGroupName": "g", "logStreamName": "s", "limit": 2 });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let page = ok(&server, "GetLogEvents", body).await;
        let found = texts(&page["events"], "message").concat();
        let token = |name: &str| page[name].as_str().unwrap().to_owned();
        (found, token("nextForwardToken"), token("nextBackwardToken"))
    };
    let (found, forward, backward) = get(json!({})).await;
    assert_eq!(found, "34");
    assert!(forward.starts_with("f/") && backward.starts_with("b/"), "{forward} {backward}");
    // At the end the same token comes back, until there is more.
    let (found, again, _) = get(json!({ "nextToken": forward })).await;
    assert_eq!((found.as_str(), &again), ("", &forward));
    put(&server, "g", "s", &["5"]).await;
    assert_eq!(get(json!({ "nextToken": forward })).await.0, "5");
    let (found, _, backward) = get(json!({ "nextToken": backward })).await;
    assert_eq!(found, "12");
    let (found, _, backward) = get(json!({ "nextToken": backward })).await;
    assert_eq!(found, "0");
    let (found, _, again) = get(json!({ "nextToken": backward })).await;
    assert_eq!((found.as_str(), &again), ("", &backward));
    let (found, forward, _) = get(json!({ "startFromHead": true })).await;
    assert_eq!(found, "01");
    assert_eq!(get(json!({ "nextToken": forward })).await.0, "23");
    // The end is not included.
    let range = json!({ "startTime": first + 1000, "endTime": first + 3000, "limit": 9 });
    assert_eq!(get(range).await.0, "12");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filter_pages_through_a_group() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    put(&server, "g", "s", &["ERROR 1", "INFO 2", "ERROR 3", "ERROR 4"]).await;
    put(&server, "g", "t", &["ERROR 5"]).await;
    let mut body = json!({
        "logGroupName": "g", "filterPattern": "ERROR", "limit": 2, "logStreamNames": ["s"],
    });
    let page = ok(&server, "FilterLogEvents", body.clone()).await;
    assert_eq!(texts(&page["events"], "message"), ["ERROR 1", "ERROR 3"]);
    body["nextToken"] = page["nextToken"].clone();
    let page = ok(&server, "FilterLogEvents", body).await;
    assert_eq!(texts(&page["events"], "message"), ["ERROR 4"]);
    assert_eq!(page.get("nextToken"), None);
    let event = &page["events"][0];
    assert_eq!(event["eventId"].as_str().unwrap().len(), 56);
    assert!(event["ingestionTime"].as_i64().unwrap() >= event["timestamp"].as_i64().unwrap());
    let prefix = json!({ "logGroupName": "g", "logStreamNamePrefix": "t" });
    let page = ok(&server, "FilterLogEvents", prefix).await;
    assert_eq!(texts(&page["events"], "message"), ["ERROR 5"]);
    server.close().await;
}

/// As the AWS CLI asks with `logs tail --follow`.
async fn follow(server: &Server, token: Option<&str>) -> Value {
    let agent = "aws-cli/2.38.5 ua/2.1 m/Z,g,E,N,b md/prompt#off md/command#logs.tail";
    let body =
        json!({ "logGroupName": "g", "interleaved": true, "startTime": 1, "nextToken": token });
    let request = Request::post("/")
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", "Logs_20140328.FilterLogEvents")
        .header("user-agent", agent)
        .body(Bytes::from(body.to_string()))
        .unwrap();
    let reply = server.send(request).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_aws_cli_follows_a_group_from_page_to_page_without_a_pause() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    ok(&server, "CreateLogGroup", json!({ "logGroupName": "g" })).await;
    ok(&server, "CreateLogStream", json!({ "logGroupName": "g", "logStreamName": "s" })).await;
    // Without a token the CLI would sleep.
    let mut page = follow(&server, None).await;
    assert_eq!(page["events"], json!([]));

    let messages = ["one", "two", "three", "four", "five"];
    let putting = async {
        for message in messages {
            put(&server, "g", "s", &[message]).await;
        }
    };
    let following = async {
        let mut seen = Vec::new();
        while seen.len() < messages.len() {
            page = follow(&server, page["nextToken"].as_str()).await;
            assert!(page["nextToken"].is_string(), "{page}");
            seen.extend(texts(&page["events"], "message").into_iter().map(str::to_owned));
        }
        seen
    };
    let ((), seen) = within("all five lines", async { tokio::join!(putting, following) }).await;
    assert_eq!(seen, messages);

    // Anybody else is told that there is no more.
    let last = ok(&server, "FilterLogEvents", json!({ "logGroupName": "g" })).await;
    assert_eq!((texts(&last["events"], "message").len(), &last["nextToken"]), (5, &Value::Null));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_that_are_too_old_or_too_new_are_rejected_one_by_one() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    put(&server, "g", "s", &["now"]).await;
    let (hour, now) = (60 * 60 * 1000, jiff::Timestamp::now().as_millisecond());
    let put_at = async |times: &[i64]| {
        let event = |at: &i64| json!({ "timestamp": now + at * hour, "message": at.to_string() });
        let events: Vec<Value> = times.iter().map(event).collect();
        let body = json!({ "logGroupName": "g", "logStreamName": "s", "logEvents": events });
        ok(&server, "PutLogEvents", body).await["rejectedLogEventsInfo"].clone()
    };
    assert_eq!(put_at(&[-1, 0, 1]).await, Value::Null);
    assert_eq!(put_at(&[-337, -335]).await, json!({ "tooOldLogEventEndIndex": 1 }));
    assert_eq!(put_at(&[1, 3, 4]).await, json!({ "tooNewLogEventStartIndex": 1 }));
    let found = ok(&server, "FilterLogEvents", json!({ "logGroupName": "g" })).await;
    let mut found = texts(&found["events"], "message");
    found.retain(|text| *text != "-335");
    assert_eq!(found, ["-1", "now", "0", "1", "1"]);
    server.close().await;
}

const INVALID: &str = "InvalidParameterException";

/// Operation, body, the error's name, and a part of its text.
type Case = (&'static str, Value, &'static str, &'static str);

async fn all_refused(server: &Server, cases: Vec<Case>) {
    for (operation, body, code, part) in cases {
        let (kind, message) = refused(server, operation, body.clone()).await;
        let short = body.to_string().chars().take(200).collect::<String>();
        assert_eq!(kind, code, "{operation} {short}: {message}");
        assert!(message.contains(part), "{operation} {short}: {message}");
    }
}

/// A body about the group `g`.
fn about_g(more: Value) -> Value {
    let mut body = json!({ "logGroupName": "g" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_makes_no_sense_is_refused_in_cloudwatchs_words() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    put(&server, "g", "s", &["x"]).await;
    let cases = vec![
        ("CreateLogGroup", json!({}), INVALID, "'logGroupName' failed"),
        ("CreateLogGroup", json!({ "logGroupName": "a b" }), INVALID, "[\\.\\-_/#A-Za-z0-9]+"),
        ("CreateLogGroup", json!({ "logGroupName": 1 }), "SerializationException", "string"),
        (
            "CreateLogStream",
            json!({ "logGroupName": "g", "logStreamName": "a:b" }),
            INVALID,
            "[^:*]*",
        ),
        ("DescribeLogGroups", json!({ "limit": 51 }), INVALID, "less than or equal to 50"),
        (
            "DescribeLogStreams",
            about_g(json!({ "orderBy": "Size" })),
            INVALID,
            "[LogStreamName, LastEventTime]",
        ),
        (
            "DescribeLogStreams",
            about_g(json!({ "orderBy": "LastEventTime", "logStreamNamePrefix": "x" })),
            INVALID,
            "LastEventTime",
        ),
        (
            "PutRetentionPolicy",
            about_g(json!({ "retentionInDays": 2 })),
            INVALID,
            "[1, 3, 5, 7, 14,",
        ),
        (
            "PutRetentionPolicy",
            json!({ "logGroupName": "h", "retentionInDays": 1 }),
            "ResourceNotFoundException",
            "group",
        ),
        ("FilterLogEvents", json!({}), INVALID, "logGroupName"),
        (
            "FilterLogEvents",
            about_g(json!({ "filterPattern": "a.b" })),
            INVALID,
            "Invalid character(s) in term 'a.b'",
        ),
        (
            "FilterLogEvents",
            about_g(json!({ "filterPattern": "{ $.a }" })),
            INVALID,
            "Invalid filter pattern",
        ),
        ("FilterLogEvents", about_g(json!({ "nextToken": "x" })), INVALID, "nextToken"),
        ("FilterLogEvents", about_g(json!({ "limit": 10001 })), INVALID, "'limit'"),
        (
            "FilterLogEvents",
            about_g(json!({ "logStreamNames": ["t"] })),
            "ResourceNotFoundException",
            "stream",
        ),
        (
            "FilterLogEvents",
            about_g(json!({ "logStreamNames": ["s"], "logStreamNamePrefix": "s" })),
            INVALID,
            "mutually exclusive",
        ),
        (
            "GetLogEvents",
            about_g(json!({ "logStreamName": "s", "nextToken": "f/1" })),
            INVALID,
            "nextToken",
        ),
        (
            "GetLogEvents",
            about_g(json!({ "logStreamName": "t" })),
            "ResourceNotFoundException",
            "stream",
        ),
        ("Nonsense", json!({}), "UnknownOperationException", "Nonsense"),
    ];
    all_refused(&server, cases).await;
    // Not retried by clients.
    let reply = ask(&server, "StartLiveTail", &json!({})).await;
    let kind = reply.json()["__type"].clone();
    assert_eq!((reply.status, kind), (501, json!("NotImplementedException")));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_that_cannot_be_put_are_refused_together() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    put(&server, "g", "s", &["x"]).await;
    let events = |events: Value| about_g(json!({ "logStreamName": "s", "logEvents": events }));
    let at = jiff::Timestamp::now().as_millisecond();
    let day = 24 * 60 * 60 * 1000;
    let cases = vec![
        ("PutLogEvents", events(json!([])), INVALID, "'logEvents'"),
        ("PutLogEvents", events(json!([{ "timestamp": at, "message": "" }])), INVALID, "message"),
        (
            "PutLogEvents",
            events(
                json!([{ "timestamp": at, "message": "x" }, { "timestamp": at - 1, "message": "x" }]),
            ),
            INVALID,
            "chronological order",
        ),
        (
            "PutLogEvents",
            events(json!([
                { "timestamp": at - day - 1, "message": "x" },
                { "timestamp": at, "message": "x" },
            ])),
            INVALID,
            "24 hours",
        ),
        (
            "PutLogEvents",
            events(json!([{ "timestamp": at, "message": "x".repeat(262_145) }])),
            INVALID,
            "Log event too large: 262145 bytes exceeds limit of 262144",
        ),
        (
            "PutLogEvents",
            events(vec![json!({ "timestamp": at, "message": "x".repeat(250_000) }); 5].into()),
            INVALID,
            "Upload too large: 1250130 bytes exceeds limit of 1048576",
        ),
    ];
    all_refused(&server, cases).await;
    let found = ok(&server, "FilterLogEvents", about_g(json!({}))).await;
    assert_eq!(texts(&found["events"], "message"), ["x"]);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_lines_of_an_asynchronous_invocation_are_in_the_log() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    create(&server, "printer", text_logs()).await;
    let request = server
        .lambda()
        .invoke()
        .function_name("printer")
        .invocation_type(aws_sdk_lambda::types::InvocationType::Event)
        .payload(Blob::new(json!({ "print": ["in the background"] }).to_string()));
    within("invoke", request.send()).await.unwrap();
    let body = json!({ "logGroupName": "/aws/lambda/printer", "filterPattern": "background" });
    eventually("the line is in the log", async || {
        let reply = ask(&server, "FilterLogEvents", &body).await;
        (reply.status == 200 && reply.json()["events"].as_array().unwrap().len() == 1).then_some(())
    })
    .await;
    server.close().await;
}
