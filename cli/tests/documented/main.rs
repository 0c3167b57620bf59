//! The commands in the README, in the walkthrough and in the examples work as they stand there, and so does the receiver of
//! status changes.
//!
//! Method: every block marked `sh` is run, in order, in one shell with the errors switched on; the block marked
//! `sh server` runs in the background meanwhile. `cargo run --` stands for the binary that this test was built with, and
//! the AWS CLI is the real one. Blocks without that mark are output or are not commands.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub
)]

mod examples;
mod metrics;
mod order_log;
mod page;
mod stack;
mod status_changes;
mod tables;

use std::process::Command;
use std::time::{Duration, Instant};

use page::Page;

#[test]
fn every_command_in_the_readme_works() {
    let page = Page::new(include_str!("../../../README.md"));
    let _server = page.start_server();
    let out = page.run();
    let history = page.blocks.iter().find(|block| block.text.starts_with("1\tExecutionStarted"));
    assert!(out.contains(&history.expect("the README shows a history").text), "{out}");
    assert!(!out.contains("4532123456789012"), "a card number is shown: {out}");
}

/// The AWS CLI looks every five seconds.
const TAIL_DEADLINE: Duration = Duration::from_secs(60);
const WALKTHROUGH: &str = include_str!("../../../docs/walkthrough.md");

#[test]
fn the_commands_of_the_walkthrough_are_those_of_awss_pattern_letter_for_letter() {
    let pattern = Page::new(include_str!("pattern.md"));
    let texts: Vec<&str> = pattern.blocks.iter().map(|block| block.text.as_str()).collect();
    assert_eq!(texts.len(), 9);
    let page = Page::new(WALKTHROUGH);
    let same = page.blocks.iter().filter(|block| texts.contains(&block.text.as_str()));
    assert_eq!(same.map(|block| block.text.as_str()).collect::<Vec<_>>(), texts);
}

#[test]
fn the_commands_of_awss_pattern_give_the_four_outcomes_unchanged() {
    let page = Page::new(WALKTHROUGH);
    let _server = page.start_server();
    let mut terminal = page.run_beside("sh terminal", "terminal.out");
    check_outcomes(&page, &page.run());
    let begun = Instant::now();
    while !page.read("terminal.out").contains("[DURABLE_EXECUTION] EXECUTION_CLOSED") {
        assert!(begun.elapsed() < TAIL_DEADLINE, "{}", page.read("terminal.out"));
        std::thread::sleep(Duration::from_millis(100));
    }
    let seen = page.read("terminal.out");
    assert!(terminal.is_running() && !seen.contains("rror"), "{seen}");
    check_cleanup(&page);
}

#[test]
fn the_commands_of_awss_pattern_work_with_the_aws_cli_1_too() {
    let page = Page::for_aws_cli_1(WALKTHROUGH);
    let _server = page.start_server();
    check_outcomes(&page, &page.run());
    check_cleanup(&page);
}

fn check_outcomes(page: &Page, out: &str) {
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
    assert!(out.contains("Function Name: ValidateOrder\n"), "{out}");
    for block in page.blocks.iter().filter(|block| block.info == "text") {
        assert!(out.contains(&block.text), "{}: {out}", block.text);
    }
}

/// Deletes the stack, and looks for what was in it.
fn check_cleanup(page: &Page) {
    let look = "
        aws cloudformation wait stack-delete-complete --stack-name LambdaDurableFunctionChainingCdkStack
        aws cloudformation list-stacks --query 'StackSummaries[].StackStatus' --output text
        aws dynamodb list-tables --query 'length(TableNames)' --output text
        aws logs describe-log-groups --query 'length(logGroups)' --output text
        aws lambda get-function --function-name ValidateOrder 2>&1 || true";
    let output = page.shell(&(page.with_set_up("sh cleanup") + look)).output().unwrap();
    let out = String::from_utf8_lossy(&output.stdout);
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{err}\n{out}");
    assert!(out.starts_with("DELETE_COMPLETE\n0\n0\n"), "{err}\n{out}");
    assert!(out.contains("(ResourceNotFoundException)"), "{err}\n{out}");
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
