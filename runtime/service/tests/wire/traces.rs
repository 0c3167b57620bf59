//! Goal: an execution is one trace, whole whatever dies in between, and no collector can hold an execution up.
//!
//! Method: a collector in the test decodes what arrives over its socket. The first life of the crash test runs in a
//! process of its own (this test binary again), which is killed with SIGKILL once the collector has a part of the trace.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use bytes::Bytes;
use durable_functions::{BoxFuture, FunctionError, FunctionHost, Invocation};
use http::Request;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::support::collector::{Collector, Manner, Seen, attribute, one, settings};
use crate::support::workflow::{MORTAL, run};
use crate::support::{DEADLINE, Setup, Turn, eventually, succeeded};

const HEADER: &str = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=53995c3f42cd8ad8";
const TRACE: &str = "5bef4de7ad49b0e87f6ef6c87fc2e700";
const STATUS: &str = "aws.lambda.durable.operation.status";

/// Tells its caller what trace header it was given, or fails.
struct Plain;

impl FunctionHost for Plain {
    fn invoke(&self, invocation: Invocation) -> BoxFuture<'_, Result<Bytes, FunctionError>> {
        Box::pin(async move {
            if invocation.payload.starts_with(b"\"fail") {
                return Err(FunctionError::new("Refused", "a secret"));
            }
            Ok(Bytes::from(json!(invocation.trace_header).to_string()))
        })
    }
}

fn setup(directory: &Path) -> Setup {
    Setup::new(directory)
        .durable("flow", |turn: Turn| run(turn, |_| {}))
        .durable("child", |turn: Turn| run(turn, |_| {}))
        .durable("header", |turn: Turn| async move {
            succeeded(json!(turn.invocation.trace_header).to_string())
        })
        .plain("plain", Plain)
}

fn traced(directory: &TempDir, collector: &Collector) -> Setup {
    setup(directory.path()).with(|setup| setup.config.traces = collector.settings())
}

/// The trace id that is documented for an execution without a caller's trace.
fn trace_of(arn: &str) -> String {
    use sha2::{Digest as _, Sha256};
    Sha256::digest(arn).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn assert_one_tree(spans: &[Seen], trace: &str) {
    let ids: BTreeSet<_> = spans.iter().map(|span| &span.id).collect();
    assert_eq!(ids.len(), spans.len(), "every span once: {spans:#?}");
    for span in spans {
        assert_eq!(span.trace, trace, "{}", span.name);
        assert!(span.started <= span.ended, "{span:?}");
        assert!(span.parent.is_empty() || ids.contains(&span.parent), "{} is lost", span.name);
    }
    let roots: Vec<_> = spans.iter().filter(|span| span.parent.is_empty()).collect();
    assert_eq!(roots.len(), 1, "{roots:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_execution_is_a_trace_of_its_invocations_and_operations() {
    let (directory, collector) = (TempDir::new().unwrap(), Collector::start(Manner::Takes).await);
    let server = traced(&directory, &collector).open().await;
    let plan = json!([{ "open": "c" }, { "close": "c" }, { "step": "a" }, { "wait": "w", "seconds": 1 }, { "step": "b" }]);
    let arn = server.plan("flow", plan).await;
    let shown = server.closed(&arn).await;
    let spans = collector.until("flow").await;
    assert_one_tree(&spans, &trace_of(&arn));

    let root = one(&spans, "flow");
    assert!(root.has("aws.lambda.durable.execution.arn", &arn));
    assert!(root.has("aws.lambda.durable.execution.status", "SUCCEEDED") && !root.failed);
    assert!(root.has("aws.lambda.durable.execution.operations", "4"));
    assert!(root.has("faas.name", "flow") && root.has("faas.version", "$LATEST"));
    let seconds = (root.ended - root.started) as f64 / 1e9;
    let millis = |at: &Value| (at.as_f64().unwrap() * 1000.0).round();
    let lasted = millis(&shown["EndTimestamp"]) - millis(&shown["StartTimestamp"]);
    assert_eq!((seconds * 1000.0).round(), lasted, "as the API has it");

    for (name, id, kind) in [("a", "a", "STEP"), ("w", "w", "WAIT"), ("b", "b", "STEP")] {
        let span = one(&spans, name);
        assert_eq!(span.parent, root.id, "{name}");
        assert!(span.has("aws.lambda.durable.operation.id", id), "{span:?}");
        assert!(span.has("aws.lambda.durable.operation.type", kind), "{span:?}");
        assert!(span.has(STATUS, "SUCCEEDED") && !span.failed, "{span:?}");
    }
    assert!(one(&spans, "w").ended - one(&spans, "w").started >= 1_000_000_000);
    assert!(one(&spans, "CONTEXT").has(STATUS, "SUCCEEDED"));

    // The wait suspended the first invocation; the second one replayed.
    let mut runs: Vec<_> = spans.iter().filter(|span| span.name == "flow invocation").collect();
    runs.sort_by_key(|span| span.started);
    let outcome = "aws.lambda.durable.invocation.outcome";
    let replay = "aws.lambda.durable.invocation.replay";
    assert_eq!(runs.len(), 2);
    assert!(runs[0].has(outcome, "PENDING") && runs[0].has(replay, "false"), "{:?}", runs[0]);
    assert!(runs[1].has(outcome, "SUCCEEDED") && runs[1].has(replay, "true"), "{:?}", runs[1]);
    assert!(runs.iter().all(|span| span.attributes["faas.invocation_id"].len() == 36));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_is_tried_again_shows_its_attempts_and_a_failure_its_type() {
    let (directory, collector) = (TempDir::new().unwrap(), Collector::start(Manner::Takes).await);
    let server = traced(&directory, &collector).open().await;
    let plan = json!([{ "flaky": "s", "fails": 2, "delay": 1 }, { "fail": "OutOfLuck" }]);
    let arn = server.plan("flow", plan).await;
    server.closed(&arn).await;
    let spans = collector.until("flow").await;
    assert_one_tree(&spans, &trace_of(&arn));

    let step = one(&spans, "s");
    assert!(step.has("aws.lambda.durable.operation.attempts", "3") && !step.failed, "{step:?}");
    let mut attempts: Vec<_> = spans.iter().filter(|span| span.name == "s attempt").collect();
    attempts.sort_by_key(|span| span.attributes["aws.lambda.durable.operation.attempt"].clone());
    assert!(attempts.iter().all(|attempt| attempt.parent == step.id));
    assert_eq!(attempts.iter().map(|it| it.failed).collect::<Vec<_>>(), [true, true, false]);
    assert!(attempts[0].has("error.type", "Error"));
    for pair in attempts.windows(2) {
        assert!(pair[0].ended + 1_000_000_000 <= pair[1].started, "the delay lies between them");
    }
    assert_eq!((attempts[0].started, attempts[2].ended), (step.started, step.ended));

    let root = one(&spans, "flow");
    assert!(root.failed && root.has("error.type", "OutOfLuck"), "{root:?}");
    let runs = spans.iter().filter(|span| span.name == "flow invocation" && span.failed).count();
    assert_eq!(runs, 1, "only the last one failed");
    assert!(!format!("{:?}", collector.received()).contains("as planned"), "no messages");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_execution_invokes_is_in_its_trace() {
    let (directory, collector) = (TempDir::new().unwrap(), Collector::start(Manner::Takes).await);
    let server = traced(&directory, &collector).open().await;
    let inner = json!({ "plan": [{ "invoke": "deep", "function": "plain", "input": "{}" }] });
    let plan = json!([
        { "open": "c" },
        { "invoke": "durable", "function": "child:$LATEST", "input": inner.to_string(), "within": "c" },
        { "close": "c" },
        { "invoke": "broken", "function": "plain", "input": "\"fail\"", "caught": true },
    ]);
    let arn = server.plan("flow", plan).await;
    server.closed(&arn).await;
    let spans = collector.until("flow").await;
    assert_one_tree(&spans, &trace_of(&arn));
    assert_eq!(one(&spans, "CONTEXT").parent, one(&spans, "flow").id);
    assert_eq!(one(&spans, "durable").parent, one(&spans, "CONTEXT").id);
    assert_eq!(one(&spans, "child").parent, one(&spans, "durable").id);
    assert!(one(&spans, "durable").has("faas.invoked_name", "child"));
    assert_eq!(one(&spans, "deep").parent, one(&spans, "child").id);
    let plain = |parent: &Seen| {
        let mut found = spans.iter().filter(|span| span.name == "plain");
        found.find(|span| span.parent == parent.id).cloned().unwrap()
    };
    assert!(!plain(one(&spans, "deep")).failed);
    let broken = one(&spans, "broken");
    assert!(broken.failed && broken.has("error.type", "Refused"));
    assert!(plain(broken).failed && plain(broken).has("error.type", "Refused"));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_callers_trace_is_continued_and_its_decision_respected() {
    let (directory, collector) = (TempDir::new().unwrap(), Collector::start(Manner::Takes).await);
    let server = traced(&directory, &collector).open().await;
    let invoke = async |sampled: &str| {
        let request = Request::post("/2015-03-31/functions/header:$LATEST/invocations")
            .header("X-Amzn-Trace-Id", format!("{HEADER};Sampled={sampled}"))
            .body(Bytes::from_static(b"{}"))
            .unwrap();
        let reply = server.send(request).await;
        let arn = reply.header("x-amz-durable-execution-arn").unwrap().to_owned();
        (arn, serde_json::from_slice::<String>(reply.text().as_bytes()).unwrap())
    };
    let (_, told) = invoke("0").await;
    assert!(told.ends_with(";Sampled=0"), "{told}");
    let (arn, told) = invoke("1").await;
    let spans = collector.until("header").await;
    let (root, run) = (one(&spans, "header"), one(&spans, "header invocation"));
    assert_eq!((root.trace.as_str(), root.parent.as_str()), (TRACE, "53995c3f42cd8ad8"));
    assert!(root.has("aws.lambda.durable.execution.arn", &arn), "the first one was not sampled");
    // The function is told of its own place in the trace; the execution keeps what its caller sent.
    let expected = format!("Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent={};Sampled=1", run.id);
    assert_eq!(told, expected);
    let shown = server.execution(&arn).await;
    assert_eq!(shown["TraceHeader"]["XAmznTraceId"], format!("{HEADER};Sampled=1"));

    let plain = Request::post("/2015-03-31/functions/plain/invocations")
        .header("X-Amzn-Trace-Id", format!("{HEADER};Sampled=1"))
        .body(Bytes::from_static(b"{}"))
        .unwrap();
    server.send(plain).await;
    let spans = collector.until("plain").await;
    assert_eq!(one(&spans, "plain").parent, "53995c3f42cd8ad8");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_open_when_an_execution_is_stopped_is_shown_as_that() {
    let (directory, collector) = (TempDir::new().unwrap(), Collector::start(Manner::Takes).await);
    let server = traced(&directory, &collector).open().await;
    let arn = server.plan("flow", json!([{ "wait": "w", "seconds": 3600 }])).await;
    server.history_until(&arn, "InvocationCompleted").await;
    assert_eq!(server.stop(&arn, "{}").await.status, 200);
    let spans = collector.until("flow").await;
    assert_one_tree(&spans, &trace_of(&arn));
    let root = one(&spans, "flow");
    assert!(root.failed && root.has("aws.lambda.durable.execution.status", "STOPPED"));
    let wait = one(&spans, "w");
    assert!(wait.has(STATUS, "STARTED") && wait.ended == root.ended && !wait.failed, "{wait:?}");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_carry_the_resource_and_the_headers_that_were_asked_for() {
    let (directory, collector) = (TempDir::new().unwrap(), Collector::start(Manner::Takes).await);
    let more = [
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=secret"),
        ("OTEL_SERVICE_NAME", "shop"),
        ("OTEL_RESOURCE_ATTRIBUTES", "team=blue"),
    ];
    let traces = settings(collector.address, &more);
    let server = setup(directory.path()).with(|setup| setup.config.traces = traces).open().await;
    server.plan("flow", json!([])).await;
    collector.until("flow").await;
    let headers = collector.headers();
    assert_eq!(headers["x-key"], "secret");
    assert_eq!(headers["content-type"], "application/x-protobuf");
    let resource = collector.received()[0].resource_spans[0].resource.clone().unwrap();
    let attributes: Vec<_> = resource.attributes.into_iter().map(attribute).collect();
    for (key, value) in [
        ("service.name", "shop"),
        ("team", "blue"),
        ("cloud.provider", "aws"),
        ("cloud.region", "us-east-1"),
    ] {
        assert!(attributes.contains(&(key.to_owned(), value.to_owned())), "{attributes:?}");
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shutdown_sends_what_is_left() {
    let (directory, collector) = (TempDir::new().unwrap(), Collector::start(Manner::Takes).await);
    // By itself it would wait for more for a minute.
    let traces = settings(collector.address, &[("OTEL_BSP_SCHEDULE_DELAY", "60000")]);
    let server = setup(directory.path()).with(|setup| setup.config.traces = traces).open().await;
    let arn = server.plan("flow", json!([{ "step": "a" }])).await;
    server.closed(&arn).await;
    server.close().await;
    assert_one_tree(&collector.spans(), &trace_of(&arn));
    assert_eq!((collector.spans().len(), collector.requests()), (3, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn executions_go_on_whatever_the_collector_does() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let refusing = Collector::start(Manner::Refuses(500)).await;
    let hanging = Collector::start(Manner::Hangs).await;
    for address in [nobody, refusing.address, hanging.address] {
        let directory = TempDir::new().unwrap();
        let small = [("OTEL_BSP_MAX_QUEUE_SIZE", "4"), ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "2")];
        let traces = settings(address, &small);
        let server =
            setup(directory.path()).with(|setup| setup.config.traces = traces).open().await;
        for _ in 0..20 {
            let arn = server.plan("flow", json!([{ "step": "a" }, { "step": "b" }])).await;
            assert_eq!(server.closed(&arn).await["Status"], "SUCCEEDED", "{address}");
        }
        server.close().await;
    }
    assert!(refusing.requests() > 1, "what is refused for good is not sent again, and the next is");
    assert!(hanging.requests() > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spans_are_sent_again_to_a_collector_that_asks_for_it() {
    let (directory, collector) =
        (TempDir::new().unwrap(), Collector::start(Manner::Refuses(503)).await);
    let server = traced(&directory, &collector).open().await;
    let arn = server.plan("flow", json!([{ "step": "a" }])).await;
    server.closed(&arn).await;
    eventually("it is asked", async || (collector.requests() > 0).then_some(())).await;
    collector.behave(Manner::Takes);
    collector.until("flow").await;
    assert_one_tree(&collector.spans(), &trace_of(&arn));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_settings_nothing_is_sent_and_headers_stay_as_they_are() {
    let directory = TempDir::new().unwrap();
    let server = setup(directory.path()).open().await;
    let plan = json!([{ "invoke": "i", "function": "plain" }]);
    let arn = server.plan("flow", plan).await;
    server.closed(&arn).await;
    let ended = &server.history(&arn).await[3];
    let result = &ended["ChainedInvokeSucceededDetails"]["Result"]["Payload"];
    assert_eq!(result, "null", "no header: {ended}");
    server.close().await;
}

const DIRECTORY: &str = "DURABLE_TEST_TRACES_DIRECTORY";
const COLLECTOR: &str = "DURABLE_TEST_TRACES_COLLECTOR";
const NAME: &str = "killed";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a first life: the next test runs it in a process of its own and kills it"]
async fn first_life() {
    let directory = PathBuf::from(std::env::var_os(DIRECTORY).expect("run by another test"));
    let address = std::env::var(COLLECTOR).unwrap().parse().unwrap();
    let traces = settings(address, &[]);
    let server = setup(&directory).with(|setup| setup.config.traces = traces).open().await;
    let child = json!({ "plan": [{ "step": "inside" }] }).to_string();
    let plan = json!([
        { "invoke": "i", "function": "child:$LATEST", "input": child },
        { "flaky": "a", "fails": 1, "delay": 1 },
        { "step": "b", "hang": true },
        { "step": "c" },
    ]);
    server.start("flow", Some(NAME), &json!({ "plan": plan })).await;
    tokio::time::sleep(DEADLINE).await;
}

/// Killed at the latest when the test ends.
struct Life(Child);

impl Drop for Life {
    fn drop(&mut self) {
        // SIGKILL. It may be dead already, which is what is wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_execution_that_outlives_its_server_is_one_trace() {
    let (directory, collector) = (TempDir::new().unwrap(), Collector::start(Manner::Takes).await);
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "traces::first_life", "--ignored", "--nocapture"])
        .env(DIRECTORY, directory.path())
        .env(COLLECTOR, collector.address.to_string())
        .env(MORTAL, "1")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let life = Life(command.spawn().unwrap());
    let before = collector.until("a").await;
    assert!(before.iter().any(|span| span.name == "inside"));
    assert!(before.iter().all(|span| span.name != "flow"), "the root comes at the end");
    drop(life);

    let server = traced(&directory, &collector).open().await;
    collector.until("flow").await;
    server.close().await;
    let spans = collector.spans();
    let arn = &one(&spans, "flow").attributes["aws.lambda.durable.execution.arn"];
    assert_one_tree(&spans, &trace_of(arn));
    for name in ["i", "child", "inside", "a", "b", "c"] {
        one(&spans, name);
    }
    // The second life took b up where the first had begun it.
    assert!(one(&spans, "b").started <= one(&spans, "c").started);
    assert!(one(&spans, "b").started >= one(&spans, "a").ended);
}
