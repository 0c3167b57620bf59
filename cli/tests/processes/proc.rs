//! The processes of a run, from the kernel's own list. They are known by the directory that they run in: functions in
//! that of their code, servers and watchdogs in the stage.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long a process may take to go that is about to go. Only a failure takes that long.
const GONE_DEADLINE: Duration = Duration::from_secs(30);

/// A process; the time of its start tells it from a later one with its number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Process {
    pid: i32,
    started: u64,
}

/// What `/proc/<pid>/stat` says.
struct Stat {
    state: char,
    parent: i32,
    started: u64,
}

impl Process {
    /// Whether it is there still. One that has ended and is not reaped yet is not: orphans are reaped by others.
    fn runs(&self) -> bool {
        stat(self.pid).is_some_and(|stat| stat.started == self.started && stat.state != 'Z')
    }

    pub fn kill(&self) {
        if let Some(pid) = Pid::from_raw(self.pid).filter(|_| self.runs()) {
            // It may go by itself in this moment.
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

/// Everything that runs in this directory or below it.
pub fn inside(directory: &Path) -> Vec<Process> {
    let in_directory = |pid: &i32| {
        fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(directory))
    };
    pids().into_iter().filter(in_directory).filter_map(process).collect()
}

/// The processes of functions with these names.
pub fn functions(code: &Path, names: &[&str]) -> Vec<Process> {
    let variables: Vec<Vec<u8>> =
        names.iter().map(|name| format!("AWS_LAMBDA_FUNCTION_NAME={name}").into_bytes()).collect();
    let is_one = |process: &Process| {
        let environment = fs::read(format!("/proc/{}/environ", process.pid)).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|entry| variables.iter().any(|it| it == entry))
    };
    inside(code).into_iter().filter(is_one).collect()
}

/// Waits until none of these runs.
pub async fn wait_until_gone(processes: impl Fn() -> Vec<Process>, what: &str) {
    wait_until_none(|| processes().into_iter().filter(Process::runs).collect(), what).await;
}

/// Waits until this server has no child that has ended and is not reaped.
pub async fn wait_until_reaped(server: u32) {
    let zombies = || -> Vec<i32> {
        let is_zombie = |pid: &i32| {
            stat(*pid).is_some_and(|stat| stat.state == 'Z' && stat.parent == server.cast_signed())
        };
        pids().into_iter().filter(is_zombie).collect()
    };
    wait_until_none(zombies, "processes that have ended are reaped").await;
}

async fn wait_until_none<T: std::fmt::Debug>(look: impl Fn() -> Vec<T>, what: &str) {
    let begun = Instant::now();
    loop {
        let left = look();
        if left.is_empty() {
            return;
        }
        assert!(begun.elapsed() < GONE_DEADLINE, "{what}: {left:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn pids() -> Vec<i32> {
    let entries = fs::read_dir("/proc").expect("a list of processes").flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

fn process(pid: i32) -> Option<Process> {
    stat(pid).map(|stat| Process { pid, started: stat.started })
}

fn stat(pid: i32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the program stands in parentheses and may hold anything.
    let (_, rest) = text.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    Some(Stat {
        state: fields.first()?.chars().next()?,
        parent: fields.get(1)?.parse().ok()?,
        started: fields.get(19)?.parse().ok()?,
    })
}
