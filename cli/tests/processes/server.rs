//! A life of the server: from its start to its death.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

use crate::stage::Stage;

/// Processes of one function; more than a run's orders ever need, so that nothing is throttled.
const PROCESSES: &str = "4";

/// Where clients find the server that lives now; nobody, between two lives.
pub type Address = watch::Sender<Option<SocketAddr>>;

/// A running server; killed with SIGKILL when dropped.
pub struct Server {
    process: Child,
    lives: Arc<AtomicBool>,
}

impl Server {
    /// Starts the shipped binary on this stage. Its address is told once it is ready.
    pub fn start(stage: &Stage, address: Arc<Address>) -> Self {
        let log = stage.path().join("server.log");
        let errors = File::options().create(true).append(true).open(log).expect("a log");
        let mut process = Command::new(env!("CARGO_BIN_EXE_durable-orders"))
            .args(["serve", "--listen", "127.0.0.1:0", "--stack-name", "stage"])
            .args(["--processes-max", PROCESSES])
            .arg("--template")
            .arg(stage.template())
            .arg("--data-dir")
            .arg(stage.data())
            .current_dir(stage.path())
            .env_remove("RUST_BACKTRACE")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .expect("the server starts");
        let output = process.stdout.take().expect("its output");
        let lives = Arc::new(AtomicBool::new(true));
        let alive = Arc::clone(&lives);
        std::thread::spawn(move || tell(output, &alive, &address));
        Self { process, lives }
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Kills it with SIGKILL.
    pub fn kill(&mut self) {
        self.lives.store(false, Ordering::SeqCst);
        self.process.kill().expect("it can be killed");
        self.process.wait().expect("it is gone");
    }

    /// Whether it has died; if it has not died of SIGKILL, that is a failure.
    pub fn is_dead(&mut self) -> bool {
        use std::os::unix::process::ExitStatusExt as _;
        let Some(status) = self.process.try_wait().expect("its status") else { return false };
        self.lives.store(false, Ordering::SeqCst);
        assert_eq!(status.signal(), Some(9), "the server ends only when it is killed: {status}");
        true
    }
}

/// Reads what the server prints, up to its end, and tells its address once it is ready.
fn tell(output: ChildStdout, lives: &AtomicBool, address: &Address) {
    let mut found = None;
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        if let Some((_, text)) = line.split_once("http://") {
            found = text.trim().parse().ok();
        }
        if line.starts_with("ready") && lives.load(Ordering::SeqCst) {
            address.send_replace(found);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
