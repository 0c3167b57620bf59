//! A page, and a machine of its own for its commands.

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
pub struct Block {
    pub info: String,
    pub text: String,
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

/// `cargo run -- ...` without building again; everything else is cargo's.
fn stand_in_for_cargo(directory: &Path) {
    let script = format!(
        "#!/bin/sh\n[ \"$1 $2\" = 'run --' ] || exec {} \"$@\"\nshift 2\nexec {} \"$@\"\n",
        env!("CARGO"),
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
pub struct Page {
    pub blocks: Vec<Block>,
    directory: PathBuf,
    address: String,
    /// The directory goes with it, if it is only for this run.
    _temporary: Option<tempfile::TempDir>,
}

impl Page {
    pub fn new(text: &str) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let page = Self::inside(text, temporary.path());
        Self { _temporary: Some(temporary), ..page }
    }

    /// In a directory that stays.
    pub fn inside(text: &str, directory: &Path) -> Self {
        stand_in_for_cargo(directory);
        // Somebody may be using the documented port on this machine.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let blocks = blocks(&text.replace(ADDRESS, &address));
        Self { blocks, directory: directory.to_owned(), address, _temporary: None }
    }

    pub fn commands(&self, info: &str) -> String {
        let of_kind = self.blocks.iter().filter(|block| block.info == info);
        of_kind.map(|block| block.text.as_str()).collect()
    }

    pub fn start_server(&self) -> Background {
        self.start_server_in(&self.directory.join("data"))
    }

    /// With its data in this directory.
    pub fn start_server_in(&self, data: &Path) -> Background {
        let mut command = self.shell(&self.commands("sh server"));
        command.env("DURABLE_ORDERS_DATA_DIR", data);
        let server = command.process_group(0).spawn().unwrap();
        let server = Background(server);
        let begun = Instant::now();
        while std::net::TcpStream::connect(&self.address).is_err() {
            assert!(begun.elapsed() < READY_DEADLINE, "the server does not become ready");
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    /// Runs all commands and gives what they print.
    pub fn run(&self) -> String {
        let script = self.commands("sh");
        assert!(script.lines().count() > 1, "the page has commands");
        let output = self.shell(&script).output().unwrap();
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{err}\n{out}");
        out
    }

    pub fn shell(&self, script: &str) -> Command {
        let directory = &self.directory;
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
pub struct Background(Child);

impl Drop for Background {
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        let _ = Command::new("kill").args(["-9", "--", &group]).status();
        let _ = self.0.wait();
    }
}
