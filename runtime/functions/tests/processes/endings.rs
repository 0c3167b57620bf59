//! The end of a host, with and without a warning.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::json;

use crate::support::{TestFunction, event, only, runs, until, until_gone, within};

/// Set for a process that is a server.
const SERVER: &str = "TEST_SERVER";

#[tokio::test]
async fn closing_stops_every_process_and_refuses_what_comes_later() {
    let function = TestFunction::start("sequential");
    let pid = function.pid().await;
    within(function.close()).await;
    assert!(!runs(pid));
    assert_eq!(function.error(json!({"do": "echo"})).await.error_type, "Runtime.Closed");
    within(function.close()).await;
}

#[tokio::test]
async fn closing_cuts_off_the_invocations_that_run() {
    let function = TestFunction::start("sequential");
    let closing = async {
        function.log.wait_for("asleep").await;
        function.close().await;
    };
    let (error, ()) = tokio::join!(function.error(json!({"do": "sleep"})), within(closing));
    assert!(error.is_cut_off(), "{error:?}");
}

/// With the graceful shutdown of `lambda_runtime`, which registers an extension.
#[tokio::test]
async fn a_process_that_wants_to_know_of_its_end_is_told() {
    let function = TestFunction::start("graceful");
    function.pid().await;
    within(function.close()).await;
    assert!(function.log.find("the hook has run").is_some(), "{:?}", function.log.lines());
}

#[tokio::test]
async fn a_host_that_is_dropped_takes_its_processes_with_it() {
    let function = TestFunction::start("sequential");
    let pid = function.pid().await;
    drop(function);
    until_gone(pid).await;
}

/// Not a test but a server: it runs a function with a grandchild, says who is who, and waits to be killed.
#[tokio::test]
#[ignore = "this is the server that a test starts and kills"]
async fn server() {
    if std::env::var_os(SERVER).is_none() {
        return;
    }
    // The test harness has begun a line.
    println!();
    let function = TestFunction::with("sequential", |spec| spec.processes_max = 2);
    let pids = function.json(json!({"do": "grandchild"})).await;
    // One is in the middle of an invocation, one is idle.
    let busy = function.invoke(event(json!({"do": "sleep"})));
    let idle = async {
        function.log.wait_for("asleep").await;
        println!("pids {} {} {}", pids[0], pids[1], function.pid().await);
        std::future::pending::<()>().await;
    };
    let _ = tokio::join!(busy, idle);
}

/// The server gets SIGKILL, so it can do nothing for its functions: the watchdogs do.
#[tokio::test]
async fn no_process_outlives_a_server_that_is_killed() {
    let mut server = Command::new(std::env::current_exe().unwrap())
        .args(only("endings::server"))
        .env(SERVER, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(server.stdout.take().unwrap());
    let said = tokio::task::spawn_blocking(move || {
        output.lines().find_map(|line| line.unwrap().strip_prefix("pids ").map(str::to_owned))
    });
    let said = within(said).await.unwrap().expect("the server says who runs");
    let pids: Vec<u64> = said.split(' ').map(|pid| pid.parse().unwrap()).collect();
    assert!(pids.len() == 3 && pids.iter().all(|pid| runs(*pid)), "{pids:?}");
    let watchdogs = children(u64::from(server.id()));
    assert!(watchdogs.len() >= 4, "two functions and two watchdogs: {watchdogs:?}");

    server.kill().unwrap();
    server.wait().unwrap();
    for pid in pids.into_iter().chain(watchdogs) {
        until_gone(pid).await;
    }
}

/// Whoever kills the watchdog takes away the protection, so the process is replaced.
#[tokio::test]
async fn a_process_without_its_watchdog_is_replaced() {
    let function = TestFunction::with("sequential", |spec| spec.processes_max = 1);
    let pid = function.pid().await;
    let group = within(async { group_of(pid) }).await;
    assert_ne!(group, pid);
    crate::support::kill(group);
    until(|| (!runs(pid)).then_some(())).await;
    assert_ne!(function.pid().await, pid);
}

fn children(parent: u64) -> Vec<u64> {
    let listed = Command::new("ps").args(["-e", "-o", "pid=,ppid="]).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let pairs = listed.lines().filter_map(|line| {
        let mut numbers = line.split_whitespace().map(|number| number.parse::<u64>().unwrap());
        Some((numbers.next()?, numbers.next()?))
    });
    pairs.filter(|(_, of)| *of == parent).map(|(pid, _)| pid).collect()
}

fn group_of(pid: u64) -> u64 {
    let listed = Command::new("ps").args(["-o", "pgid=", "-p", &pid.to_string()]).output().unwrap();
    String::from_utf8(listed.stdout).unwrap().trim().parse().unwrap()
}
