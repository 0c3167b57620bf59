//! `serve`: what keeps a server from starting.

use std::path::Path;

use crate::support::{Said, Server, run};

/// A server that cannot start.
fn refused(listen: &str, directory: &Path) -> Said {
    let directory = directory.to_str().unwrap();
    let said = run(&["serve", "--listen", listen, "--data-dir", directory]).ended(1);
    assert_eq!(said.out, "");
    assert!(said.err.starts_with("error: "), "{said:?}");
    assert_eq!(said.err.lines().count(), 1, "one sentence: {said:?}");
    said
}

#[test]
fn a_port_that_is_taken_is_one_sentence() {
    let server = Server::start();
    let directory = tempfile::tempdir().unwrap();
    let address = server.url.strip_prefix("http://").unwrap();
    let said = refused(address, directory.path());
    assert!(said.err.contains(&format!("cannot listen on {address}: another program does")));
}

#[test]
fn a_directory_that_is_in_use_is_one_sentence() {
    let server = Server::start();
    let said = refused("127.0.0.1:0", server.directory());
    assert!(said.err.contains("is in use by another process"), "{said:?}");
}

#[test]
fn a_directory_that_cannot_be_used_is_one_sentence() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    let said = refused("127.0.0.1:0", &file);
    assert!(said.err.contains(file.to_str().unwrap()), "{said:?}");
    refused("127.0.0.1:0", &file.join("below"));
}

#[test]
fn an_address_that_others_can_reach_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let said = refused("0.0.0.0:0", directory.path());
    assert!(said.err.contains("loopback addresses only"), "{said:?}");
}

#[test]
fn orders_are_still_there_after_a_restart() {
    let server = Server::with_products();
    server.run(&["order", "place", &crate::support::seed_order(1), "--wait"]).ended(0);
    let server = server.restart();
    let document = server.run(&["order", "show", "ORDER-001", "--json"]).ended(0).json();
    assert_eq!(document["outcome"], "completed");
}

#[test]
fn a_webhook_that_cannot_be_is_one_sentence_without_its_secret() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().to_str().unwrap();
    let webhook = "--status-webhook=http://127.0.0.1:9/";
    for (more, secret, reason) in [
        (["--status-webhook=shop", ""], "", "a webhook's URL is http://"),
        (["--status-webhook=http://me:hidden@shop/", ""], "", "a webhook's URL is http://"),
        ([webhook, "--status-webhook-header=hidden"], "", "a webhook's header is written"),
        ([webhook, "--status-webhook-header=Host: hidden"], "", "Host is not"),
        ([webhook, "--status-webhook-events=PAUSED"], "", "PAUSED is no status that is told"),
        ([webhook, ""], "whsec_hidden", "DURABLE_ORDERS_STATUS_WEBHOOK_SECRET"),
    ] {
        let mut command = crate::support::binary();
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir", data]);
        command.args(more.into_iter().filter(|argument| !argument.is_empty()));
        if !secret.is_empty() {
            command.env("DURABLE_ORDERS_STATUS_WEBHOOK_SECRET", secret);
        }
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.starts_with("error: ") && text.contains(reason), "{reason} in {text}");
        assert_eq!(text.lines().count(), 1, "one sentence: {text}");
        assert!(!text.contains("hidden"), "{text}");
    }
}
