//! The commands in the README, in the walkthrough and in the examples work as they stand there.
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
mod page;
mod stack;

use std::process::Command;

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

#[test]
fn the_commands_of_awss_pattern_give_the_four_outcomes_unchanged() {
    let page = Page::new(include_str!("../../../docs/walkthrough.md"));
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
