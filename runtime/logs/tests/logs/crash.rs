//! `kill -9` keeps what was flushed.
//!
//! Method: this test starts itself as another process, which puts events, says when they are flushed, goes on putting,
//! and is killed.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::support::{NOW, Time, all, messages, name, open};

/// Set in the other process: the directory.
const VICTIM: &str = "DURABLE_LOGS_TEST_VICTIM";
const FLUSHED: usize = 1_000;

#[test]
fn events_that_were_flushed_survive_the_end_of_the_process() {
    if let Some(directory) = std::env::var_os(VICTIM) {
        be_killed(Path::new(&directory));
    }
    let directory = TempDir::new().unwrap();
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::events_that_were_flushed_survive_the_end_of_the_process"])
        .args(["--nocapture"])
        .env(VICTIM, directory.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    let flushed = lines.find(|line| line.as_ref().unwrap().contains("flushed"));
    victim.kill().unwrap();
    victim.wait().unwrap();
    assert!(flushed.is_some(), "the other process has flushed");
    let logs = open(directory.path(), &Time::at(NOW));
    let found = messages(&logs, all("g"));
    assert!(found.len() >= FLUSHED, "{}", found.len());
    let expected: Vec<String> = (0..found.len()).map(|number| number.to_string()).collect();
    assert_eq!(found, expected);
}

fn be_killed(directory: &Path) -> ! {
    let logs = open(directory, &Time::at(NOW));
    let stream = name("g", "s");
    for number in 0.. {
        logs.put(&stream, number.to_string());
        if number == FLUSHED {
            logs.flush().unwrap();
            println!("flushed");
        }
        if number > FLUSHED {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }
    unreachable!()
}
