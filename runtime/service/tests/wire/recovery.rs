//! Goal: whatever is going on when the process dies, the next one takes up what is open, leaves alone what waits, runs
//! nothing again that was acknowledged, and lets nothing in from the first life.
//!
//! Method: the first life runs in a child process (this test binary again), which is killed with SIGKILL: nothing of it
//! gets to clean up, and the system frees its lock. Both lives write what they do into one log file. The second life
//! runs here.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Semaphore;

use crate::execution_lines;
use crate::support::workflow::{MORTAL, Note, run};
use crate::support::{DEADLINE, Server, Setup, Turn, eventually, within};

/// Where the child works.
const DIRECTORY: &str = "DURABLE_TEST_DIRECTORY";
/// What it starts: `{name: plan}`, or nothing for executions without end.
const PLANS: &str = "DURABLE_TEST_PLANS";

/// One line per thing that happened, by both lives, in order: an append is one write.
#[derive(Clone)]
struct Log(PathBuf);

impl Log {
    fn of(directory: &Path) -> Self {
        Self(directory.join("test.log"))
    }

    fn write(&self, line: &str) {
        let file = OpenOptions::new().create(true).append(true).open(&self.0);
        file.unwrap().write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    fn lines(&self) -> Vec<String> {
        let text = std::fs::read_to_string(&self.0).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn has(&self, line: &str) -> bool {
        self.lines().iter().any(|written| written == line)
    }
}

fn name_of(arn: &str) -> &str {
    arn.rsplit('/').nth(1).unwrap()
}

/// The function of both lives; `gate` holds back the executions whose name begins with `gated`.
fn setup(directory: &Path, gate: Arc<Semaphore>) -> Setup {
    let log = Log::of(directory);
    Setup::new(&directory.join("data")).durable("flow", move |turn: Turn| {
        let (log, gate) = (log.clone(), Arc::clone(&gate));
        async move {
            let name = name_of(turn.arn()).to_owned();
            log.write(&format!("token {name} {}", turn.token));
            if name.starts_with("gated") && std::env::var_os(MORTAL).is_none() {
                gate.acquire().await.unwrap().forget();
            }
            let noting = name.clone();
            run(turn, move |note| match note {
                Note::Run(step) => log.write(&format!("run {noting} {step}")),
                Note::Done(step) => log.write(&format!("done {noting} {step}")),
                Note::Hangs => log.write(&format!("hangs {noting}")),
            })
            .await
        }
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a first life: the other tests run it in a process of its own and kill it"]
async fn first_life() {
    let directory = PathBuf::from(std::env::var_os(DIRECTORY).expect("run by another test"));
    let log = Log::of(&directory);
    let server = setup(&directory, Arc::new(Semaphore::new(0))).open().await;
    let start = async |name: &str, plan: &Value| {
        let arn = server.start("flow", Some(name), &json!({ "plan": plan })).await;
        log.write(&format!("started {arn}"));
        arn
    };
    match std::env::var(PLANS) {
        Ok(plans) => {
            let plans: serde_json::Map<String, Value> = serde_json::from_str(&plans).unwrap();
            for (name, plan) in &plans {
                let arn = start(name, plan).await;
                let hangs = plan.to_string().contains("hang");
                eventually("the execution stands still", async || {
                    let still = if hangs {
                        log.has(&format!("hangs {name}"))
                    } else {
                        let last = server.event_types(&arn).await.pop();
                        matches!(
                            last.as_deref(),
                            Some("InvocationCompleted" | "ExecutionSucceeded")
                        )
                    };
                    still.then_some(())
                })
                .await;
            }
            log.write("ready");
        }
        Err(_) => {
            let life = std::process::id();
            for number in 0..10_000 {
                let child = json!({ "plan": [{ "step": "c" }] }).to_string();
                let plan = match number % 4 {
                    0 => json!([{ "step": "a" }, { "step": "b" }, { "step": "c" }]),
                    1 => json!([{ "step": "a" }, { "flaky": "b", "fails": 1, "delay": 1 }]),
                    2 => json!([
                        { "step": "a" },
                        { "invoke": "i", "function": "flow:$LATEST", "input": child },
                        { "step": "b" },
                    ]),
                    _ => json!([{ "step": "a" }, { "wait": "w", "seconds": 1 }, { "step": "b" }]),
                };
                start(&format!("n{life}-{number}"), &plan).await;
            }
        }
    }
    tokio::time::sleep(DEADLINE).await;
}

/// A first life, killed at the latest when the test ends.
struct Life(Child);

impl Life {
    fn begin(directory: &Path, plans: Option<&Value>) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "recovery::first_life", "--ignored", "--nocapture"])
            .env(DIRECTORY, directory)
            .env(MORTAL, "1")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if let Some(plans) = plans {
            command.env(PLANS, plans.to_string());
        }
        Self(command.spawn().unwrap())
    }

    async fn until(&mut self, what: &str, mut look: impl FnMut() -> bool) {
        eventually(what, async || {
            assert_eq!(self.0.try_wait().unwrap(), None, "the first life ended by itself");
            look().then_some(())
        })
        .await;
    }

    /// SIGKILL.
    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        // It may be dead already, which is what is wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Begins a life with these plans and kills it once everything stands still.
async fn live_and_die(directory: &Path, plans: &Value) -> Vec<String> {
    let log = Log::of(directory);
    let mut life = Life::begin(directory, Some(plans));
    life.until("the first life is ready", || log.has("ready")).await;
    life.kill();
    log.lines()
}

fn arn_of(lines: &[String], name: &str) -> String {
    let mut arns = lines.iter().filter_map(|line| line.strip_prefix("started "));
    arns.find(|arn| name_of(arn) == name).unwrap().to_owned()
}

/// The ids count from 1 without a gap, one start, at most one end.
async fn assert_sound_history(server: &Server, arn: &str) {
    let events = server.history(arn).await;
    for (position, event) in events.iter().enumerate() {
        assert_eq!(event["EventId"], position + 1, "{arn}");
    }
    let count = |kinds: &[&str]| {
        events.iter().filter(|e| kinds.contains(&e["EventType"].as_str().unwrap())).count()
    };
    assert_eq!(count(&["ExecutionStarted"]), 1, "{arn}");
    assert!(count(&["ExecutionSucceeded", "ExecutionFailed", "ExecutionStopped"]) <= 1, "{arn}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_has_the_lines_of_before_a_kill_and_says_that_the_next_life_replays() {
    let directory = TempDir::new().unwrap();
    let plans = json!({ "cut": [{ "step": "a" }, { "hang": true }, { "step": "b" }] });
    let lines = live_and_die(directory.path(), &plans).await;
    let server = setup(directory.path(), Arc::new(Semaphore::new(0))).open().await;
    let arn = arn_of(&lines, "cut");
    server.closed(&arn).await;
    let told = execution_lines::told(&server, "flow", &arn).await;
    let place = |event: &str| told.iter().position(|line| line.starts_with(event));
    // Written in the first life, unless the last moments before the kill are missing.
    if let Some(started) = place("EXECUTION_STARTED ") {
        assert_eq!(started, 0, "{told:?}");
        assert!(place("REPLAY_STARTED ") > place("STEP_SUCCEEDED operationName=a "), "{told:?}");
    }
    let replay = told.iter().find(|line| line.starts_with("REPLAY_STARTED ")).unwrap();
    assert!(replay.ends_with(" operations=1"), "{told:?}");
    assert!(place("STEP_SUCCEEDED operationName=b ") > place("REPLAY_STARTED "), "{told:?}");
    server.close_at_once().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_kill_open_executions_go_on_and_suspended_ones_stay_suspended() {
    let directory = TempDir::new().unwrap();
    let plans = json!({
        "untouched": [{ "hang": true }, { "step": "a" }],
        "after-step": [{ "step": "a" }, { "hang": true }, { "step": "b" }],
        "in-step": [{ "step": "a", "hang": true }, { "step": "b" }],
        "suspended": [{ "step": "a" }, { "callback": "c" }, { "step": "b" }],
        "waiting": [{ "step": "a" }, { "wait": "w", "seconds": 3600 }],
        "closed": [{ "step": "a" }],
    });
    let lines = live_and_die(directory.path(), &plans).await;
    let server = setup(directory.path(), Arc::new(Semaphore::new(0))).open().await;
    let recovered = server.service.recovered();
    assert_eq!((recovered.open, recovered.resumed), (5, 3));
    for name in ["untouched", "after-step", "in-step"] {
        let arn = arn_of(&lines, name);
        assert_eq!(server.closed(&arn).await["Status"], "SUCCEEDED", "{name}");
        assert_sound_history(&server, &arn).await;
    }
    let log = Log::of(directory.path());
    let runs = |what: &str| log.lines().iter().filter(|line| *line == what).count();
    assert_eq!(runs("run untouched a"), 1);
    assert_eq!((runs("run after-step a"), runs("run after-step b")), (1, 1));
    // Begun but not ended: it runs again, without a second start in the history.
    assert_eq!((runs("run in-step a"), runs("run in-step b")), (2, 1));
    let types = server.event_types(&arn_of(&lines, "in-step")).await;
    assert_eq!(types.iter().filter(|kind| *kind == "StepStarted").count(), 2);

    for name in ["suspended", "waiting", "closed"] {
        let arn = arn_of(&lines, name);
        assert_sound_history(&server, &arn).await;
        let invocations =
            log.lines().iter().filter(|l| l.contains(&format!("token {name} "))).count();
        assert_eq!(invocations, 1, "{name} was not invoked again");
    }
    let arn = arn_of(&lines, "suspended");
    let id = server.callback_id(&arn, "c").await;
    server.callback(&id, "succeed", "1").await.ok();
    assert_eq!(server.closed(&arn).await["Status"], "SUCCEEDED");
    assert_eq!((runs("run suspended a"), runs("run suspended b")), (1, 1));
    assert_eq!(server.status(&arn_of(&lines, "waiting")).await, "RUNNING");
    assert_eq!(server.execution(&arn_of(&lines, "closed")).await["Result"], "\"done\"");
    // Names are still taken.
    let reply = server.try_start("flow", Some("closed"), &json!({ "plan": [] })).await;
    assert_eq!(reply.status, 409);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_zombie_s_token_is_refused_while_its_successor_writes() {
    let directory = TempDir::new().unwrap();
    let plans = json!({ "gated": [{ "step": "a" }, { "hang": true }, { "step": "b" }] });
    let lines = live_and_die(directory.path(), &plans).await;
    let arn = arn_of(&lines, "gated");
    let zombie = lines.iter().find_map(|line| line.strip_prefix("token gated ")).unwrap();
    // Its first token, and the one that it would have had last: two checkpoints later.
    let newest = format!("{}2", &zombie[..zombie.len() - 1]);

    let gate = Arc::new(Semaphore::new(0));
    let server = setup(directory.path(), Arc::clone(&gate)).open().await;
    let log = Log::of(directory.path());
    eventually("the successor is invoked", async || {
        let tokens = log.lines().iter().filter(|line| line.starts_with("token gated ")).count();
        (tokens == 2).then_some(())
    })
    .await;
    let before = server.history(&arn).await;
    for token in [zombie, &newest] {
        let update =
            json!({ "Id": "b", "Type": "STEP", "Action": "SUCCEED", "Payload": "\"bad\"" });
        let body = json!({ "CheckpointToken": token, "Updates": [update] }).to_string();
        let reply = server.checkpoint(&arn, body).await;
        reply.assert_error(400, "InvalidParameterValueException", "Invalid checkpoint token");
        let read = server.read(&arn, &format!("/state?CheckpointToken={token}")).await;
        read.assert_error(400, "InvalidParameterValueException", "Invalid checkpoint token");
    }
    assert_eq!(server.history(&arn).await, before);
    gate.add_permits(1);
    assert_eq!(server.closed(&arn).await["Status"], "SUCCEEDED");
    assert_sound_history(&server, &arn).await;
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_or_run_again_whenever_the_process_is_killed() {
    let directory = TempDir::new().unwrap();
    let log = Log::of(directory.path());
    // Lives that end after so many lines of the log.
    for more in [1, 7, 23, 61, 120] {
        let enough = log.lines().len() + more;
        let mut life = Life::begin(directory.path(), None);
        life.until("the first life gets so far", || log.lines().len() >= enough).await;
        life.kill();
    }
    let lines = log.lines();
    let server = setup(directory.path(), Arc::new(Semaphore::new(0))).open().await;
    let started: Vec<_> = lines.iter().filter_map(|line| line.strip_prefix("started ")).collect();
    assert!(!started.is_empty());
    for arn in started {
        assert_eq!(server.closed(arn).await["Status"], "SUCCEEDED", "{arn}");
        assert_sound_history(&server, arn).await;
    }
    let lines = log.lines();
    let mut done = std::collections::HashSet::new();
    for line in &lines {
        if let Some(step) = line.strip_prefix("done ") {
            done.insert(step);
        } else if let Some(step) = line.strip_prefix("run ") {
            assert!(!done.contains(step), "{step} was acknowledged and run again");
        }
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_in_use_is_refused_and_a_dropped_service_frees_it() {
    let directory = TempDir::new().unwrap();
    let setup = || setup(directory.path(), Arc::new(Semaphore::new(0)));
    let server = setup().open().await;
    let arn = server.start("flow", None, &json!({ "plan": [{ "callback": "c" }] })).await;
    let id = server.callback_id(&arn, "c").await;
    let refused = setup().try_open().await.err().unwrap().to_string();
    assert!(refused.contains("is in use by another process"), "{refused}");
    // Dropped without being shut down: whatever it was doing may end, then the directory is free.
    drop(server);
    let server = eventually("the directory is free", async || setup().try_open().await.ok()).await;
    server.callback(&id, "succeed", "1").await.ok();
    assert_eq!(within("it closes", server.closed(&arn)).await["Status"], "SUCCEEDED");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn open_executions_of_an_unknown_function_keep_the_server_from_starting_unless_they_may_fail()
{
    let directory = TempDir::new().unwrap();
    let server = setup(directory.path(), Arc::new(Semaphore::new(0))).open().await;
    let arn = server.start("flow", None, &json!({ "plan": [{ "callback": "c" }] })).await;
    let id = server.callback_id(&arn, "c").await;
    server.close().await;

    let refused =
        Setup::new(&directory.path().join("data")).try_open().await.err().unwrap().to_string();
    assert!(
        refused.contains("has open executions of flow:$LATEST, which this server would"),
        "{refused}"
    );

    let may_fail = |setup: &mut Setup| setup.config.fail_orphans = true;
    let server = Setup::new(&directory.path().join("data")).with(may_fail).open().await;
    server.callback(&id, "succeed", "1").await.ok();
    let closed = server.closed(&arn).await;
    assert_eq!(closed["Status"], "FAILED");
    assert_eq!(closed["Error"]["ErrorType"], "ResourceNotFoundException");
    server.close().await;
}
