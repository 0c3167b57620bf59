//! Goal: what a scraper reads is well formed, says what happened, and does not grow with what happens.
//!
//! Method: scripts with a known number of steps, failures and timers, and a strict reader of both text formats
//! (`support::exposition`), which every answer here goes through.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use durable_functions::HandlerFunction;
use durable_service::Clock;
use durable_store::{Backend, Outcome, SqliteBackend, Write};
use http::Request;
use lambda_runtime::LambdaEvent;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::exposition::Exposition;
use crate::support::{Held, Reply, Server, Setup, eventually, package, pending, workflow};

/// Every label that there may be: none of them is an execution's.
const LABELS: [&str; 11] = [
    "api",
    "code",
    "file",
    "function",
    "le",
    "operation",
    "outcome",
    "state",
    "status",
    "type",
    "version",
];

async fn scrape(server: &Server) -> Exposition {
    let reply = server.get("/metrics").await;
    assert_eq!(reply.status, 200);
    Exposition::plain(&reply.text())
}

async fn accepting(server: &Server, accept: &str) -> Reply {
    let request = Request::get("/metrics").header("accept", accept).body(Bytes::new());
    server.send(request.unwrap()).await
}

async fn call(server: &Server, function: &str, payload: &str) -> Reply {
    let path = format!("/2015-03-31/functions/{function}/invocations");
    server.post(&path, payload.to_owned()).await
}

/// A request for the tables.
async fn table(server: &Server, operation: &str, body: &Value) -> Reply {
    let target = format!("DynamoDB_20120810.{operation}");
    let request = Request::post("/").header("x-amz-target", target);
    server.send(request.body(Bytes::from(body.to_string())).unwrap()).await
}

async fn plain(event: LambdaEvent<Value>) -> Result<Value, lambda_runtime::Error> {
    match event.payload["do"].as_str() {
        Some("fail") => Err("it failed".into()),
        Some("hang") => std::future::pending().await,
        _ => Ok(Value::Null),
    }
}

fn flow(directory: &TempDir) -> Setup {
    Setup::new(directory.path()).durable("flow", |turn| workflow::run(turn, |_| {}))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scraper_gets_the_format_that_it_asks_for_and_the_same_metrics_in_both() {
    let directory = TempDir::new().unwrap();
    let server = flow(&directory).open().await;
    let arn = server.plan("flow", json!([{ "step": "s" }])).await;
    server.closed(&arn).await;
    let text = accepting(&server, "*/*").await;
    assert_eq!(text.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let open = "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.3";
    let open = accepting(&server, open).await;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(open.header("content-type"), Some(kind));
    let (text, open) = (Exposition::plain(&text.text()), Exposition::open_metrics(&open.text()));
    assert_eq!(text.names(), open.names());
    assert!(text.names().len() > 35, "{:?}", text.names());
    let started = |read: &Exposition| read.value("durable_executions_started_total", &[]);
    assert_eq!((started(&text), started(&open)), (1.0, 1.0));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn executions_with_their_steps_timers_and_invocations_are_counted() {
    let directory = TempDir::new().unwrap();
    let server = flow(&directory).open().await;
    let plan = json!([{ "flaky": "f", "fails": 1, "delay": 1 }, { "step": "s" }]);
    let retried = server.plan("flow", plan).await;
    let failing = server.plan("flow", json!([{ "fail": "Boom" }])).await;
    assert_eq!(server.closed(&retried).await["Status"], "SUCCEEDED");
    assert_eq!(server.closed(&failing).await["Status"], "FAILED");
    let read = scrape(&server).await;
    let flow = ("function", "flow");
    let of_flow = |name: &str| read.value(name, &[flow]);
    assert_eq!(of_flow("durable_executions_started_total"), 2.0);
    for (status, count) in
        [("SUCCEEDED", 1.0), ("FAILED", 1.0), ("TIMED_OUT", 0.0), ("STOPPED", 0.0)]
    {
        let closed = read.value("durable_executions_closed_total", &[flow, ("status", status)]);
        assert_eq!(closed, count, "{status}");
    }
    assert_eq!(of_flow("durable_execution_duration_seconds_count"), 2.0);
    assert!(of_flow("durable_execution_duration_seconds_sum") >= 1.0);
    assert_eq!(read.value("durable_executions_open", &[]), 0.0);
    assert_eq!(read.value("durable_executions_resident", &[]), 0.0);
    // The first attempt, the put-off, the second attempt, its end; and the other step.
    assert_eq!(read.value("durable_checkpoints_total", &[]), 6.0);
    for (status, count) in
        [("STARTED", 3.0), ("PENDING", 1.0), ("READY", 1.0), ("SUCCEEDED", 2.0), ("FAILED", 0.0)]
    {
        let labels = [("type", "STEP"), ("status", status)];
        assert_eq!(read.value("durable_operations_total", &labels), count, "{status}");
    }
    assert_eq!(of_flow("durable_step_retries_total"), 1.0);
    assert_eq!(of_flow("durable_invocation_retries_total"), 0.0);
    assert_eq!(read.value("durable_timer_lateness_seconds_count", &[]), 1.0);
    let outcome = |outcome| read.value("durable_invocations_total", &[flow, ("outcome", outcome)]);
    assert_eq!((outcome("SUCCEEDED"), outcome("FAILED")), (3.0, 0.0));
    assert_eq!(of_flow("durable_invocation_duration_seconds_count"), 3.0);
    assert_eq!(of_flow("durable_invocations_running"), 0.0);
    assert_eq!(of_flow("durable_invocations_queued"), 0.0);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_journal_and_its_files_are_measured() {
    let directory = TempDir::new().unwrap();
    let server = flow(&directory).open().await;
    let before = scrape(&server).await;
    let arn = server.plan("flow", json!([{ "step": "s" }])).await;
    server.closed(&arn).await;
    let after = scrape(&server).await;
    let grown = |name| after.value(name, &[]) - before.value(name, &[]);
    // The start, two checkpoints and the end; each is one write, and no two of them can share a commit.
    assert_eq!(grown("durable_journal_commit_writes_sum"), 4.0);
    assert_eq!(grown("durable_journal_commit_duration_seconds_count"), 4.0);
    assert!(grown("durable_journal_commit_duration_seconds_sum") > 0.0);
    assert!(grown("durable_journal_record_bytes_total") > 100.0);
    for level in ["durable_journal_queue_writes", "durable_journal_poisoned"] {
        assert_eq!(after.value(level, &[]), 0.0, "{level}");
    }
    for file in ["journal.db", "journal.db-wal", "dynamodb.db", "logs.db"] {
        let size = after.value("durable_file_size_bytes", &[("file", file)]);
        let on_disk = std::fs::metadata(directory.path().join(file)).unwrap().len();
        assert_eq!(size, on_disk as f64, "{file}");
    }
    let free = after.value("durable_disk_free_bytes", &[]);
    assert!(free > 0.0 && free <= after.value("durable_disk_size_bytes", &[]));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_runs_what_waits_and_what_is_open_are_told_while_it_is_so() {
    let mut held = Held::open_with(|setup| setup.functions[0].concurrency_max = 1).await;
    let (_turn, output) = held.start().await;
    for _ in 0..2 {
        held.server.start("held", None, &json!({})).await;
    }
    let read = scrape(&held.server).await;
    let of_held = |name: &str| read.value(name, &[("function", "held")]);
    assert_eq!(of_held("durable_invocations_running"), 1.0);
    assert_eq!(of_held("durable_invocations_queued"), 2.0);
    assert_eq!(read.value("durable_executions_open", &[]), 3.0);
    assert_eq!(read.value("durable_executions_resident", &[]), 3.0);
    // Nothing is due: the timeouts of the executions are the next timers.
    assert_eq!(read.value("durable_timer_overdue_seconds", &[]), 0.0);
    output.send(pending()).unwrap();
    held.server.close_at_once().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_way_in_which_an_invocation_ends_has_its_count() {
    let directory = TempDir::new().unwrap();
    let server = Setup::new(directory.path())
        .plain("plain", HandlerFunction::new(plain))
        .plain("full", HandlerFunction::new(plain))
        .with(|setup| {
            setup.functions[0].timeout = Duration::from_millis(200);
            setup.functions[1].concurrency_max = 0;
        })
        .open()
        .await;
    for (payload, times) in [("{}", 3), ("{\"do\":\"fail\"}", 2), ("{\"do\":\"hang\"}", 1)] {
        for _ in 0..times {
            assert_eq!(call(&server, "plain", payload).await.status, 200);
        }
    }
    assert_eq!(call(&server, "full", "{}").await.status, 429);
    let read = scrape(&server).await;
    for (outcome, count) in
        [("SUCCEEDED", 3.0), ("FAILED", 2.0), ("TIMED_OUT", 1.0), ("THROTTLED", 0.0)]
    {
        let labels = [("function", "plain"), ("outcome", outcome)];
        assert_eq!(read.value("durable_invocations_total", &labels), count, "{outcome}");
    }
    assert_eq!(read.value("durable_throttles_total", &[("function", "full")]), 1.0);
    assert_eq!(read.value("durable_throttles_total", &[("function", "plain")]), 0.0);
    let http =
        |code| read.value("durable_http_requests_total", &[("api", "lambda"), ("code", code)]);
    assert_eq!((http("2xx"), http("4xx"), http("5xx")), (6.0, 1.0, 0.0));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_to_the_tables_are_counted_by_operation_and_invented_ones_together() {
    let directory = TempDir::new().unwrap();
    let server = Setup::new(directory.path()).open().await;
    for _ in 0..2 {
        assert_eq!(table(&server, "ListTables", &json!({})).await.status, 200);
    }
    let missing = json!({ "TableName": "missing", "Key": { "id": { "S": "1" } } });
    assert_eq!(table(&server, "GetItem", &missing).await.status, 400);
    for number in 0..50 {
        let invented = format!("Invented{number}");
        assert_eq!(table(&server, &invented, &json!({})).await.status, 400);
    }
    let read = scrape(&server).await;
    let requests = read.family("durable_dynamodb_requests_total");
    assert_eq!(requests.values_of("operation"), BTreeSet::from(["GetItem", "ListTables", "other"]));
    for (operation, code, count) in
        [("ListTables", "2xx", 2.0), ("GetItem", "4xx", 1.0), ("other", "4xx", 50.0)]
    {
        let labels = [("operation", operation), ("code", code)];
        assert_eq!(read.value("durable_dynamodb_requests_total", &labels), count, "{operation}");
    }
    let taken = "durable_dynamodb_request_duration_seconds_count";
    assert_eq!(read.value(taken, &[("operation", "ListTables")]), 2.0);
    let labels = [("api", "dynamodb"), ("code", "4xx")];
    assert_eq!(read.value("durable_http_requests_total", &labels), 51.0);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_functions_have_a_bounded_number_of_series() {
    let directory = TempDir::new().unwrap();
    let names: Vec<String> = (0..1000).map(|number| format!("plain-{number}")).collect();
    let setup = names.iter().fold(Setup::new(directory.path()), |setup, name| {
        setup.plain(name, HandlerFunction::new(plain))
    });
    let server = setup.open().await;
    for name in &names {
        assert_eq!(call(&server, name, "{}").await.status, 200);
    }
    let read = scrape(&server).await;
    let invocations = read.family("durable_invocations_total");
    assert_eq!(invocations.values_of("function").len(), 201);
    let all: f64 = invocations.samples.iter().map(|(_, _, value)| value).sum();
    let other = [("function", "other"), ("outcome", "SUCCEEDED")];
    assert_eq!((all, read.value("durable_invocations_total", &other)), (1000.0, 800.0));
    let mut series = 0;
    for (name, family) in read.families() {
        assert!(family.values_of("function").len() <= 201, "{name}");
        for (_, labels, _) in &family.samples {
            assert!(labels.keys().all(|label| LABELS.contains(&label.as_str())), "{labels:?}");
        }
        series += family.samples.len();
    }
    assert!(series < 7_000, "{series}");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ids_and_names_of_executions_are_in_no_label() {
    let directory = TempDir::new().unwrap();
    let server = flow(&directory).open().await;
    let plan = json!({ "plan": [{ "step": "step-name" }] });
    let arn = server.start("flow", Some("execution-name"), &plan).await;
    server.closed(&arn).await;
    let text = server.get("/metrics").await.text();
    let id = arn.rsplit('/').next().unwrap();
    for unbounded in ["execution-name", "step-name", id] {
        assert!(!text.contains(unbounded), "{unbounded}");
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_timer_that_came_due_while_the_server_was_away_shows_how_late_it_is() {
    let directory = TempDir::new().unwrap();
    let ahead = |millis: i64| {
        move |setup: &mut Setup| {
            setup.config.clock = Clock::reading(move || {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
                since.as_millis() as i64 + millis
            });
        }
    };
    let long = |directory: &TempDir| {
        Setup::new(directory.path())
            .durable_for("flow", 100_000, |turn| workflow::run(turn, |_| {}))
    };
    let server = long(&directory).with(ahead(0)).open().await;
    let arn = server.plan("flow", json!([{ "wait": "w", "seconds": 600 }])).await;
    eventually("the invocation has ended", async || {
        server.event_types(&arn).await.contains(&"InvocationCompleted".to_owned()).then_some(())
    })
    .await;
    let read = scrape(&server).await;
    assert_eq!(read.value("durable_timer_lateness_seconds_count", &[]), 0.0);
    server.close().await;

    let server = long(&directory).with(ahead(900_000)).open().await;
    assert_eq!(server.closed(&arn).await["Status"], "SUCCEEDED");
    let read = scrape(&server).await;
    assert_eq!(read.value("durable_timer_lateness_seconds_count", &[]), 1.0);
    let late = read.value("durable_timer_lateness_seconds_sum", &[]);
    assert!((300.0..900.0).contains(&late), "{late}");
    let a_minute = read.value("durable_timer_lateness_seconds_bucket", &[("le", "60.0")]);
    assert_eq!(a_minute, 0.0);
    server.close().await;
}

/// Fails every commit once it is told to.
struct Failing {
    inner: SqliteBackend,
    fails: Arc<AtomicBool>,
}

impl Backend for Failing {
    fn commit(&mut self, batch: &[Write]) -> Result<Vec<Outcome>, String> {
        if self.fails.load(Ordering::SeqCst) {
            return Err("injected: the disk is gone".to_owned());
        }
        self.inner.commit(batch)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_refuses_writes_says_so_and_goes_on_answering_scrapers() {
    let directory = TempDir::new().unwrap();
    let fails = Arc::new(AtomicBool::new(false));
    let shared = Arc::clone(&fails);
    let server = flow(&directory)
        .with(|setup| {
            setup.wrap = Box::new(move |inner| Box::new(Failing { inner, fails: shared }));
        })
        .open()
        .await;
    assert_eq!(scrape(&server).await.value("durable_journal_poisoned", &[]), 0.0);
    fails.store(true, Ordering::SeqCst);
    for _ in 0..3 {
        assert_eq!(server.try_start("flow", None, &json!({})).await.status, 500);
    }
    let read = scrape(&server).await;
    assert_eq!(read.value("durable_journal_poisoned", &[]), 1.0);
    // Only the first one was tried.
    assert_eq!(read.value("durable_journal_commit_failures_total", &[]), 1.0);
    let labels = [("api", "lambda"), ("code", "5xx")];
    assert_eq!(read.value("durable_http_requests_total", &labels), 3.0);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_of_functions_are_counted_and_so_is_this_one() {
    let directory = TempDir::new().unwrap();
    let server = Setup::new(directory.path()).open().await;
    package::create(&server, "deployed", "v1").await;
    let none = scrape(&server).await;
    assert!(none.family("durable_function_processes").samples.is_empty());
    assert_eq!(call(&server, "deployed", "{}").await.status, 200);
    let read = eventually("the process is idle", async || {
        let read = scrape(&server).await;
        let labels = [("function", "deployed"), ("state", "idle")];
        (read.value("durable_function_processes", &labels) == 1.0).then_some(read)
    })
    .await;
    let labels = [("function", "deployed"), ("state", "busy")];
    assert_eq!(read.value("durable_function_processes", &labels), 0.0);

    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    let started = read.value("process_start_time_seconds", &[]);
    assert!(started > 1.7e9 && started <= now + 1.0, "{started}, and it is {now}");
    assert!(read.value("process_resident_memory_bytes", &[]) > 1e6);
    assert!(read.value("process_cpu_seconds_total", &[]) > 0.0);
    let open = read.value("process_open_fds", &[]);
    assert!(open > 3.0 && open < read.value("process_max_fds", &[]), "{open}");
    assert_eq!(read.value("durable_build_info", &[("version", env!("CARGO_PKG_VERSION"))]), 1.0);
    assert_eq!(read.value("durable_log_events_dropped_total", &[]), 0.0);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_in_one_process_count_each_for_itself() {
    let directories = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    let (busy, idle) = (flow(&directories[0]).open().await, flow(&directories[1]).open().await);
    let arn = busy.plan("flow", json!([{ "step": "s" }])).await;
    busy.closed(&arn).await;
    let checkpoints = "durable_checkpoints_total";
    assert_eq!(scrape(&busy).await.value(checkpoints, &[]), 2.0);
    assert_eq!(scrape(&idle).await.value(checkpoints, &[]), 0.0);
    busy.close().await;
    idle.close().await;
}
