//! Goal: each example works with the commands of its section, prints what the page says, and goes on after `kill -9`.
//!
//! Method: a copy of the examples under the build directory, which stays, so that what they need is installed and compiled
//! once. `sh setup` is run first, `sh env` before everything.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use crate::page::Page;

/// What one example installs is not to be in the way of another.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
/// What a clone does not have, and the copy keeps.
const MADE: [&str; 4] = [".venv", "dist", "node_modules", "target"];

const PAGE: &str = include_str!("../../../examples/README.md");

fn target() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target"))
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if MADE.iter().any(|made| entry.file_name() == *made) {
            continue;
        }
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// The page's section with this title, after the commands that all need.
fn section(title: &str) -> String {
    let (top, sections) = PAGE.split_once("\n## ").unwrap();
    let section = sections.split("\n## ").find(|section| section.starts_with(title)).unwrap();
    let env = top.split_once("```sh env").unwrap().1.split_once("```").unwrap().0;
    let section = section.replace("```sh server\n", &format!("```sh server\n{env}"));
    format!("```sh\n{env}```\n\n## {section}")
}

fn example(title: &str) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let directory = std::path::absolute(target().join("examples")).unwrap();
    copy(
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples")),
        &directory.join("examples"),
    );
    let page = Page::inside(&section(title), &directory);
    // Of what the conformance handlers have compiled, the example in Rust needs the same.
    let compiled = std::path::absolute(target().join("conformance")).unwrap();
    let mut setup = page.shell(&page.commands("sh setup"));
    let tools = std::path::absolute(target().join("tools/conformance/bin")).unwrap();
    let path = std::env::var("PATH").unwrap();
    setup
        .env("CARGO_BUILD_BUILD_DIR", compiled)
        .env("PATH", format!("{}:{}:{path}", directory.display(), tools.display()));
    let output = setup.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let data = tempfile::tempdir().unwrap();
    let server = page.start_server_in(data.path());
    let out = page.run();
    let answer = page.blocks.iter().find(|block| block.info == "json").unwrap();
    assert!(out.contains(answer.text.trim()), "{out}");

    let invoke = page.commands("sh");
    // As an order would be accepted: then the server dies while the function waits.
    let start = invoke
        .replace(
            "--cli-binary",
            "--invocation-type Event --durable-execution-name again --cli-binary",
        )
        .replace("cat answer.json", "sleep 1");
    succeeds(page.shell(&start));
    drop(server);
    let _server = page.start_server_in(data.path());
    let again = invoke.replace("--cli-binary", "--durable-execution-name again --cli-binary");
    let out = succeeds(page.shell(&again));
    assert!(out.contains(answer.text.trim()), "{out}");
}

fn succeeds(mut command: Command) -> String {
    let output = command.output().unwrap();
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{out}{}", String::from_utf8_lossy(&output.stderr));
    out
}

#[test]
fn the_example_in_python_works_and_survives_a_kill() {
    example("Python");
}

#[test]
fn the_example_in_typescript_works_and_survives_a_kill() {
    example("TypeScript");
}

#[test]
fn the_example_in_rust_works_and_survives_a_kill() {
    example("Rust");
}
