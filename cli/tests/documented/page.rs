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

/// An AWS CLI: the one that `./test` has installed, or another one that the environment names.
struct AwsCli {
    installed: &'static str,
    variable: &'static str,
}

const AWS_CLI_2: AwsCli = AwsCli {
    installed: concat!(env!("CARGO_MANIFEST_DIR"), "/../target/tools/aws-cli/aws"),
    variable: "DURABLE_ORDERS_AWS_CLI",
};
const AWS_CLI_1: AwsCli = AwsCli {
    installed: concat!(env!("CARGO_MANIFEST_DIR"), "/../target/tools/aws-cli-1/bin/aws"),
    variable: "DURABLE_ORDERS_AWS_CLI_1",
};

impl AwsCli {
    fn path(&self) -> PathBuf {
        let Self { installed, variable } = self;
        let aws = std::env::var(variable).unwrap_or_else(|_| (*installed).to_owned());
        assert!(
            Path::new(&aws).exists(),
            "{aws} is missing: run ./test, which installs it, or name another one with {variable}"
        );
        PathBuf::from(aws)
    }
}

/// A page's commands, on a machine of their own: a directory, a free port, a server.
pub struct Page {
    pub blocks: Vec<Block>,
    directory: PathBuf,
    address: String,
    aws: AwsCli,
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
        let directory = directory.to_owned();
        Self { blocks, directory, address, aws: AWS_CLI_2, _temporary: None }
    }

    /// For people with the AWS CLI 1, without the one option that they are told to leave out.
    pub fn for_aws_cli_1(text: &str) -> Self {
        let option = "  --cli-binary-format raw-in-base64-out \\\n";
        assert!(text.contains(option), "the page has the option");
        Self { aws: AWS_CLI_1, ..Self::new(&text.replace(option, "")) }
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

    /// Runs commands beside the others, as in another terminal with the same set-up: what they print goes into a file.
    pub fn run_beside(&self, info: &str, output: &str) -> Background {
        let file = std::fs::File::create(self.directory.join(output)).unwrap();
        let mut command = self.shell(&self.with_set_up(info));
        command.process_group(0).stderr(file.try_clone().unwrap()).stdout(file);
        Background(command.spawn().unwrap())
    }

    /// What is in a file.
    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.directory.join(name)).unwrap()
    }

    /// The commands of this kind after the first of all, which set the shell up.
    pub fn with_set_up(&self, info: &str) -> String {
        let set_up = self.blocks.iter().find(|block| block.info == "sh");
        format!("{}{}", set_up.expect("the page has a set-up").text, self.commands(info))
    }

    pub fn shell(&self, script: &str) -> Command {
        let directory = &self.directory;
        let aws = self.aws.path();
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

impl Background {
    pub fn is_running(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        let _ = Command::new("kill").args(["-9", "--", &group]).status();
        let _ = self.0.wait();
    }
}
