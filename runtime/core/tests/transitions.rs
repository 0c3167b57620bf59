//! Goal: every transition that an operation or the execution may make (specification 1.4, 4.7, 5.5, 5.7, 7.1) leads
//! where it should, whether its updates come in one batch or in several.
//!
//! Method: `in_one_and_in_several` runs the same updates both ways, and once more over a restart after each, and shows
//! the result to the same assertions.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use durable_core::Action::{Fail, Start, Succeed};
use durable_core::{
    CallbackCompletion, ChainedOutcome, Details, ErrorObject, Execution, ExecutionStatus,
    OperationStatus, OperationUpdate, Record, Rejection,
};
use support::{
    Server, T0, With, callback, cancel, chained, context, error, execution, retry, seconds, start,
    step, wait,
};

fn in_one_and_in_several(updates: &[OperationUpdate], check: impl Fn(&Server)) {
    check(&Server::after(updates.to_vec()));
    for restarting in [false, true] {
        let mut server = Server::running();
        for update in updates {
            if restarting {
                server.crash();
                server.invoke(T0);
            }
            server.checkpoint(vec![update.clone()], T0).unwrap();
        }
        check(&server);
    }
}

// STEP

#[test]
fn a_step_starts_with_no_attempt_behind_it() {
    in_one_and_in_several(&[step("s", Start)], |server| {
        let step = server.op("s");
        assert_eq!((step.status, step.started, step.ended), (OperationStatus::Started, T0, None));
        assert_eq!((&step.result, &step.error), (&None, &None));
        assert_eq!(step.details, Details::Step { attempt: 0, next_attempt: None });
    });
}

#[test]
fn a_step_succeeds_with_its_payload() {
    in_one_and_in_several(&[step("s", Start), step("s", Succeed).payload("1")], |server| {
        let step = server.op("s");
        assert_eq!((step.status, step.ended), (OperationStatus::Succeeded, Some(T0)));
        assert_eq!((step.result.as_deref(), &step.error), (Some("1"), &None));
        assert_eq!(step.details, Details::Step { attempt: 1, next_attempt: None });
    });
}

#[test]
fn a_step_fails_with_its_error() {
    in_one_and_in_several(&[step("s", Start), step("s", Fail).failing("E", "boom")], |server| {
        let step = server.op("s");
        assert_eq!((step.status, step.ended), (OperationStatus::Failed, Some(T0)));
        assert_eq!((&step.result, &step.error), (&None, &Some(error("E", "boom"))));
        assert_eq!(server.attempt("s"), 1);
    });
}

#[test]
fn a_retry_with_an_error_plans_the_next_attempt() {
    in_one_and_in_several(&[step("s", Start), retry("s", 2).failing("E", "boom")], |server| {
        let step = server.op("s");
        assert_eq!((step.status, step.ended), (OperationStatus::Pending, None));
        assert_eq!((&step.result, &step.error), (&None, &Some(error("E", "boom"))));
        assert_eq!(step.details, Details::Step { attempt: 1, next_attempt: Some(seconds(2)) });
        assert_eq!(server.execution.next_due(), Some(seconds(2)));
    });
}

#[test]
fn a_retry_with_a_payload_keeps_it_as_the_state_of_the_step() {
    in_one_and_in_several(&[step("s", Start), retry("s", 2).payload("{}")], |server| {
        let step = server.op("s");
        assert_eq!(step.status, OperationStatus::Pending);
        assert_eq!((step.result.as_deref(), &step.error), (Some("{}"), &None));
        assert_eq!(step.details, Details::Step { attempt: 1, next_attempt: Some(seconds(2)) });
    });
}

#[test]
fn a_step_may_report_only_its_end() {
    for (update, status) in [
        (step("s", Succeed).payload("1"), OperationStatus::Succeeded),
        (step("s", Fail).failing("E", "boom"), OperationStatus::Failed),
        (retry("s", 2).payload("1"), OperationStatus::Pending),
        (retry("s", 2).failing("E", "boom"), OperationStatus::Pending),
    ] {
        in_one_and_in_several(std::slice::from_ref(&update), |server| {
            assert_eq!((server.status("s"), server.attempt("s")), (status, 1), "{update:?}");
            assert_eq!(server.op("s").started, T0);
            assert_eq!(server.execution.events(), 2, "no StepStarted is made up");
        });
    }
}

#[test]
fn a_step_that_is_ready_keeps_its_result_or_error_but_not_its_date() {
    let updates = [retry("poll", 2).payload("{}"), retry("charge", 2).failing("E", "boom")];
    let mut server = Server::after(updates.to_vec());
    server.tick(seconds(2) - 1);
    assert_eq!(server.status("poll"), OperationStatus::Pending, "not a millisecond early");
    server.tick(seconds(2));
    for id in ["poll", "charge"] {
        assert_eq!(server.status(id), OperationStatus::Ready);
        assert_eq!(server.op(id).details, Details::Step { attempt: 1, next_attempt: None });
    }
    server.checkpoint(vec![step("poll", Start)], seconds(2)).unwrap();
    assert_eq!(server.status("poll"), OperationStatus::Started);
    assert_eq!(server.op("poll").started, T0, "a step starts once, its attempts often");
    assert_eq!(server.op("poll").result.as_deref(), Some("{}"), "the attempt reads its state");
    assert_eq!(server.op("charge").error, Some(error("E", "boom")));
}

#[test]
fn attempts_are_counted_when_they_end() {
    let mut server = Server::running();
    for attempt in 0..3 {
        let now = seconds(i64::from(attempt));
        server.checkpoint(vec![step("s", Start)], now).unwrap();
        assert_eq!(server.attempt("s"), attempt);
        server.checkpoint(vec![retry("s", 1).failing("E", "boom")], now).unwrap();
        assert_eq!(server.attempt("s"), attempt + 1);
    }
    server.checkpoint(vec![step("s", Start), step("s", Succeed)], seconds(3)).unwrap();
    assert_eq!((server.status("s"), server.attempt("s")), (OperationStatus::Succeeded, 4));
    assert_eq!((&server.op("s").result, &server.op("s").error), (&None, &None));
}

#[test]
fn an_attempt_that_is_ready_may_end_without_a_start() {
    for (update, status) in [
        (step("s", Succeed), OperationStatus::Succeeded),
        (step("s", Fail), OperationStatus::Failed),
        (retry("s", 5), OperationStatus::Pending),
    ] {
        let mut server = Server::after(vec![retry("s", 1).payload("1")]);
        server.checkpoint(vec![update], seconds(1)).unwrap();
        assert_eq!((server.status("s"), server.attempt("s")), (status, 2));
    }
}

#[test]
fn the_state_of_a_retry_replaces_that_of_the_one_before() {
    let mut server = Server::after(vec![retry("s", 1).payload("1")]);
    server.checkpoint(vec![retry("s", 1).failing("E", "boom")], seconds(1)).unwrap();
    assert_eq!(server.op("s").result, None);
    server.checkpoint(vec![retry("s", 1)], seconds(2)).unwrap();
    assert_eq!((&server.op("s").result, &server.op("s").error), (&None, &None));
}

// WAIT

#[test]
fn a_wait_ends_when_its_time_has_come() {
    in_one_and_in_several(&[wait("w", 2)], |server| {
        assert_eq!(server.status("w"), OperationStatus::Started);
        assert_eq!(server.op("w").details, Details::Wait { seconds: 2, due: seconds(2) });
        assert_eq!(server.execution.next_due(), Some(seconds(2)));
    });
    let mut server = Server::after(vec![wait("w", 2)]);
    server.tick(seconds(2) - 1);
    assert_eq!(server.status("w"), OperationStatus::Started);
    server.tick(seconds(7));
    assert_eq!(server.status("w"), OperationStatus::Succeeded, "late rather than never");
    assert_eq!(server.op("w").ended, Some(seconds(7)));
    assert_eq!(server.execution.next_due(), Some(server.execution.deadline()));
}

/// The clock comes a moment after a deadline. What is accepted in this moment must not hide the deadline from it.
#[test]
fn a_deadline_that_has_passed_stays_due_until_the_clock_has_come_to_it() {
    let mut server = Server::after(vec![wait("w", 1), callback("k", 9, 2)]);
    let heartbeat =
        server.execution.decide_heartbeat(&server.callback_id("k"), seconds(1)).unwrap();
    assert_eq!(server.execution.next_due_besides(&heartbeat), Some(seconds(1)), "the wait");
    server.suspend(seconds(1));
    assert_eq!(server.execution.next_due_besides(&[]), Some(seconds(1)), "still the wait");
    let brought_by_the_clock = server.execution.decide_due(seconds(1));
    let then = server.execution.next_due_besides(&brought_by_the_clock);
    assert_eq!(then, Some(seconds(2)), "the heartbeat");
}

#[test]
fn a_wait_can_be_given_up() {
    let mut server = Server::after(vec![wait("w", 2)]);
    server.checkpoint(vec![cancel("w")], seconds(1)).unwrap();
    assert_eq!(server.status("w"), OperationStatus::Cancelled);
    assert_eq!(server.op("w").ended, Some(seconds(1)));
    assert_eq!(server.execution.decide_due(seconds(2)), [], "its timer is gone");
}

// CONTEXT

#[test]
fn a_context_is_closed_with_a_result_or_an_error() {
    let close = context("c", Succeed).payload("1").replaying_children();
    in_one_and_in_several(&[context("c", Start), close], |server| {
        let context = server.op("c");
        assert_eq!((context.status, context.ended), (OperationStatus::Succeeded, Some(T0)));
        assert_eq!(context.result.as_deref(), Some("1"));
        assert_eq!(context.details, Details::Context { replay_children: true });
    });
    let close = context("c", Fail).failing("E", "boom");
    in_one_and_in_several(&[context("c", Start), close], |server| {
        let context = server.op("c");
        assert_eq!((context.status, context.ended), (OperationStatus::Failed, Some(T0)));
        assert_eq!(context.error, Some(error("E", "boom")));
        assert_eq!(context.details, Details::Context { replay_children: false });
    });
}

#[test]
fn a_context_may_be_closed_without_having_been_started() {
    for (action, status) in [(Succeed, OperationStatus::Succeeded), (Fail, OperationStatus::Failed)]
    {
        in_one_and_in_several(&[context("c", action)], |server| {
            assert_eq!(server.status("c"), status);
            assert_eq!(server.execution.events(), 2);
        });
    }
}

#[test]
fn what_lies_in_a_closed_context_is_hidden_unless_it_replays_its_children() {
    let mut server = Server::after(vec![
        context("outer", Start),
        context("inner", Start).within("outer"),
        step("s", Start).within("inner"),
    ]);
    let hidden = |server: &Server, id| server.execution.is_hidden(server.op(id));
    assert!(!hidden(&server, "s"));
    server.checkpoint(vec![context("inner", Succeed).replaying_children()], T0).unwrap();
    assert!(!hidden(&server, "s"));
    server.checkpoint(vec![context("outer", Succeed)], T0).unwrap();
    assert!(hidden(&server, "s") && hidden(&server, "inner") && !hidden(&server, "outer"));
}

// CALLBACK

#[test]
fn a_callback_has_an_id_of_its_own_and_deadlines_only_where_asked_for() {
    let mut server = Server::after(vec![callback("a", 0, 0), callback("b", 9, 4)]);
    assert_ne!(server.callback_id("a"), server.callback_id("b"));
    let Details::Callback { timeout, heartbeat, heartbeat_seconds, .. } = &server.op("a").details
    else {
        panic!("{:?}", server.op("a"));
    };
    assert_eq!((timeout, heartbeat, heartbeat_seconds), (&None, &None, &None));
    let Details::Callback { timeout, heartbeat, heartbeat_seconds, .. } = &server.op("b").details
    else {
        panic!("{:?}", server.op("b"));
    };
    assert_eq!((*timeout, *heartbeat), (Some(seconds(9)), Some(seconds(4))));
    assert_eq!(*heartbeat_seconds, Some(4));
    let before = server.callback_id("b");
    server.crash();
    assert_eq!(server.callback_id("b"), before, "it was given away, so it must stay");
}

#[test]
fn a_callback_is_answered_once() {
    let failure = CallbackCompletion::Failure(error("E", "no"));
    for (completion, status, result, expected) in [
        (
            CallbackCompletion::Success(Some("1".into())),
            OperationStatus::Succeeded,
            Some("1"),
            None,
        ),
        (CallbackCompletion::Success(None), OperationStatus::Succeeded, None, None),
        (failure, OperationStatus::Failed, None, Some(error("E", "no"))),
    ] {
        let mut server = Server::after(vec![callback("k", 9, 0)]);
        server.answer("k", completion.clone(), seconds(1)).unwrap();
        let callback = server.op("k");
        assert_eq!((callback.status, callback.ended), (status, Some(seconds(1))));
        assert_eq!((callback.result.as_deref(), &callback.error), (result, &expected));
        let again = server.answer("k", completion, seconds(1));
        assert_eq!(again, Err(Rejection::CallbackClosed));
        let text = "The callback is either timed out or already completed";
        assert_eq!(again.unwrap_err().to_string(), text);
        assert_eq!(server.heartbeat("k", seconds(1)), Err(Rejection::CallbackClosed));
        assert_eq!(server.execution.decide_due(seconds(9)), [], "its timer is gone");
    }
}

#[test]
fn a_callback_times_out_by_the_deadline_that_comes_first() {
    for (timeout, heartbeat, due, kind, message) in [
        (5, 0, 5, "Callback.Timeout", "Callback timed out"),
        (0, 5, 5, "Callback.Heartbeat", "Callback timed out on heartbeat"),
        (9, 5, 5, "Callback.Heartbeat", "Callback timed out on heartbeat"),
        (5, 9, 5, "Callback.Timeout", "Callback timed out"),
        (5, 5, 5, "Callback.Timeout", "Callback timed out"),
    ] {
        let mut server = Server::after(vec![callback("k", timeout, heartbeat)]);
        server.tick(seconds(due) - 1);
        assert_eq!(server.status("k"), OperationStatus::Started);
        server.tick(seconds(20));
        assert_eq!(server.status("k"), OperationStatus::TimedOut);
        assert_eq!(server.op("k").error, Some(error(kind, message)), "{timeout} {heartbeat}");
    }
}

#[test]
fn a_heartbeat_moves_its_own_deadline_and_nothing_else() {
    let mut server = Server::after(vec![callback("k", 9, 4)]);
    server.suspend(T0);
    let events = server.execution.events();
    server.heartbeat("k", seconds(3)).unwrap();
    assert_eq!(server.execution.next_due(), Some(seconds(7)));
    server.heartbeat("k", seconds(6)).unwrap();
    assert_eq!(server.execution.next_due(), Some(seconds(9)), "the main timeout stays");
    assert_eq!(server.execution.events(), events, "no event");
    assert!(!server.execution.wants_invocation(seconds(6)), "nothing that a handler can see");
    server.crash();
    assert_eq!(server.execution.next_due(), Some(seconds(9)), "it is kept over a restart");
    server.tick(seconds(9));
    let timeout = error("Callback.Timeout", "Callback timed out");
    assert_eq!(server.op("k").error, Some(timeout));
}

#[test]
fn a_heartbeat_that_nobody_asked_for_is_not_recorded() {
    let mut server = Server::after(vec![callback("k", 9, 0)]);
    let records = server.execution.records();
    server.heartbeat("k", seconds(3)).unwrap();
    assert_eq!(server.execution.records(), records);
}

#[test]
fn an_answer_after_the_deadline_is_refused_although_the_timer_has_not_run() {
    let mut server = Server::after(vec![callback("k", 5, 0), callback("late", 0, 0)]);
    let answer = || CallbackCompletion::Success(None);
    assert_eq!(server.answer("k", answer(), seconds(5)), Err(Rejection::CallbackClosed));
    assert_eq!(server.heartbeat("k", seconds(5)), Err(Rejection::CallbackClosed));
    let end = server.execution.deadline();
    assert_eq!(server.answer("late", answer(), end), Err(Rejection::CallbackClosed));
    assert_eq!(server.answer("late", answer(), end - 1), Ok(()));
    assert_eq!(server.answer("k", answer(), seconds(5) - 1), Ok(()), "the clock alone decides");
}

#[test]
fn an_answer_is_refused_when_nobody_knows_the_callback_or_its_execution_is_closed() {
    let mut server = Server::after(vec![callback("k", 0, 0)]);
    let unknown = "0".repeat(64);
    assert_eq!(
        server.execution.decide_heartbeat(&unknown, T0).unwrap_err(),
        Rejection::CallbackClosed
    );
    let mut too_long = error("E", "");
    too_long.error_message = Some("x".repeat(1_048_576));
    let refused = server.answer("k", CallbackCompletion::Failure(too_long), T0).unwrap_err();
    let text = "Error object size must be less than or equal to 1048576 bytes.";
    assert_eq!(refused.to_string(), text);
    assert_eq!(server.status("k"), OperationStatus::Started);
    server.stop(ErrorObject::default(), T0);
    let refused = server.answer("k", CallbackCompletion::Success(None), T0);
    assert_eq!(refused, Err(Rejection::CallbackClosed));
    assert_eq!(server.status("k"), OperationStatus::Started, "a stop leaves it as it was");
}

// CHAINED_INVOKE

#[test]
fn a_chained_invocation_knows_what_it_runs() {
    in_one_and_in_several(&[chained("i", "child:1"), chained("j", "plain")], |server| {
        assert_eq!(server.status("i"), OperationStatus::Started);
        let Details::ChainedInvoke { function_name, target, .. } = &server.op("i").details else {
            panic!("{:?}", server.op("i"));
        };
        assert_eq!(function_name, "child:1");
        assert!(target.as_ref().is_some_and(|target| target.execution_id().is_some()));
        let Details::ChainedInvoke { target, .. } = &server.op("j").details else {
            panic!("{:?}", server.op("j"));
        };
        assert_eq!(target.as_ref().map(|target| target.execution_id()), Some(None));
        assert!(server.execution.has_open_chained());
    });
}

#[test]
fn a_chained_invocation_that_leads_nowhere_has_failed_when_it_is_answered() {
    let mut server = Server::running();
    let reply = server.checkpoint(vec![chained("i", "missing")], T0).unwrap();
    assert_eq!(reply.ids(), ["i"]);
    let shown = &reply.changed[0];
    assert_eq!(shown.status, OperationStatus::Failed);
    assert_eq!(shown.error, Some(error("ResourceNotFoundException", "missing")));
    assert!(!server.execution.has_open_chained());
}

#[test]
fn a_chained_invocation_ends_once_as_its_target_did_and_wakes_the_handler() {
    let fault = || error("E", "boom");
    for (outcome, status) in [
        (ChainedOutcome::Succeeded(Some("1".into())), OperationStatus::Succeeded),
        (ChainedOutcome::Failed(fault()), OperationStatus::Failed),
        (ChainedOutcome::TimedOut(fault()), OperationStatus::TimedOut),
        (ChainedOutcome::Stopped(fault()), OperationStatus::Stopped),
    ] {
        let mut server = Server::after(vec![chained("i", "child:1")]);
        server.suspend(T0);
        server.report("i", outcome.clone(), seconds(1));
        assert_eq!(server.status("i"), status);
        assert_eq!(server.op("i").ended, Some(seconds(1)));
        assert_eq!(server.op("i").error.is_some(), status != OperationStatus::Succeeded);
        assert!(!server.execution.has_open_chained());
        let records = server.journal.len();
        server.report("i", outcome, seconds(2));
        assert_eq!(server.journal.len(), records, "only once");
        server.crash();
        assert_eq!(server.invoke(seconds(2)), ["i"]);
    }
}

#[test]
fn nobody_waits_for_a_target_once_the_execution_is_over() {
    let outcome = || ChainedOutcome::Succeeded(None);
    let mut server = Server::after(vec![chained("i", "child:1"), step("s", Start)]);
    let end = server.execution.deadline();
    for (id, now) in [("i", end), ("s", T0), ("unknown", T0)] {
        assert_eq!(server.execution.decide_chained_outcome(id, outcome(), now), []);
    }
    server.stop(ErrorObject::default(), T0);
    assert_eq!(server.execution.decide_chained_outcome("i", outcome(), T0), []);
    assert_eq!(server.status("i"), OperationStatus::Started);
}

// EXECUTION

#[test]
fn an_execution_begins_with_its_start_and_with_nothing_else() {
    let execution = Server::accept(start()).execution;
    assert_eq!((execution.status, execution.started), (ExecutionStatus::Running, T0));
    assert_eq!((execution.events(), execution.records()), (1, 1));
    assert_eq!(execution.deadline(), seconds(300));
    assert!(Execution::begin(&Record::new(T0, Vec::new())).is_none());
    assert!(Execution::fold(&[]).is_none());
}

#[test]
fn an_execution_can_be_closed_by_a_checkpoint() {
    let mut server = Server::after(vec![step("s", Start)]);
    let batch = vec![step("s", Succeed), execution(Succeed).payload("big")];
    let reply = server.checkpoint(batch, seconds(1)).unwrap();
    assert_eq!((reply.token.as_ref(), reply.ids()), (None, vec!["s"]));
    assert_eq!(server.execution.status, ExecutionStatus::Succeeded);
    assert_eq!(server.execution.result.as_deref(), Some("big"));
    assert_eq!(server.execution.ended, Some(seconds(1)));
    const DAYS: i64 = 14 * 24 * 60 * 60;
    assert_eq!(server.execution.delete_at(seconds(1)), seconds(1 + DAYS));

    let mut server = Server::running();
    server.checkpoint(vec![execution(Fail).failing("E", "boom")], T0).unwrap();
    assert_eq!(server.failure(), ("E", "boom"));
    let mut server = Server::running();
    server.checkpoint(vec![execution(Fail)], T0).unwrap();
    assert_eq!(server.execution.error, Some(ErrorObject::default()));
}

#[test]
fn an_execution_times_out_and_leaves_its_operations_as_they_were() {
    let mut server = Server::after(vec![wait("at the deadline", 300), wait("before", 299)]);
    server.tick(seconds(300) - 1);
    assert_eq!(server.status("before"), OperationStatus::Succeeded);
    server.tick(seconds(300));
    assert_eq!(server.execution.status, ExecutionStatus::TimedOut);
    assert_eq!(server.execution.ended, Some(seconds(300)));
    let error = server.execution.error.as_ref().unwrap();
    assert_eq!(error.error_message.as_deref(), Some("Execution timed out after 300 seconds."));
    assert_eq!(error.error_type, None);
    assert_eq!(server.status("at the deadline"), OperationStatus::Started, "the timeout wins");
    assert_eq!(server.execution.next_due(), None);
}

#[test]
fn a_stop_closes_an_open_execution_and_leaves_a_closed_one_alone() {
    let mut server = Server::after(vec![wait("w", 2), retry("s", 2)]);
    server.stop(error("Cancelled", "by operator"), seconds(1));
    assert_eq!(server.execution.status, ExecutionStatus::Stopped);
    assert_eq!(server.execution.error, Some(error("Cancelled", "by operator")));
    assert_eq!(server.status("w"), OperationStatus::Started);
    assert_eq!(server.status("s"), OperationStatus::Pending);
    assert_eq!(server.execution.decide_due(seconds(2)), []);
    assert_eq!(server.execution.decide_stop(ErrorObject::default()), []);
    assert_eq!(server.execution.ended, Some(seconds(1)));
}

#[test]
fn timers_that_are_due_together_complete_in_the_order_of_their_deadlines() {
    let mut server = Server::after(vec![
        wait("third", 3),
        retry("first", 1),
        callback("second", 2, 0),
        wait("fourth", 3),
    ]);
    server.tick(seconds(10));
    let ids: Vec<_> = server.last_facts().iter().filter_map(|fact| fact.operation_id()).collect();
    assert_eq!(ids, ["first", "second", "third", "fourth"]);
}
