//! The commands in the README work as they stand there.
//!
//! Method: every block marked `sh` is run, in order, in one shell with the errors switched on; the block marked
//! `sh server` runs in the background meanwhile. `cargo run --` stands for the binary that this test was built with, and
//! the AWS CLI is the real one. Blocks without that mark are output or are not commands.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long the server may take to become ready.
const READY_DEADLINE: Duration = Duration::from_secs(30);
/// The address that the README's commands use.
const ADDRESS: &str = "127.0.0.1:6737";

/// A fenced block of a Markdown page.
struct Block {
    info: String,
    text: String,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in page.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(info), None) => {
                open = Some(Block { info: info.trim().to_owned(), text: String::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    blocks
}

/// `cargo run -- ...` without building again.
fn stand_in_for_cargo(directory: &Path) {
    let script = format!(
        "#!/bin/sh\n[ \"$1 $2\" = 'run --' ] || exit 64\nshift 2\nexec {} \"$@\"\n",
        env!("CARGO_BIN_EXE_durable-orders")
    );
    let path = directory.join("cargo");
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// The AWS CLI 2: the one that `./test` has installed, or another one that the environment names.
fn aws_cli() -> PathBuf {
    let installed = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/tools/aws-cli/aws");
    let aws = std::env::var("DURABLE_ORDERS_AWS_CLI").unwrap_or_else(|_| installed.to_owned());
    assert!(
        Path::new(&aws).exists(),
        "{aws} is missing: run ./test, which installs the AWS CLI 2, or name one with \
         DURABLE_ORDERS_AWS_CLI"
    );
    PathBuf::from(aws)
}

/// A page's commands, on a machine of their own: a directory, a free port, a server.
struct Page {
    blocks: Vec<Block>,
    directory: tempfile::TempDir,
    address: String,
}

impl Page {
    fn new(text: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        stand_in_for_cargo(directory.path());
        // Somebody may be using the documented port on this machine.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let blocks = blocks(&text.replace(ADDRESS, &address));
        Self { blocks, directory, address }
    }

    fn commands(&self, info: &str) -> String {
        let of_kind = self.blocks.iter().filter(|block| block.info == info);
        of_kind.map(|block| block.text.as_str()).collect()
    }

    fn start_server(&self) -> Background {
        let server = self.shell(&self.commands("sh server")).process_group(0).spawn().unwrap();
        let server = Background(server);
        let begun = Instant::now();
        while std::net::TcpStream::connect(&self.address).is_err() {
            assert!(begun.elapsed() < READY_DEADLINE, "the server does not become ready");
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    /// Runs all commands and gives what they print.
    fn run(&self) -> String {
        let script = self.commands("sh");
        assert!(script.lines().count() > 10, "the page has commands");
        let output = self.shell(&script).output().unwrap();
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{err}\n{out}");
        out
    }

    fn shell(&self, script: &str) -> Command {
        let directory = self.directory.path();
        let aws = aws_cli();
        let aws = aws.parent().unwrap();
        let path = std::env::var("PATH").unwrap();
        let mut command = Command::new("bash");
        command
            .args(["-euo", "pipefail", "-c", script])
            .current_dir(directory)
            .env("PATH", format!("{}:{}:{path}", directory.display(), aws.display()))
            .env("DURABLE_ORDERS_LISTEN", &self.address)
            .stdin(Stdio::null());
        command
    }
}

/// A group of processes, killed together when dropped.
struct Background(Child);

impl Drop for Background {
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        let _ = Command::new("kill").args(["-9", "--", &group]).status();
        let _ = self.0.wait();
    }
}

#[test]
fn every_command_in_the_readme_works() {
    let page = Page::new(include_str!("../../README.md"));
    let _server = page.start_server();
    let out = page.run();
    let history = page.blocks.iter().find(|block| block.text.starts_with("1\tExecutionStarted"));
    assert!(out.contains(&history.expect("the README shows a history").text), "{out}");
    assert!(!out.contains("4532123456789012"), "a card number is shown: {out}");
}

#[test]
fn the_commands_of_awss_pattern_give_the_four_outcomes_unchanged() {
    let page = Page::new(include_str!("../../docs/walkthrough.md"));
    let _server = page.start_server();
    let out = page.run();
    let results: Vec<serde_json::Value> =
        out.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let results: Vec<_> = results.iter().filter(|result| result["orderId"].is_string()).collect();
    let outcomes: Vec<_> =
        results.iter().map(|result| (&result["orderId"], &result["status"])).collect();
    let expected = [
        ("ORDER-001", "completed"),
        ("ORDER-002", "payment_declined"),
        ("ORDER-003", "inventory_unavailable"),
        ("ORDER-004", "rejected"),
    ];
    assert_eq!(outcomes.len(), expected.len(), "{out}");
    for (order, status) in expected {
        assert!(outcomes.iter().any(|o| *o.0 == order && *o.1 == status), "{order}: {out}");
    }
    let stock = page.blocks.iter().find(|block| block.text.starts_with("KEYBOARD-001"));
    assert!(out.contains(&stock.expect("the page shows the stock").text), "{out}");
}

/// The stand-in for cargo above cannot notice that `cargo run` does not know which binary is meant.
#[test]
fn cargo_run_means_the_command() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let default_members = metadata["workspace_default_members"].as_array().unwrap();
    assert_eq!(default_members.len(), 1, "{default_members:?}");
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["id"] == default_members[0]).unwrap();
    assert_eq!(package["default_run"], "durable-orders");
}
