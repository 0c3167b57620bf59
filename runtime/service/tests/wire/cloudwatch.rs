//! Goal: what is measured is in CloudWatch, and its operations are AWS's in each of its three protocols.
//!
//! Method: raw requests as forms, as JSON and as CBOR. Answers are turned into the same tree, so that one expectation
//! serves all three.

use std::io::Write as _;

use bytes::Bytes;
use ciborium::Value as Cbor;
use http::Request;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Reply, Server, Setup, failed, succeeded, within};

const SERVICE: &str = "GraniteServiceVersion20100801";
const PROTOCOLS: [Protocol; 3] = [Protocol::Form, Protocol::Json, Protocol::Cbor];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Protocol {
    Form,
    Json,
    Cbor,
}

impl Protocol {
    fn request(self, operation: &str, body: &Value) -> (http::request::Builder, Vec<u8>) {
        match self {
            Self::Form => {
                let mut form = format!("Action={operation}&Version=2010-08-01");
                flatten("", body, &mut form);
                let kind = "application/x-www-form-urlencoded; charset=utf-8";
                (Request::post("/").header("content-type", kind), form.into_bytes())
            }
            Self::Json => {
                let request = Request::post("/")
                    .header("content-type", "application/x-amz-json-1.0")
                    .header("x-amz-target", format!("{SERVICE}.{operation}"));
                (request, body.to_string().into_bytes())
            }
            Self::Cbor => {
                let path = format!("/service/{SERVICE}/operation/{operation}");
                let request = Request::post(path)
                    .header("content-type", "application/cbor")
                    .header("smithy-protocol", "rpc-v2-cbor");
                let mut bytes = Vec::new();
                ciborium::into_writer(&Cbor::serialized(body).unwrap(), &mut bytes).unwrap();
                (request, bytes)
            }
        }
    }

    async fn ask(self, server: &Server, operation: &str, body: Value) -> Reply {
        let (request, bytes) = self.request(operation, &body);
        server.send(request.body(Bytes::from(bytes)).unwrap()).await
    }

    async fn ok(self, server: &Server, operation: &str, body: Value) -> Value {
        let reply = self.ask(server, operation, body.clone()).await;
        assert_eq!(reply.status, 200, "{self:?} {operation} {body}: {}", reply.text());
        match self {
            Self::Form => json!(reply.text()),
            Self::Json => reply.json(),
            Self::Cbor => {
                assert_eq!(reply.header("smithy-protocol"), Some("rpc-v2-cbor"));
                cbor(&reply.body)
            }
        }
    }

    /// The code and the text of an error.
    async fn refused(self, server: &Server, operation: &str, body: Value) -> (String, String) {
        let reply = self.ask(server, operation, body.clone()).await;
        assert_eq!(reply.status, 400, "{self:?} {operation} {body}: {}", reply.text());
        if self == Self::Form {
            let text = reply.text();
            assert_eq!(between(&text, "Type"), "Sender", "{text}");
            return (between(&text, "Code"), between(&text, "Message"));
        }
        let error = if self == Self::Json { reply.json() } else { cbor(&reply.body) };
        let header = reply.header("x-amzn-query-error").unwrap();
        let code = header.strip_suffix(";Sender").unwrap();
        let kind = error["__type"].as_str().unwrap();
        assert!(kind.starts_with("com.amazonaws.cloudwatch#"), "{kind}");
        (code.to_owned(), error["message"].as_str().unwrap().to_owned())
    }
}

fn flatten(path: &str, value: &Value, form: &mut String) {
    let under = |name: String| if path.is_empty() { name } else { format!("{path}.{name}") };
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| flatten(&under(name.clone()), value, form));
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                flatten(&under(format!("member.{}", place + 1)), item, form);
            }
        }
        Value::String(text) => form.push_str(&format!("&{path}={}", crate::support::encode(text))),
        other => form.push_str(&format!("&{path}={other}")),
    }
}

fn between(xml: &str, element: &str) -> String {
    let (_, rest) = xml.split_once(&format!("<{element}>")).unwrap_or_else(|| panic!("{xml}"));
    rest.split_once(&format!("</{element}>")).unwrap().0.to_owned()
}

/// As JSON; a time, which must have its tag, becomes `{"time": seconds}`.
fn cbor(body: &[u8]) -> Value {
    fn json(value: Cbor) -> Value {
        match value {
            Cbor::Tag(1, time) => json!({ "time": json(*time) }),
            Cbor::Map(entries) => entries
                .into_iter()
                .map(|(name, value)| (name.into_text().unwrap(), json(value)))
                .collect(),
            Cbor::Array(items) => items.into_iter().map(json).collect(),
            Cbor::Text(text) => text.into(),
            Cbor::Float(number) => number.into(),
            Cbor::Integer(number) => json!(i128::from(number) as i64),
            other => panic!("{other:?}"),
        }
    }
    json(ciborium::from_reader(body).unwrap())
}

async fn open(directory: &TempDir) -> Server {
    Setup::new(directory.path()).open().await
}

/// The minute in seconds; fixed for a test, which may last over the end of one.
fn now() -> i64 {
    static NOW: std::sync::LazyLock<i64> = std::sync::LazyLock::new(|| {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since.unwrap().as_secs() as i64 / 60 * 60
    });
    *NOW
}

/// The hour around now.
fn with_times(mut body: Value) -> Value {
    body["StartTime"] = json!(now() - 1800);
    body["EndTime"] = json!(now() + 1800);
    body
}

fn statistics(namespace: &str, metric: &str, more: Value) -> Value {
    let mut body =
        with_times(json!({ "Namespace": namespace, "MetricName": metric, "Period": 3600 }));
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

async fn sum(server: &Server, metric: &str, dimensions: Value) -> f64 {
    let more = json!({ "Statistics": ["Sum"], "Dimensions": dimensions });
    let body = statistics("AWS/Lambda", metric, more);
    let answer = Protocol::Cbor.ok(server, "GetMetricStatistics", body).await;
    answer["Datapoints"].as_array().unwrap().iter().map(|it| it["Sum"].as_f64().unwrap()).sum()
}

#[tokio::test]
async fn values_that_are_put_are_read_back_in_every_protocol() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    for (place, protocol) in PROTOCOLS.into_iter().enumerate() {
        let name = format!("Latency{place}");
        let dimensions = json!([{ "Name": "Shop", "Value": "a & b" }]);
        let datum = |more: Value| {
            let mut datum = json!({ "MetricName": name, "Dimensions": dimensions, "Unit": "Seconds",
                                    "Timestamp": now(), "StorageResolution": 60 });
            datum.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            datum
        };
        let data = json!([
            datum(json!({ "Value": 1.5 })),
            datum(json!({ "Values": [2.0, 4.5], "Counts": [1.0, 2.0] }))
        ]);
        let put = protocol
            .ask(&server, "PutMetricData", json!({ "Namespace": "Shop", "MetricData": data }))
            .await;
        assert_eq!(put.status, 200, "{protocol:?}: {}", put.text());

        let all = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"];
        let body =
            statistics("Shop", &name, json!({ "Statistics": all, "Dimensions": dimensions }));
        let answer = protocol.ok(&server, "GetMetricStatistics", body).await;
        if protocol == Protocol::Form {
            let text = answer.as_str().unwrap();
            for (element, value) in [
                ("SampleCount", "4.0"),
                ("Average", "3.125"),
                ("Sum", "12.5"),
                ("Minimum", "1.5"),
                ("Maximum", "4.5"),
                ("Unit", "Seconds"),
                ("Label", "Latency0"),
            ] {
                assert_eq!(between(text, element), value, "{text}");
            }
            assert!(between(text, "Timestamp").ends_with('Z'), "{text}");
        } else {
            let point = &answer["Datapoints"][0];
            let told: Vec<_> = all.iter().map(|name| point[*name].as_f64().unwrap()).collect();
            assert_eq!(told, [4.0, 3.125, 12.5, 1.5, 4.5]);
            assert_eq!((&point["Unit"], &answer["Label"]), (&json!("Seconds"), &json!(name)));
            let time = &point["Timestamp"];
            let seconds = if protocol == Protocol::Cbor { &time["time"] } else { time };
            assert_eq!(seconds.as_f64().unwrap() as i64, now() - 1800, "spans begin at the start");
        }

        let filter = json!([{ "Name": "Shop", "Value": "a & b" }]);
        let body = json!({ "Namespace": "Shop", "MetricName": name, "Dimensions": filter });
        let listed = protocol.ok(&server, "ListMetrics", body).await;
        if protocol == Protocol::Form {
            assert!(listed.as_str().unwrap().contains("<Value>a &amp; b</Value>"), "{listed}");
        } else {
            let metric =
                json!({ "Namespace": "Shop", "MetricName": name, "Dimensions": dimensions });
            assert_eq!(listed["Metrics"], json!([metric]));
        }
    }
    server.close().await;
}

#[tokio::test]
async fn percentiles_are_told_where_single_values_are_known() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    let values: Vec<f64> = (1..=100).map(f64::from).collect();
    let set = json!({ "SampleCount": 5, "Sum": 20, "Minimum": 1, "Maximum": 9 });
    let data = json!([{ "MetricName": "known", "Values": values },
                      { "MetricName": "counted", "StatisticValues": set }]);
    Protocol::Json
        .ok(&server, "PutMetricData", json!({ "Namespace": "T", "MetricData": data }))
        .await;
    let asked = json!({ "ExtendedStatistics": ["p50", "p99"] });
    for (metric, expected) in
        [("known", json!({ "p50": 50.0, "p99": 99.0 })), ("counted", json!({}))]
    {
        let body = statistics("T", metric, asked.clone());
        let answer = Protocol::Json.ok(&server, "GetMetricStatistics", body).await;
        assert_eq!(answer["Datapoints"][0]["ExtendedStatistics"], expected, "{metric}");
    }
    let body = statistics("T", "known", asked);
    let text = Protocol::Form.ok(&server, "GetMetricStatistics", body).await;
    let entry = "<entry><key>p99</key><value>99.0</value></entry>";
    assert!(text.as_str().unwrap().contains(entry), "{text}");
    server.close().await;
}

#[tokio::test]
async fn metric_data_comes_in_pages_and_in_the_order_that_is_asked_for() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    let data: Vec<_> = (0..5)
        .map(|minute| json!({ "MetricName": "m", "Value": minute, "Timestamp": now() - minute * 60 }))
        .collect();
    Protocol::Cbor.ok_empty(&server, json!({ "Namespace": "T", "MetricData": data })).await;
    let query = |id: &str, stat: &str| {
        let metric = json!({ "Namespace": "T", "MetricName": "m" });
        json!({ "Id": id, "MetricStat": { "Metric": metric, "Period": 60, "Stat": stat } })
    };
    let queries = json!([query("sums", "Sum"), query("peaks", "Maximum")]);
    let body = with_times(json!({ "MetricDataQueries": queries, "ScanBy": "TimestampAscending" }));
    for protocol in [Protocol::Json, Protocol::Cbor] {
        let whole = protocol.ok(&server, "GetMetricData", body.clone()).await;
        let results = &whole["MetricDataResults"];
        assert_eq!(results[0]["Values"], json!([4.0, 3.0, 2.0, 1.0, 0.0]));
        assert_eq!(results[1]["Id"], "peaks");
        assert_eq!(results[0]["StatusCode"], "Complete");
        assert_eq!(results[0]["Timestamps"].as_array().unwrap().len(), 5);

        let mut seen = Vec::new();
        let mut token = Value::Null;
        loop {
            let mut body = body.clone();
            body["MaxDatapoints"] = json!(3);
            if !token.is_null() {
                body["NextToken"] = token;
            }
            let page = protocol.ok(&server, "GetMetricData", body).await;
            for result in page["MetricDataResults"].as_array().unwrap() {
                for value in result["Values"].as_array().unwrap() {
                    seen.push((result["Id"].clone(), value.as_f64().unwrap()));
                }
            }
            token = page["NextToken"].clone();
            if token.is_null() {
                break;
            }
        }
        let values: Vec<_> = seen.iter().map(|(_, value)| *value).collect();
        assert_eq!(values, [4.0, 3.0, 2.0, 1.0, 0.0, 4.0, 3.0, 2.0, 1.0, 0.0]);
    }
    let mut hidden = body.clone();
    hidden["MetricDataQueries"][0]["ReturnData"] = json!(false);
    hidden["ScanBy"] = json!("TimestampDescending");
    let answer = Protocol::Json.ok(&server, "GetMetricData", hidden).await;
    let results = answer["MetricDataResults"].as_array().unwrap();
    assert_eq!(results.len(), 1);
    assert_eq!(results[0]["Values"], json!([0.0, 1.0, 2.0, 3.0, 4.0]));
    server.close().await;
}

impl Protocol {
    async fn ok_empty(self, server: &Server, body: Value) {
        let reply = self.ask(server, "PutMetricData", body).await;
        assert_eq!((reply.status, reply.body.len()), (200, 0), "{}", reply.text());
    }
}

/// An operation, what it is sent, and the error with which it is refused.
type Refused = (&'static str, Value, &'static str, &'static str);

fn statistics_that_are_refused() -> Vec<Refused> {
    let plain = json!({ "Statistics": ["Sum"] });
    let changed = |name: &str, value: Value| {
        let mut body = statistics("N", "m", plain.clone());
        body[name] = value;
        body
    };
    let without = |name: &str| {
        let mut body = statistics("N", "m", plain.clone());
        body.as_object_mut().unwrap().remove(name);
        body
    };
    let statistics = "GetMetricStatistics";
    vec![
        (
            statistics,
            without("Namespace"),
            "MissingParameter",
            "The parameter Namespace is required.",
        ),
        (statistics, without("EndTime"), "MissingParameter", "The parameter EndTime is required."),
        (
            statistics,
            without("Statistics"),
            "InvalidParameterCombination",
            "At least one of the parameters Statistics and ExtendedStatistics must be specified.",
        ),
        (
            statistics,
            changed("EndTime", json!(5)),
            "InvalidParameterCombination",
            "The parameter StartTime must be less than the parameter EndTime.",
        ),
        (
            statistics,
            changed("Period", json!(61)),
            "InvalidParameterValue",
            "The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60.",
        ),
        (
            statistics,
            changed("Period", json!(1)),
            "InvalidParameterCombination",
            "You have requested up to 3600 datapoints, which exceeds the limit of 1440. You may reduce \
          the datapoints requested by increasing Period, or decreasing the time range.",
        ),
        (
            statistics,
            changed("Statistics", json!(["Median"])),
            "InvalidParameterValue",
            "The parameter Statistics.member.1 must be a value in the set [ SampleCount, Average, Sum, \
          Minimum, Maximum ].",
        ),
        (
            statistics,
            changed("StartTime", json!("soon")),
            "MalformedInput",
            "The parameter StartTime must be a timestamp.",
        ),
    ]
}

fn other_requests_that_are_refused() -> Vec<Refused> {
    let put =
        |namespace: &str, datum: Value| json!({ "Namespace": namespace, "MetricData": [datum] });
    let data = |query: Value| with_times(json!({ "MetricDataQueries": [query] }));
    let stat = |stat: &str| {
        let metric = json!({ "Namespace": "N", "MetricName": "m" });
        json!({ "Id": "a", "MetricStat": { "Metric": metric, "Period": 60, "Stat": stat } })
    };
    vec![
        (
            "ListMetrics",
            json!({ "RecentlyActive": "PT1H" }),
            "InvalidParameterValue",
            "The parameter RecentlyActive must be a value in the set [ PT3H ].",
        ),
        ("ListMetrics", json!({ "NextToken": "?" }), "InvalidParameterValue", "Invalid NextToken"),
        (
            "GetMetricData",
            data(stat("Median")),
            "ValidationError",
            "The value Median for parameter MetricDataQueries.member.1.MetricStat.Stat is not a valid \
          statistic.",
        ),
        (
            "GetMetricData",
            data(json!({ "Id": "a", "Expression": "1+1" })),
            "ValidationError",
            "The parameter MetricDataQueries.member.1.Expression is not supported by this server: ask \
          for metrics with MetricStat.",
        ),
        (
            "PutMetricData",
            put("AWS/Lambda", json!({ "MetricName": "m", "Value": 1 })),
            "InvalidParameterValue",
            "The value AWS/Lambda for parameter Namespace is invalid.",
        ),
        (
            "PutMetricData",
            put("N", json!({ "Value": 1 })),
            "MissingParameter",
            "The parameter MetricData.member.1.MetricName is required.",
        ),
        (
            "PutMetricData",
            put("N", json!({ "MetricName": "m", "Value": "NaN" })),
            "InvalidParameterValue",
            "The value NaN for parameter MetricData.member.1.Value is invalid.",
        ),
        (
            "PutMetricData",
            put("N", json!({ "MetricName": "m", "Value": 1, "Values": [1] })),
            "InvalidParameterCombination",
            "The parameters MetricData.member.1.Value and MetricData.member.1.Values are mutually \
          exclusive and you have specified both.",
        ),
        (
            "DeleteAlarms",
            json!({}),
            "InvalidAction",
            "The operation DeleteAlarms is not supported by this server.",
        ),
    ]
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_alike_in_every_protocol() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    let cases = [statistics_that_are_refused(), other_requests_that_are_refused()].concat();
    for protocol in PROTOCOLS {
        for (operation, body, code, message) in &cases {
            let refused = protocol.refused(&server, operation, body.clone()).await;
            assert_eq!(refused, ((*code).to_owned(), (*message).to_owned()), "{protocol:?}");
        }
    }
    let unread = [("application/x-amz-json-1.0", "{"), ("application/x-amz-json-1.0", "[]")];
    for (kind, body) in unread {
        let request = Request::post("/")
            .header("content-type", kind)
            .header("x-amz-target", format!("{SERVICE}.ListMetrics"));
        let reply = server.send(request.body(Bytes::from(body)).unwrap()).await;
        assert_eq!(reply.status, 400, "{body}");
        assert_eq!(reply.header("x-amzn-query-error"), Some("MalformedInput;Sender"));
    }
    let path = format!("/service/{SERVICE}/operation/ListMetrics");
    let request = Request::post(path).body(Bytes::from_static(&[0xbf, 0x61])).unwrap();
    assert_eq!(server.send(request).await.status, 400);
    server.close().await;
}

#[tokio::test]
async fn a_compressed_body_is_unpacked() {
    let directory = TempDir::new().unwrap();
    let server = open(&directory).await;
    for protocol in PROTOCOLS {
        let data = json!([{ "MetricName": "m", "Value": 1 }]);
        let (request, body) =
            protocol.request("PutMetricData", &json!({ "Namespace": "Z", "MetricData": data }));
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(&body).unwrap();
        let body = Bytes::from(packer.finish().unwrap());
        let reply =
            server.send(request.header("content-encoding", "gzip").body(body).unwrap()).await;
        assert_eq!(reply.status, 200, "{protocol:?}: {}", reply.text());
    }
    let body = statistics("Z", "m", json!({ "Statistics": ["Sum"] }));
    let answer = Protocol::Json.ok(&server, "GetMetricStatistics", body).await;
    assert_eq!(answer["Datapoints"][0]["Sum"], 3.0);
    server.close().await;
}

#[tokio::test]
async fn functions_and_executions_are_measured_and_a_restart_keeps_what_was_measured() {
    let directory = TempDir::new().unwrap();
    let setup = || {
        Setup::new(directory.path()).durable("work", |turn| async move {
            match turn.input()["fail"].as_bool() {
                Some(true) => failed("Broken", "as asked"),
                _ => succeeded("\"done\""),
            }
        })
    };
    let server = setup().open().await;
    for (name, fail) in [("a", false), ("b", false), ("c", true)] {
        let arn = server.start("work", Some(name), &json!({ "fail": fail })).await;
        within("the end", server.closed(&arn)).await;
    }
    let function = json!([{ "Name": "FunctionName", "Value": "work" }]);
    let resource = json!({ "Name": "Resource", "Value": "work:$LATEST" });
    let version = json!([resource, function[0]]);
    let expected = [
        ("DurableExecutionStarted", 3.0),
        ("DurableExecutionSucceeded", 2.0),
        ("DurableExecutionFailed", 1.0),
        ("DurableExecutionCompleted", 3.0),
        ("DurableExecutionStopped", 0.0),
        ("Invocations", 3.0),
        ("Errors", 0.0),
    ];
    let check = async |server: &Server| {
        for (metric, value) in expected {
            for dimensions in [&function, &version] {
                assert_eq!(sum(server, metric, dimensions.clone()).await, value, "{metric}");
            }
        }
        assert_eq!(sum(server, "Invocations", json!([])).await, 3.0);
        let more = json!({ "Statistics": ["SampleCount", "Minimum"], "Dimensions": function });
        for (metric, unit) in [
            ("DurableExecutionDuration", "Milliseconds"),
            ("DurableExecutionStorageWrittenBytes", "Bytes"),
            ("DurableExecutionOperations", "Count"),
            ("Duration", "Milliseconds"),
        ] {
            let body = statistics("AWS/Lambda", metric, more.clone());
            let answer = Protocol::Cbor.ok(server, "GetMetricStatistics", body).await;
            let point = &answer["Datapoints"][0];
            assert_eq!(point["SampleCount"], 3.0, "{metric}: {answer}");
            assert_eq!(point["Unit"], unit);
        }
    };
    check(&server).await;
    server.close().await;
    let server = setup().open().await;
    check(&server).await;
    server.close().await;
}
