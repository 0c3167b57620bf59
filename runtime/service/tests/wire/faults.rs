//! Goal: when the disk fails, the write that failed and all later ones say so, reading goes on, and the next start finds
//! everything that was acknowledged and nothing by halves.
//!
//! Method: a backend that fails its n-th commit, once before anything is written and once after everything is (an fsync
//! that reports an error for data that arrived); and one whose file may not grow, so that SQLite itself reports a full
//! disk. The same workload of mixed executions is run for every n until it gets through unharmed.

use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use durable_store::{Backend, Outcome, Write};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::workflow::{Note, run};
use crate::support::{Reply, Server, Setup, eventually};

const CAUSE: &str = "injected: the disk is gone";

#[derive(Clone, Copy, Debug)]
enum Fault {
    /// The n-th commit writes nothing and fails.
    Before(u64),
    /// The n-th commit writes everything and fails all the same.
    After(u64),
    /// From the n-th commit on the file cannot grow.
    Full(u64),
}

struct Faulty {
    inner: Box<dyn Backend>,
    fault: Fault,
    commits: Arc<AtomicU64>,
}

impl Backend for Faulty {
    fn commit(&mut self, batch: &[Write]) -> Result<Vec<Outcome>, String> {
        let number = self.commits.fetch_add(1, Ordering::SeqCst) + 1;
        match self.fault {
            Fault::Before(at) if number == at => return Err(CAUSE.to_owned()),
            Fault::After(at) if number == at => {
                self.inner.commit(batch)?;
                return Err(CAUSE.to_owned());
            }
            // SQLite does not go below what the file has already.
            Fault::Full(at) if number == at => self.inner.limit_pages(1)?,
            _ => {}
        }
        self.inner.commit(batch)
    }
}

/// What clients and functions were told.
#[derive(Clone, Default)]
struct Told {
    /// Steps whose end was acknowledged, as `name/step`.
    done: Arc<Mutex<HashSet<String>>>,
    /// Steps whose body ran, as `name/step`.
    runs: Arc<Mutex<Vec<String>>>,
}

fn setup(directory: &Path, told: &Told) -> Setup {
    let told = told.clone();
    Setup::new(directory).durable("flow", move |turn| {
        let told = told.clone();
        async move {
            let name = turn.arn().rsplit('/').nth(1).unwrap().to_owned();
            run(turn, move |note| match note {
                Note::Run(step) => told.runs.lock().unwrap().push(format!("{name}/{step}")),
                Note::Done(step) => {
                    told.done.lock().unwrap().insert(format!("{name}/{step}"));
                }
                Note::Hangs => {}
            })
            .await
        }
    })
}

/// What was acknowledged to clients.
#[derive(Debug, Default)]
struct Acknowledged {
    started: Vec<String>,
    refused: Vec<&'static str>,
    answered: Vec<String>,
    stopped: Vec<String>,
}

fn is_ready(reply: &Reply) -> bool {
    reply.status == 200
}

/// Waits for something that will not come once the store is poisoned.
async fn unless_poisoned<T>(
    server: &Server,
    what: &str,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> Option<T> {
    eventually(what, async || {
        // The order counts: what was there before the store was poisoned is seen.
        let ready = is_ready(&server.get("/readyz").await);
        match look().await {
            Some(value) => Some(Some(value)),
            None => (!ready).then_some(None),
        }
    })
    .await
}

async fn start(
    server: &Server,
    told: &mut Acknowledged,
    name: &'static str,
    plan: Value,
) -> Option<String> {
    // Inputs that fill pages, so that a file which cannot grow is full soon.
    let input = json!({ "plan": plan, "ballast": "x".repeat(3000) });
    let reply = server.try_start("flow", Some(name), &input).await;
    if reply.status != 202 {
        assert_refused(&reply);
        told.refused.push(name);
        return None;
    }
    let arn = reply.header("x-amz-durable-execution-arn").unwrap().to_owned();
    told.started.push(arn.clone());
    Some(arn)
}

fn assert_refused(reply: &Reply) {
    assert_eq!((reply.status, reply.code()), (500, "ServiceException"), "{}", reply.text());
    let text = reply.message();
    let cause = text.contains(CAUSE) || text.contains("database or disk is full");
    assert!(
        cause && text.starts_with("the store refuses writes because a commit failed"),
        "{text}"
    );
}

async fn callback_id(server: &Server, arn: &str) -> Option<String> {
    unless_poisoned(server, "the callback is open", async || {
        let events = server.history(arn).await;
        let started = events.iter().find(|event| event["EventType"] == "CallbackStarted")?;
        Some(started["CallbackStartedDetails"]["CallbackId"].as_str()?.to_owned())
    })
    .await
}

async fn wait_closed(server: &Server, arn: &str) -> Option<()> {
    unless_poisoned(server, "the execution closes", async || {
        (server.status(arn).await != "RUNNING").then_some(())
    })
    .await
}

/// Mixed executions, one thing after the other; ends early when something is refused.
async fn workload(server: &Server, told: &mut Acknowledged) -> Option<()> {
    let steps = start(server, told, "steps", json!([{ "step": "a" }, { "step": "b" }])).await?;
    wait_closed(server, &steps).await?;
    let plan = json!([{ "step": "a" }, { "callback": "c" }, { "step": "b" }]);
    let answered = start(server, told, "answered", plan).await?;
    let stopped = start(server, told, "stopped", json!([{ "callback": "c" }])).await?;
    let failing = start(server, told, "failing", json!([{ "step": "a" }, { "fail": "E" }])).await?;
    let id = callback_id(server, &answered).await?;
    for operation in ["heartbeat", "succeed"] {
        let reply = server.callback(&id, operation, "").await;
        if reply.status != 200 {
            assert_refused(&reply);
            return None;
        }
    }
    told.answered.push(answered.clone());
    callback_id(server, &stopped).await?;
    let reply = server.stop(&stopped, "").await;
    if reply.status != 200 {
        assert_refused(&reply);
        return None;
    }
    told.stopped.push(stopped);
    wait_closed(server, &answered).await?;
    wait_closed(server, &failing).await
}

/// While the store refuses writes, everything that can be read is read, and nothing is taken.
async fn assert_reads_only(server: &Server, told: &Acknowledged) {
    eventually("the server is not ready", async || {
        let reply = server.get("/readyz").await;
        (reply.status == 503 && reply.text().starts_with("not ready: the store refuses writes"))
            .then_some(())
    })
    .await;
    assert!(is_ready(&server.get("/healthz").await));
    assert_refused(&server.try_start("flow", Some("later"), &json!({ "plan": [] })).await);
    let listed = server.get("/2025-12-01/functions/flow/durable-executions").await.ok();
    let listed = listed["DurableExecutions"].as_array().unwrap().len();
    assert!(listed >= told.started.len());
    for arn in &told.started {
        assert_sound(&server.history(arn).await);
        if server.status(arn).await == "RUNNING" {
            assert_refused(&server.stop(arn, "").await);
        }
    }
    for arn in &told.stopped {
        assert_eq!(server.status(arn).await, "STOPPED");
    }
}

fn assert_sound(events: &[Value]) {
    assert_eq!(events[0]["EventType"], "ExecutionStarted");
    for (position, event) in events.iter().enumerate() {
        assert_eq!(event["EventId"], position + 1);
    }
}

/// The next life: everything acknowledged is there, and everything comes to its end.
async fn assert_nothing_lost(directory: &Path, fault: Fault, first: &Told, told: &Acknowledged) {
    let second = Told::default();
    let server = setup(directory, &second).open().await;
    let listed = server.get("/2025-12-01/functions/flow/durable-executions").await.ok();
    let listed = listed["DurableExecutions"].as_array().unwrap().clone();
    for arn in &told.started {
        assert!(listed.iter().any(|shown| shown["DurableExecutionArn"] == *arn), "{fault:?} {arn}");
    }
    if !matches!(fault, Fault::After(_)) {
        for name in &told.refused {
            let is_there = listed.iter().any(|shown| shown["DurableExecutionName"] == *name);
            assert!(!is_there, "{fault:?}: {name} was refused and exists");
        }
    }
    for shown in &listed {
        let arn = shown["DurableExecutionArn"].as_str().unwrap();
        assert_sound(&server.history(arn).await);
        eventually("the execution goes on to its end", async || {
            if server.status(arn).await != "RUNNING" {
                return Some(());
            }
            let events = server.history(arn).await;
            let started = events.iter().find(|event| event["EventType"] == "CallbackStarted")?;
            let id = started["CallbackStartedDetails"]["CallbackId"].as_str()?;
            server.callback(id, "succeed", "").await;
            None
        })
        .await;
        assert_sound(&server.history(arn).await);
    }
    for arn in &told.stopped {
        assert_eq!(server.status(arn).await, "STOPPED", "{fault:?}");
    }
    for arn in &told.answered {
        let types = server.event_types(arn).await;
        assert!(types.iter().any(|kind| kind == "CallbackSucceeded"), "{fault:?} {types:?}");
    }
    let done = first.done.lock().unwrap().clone();
    for step in second.runs.lock().unwrap().iter() {
        assert!(!done.contains(step), "{fault:?}: {step} was acknowledged and run again");
    }
    // The name of a refused start is free or means the same execution; in any case the server takes writes.
    server.plan("flow", json!([{ "step": "a" }])).await;
    server.close().await;
}

/// Runs the workload with this fault; false if it came too late to do harm.
async fn survives(fault: Fault) -> bool {
    let directory = TempDir::new().unwrap();
    let (first, mut told) = (Told::default(), Acknowledged::default());
    let commits = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&commits);
    let server = setup(directory.path(), &first)
        .with(|setup| {
            setup.wrap =
                Box::new(move |inner| Box::new(Faulty { inner: Box::new(inner), fault, commits }));
        })
        .open()
        .await;
    let through = workload(&server, &mut told).await.is_some();
    let poisoned = !is_ready(&server.get("/readyz").await);
    if poisoned {
        assert_reads_only(&server, &told).await;
    } else {
        assert!(through, "{fault:?}: refused by a healthy store after {counted:?} commits");
    }
    server.close().await;
    assert_nothing_lost(directory.path(), fault, &first, &told).await;
    poisoned
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whichever_commit_fails_nothing_acknowledged_is_lost() {
    let mut harmed = 0;
    // Group commit decides how many there are; the workload has at least one per thing it waits for.
    for number in 1..=60 {
        let fault =
            if number % 2 == 0 { Fault::Before(number / 2) } else { Fault::After(number / 2 + 1) };
        harmed += u32::from(survives(fault).await);
    }
    assert!(harmed >= 20, "only {harmed} faults hit the workload");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fills_up_anywhere_loses_nothing() {
    let mut harmed = 0;
    for number in [1, 2, 3, 5, 8, 12, 16, 20] {
        harmed += u32::from(survives(Fault::Full(number)).await);
    }
    assert!(harmed >= 3, "only {harmed} disks were full");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_damaged_journal_keeps_no_other_execution_asleep() {
    let directory = TempDir::new().unwrap();
    let told = Told::default();
    let server = setup(directory.path(), &told).open().await;
    let damaged = server.plan("flow", json!([{ "wait": "w", "seconds": 1 }])).await;
    server.history_until(&damaged, "InvocationCompleted").await;
    let healthy = server.plan("flow", json!([{ "wait": "w", "seconds": 1 }])).await;
    server.history_until(&healthy, "InvocationCompleted").await;
    server.close().await;

    let id = damaged.rsplit('/').next().unwrap();
    let journal = rusqlite::Connection::open(directory.path().join("journal.db")).unwrap();
    let sql = "UPDATE journal SET body = CAST('{' AS BLOB) WHERE seq = 1 AND execution =
               (SELECT key FROM executions WHERE id = ?1)";
    assert_eq!(journal.execute(sql, [id]).unwrap(), 1);
    drop(journal);

    let server = setup(directory.path(), &told).open().await;
    assert_eq!(server.closed(&healthy).await["Status"], "SUCCEEDED");
    let reply = server.read(&damaged, "/history").await;
    assert_eq!((reply.status, reply.code()), (500, "ServiceException"));
    assert!(reply.message().contains("is damaged at record 1"), "{}", reply.message());
    assert!(is_ready(&server.get("/readyz").await));
    server.close().await;
}
