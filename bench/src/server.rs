//! The server under load: a child process, and what the system says it uses.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, bail};

/// Seconds in one unit of `/proc/<pid>/stat`: Linux counts processor time in hundredths for everybody.
const TICK_SECONDS: f64 = 0.01;

/// Nanoseconds in a second: Linux's scheduler counts in them.
const NANOS: f64 = 1e9;

/// A running server; killed when dropped.
pub(crate) struct Server {
    process: Child,
    address: SocketAddr,
    data_dir: PathBuf,
    report: Report,
}

/// What a server says when it is ready.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    /// What the start found in the data directory.
    pub(crate) recovered: String,
    /// How long the start took.
    pub(crate) ready_ms: f64,
}

impl Server {
    /// Starts this program's `serve`.
    pub(crate) fn start(program: &Path, data_dir: &Path) -> anyhow::Result<Self> {
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--data-dir"];
        Self::spawn(Command::new(program).args(arguments).arg(data_dir), data_dir)
    }

    /// Starts this program itself, with the function that sleeps.
    pub(crate) fn start_with_sleeper(data_dir: &Path) -> anyhow::Result<Self> {
        let program = std::env::current_exe()?;
        Self::spawn(Command::new(program).args(["serve", "--data-dir"]).arg(data_dir), data_dir)
    }

    fn spawn(command: &mut Command, data_dir: &Path) -> anyhow::Result<Self> {
        let mut process = command
            // A caller may wait only for executions of up to 15 minutes.
            .env("EXECUTION_TIMEOUT_SECONDS", "900")
            // Backtraces slow error paths, which some orders take on purpose.
            .env_remove("RUST_BACKTRACE")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = process.stdout.take().context("the server has no output")?;
        let mut address = None;
        let mut report = Report::default();
        for line in BufReader::new(output).lines() {
            let line = line?;
            let line = line.trim();
            if let Some(found) = line.strip_prefix("address") {
                let found = found.trim().trim_start_matches("http://");
                address = Some(found.parse().context("the server's address")?);
            }
            if let Some(found) = line.strip_prefix("recovered") {
                report.recovered = found.trim().to_owned();
            }
            if let Some(found) = line.strip_prefix("ready in ") {
                report.ready_ms = found.trim_end_matches(" ms").parse().context("its start")?;
                break;
            }
        }
        let Some(address) = address else { bail!("the server did not become ready") };
        Ok(Self { process, address, data_dir: data_dir.to_owned(), report })
    }

    pub(crate) fn report(&self) -> &Report {
        &self.report
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Processor time so far, in seconds: user and system.
    pub(crate) fn cpu_seconds(&self) -> anyhow::Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        // The command's name is in parentheses and may hold spaces; the fields after it do not.
        let (_, fields) = stat.rsplit_once(')').context("an unusual /proc/<pid>/stat")?;
        let ticks = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .map(str::parse::<f64>)
            .sum::<Result<f64, _>>()?;
        Ok(ticks * TICK_SECONDS)
    }

    /// As [`cpu_seconds`](Self::cpu_seconds), but exact: for a server that does next to nothing. Threads that have
    /// ended do not count.
    pub(crate) fn exact_cpu_seconds(&self) -> anyhow::Result<f64> {
        let mut nanos = 0.0;
        for thread in std::fs::read_dir(format!("/proc/{}/task", self.process.id()))? {
            let schedstat = std::fs::read_to_string(thread?.path().join("schedstat"))?;
            let on_cpu = schedstat.split_whitespace().next().context("an unusual schedstat")?;
            nanos += on_cpu.parse::<f64>()?;
        }
        Ok(nanos / NANOS)
    }

    /// Resident memory, in megabytes.
    pub(crate) fn rss_mb(&self) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let kilobytes = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.trim().trim_end_matches("kB").trim().parse::<f64>().ok())
            .context("no VmRSS in /proc/<pid>/status")?;
        Ok(kilobytes / 1024.0)
    }

    /// Bytes of all files in the data directory.
    pub(crate) fn disk_bytes(&self) -> anyhow::Result<u64> {
        disk_bytes(&self.data_dir)
    }
}

/// Bytes of all files in this directory.
pub(crate) fn disk_bytes(directory: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(directory)? {
        bytes += entry?.metadata()?.len();
    }
    Ok(bytes)
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, and its data is thrown away.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
