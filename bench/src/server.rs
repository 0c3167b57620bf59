//! The server under load: a child process, and what the system says it uses.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, bail};

/// Seconds in one unit of `/proc/<pid>/stat`: Linux counts processor time in hundredths for everybody.
const TICK_SECONDS: f64 = 0.01;

/// A running server; killed when dropped.
pub(crate) struct Server {
    process: Child,
    address: SocketAddr,
    data_dir: PathBuf,
}

impl Server {
    pub(crate) fn start(program: &Path, data_dir: &Path) -> anyhow::Result<Self> {
        let mut process = Command::new(program)
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(data_dir)
            // A caller may wait only for executions of up to 15 minutes.
            .env("EXECUTION_TIMEOUT_SECONDS", "900")
            // Backtraces slow error paths, which some orders take on purpose.
            .env_remove("RUST_BACKTRACE")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = process.stdout.take().context("the server has no output")?;
        let mut address = None;
        for line in BufReader::new(output).lines() {
            let line = line?;
            if let Some(found) = line.trim().strip_prefix("address") {
                let found = found.trim().trim_start_matches("http://");
                address = Some(found.parse().context("the server's address")?);
            }
            if line.starts_with("ready") {
                break;
            }
        }
        let Some(address) = address else { bail!("the server did not become ready") };
        Ok(Self { process, address, data_dir: data_dir.to_owned() })
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
        let mut bytes = 0;
        for entry in std::fs::read_dir(&self.data_dir)? {
            bytes += entry?.metadata()?.len();
        }
        Ok(bytes)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, and its data is thrown away.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
