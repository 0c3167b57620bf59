//! A server process that can be killed.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a process that is about to die by itself may take to do so.
const DEATH_DEADLINE: Duration = Duration::from_secs(60);

/// A running server; killed with SIGKILL when dropped.
pub struct ServerProcess {
    process: Child,
    pub address: SocketAddr,
}

impl ServerProcess {
    /// Starts the shipped binary on this directory and a free port.
    pub fn serve(data_dir: &Path) -> Self {
        Self::serve_with(data_dir, |_| {})
    }

    /// As [`serve`](Self::serve), with more for the command.
    pub fn serve_with(data_dir: &Path, change: impl FnOnce(&mut Command)) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_durable-orders"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(data_dir);
        command.stderr(Stdio::null());
        change(&mut command);
        Self::start(&mut command)
    }

    /// Starts a command that prints `address    http://...` and then `ready ...`.
    pub fn start(command: &mut Command) -> Self {
        let mut process = command
            .env_remove("RUST_BACKTRACE")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let output = BufReader::new(process.stdout.take().expect("its output"));
        let mut address = None;
        for line in output.lines() {
            let line = line.expect("a line of text");
            if let Some((_, found)) = line.split_once("http://") {
                address = Some(found.trim().parse().expect("an address"));
            }
            if line.starts_with("ready") {
                break;
            }
        }
        Self { process, address: address.expect("the server became ready") }
    }

    /// Kills it with SIGKILL.
    pub fn kill(mut self) {
        self.process.kill().expect("it can be killed");
        self.process.wait().expect("it is gone");
    }

    /// Whether it has died by itself.
    pub fn is_dead(&mut self) -> bool {
        self.process.try_wait().expect("its status").is_some()
    }

    /// Waits for it to die by itself.
    pub fn wait_for_death(&mut self) {
        let begun = Instant::now();
        while !self.is_dead() {
            assert!(begun.elapsed() < DEATH_DEADLINE, "the server should have died");
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
