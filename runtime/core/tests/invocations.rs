//! Goal: the function is invoked when it should be and only then, and whatever its invocation ends with has the right
//! consequence (specification 3.3, 3.4, 7.2, 7.4).
//!
//! Method: scripted invocations. `Server::invoke` itself insists that an invocation is wanted.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use durable_core::Action::{Start, Succeed};
use durable_core::{
    CallbackCompletion, ErrorObject, ExecutionStatus, Fact, InvocationOutcome, OperationUpdate,
};
use support::{
    EXECUTION_ID, Server, T0, callback, chained, context, crashed, error, execution, output, retry,
    seconds, start, step, succeeded, wait,
};

const PENDING: &str = r#"{"Status":"PENDING"}"#;
const EMPTY: &str = "Cannot return PENDING status with no pending operations.";

/// The error of the last invocation, as its event shows it.
fn invocation_error(server: &Server) -> Option<ErrorObject> {
    let facts = server.journal.iter().rev().flat_map(|record| record.facts.iter().rev());
    facts
        .filter_map(|fact| match fact {
            Fact::InvocationCompleted { error, .. } => Some(error.clone()),
            _ => None,
        })
        .next()
        .expect("an invocation has ended")
}

// Outputs.

#[test]
fn an_output_closes_the_execution_with_its_result_or_error() {
    for (body, result) in [
        (r#"{"Status":"SUCCEEDED","Result":"\"ok\""}"#, Some("\"ok\"")),
        (r#"{"Status":"SUCCEEDED","Result":""}"#, Some("")),
        (r#"{"Status":"SUCCEEDED"}"#, None),
        (r#"{"Status":"SUCCEEDED","Result":null,"Error":null,"More":[1]}"#, None),
    ] {
        let mut server = Server::running();
        server.end(&output(body), seconds(1));
        assert_eq!(server.execution.status, ExecutionStatus::Succeeded, "{body}");
        assert_eq!(server.execution.result.as_deref(), result, "{body}");
        assert_eq!(server.execution.ended, Some(seconds(1)));
        assert_eq!(invocation_error(&server), None);
    }
    for (body, error) in [
        (
            r#"{"Status":"FAILED","Error":{"ErrorType":"E","ErrorMessage":"boom","More":1}}"#,
            error("E", "boom"),
        ),
        (r#"{"Status":"FAILED","Error":{}}"#, ErrorObject::default()),
        (r#"{"Status":"FAILED"}"#, ErrorObject::default()),
    ] {
        let mut server = Server::running();
        server.end(&output(body), seconds(1));
        assert_eq!(server.execution.status, ExecutionStatus::Failed, "{body}");
        assert_eq!(server.execution.error.as_ref(), Some(&error), "{body}");
        assert_eq!(invocation_error(&server), Some(error), "its event shows it, too");
    }
}

#[test]
fn an_output_that_makes_no_sense_fails_the_execution_at_once() {
    for (body, message) in [
        ("", "Invalid Status in invocation output."),
        ("no JSON", "Invalid Status in invocation output."),
        ("\u{0}", "Invalid Status in invocation output."),
        ("null", "Invalid Status in invocation output."),
        ("\"SUCCEEDED\"", "Invalid Status in invocation output."),
        (r#"["SUCCEEDED"]"#, "Invalid Status in invocation output."),
        (r#"["SUCCEEDED","1",null]"#, "Invalid Status in invocation output."),
        ("{}", "Invalid Status in invocation output."),
        (r#"{"Status":null}"#, "Invalid Status in invocation output."),
        (r#"{"Status":1}"#, "Invalid Status in invocation output."),
        (r#"{"Status":"succeeded"}"#, "Invalid Status in invocation output."),
        (r#"{"Status":"RETRY"}"#, "Invalid Status in invocation output."),
        (r#"{"Status":"DONE","Result":1}"#, "Invalid Status in invocation output."),
        (r#"{"status":"SUCCEEDED"}"#, "Invalid Status in invocation output."),
        (r#"{"Status":"SUCCEEDED","Result":{}}"#, "Invalid Result in invocation output."),
        (r#"{"Status":"FAILED","Error":"boom"}"#, "Invalid Error in invocation output."),
        (r#"{"Status":"FAILED","Error":["boom"]}"#, "Invalid Error in invocation output."),
        (r#"{"Status":"FAILED","Error":{"ErrorType":1}}"#, "Invalid Error in invocation output."),
        (
            r#"{"Status":"SUCCEEDED","Result":"1","Error":{}}"#,
            "Cannot provide an Error for SUCCEEDED status.",
        ),
        (
            r#"{"Status":"FAILED","Result":"1","Error":{}}"#,
            "Cannot provide a Result for FAILED status.",
        ),
    ] {
        let mut server = Server::running();
        server.end(&output(body), T0);
        assert_eq!(server.failure(), ("InvalidParameterValueException", message), "{body}");
        assert_eq!(invocation_error(&server), server.execution.error, "{body}");
    }
}

#[test]
fn an_output_may_be_as_long_as_the_execution_allows_in_utf8_bytes() {
    for (result, fits) in [("äbc", true), ("äbcd", false)] {
        let mut started = start();
        started.result_bytes_max = 4;
        let mut server = Server::accept(started);
        server.invoke(T0);
        server.end(&succeeded(result), T0);
        if fits {
            assert_eq!(server.execution.status, ExecutionStatus::Succeeded);
        } else {
            let message = "Execution output payload size must be less than or equal to 4 bytes.";
            assert_eq!(server.failure(), ("InvalidParameterValueException", message));
        }
    }
}

#[test]
fn the_end_of_an_invocation_is_recorded_before_what_its_output_causes() {
    let mut server = Server::running();
    let request_id = server.invocation_id();
    server.end(&succeeded("1"), seconds(1));
    let completed = Fact::InvocationCompleted { request_id, started: T0, error: None, shown: 1 };
    let closed = Fact::ExecutionSucceeded { result: Some("1".into()) };
    assert_eq!(server.last_facts(), [completed, closed]);
}

// Suspension.

#[test]
fn a_handler_may_suspend_while_something_will_wake_it() {
    let waiting = |update: OperationUpdate| vec![update];
    for updates in [
        waiting(wait("w", 9)),
        waiting(retry("s", 9)),
        waiting(callback("k", 0, 0)),
        waiting(callback("k", 9, 0)),
        waiting(callback("k", 0, 9)),
        waiting(chained("i", "child:1")),
        waiting(chained("i", "plain")),
    ] {
        let mut server = Server::after(updates.clone());
        server.suspend(T0);
        assert_eq!(server.execution.status, ExecutionStatus::Running, "{updates:?}");
        assert!(!server.execution.wants_invocation(T0), "{updates:?}");
        assert!(!server.execution.is_active(), "{updates:?}");
        assert_eq!(invocation_error(&server), None);
    }
}

#[test]
fn a_handler_that_suspends_for_nothing_is_asked_twice_more_and_then_believed() {
    for updates in [
        Vec::new(),
        vec![step("s", Start), context("c", Start)],
        vec![step("s", Succeed), context("c", Succeed)],
        vec![chained("i", "missing")],
    ] {
        let mut server = Server::after(updates);
        for round in 0..2 {
            server.suspend(T0);
            let message = invocation_error(&server).and_then(|error| error.error_message);
            assert_eq!(message.as_deref(), Some(EMPTY));
            assert_eq!(server.execution.status, ExecutionStatus::Running, "round {round}");
            server.crash();
            server.invoke(T0);
        }
        server.suspend(T0);
        assert_eq!(server.failure(), ("InvalidParameterValueException", EMPTY));
    }
}

#[test]
fn what_can_no_longer_wake_a_handler_is_nothing_to_wait_for() {
    let mut server = Server::after(vec![wait("w", 1), callback("k", 0, 0), retry("s", 1)]);
    server.answer("k", CallbackCompletion::Success(None), T0).unwrap();
    server.checkpoint(Vec::new(), seconds(1)).unwrap();
    server.suspend(seconds(1));
    let message = invocation_error(&server).and_then(|error| error.error_message);
    assert_eq!(message.as_deref(), Some(EMPTY), "all of it has been shown");
}

#[test]
fn an_answer_that_makes_sense_starts_the_count_anew() {
    let mut server = Server::running();
    for _ in 0..2 {
        server.suspend(T0);
        server.invoke(T0);
    }
    server.checkpoint(vec![wait("w", 1)], T0).unwrap();
    server.suspend(T0);
    server.tick(seconds(1));
    server.invoke(seconds(1));
    server.suspend(seconds(1));
    assert_eq!(server.execution.status, ExecutionStatus::Running);
}

#[test]
fn crashes_do_not_count_as_suspensions_for_nothing_nor_the_other_way_round() {
    let mut server = Server::running();
    for _ in 0..5 {
        server.end(&crashed("Runtime.ExitError"), T0);
        let due = server.execution.next_due().unwrap();
        server.invoke(due);
    }
    server.suspend(T0);
    assert_eq!(server.execution.status, ExecutionStatus::Running, "the first of its kind");
    // A handler that answered is no longer failing, so the delays begin again.
    server.invoke(T0);
    server.end(&crashed("Error"), T0);
    assert_eq!(server.execution.next_due(), Some(seconds(1)));
    // But one that alternates between the two does not do so for ever.
    server.invoke(seconds(1));
    server.suspend(seconds(1));
    server.invoke(seconds(1));
    server.suspend(seconds(1));
    assert_eq!(server.failure(), ("InvalidParameterValueException", EMPTY));
}

// Failures.

#[test]
fn a_handler_that_fails_is_repeated_after_growing_delays_and_then_given_up() {
    for kind in ["Error", "Sandbox.Timedout", "Function.ResponseSizeTooLarge", "RuntimeError"] {
        let mut server = Server::running();
        let mut now = T0;
        for delay in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
            server.end(&crashed(kind), now);
            assert!(!server.execution.wants_invocation(now), "{kind}");
            assert!(server.execution.is_active(), "a restart must take it up again");
            now += delay * 1_000;
            assert_eq!(server.execution.next_due(), Some(now.min(seconds(300))), "{kind}");
            server.crash();
            assert!(!server.execution.wants_invocation(now - 1), "the delay is kept");
            server.invoke(now);
        }
        server.end(&crashed(kind), now);
        assert_eq!(server.failure(), (kind, "it broke"));
        assert_eq!(invocation_error(&server), Some(error(kind, "it broke")));
    }
}

#[test]
fn a_failure_of_the_platform_is_repeated_at_once_three_times() {
    for kind in ["Runtime.ExitError", "Sandbox.Failure", "Extension.Crash"] {
        let mut server = Server::running();
        for _ in 0..3 {
            server.end(&crashed(kind), T0);
            server.invoke(T0);
        }
        server.end(&crashed(kind), T0);
        assert!(!server.execution.wants_invocation(T0), "{kind}");
        assert_eq!(server.execution.next_due(), Some(seconds(8)));
    }
}

#[test]
fn a_response_ends_a_row_of_failures() {
    let mut server = Server::running();
    server.policy.attempts_max = 2;
    for round in 0..5 {
        let now = seconds(round * 10);
        server.end(&crashed("Error"), now);
        server.invoke(now + 1_000);
        server.checkpoint(vec![wait(&format!("w{round}"), 1)], now + 1_000).unwrap();
        server.suspend(now + 1_000);
        server.tick(now + 2_000);
        server.crash();
        server.invoke(now + 2_000);
    }
    assert_eq!(server.execution.status, ExecutionStatus::Running);
    server.end(&crashed("Error"), seconds(50));
    server.invoke(seconds(51));
    server.end(&crashed("Last"), seconds(51));
    assert_eq!(server.failure(), ("Last", "it broke"));
}

#[test]
fn a_checkpoint_is_no_response() {
    let mut server = Server::running();
    server.policy.attempts_max = 2;
    server.end(&crashed("Error"), T0);
    server.invoke(seconds(1));
    server.checkpoint(vec![step("s", Start)], seconds(1)).unwrap();
    server.end(&crashed("Error"), seconds(1));
    assert_eq!(server.execution.status, ExecutionStatus::Failed);
}

#[test]
fn without_a_limit_only_the_execution_timeout_ends_the_failures() {
    let mut server = Server::running();
    server.policy.attempts_max = 0;
    while server.execution.status.is_open() {
        server.end(&crashed("Error"), server.execution.invocation().unwrap().started);
        let due = server.execution.next_due().unwrap();
        server.tick(due);
        if server.execution.wants_invocation(due) {
            server.invoke(due);
        }
    }
    assert_eq!(server.execution.status, ExecutionStatus::TimedOut);
}

#[test]
fn a_wake_up_during_a_failed_invocation_is_absorbed_by_its_repetition() {
    let mut server = Server::after(vec![callback("k", 0, 0)]);
    server.answer("k", CallbackCompletion::Success(None), T0).unwrap();
    server.end(&crashed("Error"), T0);
    assert!(!server.execution.wants_invocation(T0));
    assert_eq!(server.invoke(seconds(1)), ["k"]);
    server.end(&succeeded("1"), seconds(1));
    assert!(!server.execution.wants_invocation(seconds(9)));
}

// When the function is invoked.

#[test]
fn the_start_of_an_execution_is_the_first_change() {
    let mut server = Server::accept(start());
    assert!(server.execution.is_active());
    assert_eq!(server.invoke(T0), [EXECUTION_ID]);
    assert!(!server.execution.wants_invocation(T0), "one at a time");
    assert!(server.execution.is_active(), "a restart would have to repeat it");
}

#[test]
fn every_completion_wakes_a_handler_that_is_suspended() {
    let set_up = || {
        let mut server =
            Server::after(vec![wait("w", 1), retry("s", 2), callback("k", 3, 0), wait("far", 99)]);
        server.suspend(T0);
        server
    };
    let mut server = set_up();
    for (now, id) in [(1, "w"), (2, "s"), (3, "k")] {
        server.tick(seconds(now));
        assert_eq!(server.invoke(seconds(now)), [id]);
        server.suspend(seconds(now));
    }
    let mut server = set_up();
    server.answer("k", CallbackCompletion::Success(None), T0).unwrap();
    server.tick(seconds(2));
    let changed = server.invoke(seconds(2));
    assert_eq!(changed, ["w", "s", "k"], "together, in the order of creation");
}

#[test]
fn a_timer_between_the_last_checkpoint_and_the_suspension_wakes_the_handler_again() {
    let mut server = Server::after(vec![wait("w", 1)]);
    server.tick(seconds(1));
    assert!(!server.execution.wants_invocation(seconds(1)), "one invocation at a time");
    server.suspend(seconds(1));
    assert!(server.execution.is_active());
    assert_eq!(server.invoke(seconds(1)), ["w"]);
}

#[test]
fn a_suspension_for_something_that_the_handler_has_not_been_told_of_is_accepted() {
    let mut server = Server::after(vec![callback("k", 0, 0)]);
    server.answer("k", CallbackCompletion::Success(None), T0).unwrap();
    server.suspend(T0);
    assert_eq!(invocation_error(&server), None);
    assert_eq!(server.invoke(T0), ["k"]);
}

#[test]
fn a_timer_that_a_checkpoint_has_shown_does_not_wake_the_handler_again() {
    for ticks_first in [true, false] {
        let mut server = Server::after(vec![wait("w", 1), wait("far", 99)]);
        if ticks_first {
            server.tick(seconds(1));
        }
        let reply = server.checkpoint(Vec::new(), seconds(1)).unwrap();
        assert_eq!(reply.ids(), ["w"]);
        server.suspend(seconds(1));
        assert!(!server.execution.wants_invocation(seconds(1)));
        server.crash();
        assert!(!server.execution.wants_invocation(seconds(1)), "nor after a restart");
        assert!(!server.execution.is_active());
    }
}

#[test]
fn a_checkpoint_shows_what_it_changed_and_what_changed_meanwhile_once() {
    let mut server = Server::after(vec![wait("w", 1), step("s", Start), callback("k", 0, 0)]);
    server.answer("k", CallbackCompletion::Success(None), T0).unwrap();
    let reply = server.checkpoint(vec![step("s", Succeed), wait("far", 99)], seconds(1)).unwrap();
    assert_eq!(reply.ids(), ["w", "s", "k", "far"], "each once, in the order of creation");
    let reply = server.checkpoint(Vec::new(), seconds(1)).unwrap();
    assert_eq!(reply.ids(), [""; 0]);
    assert_eq!(server.last_facts().len(), 3, "a poll with nothing new writes nothing");
}

#[test]
fn only_what_happened_since_is_reported_after_a_restart() {
    let mut server = Server::after(vec![wait("w", 1), callback("k", 0, 0), wait("far", 99)]);
    server.suspend(T0);
    server.tick(seconds(1));
    server.invoke(seconds(1));
    server.answer("k", CallbackCompletion::Success(None), seconds(1)).unwrap();
    server.suspend(seconds(1));
    server.crash();
    assert_eq!(server.invoke(seconds(2)), ["k"], "the envelope before this one showed the wait");
}

#[test]
fn no_invocation_begins_when_the_time_of_the_execution_is_over() {
    let mut server = Server::after(vec![wait("w", 299)]);
    server.suspend(T0);
    server.tick(seconds(299));
    assert!(server.execution.wants_invocation(seconds(299)));
    assert!(!server.execution.wants_invocation(seconds(300)), "although the timer has not run");
}

// The end of an invocation that no longer matters.

#[test]
fn the_output_of_an_invocation_whose_execution_was_closed_is_recorded_and_ignored() {
    type Close = fn(&mut Server);
    let closings: [(Close, ExecutionStatus); 3] = [
        (|server| server.stop(ErrorObject::default(), T0), ExecutionStatus::Stopped),
        (|server| server.tick(seconds(300)), ExecutionStatus::TimedOut),
        (
            |server| drop(server.checkpoint(vec![execution(Succeed)], T0).unwrap()),
            ExecutionStatus::Succeeded,
        ),
    ];
    for (close, status) in closings {
        for (outcome, error) in [
            (succeeded("late"), None),
            (output(PENDING), None),
            (output("garbage"), None),
            (output(r#"{"Status":"FAILED","Error":{"ErrorType":"E"}}"#), None),
            (crashed("Runtime.ExitError"), Some(error("Runtime.ExitError", "it broke"))),
        ] {
            let mut server = Server::running();
            let request_id = server.invocation_id();
            close(&mut server);
            let closed = (server.execution.error.clone(), server.execution.ended);
            server.end(&outcome, seconds(400));
            let completed = Fact::InvocationCompleted { request_id, started: T0, error, shown: 1 };
            assert_eq!(server.last_facts(), [completed]);
            assert_eq!(server.execution.status, status);
            assert_eq!(server.execution.result, None);
            assert_eq!((server.execution.error.clone(), server.execution.ended), closed);
            assert!(!server.execution.wants_invocation(seconds(400)));
            assert!(!server.execution.is_active());
            assert_eq!(server.execution.next_due(), None);
        }
    }
}

#[test]
fn the_output_of_an_old_invocation_is_nobodys() {
    let outcomes: [InvocationOutcome; 3] =
        [succeeded("old"), output(PENDING), crashed("Runtime.ExitError")];
    for outcome in outcomes {
        let mut server = Server::running();
        let old = server.invocation_id();
        server.crash();
        assert!(!server.end_of(&old, &outcome, T0), "before the next one");
        server.invoke(T0);
        let records = server.execution.records();
        assert!(!server.end_of(&old, &outcome, T0), "during the next one");
        assert!(!server.end_of("", &outcome, T0));
        assert_eq!(server.execution.records(), records);
        assert_ne!(server.invocation_id(), old);
    }
}

// Restarts.

#[test]
fn an_invocation_that_a_restart_cut_off_is_repeated() {
    let mut server = Server::running();
    server.crash();
    assert_eq!(server.invoke(T0), [EXECUTION_ID], "it had told nobody anything");
    server.checkpoint(vec![wait("w", 99)], T0).unwrap();
    for _ in 0..3 {
        server.crash();
        assert!(server.execution.is_active());
        assert_eq!(server.invoke(T0), [""; 0], "it has been shown all there is");
    }
    server.suspend(T0);
    server.crash();
    assert!(!server.execution.is_active(), "but not one that had ended");
}

#[test]
fn a_repetition_that_a_restart_cut_off_is_repeated_without_a_delay() {
    let mut server = Server::after(vec![step("s", Start)]);
    server.end(&crashed("Error"), T0);
    server.invoke(seconds(1));
    server.crash();
    server.invoke(seconds(1));
    server.checkpoint(vec![step("s", Succeed)], seconds(1)).unwrap();
    server.crash();
    assert_ne!(server.execution.next_due(), Some(seconds(1)), "that delay is over");
    server.invoke(seconds(1));
}
