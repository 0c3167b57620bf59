//! Goal: only the newest token of the invocation in flight may write (specification 4.4), a repeated request gets the
//! answer of the first one (4.5), and whoever has been overtaken is told so in AWS's words.
//!
//! Method: one token is kept from each situation in which a process may find itself left behind, and then used.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use durable_core::Action::{Start, Succeed};
use durable_core::{CallbackId, CheckpointToken, ErrorObject, ExecutionStatus, StoredReply};
use support::{
    EXECUTION_ID, Server, T0, callback, crashed, execution, seconds, start, step, succeeded, wait,
};

const STALE: &str = "Invalid checkpoint token";
const FOREIGN: &str = "Checkpoint token is not valid for the durable execution ARN";
const OTHER_ID: &str = "11111111-ea3d-3ffc-b3e5-5ec51c34ffc9";

/// Why this token may not write; makes sure that trying to leaves no trace.
fn refusal(server: &mut Server, token: &str) -> String {
    let before = format!("{:?}", server.execution);
    let refused = server.checkpoint_with(token, vec![step("zombie", Start)], seconds(1));
    assert_eq!(format!("{:?}", server.execution), before);
    refused.expect_err("a refusal").to_string()
}

fn can_read(server: &Server, token: &str) -> bool {
    server.execution.check_token_of_invocation(token).is_ok()
}

#[test]
fn a_token_has_the_form_that_clients_check() {
    let mut server = Server::after(vec![callback("k", 0, 0)]);
    for text in [server.token(), server.callback_id("k")] {
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{text}");
        assert!((1..=1024).contains(&text.len()));
    }
    let id = CallbackId::parse(&server.callback_id("k")).unwrap();
    assert_eq!(id.execution_id(), EXECUTION_ID, "an answer finds its execution by it");
    server.crash();
    assert_eq!(server.execution.current_token(), None, "nobody may write until the next one");
}

#[test]
fn each_accepted_checkpoint_replaces_the_token() {
    let mut server = Server::running();
    let mut old = vec![server.token()];
    for updates in [vec![step("a", Start)], Vec::new(), vec![step("a", Succeed)]] {
        let reply = server.checkpoint(updates, T0).unwrap();
        let token = reply.token.unwrap();
        assert_eq!(token, server.token());
        assert!(!old.contains(&token));
        for token in &old {
            assert_eq!(refusal(&mut server, token), STALE);
            assert!(can_read(&server, token), "it may still read the state of its invocation");
        }
        old.push(token);
    }
}

#[test]
fn a_refused_checkpoint_does_not_replace_the_token() {
    let mut server = Server::running();
    let token = server.token();
    server.checkpoint(vec![step("a", Start), step("a", Start)], T0).unwrap_err();
    assert_eq!(server.token(), token);
    server.checkpoint_with(&token, vec![step("a", Start)], T0).expect("mended");
}

#[test]
fn what_is_no_token_is_as_good_as_a_stale_one() {
    let mut server = Server::running();
    let token = server.token();
    let mut longer = token.clone();
    longer.push('0');
    let invocation = server.invocation_id();
    let ahead = CheckpointToken::new(EXECUTION_ID, &invocation, 1).to_string();
    let padded = format!("{}00", &token);
    for garbage in ["", "garbage", &token[1..], &token.to_uppercase(), &ahead, &longer, &padded] {
        assert_eq!(refusal(&mut server, garbage), STALE, "{garbage}");
    }
    server.checkpoint_with(&token, Vec::new(), T0).expect("the real one");
}

#[test]
fn a_token_of_another_execution_is_told_apart() {
    let mut other = start();
    other.id = OTHER_ID.into();
    let mut other = Server::accept(other);
    other.invoke(T0);
    let mut server = Server::running();
    assert_eq!(server.invocation_id(), other.invocation_id(), "were it not for the execution");
    assert_eq!(refusal(&mut server, &other.token()), FOREIGN);
    assert!(!can_read(&server, &other.token()));
}

#[test]
fn a_token_of_an_earlier_invocation_is_stale() {
    let mut server = Server::after(vec![wait("w", 1)]);
    let first = server.token();
    server.suspend(T0);
    assert_eq!(refusal(&mut server, &first), STALE, "while nothing is in flight");
    assert!(!can_read(&server, &first));
    server.tick(seconds(1));
    server.invoke(seconds(1));
    assert_eq!(refusal(&mut server, &first), STALE, "while the next one is in flight");
    assert!(!can_read(&server, &first));
    let second = server.token();
    server.end(&crashed("Runtime.ExitError"), seconds(1));
    server.invoke(seconds(1));
    assert_eq!(refusal(&mut server, &second), STALE);
}

#[test]
fn no_token_is_good_once_the_execution_is_closed() {
    type Close = fn(&mut Server);
    let closings: [(Close, ExecutionStatus); 4] = [
        (|server| server.stop(ErrorObject::default(), T0), ExecutionStatus::Stopped),
        (|server| server.tick(seconds(300)), ExecutionStatus::TimedOut),
        (|server| server.end(&succeeded("1"), T0), ExecutionStatus::Succeeded),
        (
            |server| drop(server.checkpoint(vec![execution(Succeed)], T0).unwrap()),
            ExecutionStatus::Succeeded,
        ),
    ];
    for (close, status) in closings {
        let mut server = Server::after(vec![step("a", Start)]);
        let token = server.token();
        close(&mut server);
        assert_eq!(server.execution.status, status);
        assert_eq!(server.execution.current_token(), None, "{status:?}");
        assert_eq!(refusal(&mut server, &token), STALE, "{status:?}");
        assert!(!can_read(&server, &token), "{status:?}");
    }
}

#[test]
fn a_checkpoint_after_the_deadline_is_refused_although_the_timer_has_not_run() {
    let mut server = Server::after(vec![wait("w", 300)]);
    let refused = server.checkpoint(Vec::new(), seconds(300)).unwrap_err();
    assert_eq!(refused.to_string(), STALE);
    server.tick(seconds(300));
    assert_eq!(server.execution.status, ExecutionStatus::TimedOut);
    let mut server = Server::after(vec![wait("w", 299)]);
    let reply = server.checkpoint(Vec::new(), seconds(300) - 1).unwrap();
    assert_eq!(reply.ids(), ["w"]);
}

#[test]
fn no_token_from_before_a_restart_is_good_after_it() {
    let mut server = Server::running();
    let mut old = vec![server.token()];
    for _ in 0..3 {
        old.push(server.checkpoint(Vec::new(), T0).unwrap().token.unwrap());
    }
    old.push(server.checkpoint(vec![step("a", Start)], T0).unwrap().token.unwrap());
    server.crash();
    for token in &old {
        assert_eq!(refusal(&mut server, token), STALE, "before the next invocation");
    }
    server.invoke(T0);
    assert!(!old.contains(&server.token()));
    for token in &old {
        assert_eq!(refusal(&mut server, token), STALE, "during the next invocation");
        assert!(!can_read(&server, token));
    }
}

// Repeated requests.

fn stored(token: &str, client_token: &str) -> Option<StoredReply> {
    let (token, client_token) = (token.to_owned(), client_token.to_owned());
    Some(StoredReply { token, client_token, body: b"the answer".to_vec() })
}

fn replayed<'a>(server: &'a Server, token: &str, client_token: Option<&str>) -> Option<&'a [u8]> {
    server.execution.replayed_reply(token, client_token).map(|reply| reply.body.as_slice())
}

#[test]
fn a_repeated_request_gets_the_stored_answer_and_nothing_else_does() {
    let mut server = Server::running();
    let token = server.token();
    assert_eq!(replayed(&server, &token, Some("c1")), None);
    server.checkpoint(vec![step("a", Start)], T0).unwrap();
    server.execution.store_reply(stored(&token, "c1"));
    assert_eq!(replayed(&server, &token, Some("c1")), Some(b"the answer".as_slice()));
    assert_eq!(replayed(&server, &token, Some("c2")), None, "another request");
    assert_eq!(replayed(&server, &token, None), None, "nobody knows which request");
    assert_eq!(replayed(&server, &server.token(), Some("c1")), None, "the next request");
}

#[test]
fn a_stored_answer_lives_until_the_next_checkpoint_or_invocation() {
    let mut server = Server::after(vec![wait("w", 1)]);
    let token = server.token();
    server.checkpoint(Vec::new(), T0).unwrap();
    server.execution.store_reply(stored(&token, "c1"));
    server.checkpoint(Vec::new(), T0).unwrap();
    server.execution.store_reply(None);
    assert_eq!(replayed(&server, &token, Some("c1")), None);

    server.execution.store_reply(stored(&token, "c1"));
    server.suspend(T0);
    server.tick(seconds(1));
    server.invoke(seconds(1));
    assert_eq!(replayed(&server, &token, Some("c1")), None);
}

#[test]
fn the_answer_that_closed_the_execution_can_be_repeated() {
    let mut server = Server::running();
    let token = server.token();
    server.checkpoint(vec![execution(Succeed)], T0).unwrap();
    server.execution.store_reply(stored(&token, "c1"));
    assert!(replayed(&server, &token, Some("c1")).is_some());
    server.end(&succeeded(""), T0);
    assert!(replayed(&server, &token, Some("c1")).is_some());
}

#[test]
fn no_answer_is_repeated_after_a_restart() {
    let mut server = Server::running();
    let token = server.token();
    server.checkpoint(vec![step("a", Start)], T0).unwrap();
    server.execution.store_reply(stored(&token, "c1"));
    server.crash();
    assert_eq!(replayed(&server, &token, Some("c1")), None, "its invocation is gone");
}
