//! Goal: a pause holds back invocations and nothing else, takes hold where the specification says (1.4, 4.10, 5.6), and
//! leaves no trace once it is over.
//!
//! Method: scripted executions; whatever may happen over a restart is also tried over one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use durable_core::Action::{Start, Succeed};
use durable_core::{
    CallbackCompletion, ErrorObject, ExecutionStatus, Fact, OperationStatus, PauseRequest,
    Rejection,
};
use support::{
    Server, T0, With, callback, crashed, execution, output, pause_at, seconds, start, step,
    succeeded, wait,
};

const FAILED: &str = r#"{"Status":"FAILED","Error":{"ErrorType":"E"}}"#;
const DAY: i64 = 24 * 60 * 60;

fn status(server: &Server) -> ExecutionStatus {
    server.execution.status
}

/// An execution that waits for a callback, paused.
fn waiting() -> Server {
    let mut server = Server::after(vec![callback("k", 0, 0), wait("w", 2)]);
    server.suspend(T0);
    server.pause(pause_at(T0)).unwrap();
    assert_eq!(status(&server), ExecutionStatus::Paused);
    server
}

#[test]
fn everything_but_invocations_goes_on_during_a_pause() {
    for restarting in [false, true] {
        let mut server = waiting();
        server.tick(seconds(2));
        server.answer("k", CallbackCompletion::Success(None), seconds(3)).unwrap();
        assert_eq!(server.status("w"), OperationStatus::Succeeded);
        assert!(!server.execution.wants_invocation(seconds(3)));
        if restarting {
            server.crash();
            assert!(!server.execution.wants_invocation(seconds(3)));
        }
        server.resume(seconds(4)).unwrap();
        assert_eq!(status(&server), ExecutionStatus::Running);
        assert_eq!(server.invoke(seconds(4)), ["k", "w"]);
    }
}

#[test]
fn a_resumed_execution_for_which_nothing_has_changed_keeps_waiting() {
    let mut server = waiting();
    server.resume(seconds(1)).unwrap();
    assert!(!server.execution.wants_invocation(seconds(1)));
    server.crash();
    assert!(!server.execution.wants_invocation(seconds(1)));
}

#[test]
fn an_execution_that_has_not_been_invoked_yet_is_paused_at_once() {
    let mut server = Server::accept(start());
    server.pause(pause_at(T0)).unwrap();
    assert_eq!(status(&server), ExecutionStatus::Paused);
    assert!(!server.execution.wants_invocation(T0));
    server.resume(T0).unwrap();
    server.invoke(T0);
}

#[test]
fn a_pause_cuts_off_the_invocation_at_its_next_checkpoint() {
    for (end, restarting) in [
        (output(FAILED), false),
        (output(r#"{"Status":"PENDING"}"#), false),
        (crashed("Error"), false),
        (output(FAILED), true),
    ] {
        let mut server = Server::after(vec![step("s", Start)]);
        server.pause(pause_at(seconds(1))).unwrap();
        assert_eq!(status(&server), ExecutionStatus::Pausing);
        let reply = server.checkpoint(vec![step("s", Succeed).payload("1")], seconds(2)).unwrap();
        assert_eq!((reply.token, reply.changed.len()), (None, 0));
        assert_eq!(status(&server), ExecutionStatus::Paused);
        assert_eq!(server.status("s"), OperationStatus::Succeeded);
        if restarting {
            server.crash();
        } else {
            server.end(&end, seconds(3));
        }
        assert_eq!(status(&server), ExecutionStatus::Paused, "{end:?}");
        server.resume(seconds(4)).unwrap();
        let later = server.execution.next_due().unwrap().min(seconds(60));
        server.invoke(later.max(seconds(4)));
        server.end(&output(FAILED), later.max(seconds(4)));
        assert_eq!(status(&server), ExecutionStatus::Failed, "this one counts");
    }
}

#[test]
fn a_poll_is_a_checkpoint_too() {
    let mut server = Server::running();
    server.pause(pause_at(T0)).unwrap();
    assert_eq!(server.checkpoint(Vec::new(), T0).unwrap().token, None);
    assert_eq!(status(&server), ExecutionStatus::Paused);
}

#[test]
fn an_sdk_that_goes_on_without_a_token_is_heard_and_gets_one_after_the_pause() {
    let mut server = Server::running();
    server.pause(pause_at(T0)).unwrap();
    assert_eq!(server.checkpoint(vec![step("a", Succeed)], T0).unwrap().token, None);
    let reply = server.checkpoint(vec![step("b", Succeed)], T0).unwrap();
    assert_eq!((reply.token, reply.changed.len()), (None, 0));
    server.resume(T0).unwrap();
    let reply = server.checkpoint(vec![step("c", Succeed)], T0).unwrap();
    assert!(reply.token.is_some());
    assert_eq!(reply.ids(), ["a", "b", "c"]);
    // Nothing is withheld from it any more, so what it says counts.
    server.end(&output(FAILED), T0);
    assert_eq!(status(&server), ExecutionStatus::Failed);
}

#[test]
fn a_pause_takes_hold_at_the_end_of_the_invocation() {
    let mut server = Server::after(vec![callback("k", 0, 0)]);
    server.pause(pause_at(T0)).unwrap();
    server.suspend(T0);
    let last = server.last_facts();
    let completed = matches!(last[0], Fact::InvocationCompleted { error: None, .. });
    assert!(
        completed && matches!(last[1], Fact::ExecutionPaused { cut_off: None, .. }),
        "{last:?}"
    );

    // With nothing to wait for but the pause itself.
    let mut server = Server::running();
    server.pause(pause_at(T0)).unwrap();
    server.suspend(T0);
    assert!(matches!(server.last_facts()[0], Fact::InvocationCompleted { error: None, .. }));
    server.crash();
    server.resume(T0).unwrap();
    server.invoke(T0);

    let mut server = Server::running();
    server.pause(pause_at(T0)).unwrap();
    server.end(&crashed("Error"), T0);
    assert_eq!(status(&server), ExecutionStatus::Paused);
    assert!(!server.execution.wants_invocation(seconds(60)));
    server.resume(seconds(60)).unwrap();
    server.invoke(seconds(60));
}

type End = fn(&mut Server);

#[test]
fn what_ends_the_execution_ends_the_pause() {
    let ends: [(End, ExecutionStatus); 4] = [
        (|server| server.end(&succeeded("1"), T0), ExecutionStatus::Succeeded),
        (|server| server.end(&output(FAILED), T0), ExecutionStatus::Failed),
        (
            |server| {
                server.checkpoint(vec![execution(Succeed)], T0).unwrap();
            },
            ExecutionStatus::Succeeded,
        ),
        (|server| server.stop(ErrorObject::default(), T0), ExecutionStatus::Stopped),
    ];
    for (end, expected) in ends {
        let mut server = Server::running();
        server.pause(pause_at(T0)).unwrap();
        end(&mut server);
        assert_eq!(status(&server), expected);
    }
    let mut server = waiting();
    server.stop(ErrorObject::default(), T0);
    assert_eq!(status(&server), ExecutionStatus::Stopped);
}

#[test]
fn a_pause_that_has_not_taken_hold_is_taken_back() {
    let mut server = Server::running();
    server.pause(pause_at(T0)).unwrap();
    server.resume(T0).unwrap();
    let reply = server.checkpoint(vec![step("s", Start)], T0).unwrap();
    assert!(reply.token.is_some());
    server.end(&succeeded("1"), T0);
    assert_eq!(status(&server), ExecutionStatus::Succeeded);
}

#[test]
fn a_pause_whose_invocation_is_lost_takes_hold_without_it() {
    let mut server = Server::after(vec![step("s", Start)]);
    server.pause(pause_at(T0)).unwrap();
    assert_eq!(server.execution.decide_orphaned_pause(), None);
    server.crash();
    assert_eq!(status(&server), ExecutionStatus::Pausing);
    let fact = server.execution.decide_orphaned_pause().unwrap();
    server.write_facts(vec![fact], T0);
    assert_eq!(status(&server), ExecutionStatus::Paused);
    server.resume(T0).unwrap();
    server.invoke(T0);
}

#[test]
fn only_a_running_execution_is_paused_and_only_a_paused_one_resumed() {
    let conflict = |result: Result<(), Rejection>| matches!(result, Err(Rejection::Conflict(_)));
    let mut server = Server::running();
    assert!(conflict(server.resume(T0)));
    assert!(conflict(server.pause(pause_at(server.execution.deadline()))));
    server.pause(pause_at(T0)).unwrap();
    assert!(conflict(server.pause(pause_at(T0))));
    let mut server = waiting();
    assert!(conflict(server.pause(pause_at(T0))));
    server.stop(ErrorObject::default(), T0);
    assert!(conflict(server.pause(pause_at(T0))) && conflict(server.resume(T0)));
}

#[test]
fn a_repeated_request_has_no_second_effect_for_a_quarter_of_an_hour() {
    let request = |now| PauseRequest { client_token: Some("t".into()), ..pause_at(now) };
    let mut started = start();
    started.timeout_seconds = 3_600;
    let mut server = Server::accept(started);
    server.pause(request(T0)).unwrap();
    server.crash();
    let records = server.journal.len();
    server.pause(request(seconds(899))).unwrap();
    assert_eq!(server.journal.len(), records);
    let other = PauseRequest { timeout_paused: false, ..request(T0) };
    assert!(server.pause(other).is_err());
    assert!(server.pause(request(seconds(900))).is_err());
    server.resume(seconds(1_000)).unwrap();
    server.pause(request(seconds(1_001))).unwrap();
    assert_eq!(status(&server), ExecutionStatus::Paused);
}

#[test]
fn the_execution_timeout_stands_still_only_if_asked_and_never_beyond_366_days() {
    let mut server = waiting();
    assert_eq!(server.execution.deadline(), seconds(366 * DAY));
    server.tick(seconds(1_000));
    assert_eq!(status(&server), ExecutionStatus::Paused);
    server.resume(seconds(1_000)).unwrap();
    assert_eq!(server.execution.deadline(), seconds(1_300));
    // Twice, and over a restart.
    server.pause(pause_at(seconds(1_100))).unwrap();
    server.crash();
    server.resume(seconds(1_150)).unwrap();
    assert_eq!(server.execution.deadline(), seconds(1_350));
    server.tick(seconds(1_350));
    assert_eq!(status(&server), ExecutionStatus::TimedOut);

    let mut server = Server::accept(start());
    server.pause(PauseRequest { timeout_paused: false, ..pause_at(T0) }).unwrap();
    assert_eq!(server.execution.deadline(), seconds(300));
    server.tick(seconds(300));
    assert_eq!(status(&server), ExecutionStatus::TimedOut);

    let mut server = waiting();
    server.tick(seconds(366 * DAY) - 1);
    assert_eq!(status(&server), ExecutionStatus::Paused);
    server.tick(seconds(366 * DAY));
    assert_eq!(status(&server), ExecutionStatus::TimedOut);
}
