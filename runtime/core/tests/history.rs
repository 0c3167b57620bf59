//! Goal: the history of an execution reads as in the worked examples of the specification (6.3), event for event.
//!
//! Method: each example is played against the miniature server, and the facts in its journal that are events are
//! written down one a line, numbered from 1, with the details that the GetDurableExecutionHistory API shows. Times are
//! seconds since the start. The letters are those of the specification; (e) is about chained invokes, which are not here.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use durable_core::Action::{Fail, Start, Succeed};
use durable_core::{
    CallbackCompletion, ChainedOutcome, ErrorObject, ExecutionStatus, Fact, Millis, OpRef,
    OperationStatus, OperationUpdate, Rejection, RetryDelay,
};
use support::{
    Server, T0, With, callback, chained, context, crashed, error, output, retry, seconds, start,
    step, succeeded, wait,
};

/// The history, one event a line.
fn history(server: &Server) -> Vec<String> {
    let mut lines = Vec::new();
    for record in &server.journal {
        for fact in record.facts.iter().filter(|fact| fact.is_event()) {
            lines.push(format!("{} {}", lines.len() + 1, event(fact, record.at)));
        }
    }
    assert_eq!(server.execution.events(), lines.len() as u64, "no gap, nothing twice");
    lines
}

fn event(fact: &Fact, at: Millis) -> String {
    match fact {
        Fact::ExecutionStarted(start) => {
            format!("ExecutionStarted {} timeout={}", start.input, start.timeout_seconds)
        }
        Fact::ExecutionSucceeded { result } => format!("ExecutionSucceeded {}", value(result)),
        Fact::ExecutionFailed { error } => format!("ExecutionFailed {}", cause(error)),
        Fact::ExecutionTimedOut { error } => format!("ExecutionTimedOut {}", cause(error)),
        Fact::ExecutionStopped { error } => format!("ExecutionStopped {}", cause(error)),
        Fact::ContextStarted { op } => format!("ContextStarted {}", name(op)),
        Fact::ContextSucceeded { op, result, .. } => {
            format!("ContextSucceeded {} {}", name(op), value(result))
        }
        Fact::ContextFailed { op, error, .. } => {
            format!("ContextFailed {} {}", name(op), cause(error))
        }
        Fact::StepStarted { op } => format!("StepStarted {}", name(op)),
        Fact::StepSucceeded { op, attempt, result, retry } => {
            format!("StepSucceeded {} {} {}", name(op), value(result), attempts(*attempt, retry))
        }
        Fact::StepFailed { op, attempt, error, retry } => {
            format!("StepFailed {} {} {}", name(op), cause(error), attempts(*attempt, retry))
        }
        Fact::WaitStarted { op, seconds, due } => {
            format!("WaitStarted {} duration={seconds} until={}", name(op), time(*due))
        }
        Fact::WaitSucceeded { op, seconds } => {
            format!("WaitSucceeded {} duration={seconds}", name(op))
        }
        Fact::WaitCancelled { op } => format!("WaitCancelled {}", name(op)),
        Fact::CallbackStarted { op, timeout_seconds, heartbeat_seconds, .. } => {
            format!("CallbackStarted {} {timeout_seconds:?} {heartbeat_seconds:?}", name(op))
        }
        Fact::CallbackSucceeded { op, result } => {
            format!("CallbackSucceeded {} {}", name(op), value(result))
        }
        Fact::CallbackFailed { op, error } => {
            format!("CallbackFailed {} {}", name(op), cause(error))
        }
        Fact::CallbackTimedOut { op, error } => {
            format!("CallbackTimedOut {} {}", name(op), cause(error))
        }
        Fact::InvocationCompleted { started, error, .. } => {
            let error = error.as_ref().map(|error| format!(" {}", cause(error)));
            format!(
                "InvocationCompleted {}..{}{}",
                time(*started),
                time(at),
                error.unwrap_or_default()
            )
        }
        Fact::ChainedInvokeStarted { op, function_name, input, target, .. } => {
            let version = target.as_ref().map_or("-", |target| target.version());
            format!("ChainedInvokeStarted {} {function_name} {} {version}", name(op), value(input))
        }
        Fact::ChainedInvokeSucceeded { op, result } => {
            format!("ChainedInvokeSucceeded {} {}", name(op), value(result))
        }
        Fact::ChainedInvokeFailed { op, error } => {
            format!("ChainedInvokeFailed {} {}", name(op), cause(error))
        }
        Fact::ChainedInvokeTimedOut { op, error } => {
            format!("ChainedInvokeTimedOut {} {}", name(op), cause(error))
        }
        Fact::ChainedInvokeStopped { op, error } => {
            format!("ChainedInvokeStopped {} {}", name(op), cause(error))
        }
        Fact::ExecutionPaused { .. } => "ExecutionPaused".to_owned(),
        Fact::ExecutionResumed { .. } => "ExecutionResumed".to_owned(),
        Fact::StepReady { .. }
        | Fact::CallbackHeartbeat { .. }
        | Fact::InvocationRetry { .. }
        | Fact::ExecutionPausing { .. } => panic!("no event: {fact:?}"),
    }
}

/// `parent/id:name(sub type)`, as far as set.
fn name(op: &OpRef) -> String {
    let parent = op.parent.as_ref().map(|parent| format!("{parent}/"));
    let name = op.name.as_ref().map(|name| format!(":{name}"));
    let sub_type = op.sub_type.as_ref().map(|sub_type| format!("({sub_type})"));
    let or_empty = Option::unwrap_or_default;
    format!("{}{}{}{}", or_empty(parent), op.id, or_empty(name), or_empty(sub_type))
}

fn value(payload: &Option<String>) -> &str {
    payload.as_deref().unwrap_or("-")
}

fn cause(error: &ErrorObject) -> String {
    let member = |text: &Option<String>| text.clone().unwrap_or_default();
    format!("{}[{}]", member(&error.error_type), member(&error.error_message))
}

fn attempts(attempt: u32, retry: &Option<RetryDelay>) -> String {
    let next = retry.map(|retry| format!(" next={}", retry.seconds));
    format!("attempt={attempt}{}", next.unwrap_or_default())
}

fn time(at: Millis) -> String {
    format!("{}s", (at - T0) / 1_000)
}

const FIRST: &str = r#"1 ExecutionStarted {"orderId":42} timeout=300"#;

#[test]
fn a_four_steps_in_a_row() {
    let mut server = Server::running();
    for (number, (id, result)) in
        [("validate", "true"), ("reserve", "\"r-1\""), ("charge", "\"c-1\""), ("ship", "\"t-1\"")]
            .into_iter()
            .enumerate()
    {
        let known = |update: OperationUpdate| update.labelled("Step").named(id);
        let id = format!("s{}", number + 1);
        server.checkpoint(vec![known(step(&id, Start))], T0).unwrap();
        server.checkpoint(vec![known(step(&id, Succeed)).payload(result)], T0).unwrap();
    }
    server.end(&succeeded("{\"tracking\":\"t-1\"}"), seconds(1));
    assert_eq!(
        history(&server),
        [
            FIRST,
            "2 StepStarted s1:validate(Step)",
            "3 StepSucceeded s1:validate(Step) true attempt=1",
            "4 StepStarted s2:reserve(Step)",
            "5 StepSucceeded s2:reserve(Step) \"r-1\" attempt=1",
            "6 StepStarted s3:charge(Step)",
            "7 StepSucceeded s3:charge(Step) \"c-1\" attempt=1",
            "8 StepStarted s4:ship(Step)",
            "9 StepSucceeded s4:ship(Step) \"t-1\" attempt=1",
            "10 InvocationCompleted 0s..1s",
            "11 ExecutionSucceeded {\"tracking\":\"t-1\"}",
        ]
    );
}

#[test]
fn b_a_step_that_fails_once() {
    let mut server = Server::running();
    server.checkpoint(vec![step("s1", Start)], T0).unwrap();
    server.checkpoint(vec![retry("s1", 2).failing("Error", "boom")], T0).unwrap();
    server.suspend(T0);
    server.tick(seconds(2));
    server.invoke(seconds(2));
    server.checkpoint(vec![step("s1", Start)], seconds(2)).unwrap();
    server.checkpoint(vec![step("s1", Succeed).payload("\"ok\"")], seconds(3)).unwrap();
    server.end(&succeeded("\"ok\""), seconds(3));
    assert_eq!(
        history(&server),
        [
            FIRST,
            "2 StepStarted s1",
            "3 StepFailed s1 Error[boom] attempt=1 next=2",
            "4 InvocationCompleted 0s..0s",
            "5 StepStarted s1",
            "6 StepSucceeded s1 \"ok\" attempt=2",
            "7 InvocationCompleted 2s..3s",
            "8 ExecutionSucceeded \"ok\"",
        ]
    );
}

#[test]
fn c_a_wait() {
    let mut server = Server::after(vec![wait("w1", 2).labelled("Wait")]);
    server.suspend(T0);
    server.tick(seconds(2));
    server.invoke(seconds(2));
    server.end(&succeeded("1"), seconds(2));
    assert_eq!(
        history(&server),
        [
            FIRST,
            "2 WaitStarted w1(Wait) duration=2 until=2s",
            "3 InvocationCompleted 0s..0s",
            "4 WaitSucceeded w1(Wait) duration=2",
            "5 InvocationCompleted 2s..2s",
            "6 ExecutionSucceeded 1",
        ]
    );
}

#[test]
fn d_a_callback_that_nobody_answers() {
    let update = callback("c1", 5, 0).labelled("Callback").named("approval");
    let mut server = Server::after(vec![update]);
    server.suspend(T0);
    server.tick(seconds(5));
    server.invoke(seconds(5));
    server.end(&output(r#"{"Status":"FAILED","Error":{"ErrorType":"CallbackError"}}"#), seconds(6));
    assert_eq!(
        history(&server),
        [
            FIRST,
            "2 CallbackStarted c1:approval(Callback) Some(5) None",
            "3 InvocationCompleted 0s..0s",
            "4 CallbackTimedOut c1:approval(Callback) Callback.Timeout[Callback timed out]",
            "5 InvocationCompleted 5s..6s CallbackError[]",
            "6 ExecutionFailed CallbackError[]",
        ]
    );
    assert_eq!(server.status("c1"), OperationStatus::TimedOut);
    assert_eq!(server.op("c1").error, Some(error("Callback.Timeout", "Callback timed out")));
}

#[test]
fn d_a_callback_whose_event_knows_the_id_that_was_given_away() {
    let server = Server::after(vec![callback("c1", 0, 4)]);
    let [Fact::CallbackStarted { callback_id, timeout_seconds, heartbeat_seconds, .. }] =
        server.last_facts()
    else {
        panic!("{:?}", server.last_facts());
    };
    assert_eq!(*callback_id, server.callback_id("c1"));
    assert_eq!((*timeout_seconds, *heartbeat_seconds), (None, Some(4)), "only where above 0");
}

#[test]
fn f_two_branches_one_after_the_other() {
    let branch =
        |update: OperationUpdate, id: &str| update.labelled("ParallelBranch").named(id).within("P");
    let mut server = Server::after(vec![context("P", Start).labelled("Parallel")]);
    for (id, task) in [("B1", "s1"), ("B2", "s2")] {
        server
            .checkpoint(
                vec![
                    branch(context(id, Start), id),
                    step(task, Start).within(id),
                    step(task, Succeed).payload("1"),
                    branch(context(id, Succeed), id).payload("1"),
                ],
                T0,
            )
            .unwrap();
    }
    server.checkpoint(vec![context("P", Succeed).payload("[1,1]")], T0).unwrap();
    assert_eq!(
        history(&server)[1..],
        [
            "2 ContextStarted P(Parallel)",
            "3 ContextStarted P/B1:B1(ParallelBranch)",
            "4 StepStarted B1/s1",
            "5 StepSucceeded B1/s1 1 attempt=1",
            "6 ContextSucceeded P/B1:B1(ParallelBranch) 1",
            "7 ContextStarted P/B2:B2(ParallelBranch)",
            "8 StepStarted B2/s2",
            "9 StepSucceeded B2/s2 1 attempt=1",
            "10 ContextSucceeded P/B2:B2(ParallelBranch) 1",
            "11 ContextSucceeded P(Parallel) [1,1]",
        ]
    );
}

#[test]
fn e_a_chained_invocation_that_fails() {
    let child = chained("i1", "child:1").labelled("ChainedInvoke").payload("{}");
    let mut server = Server::after(vec![child]);
    server.suspend(T0);
    let failed = ChainedOutcome::Failed(error("ChildError", "child failed"));
    server.report("i1", failed, seconds(1));
    server.invoke(seconds(1));
    let output = r#"{"Status":"FAILED","Error":{"ErrorType":"E","ErrorMessage":"m"}}"#;
    server.end(&support::output(output), seconds(2));
    assert_eq!(
        history(&server)[1..],
        [
            "2 ChainedInvokeStarted i1(ChainedInvoke) child:1 {} 1",
            "3 InvocationCompleted 0s..0s",
            "4 ChainedInvokeFailed i1(ChainedInvoke) ChildError[child failed]",
            "5 InvocationCompleted 1s..2s E[m]",
            "6 ExecutionFailed E[m]",
        ]
    );

    let server = Server::after(vec![chained("i1", "missing").payload("{}")]);
    assert_eq!(
        history(&server)[1..],
        [
            "2 ChainedInvokeStarted i1 missing - -",
            "3 ChainedInvokeFailed i1 ResourceNotFoundException[missing]",
        ]
    );
}

#[test]
fn g_an_execution_that_times_out_while_it_waits() {
    let mut started = start();
    started.timeout_seconds = 10;
    let mut server = Server::accept(started);
    server.invoke(T0);
    server.checkpoint(vec![wait("w1", 60)], T0).unwrap();
    server.suspend(T0);
    server.tick(seconds(10));
    assert_eq!(
        history(&server),
        [
            r#"1 ExecutionStarted {"orderId":42} timeout=10"#,
            "2 WaitStarted w1 duration=60 until=60s",
            "3 InvocationCompleted 0s..0s",
            "4 ExecutionTimedOut [Execution timed out after 10 seconds.]",
        ]
    );
    assert_eq!(server.execution.status, ExecutionStatus::TimedOut);
    assert_eq!(server.status("w1"), OperationStatus::Started);
}

#[test]
fn h_a_stop_while_a_callback_is_open() {
    for (given, shown) in [
        (error("Cancelled", "by operator"), "4 ExecutionStopped Cancelled[by operator]"),
        (ErrorObject::default(), "4 ExecutionStopped []"),
    ] {
        let mut server = Server::after(vec![callback("c1", 0, 0)]);
        server.suspend(T0);
        server.stop(given, seconds(1));
        let answer = server.answer("c1", CallbackCompletion::Success(None), seconds(2));
        assert_eq!(answer, Err(Rejection::CallbackClosed));
        assert_eq!(
            history(&server),
            [FIRST, "2 CallbackStarted c1 None None", "3 InvocationCompleted 0s..0s", shown]
        );
    }
}

#[test]
fn i_a_process_that_exits_within_a_step_that_must_not_be_repeated() {
    let mut server = Server::after(vec![step("s1", Start)]);
    server.end(&crashed("Runtime.ExitError"), seconds(1));
    server.invoke(seconds(1));
    let lost = step("s1", Fail).failing("StepInterruptedError", "lost");
    server.checkpoint(vec![lost], seconds(2)).unwrap();
    server.end(&output(r#"{"Status":"FAILED","Error":{"ErrorType":"E"}}"#), seconds(2));
    assert_eq!(
        history(&server),
        [
            FIRST,
            "2 StepStarted s1",
            "3 InvocationCompleted 0s..1s Runtime.ExitError[it broke]",
            "4 StepFailed s1 StepInterruptedError[lost] attempt=1",
            "5 InvocationCompleted 1s..2s E[]",
            "6 ExecutionFailed E[]",
        ]
    );
}

#[test]
fn j_a_condition_that_is_polled_twice() {
    let poll = |update: OperationUpdate| update.labelled("WaitForCondition");
    let mut server = Server::after(vec![poll(step("p1", Start))]);
    server.checkpoint(vec![poll(retry("p1", 1)).payload("1")], T0).unwrap();
    server.suspend(T0);
    server.tick(seconds(1));
    server.invoke(seconds(1));
    server.checkpoint(vec![poll(step("p1", Start))], seconds(1)).unwrap();
    server.checkpoint(vec![poll(step("p1", Succeed)).payload("2")], seconds(1)).unwrap();
    server.end(&succeeded("2"), seconds(1));
    assert_eq!(
        history(&server),
        [
            FIRST,
            "2 StepStarted p1(WaitForCondition)",
            "3 StepSucceeded p1(WaitForCondition) 1 attempt=1 next=1",
            "4 InvocationCompleted 0s..0s",
            "5 StepStarted p1(WaitForCondition)",
            "6 StepSucceeded p1(WaitForCondition) 2 attempt=2",
            "7 InvocationCompleted 1s..1s",
            "8 ExecutionSucceeded 2",
        ]
    );
}

#[test]
fn a_step_that_outlives_a_crash_is_not_started_twice() {
    // Case 3-12 of AWS's conformance suite: C> S> V S+ C+ V, at least once.
    let mut server = Server::after(vec![context("c", Start), step("s", Start).within("c")]);
    server.end(&crashed("Runtime.ExitError"), T0);
    server.crash();
    server.invoke(T0);
    let batch = vec![step("s", Succeed).payload("1"), context("c", Succeed).payload("1")];
    server.checkpoint(batch, T0).unwrap();
    server.end(&succeeded("1"), T0);
    assert_eq!(
        history(&server)[1..],
        [
            "2 ContextStarted c",
            "3 StepStarted c/s",
            "4 InvocationCompleted 0s..0s Runtime.ExitError[it broke]",
            "5 StepSucceeded c/s 1 attempt=1",
            "6 ContextSucceeded c 1",
            "7 InvocationCompleted 0s..0s",
            "8 ExecutionSucceeded 1",
        ]
    );
}

#[test]
fn a_timer_that_a_checkpoint_finds_due_comes_before_what_the_checkpoint_brings() {
    let mut server = Server::after(vec![wait("w", 1), callback("k", 1, 0), retry("s", 1)]);
    server.checkpoint(vec![step("s", Start), step("t", Succeed)], seconds(1)).unwrap();
    assert_eq!(
        history(&server)[4..],
        [
            "5 WaitSucceeded w duration=1",
            "6 CallbackTimedOut k Callback.Timeout[Callback timed out]",
            "7 StepStarted s",
            "8 StepSucceeded t - attempt=1",
        ]
    );
}

#[test]
fn what_is_no_event_has_no_number() {
    let mut server = Server::after(vec![callback("k", 0, 9), retry("s", 1)]);
    server.heartbeat("k", T0).unwrap();
    server.tick(seconds(1));
    server.end(&crashed("Error"), seconds(1));
    let records = server.execution.records();
    assert_eq!(records, server.journal.len() as u64);
    let last: Vec<_> = history(&server).split_off(3);
    assert_eq!(last, ["4 InvocationCompleted 0s..1s Error[it broke]"]);
    server.crash();
    assert_eq!(history(&server).len(), 4, "a restart counts alike");
    assert_eq!(server.execution.records(), records);
}
