//! Goal: every reason for which a checkpoint is refused (specification 4.6 and 4.7) is given in AWS's words, in AWS's
//! order, and a refused checkpoint leaves nothing behind.
//!
//! Method: `refusal` sends a batch and returns the text of its refusal. Each time it compares the whole state, the
//! journal and the token before and after, and then sends the batch again behind an update that is fine by itself, so
//! that every test here is also a test that a batch is all or nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use durable_core::Action::{Cancel, Fail, Retry, Start, Succeed};
use durable_core::{
    Action, CallbackCompletion, ExecutionStatus, Fact, Limits, OperationStatus, OperationType,
    OperationUpdate,
};
use support::{
    EXECUTION_ID, Server, T0, With, callback, cancel, chained, context, execution, retry, seconds,
    start, step, text, wait,
};

/// The text of the refusal, having made sure that it changed nothing.
fn refusal(server: &mut Server, updates: Vec<OperationUpdate>) -> String {
    refusal_at(server, updates, T0)
}

fn refusal_at(server: &mut Server, updates: Vec<OperationUpdate>, now: i64) -> String {
    let bystander = std::iter::once(step("bystander", Start));
    let with_bystander: Vec<_> = bystander.chain(updates.clone()).collect();
    let complaint = unchanged(server, updates, now);
    assert_eq!(unchanged(server, with_bystander, now), complaint, "behind a good update");
    complaint
}

fn unchanged(server: &mut Server, updates: Vec<OperationUpdate>, now: i64) -> String {
    let before = format!("{:?} {:?}", server.execution, server.journal);
    let token = server.token();
    let rejection = server.checkpoint(updates, now).expect_err("a refusal");
    assert_eq!(format!("{:?} {:?}", server.execution, server.journal), before);
    assert_eq!(server.execution.check_token(&token), Ok(()), "the token is still good");
    text(&rejection)
}

fn update(kind: OperationType, action: Action) -> OperationUpdate {
    OperationUpdate::new("x", kind, action)
}

fn with_limits(limits: Limits) -> Server {
    let mut server = Server::running();
    server.limits = limits;
    server
}

// Rules 1 to 3: the batch by itself.

#[test]
fn a_batch_closes_the_execution_at_most_once() {
    let batch = vec![execution(Succeed), execution(Succeed)];
    let complaint = refusal(&mut Server::running(), batch);
    assert_eq!(complaint, "Cannot checkpoint multiple EXECUTION updates.");
}

#[test]
fn the_update_that_closes_the_execution_comes_last() {
    let batch = vec![execution(Fail), step("s", Start)];
    let complaint = refusal(&mut Server::running(), batch);
    assert_eq!(complaint, "EXECUTION checkpoint must be the last update.");
}

#[test]
fn an_id_occurs_twice_only_as_the_start_and_the_end_of_a_step_or_context() {
    for batch in [
        vec![step("s", Start), step("s", Start)],
        vec![step("s", Succeed), step("s", Start)],
        vec![step("s", Succeed), step("s", Succeed)],
        vec![step("s", Start), retry("s", 1), step("s", Succeed)],
        vec![step("s", Start), context("s", Succeed)],
        vec![context("c", Start), context("c", Succeed), context("c", Succeed)],
        vec![context("c", Start), step("s", Start), context("c", Start)],
        vec![wait("w", 1), cancel("w")],
        vec![callback("k", 0, 0), callback("k", 0, 0)],
    ] {
        let complaint = refusal(&mut Server::running(), batch.clone());
        assert_eq!(
            complaint, "Cannot update the same operation twice in a single request.",
            "{batch:?}"
        );
    }
}

#[test]
fn the_start_and_the_end_of_a_step_or_context_may_share_a_batch() {
    for (batch, status) in [
        (vec![step("x", Start), step("x", Succeed)], OperationStatus::Succeeded),
        (vec![step("x", Start), step("x", Fail)], OperationStatus::Failed),
        (vec![step("x", Start), retry("x", 1)], OperationStatus::Pending),
        (vec![context("x", Start), context("x", Succeed)], OperationStatus::Succeeded),
        (vec![context("x", Start), wait("w", 1), context("x", Fail)], OperationStatus::Failed),
    ] {
        assert_eq!(Server::after(batch).status("x"), status);
    }
}

// Rules 4 and 5: the operation as it is known.

#[test]
fn a_parent_is_a_context_that_has_been_started() {
    let mut server = Server::after(vec![step("s", Start), wait("w", 60)]);
    for parent in ["nobody", "s", "w", "x", EXECUTION_ID] {
        let complaint = refusal(&mut server, vec![step("x", Start).within(parent)]);
        assert_eq!(complaint, "Invalid parent operation id.", "{parent}");
    }
    let too_late = vec![step("x", Start).within("c"), context("c", Start)];
    assert_eq!(refusal(&mut server, too_late), "Invalid parent operation id.");
}

#[test]
fn a_parent_may_be_started_in_the_same_batch_and_may_be_closed() {
    let mut server =
        Server::after(vec![context("c", Start), step("s", Start).within("c"), context("c", Fail)]);
    server.checkpoint(vec![wait("w", 1).within("c")], T0).unwrap();
    assert_eq!(server.op("w").op.parent.as_deref(), Some("c"));
}

#[test]
fn an_operation_stays_what_it_was() {
    let known = |update: OperationUpdate| update.named("charge").labelled("Step").within("c");
    let mut server = Server::after(vec![
        context("c", Start),
        context("d", Start),
        known(step("s", Start)),
        step("plain", Start),
    ]);
    let inconsistent = |what: &str| format!("Inconsistent {what}.");
    for (update, complaint) in [
        (known(context("s", Succeed)), inconsistent("operation type")),
        (known(wait("s", 1)), inconsistent("operation type")),
        (known(step("s", Succeed)).labelled("Other"), inconsistent("operation subtype")),
        (known(step("s", Succeed)).named("other"), inconsistent("operation name")),
        (known(step("s", Succeed)).within("d"), inconsistent("parent operation id")),
        (step("plain", Succeed).labelled("Step"), inconsistent("operation subtype")),
        (step("plain", Succeed).named("charge"), inconsistent("operation name")),
        (step("plain", Succeed).within("c"), inconsistent("parent operation id")),
    ] {
        assert_eq!(refusal(&mut server, vec![update.clone()]), complaint, "{update:?}");
    }
    // What an update leaves out is not compared, and not forgotten.
    server.checkpoint(vec![step("s", Succeed)], T0).unwrap();
    assert_eq!(server.op("s").op, known(step("s", Start)).op);
    let Some(Fact::StepSucceeded { op, .. }) = server.last_facts().first() else {
        panic!("{:?}", server.last_facts());
    };
    assert_eq!(*op, known(step("s", Start)).op, "the event names it in full");
}

#[test]
fn nothing_else_takes_the_id_of_the_execution() {
    let complaint = refusal(&mut Server::running(), vec![step(EXECUTION_ID, Start)]);
    assert_eq!(complaint, "Inconsistent operation type.");
}

#[test]
fn the_update_that_closes_the_execution_may_carry_any_id() {
    for id in ["s", EXECUTION_ID, "anything"] {
        let mut server = Server::after(vec![step("s", Start)]);
        let close = OperationUpdate::new(id, OperationType::Execution, Succeed);
        server.checkpoint(vec![step("s", Succeed), close], T0).unwrap();
        assert_eq!(server.execution.status, ExecutionStatus::Succeeded, "{id}");
    }
}

// Rule 6: sizes.

#[test]
fn payloads_and_errors_have_a_size_in_utf8_bytes() {
    let limits = || Limits { payload_bytes_max: 4, error_bytes_max: 8, ..Limits::default() };
    for (update, name) in [
        (step("x", Succeed), "STEP"),
        (context("x", Succeed), "CONTEXT"),
        (wait("x", 1), "WAIT"),
        (callback("x", 0, 0), "CALLBACK"),
    ] {
        let complaint = refusal(&mut with_limits(limits()), vec![update.clone().payload("äöü")]);
        let expected = format!("{name} payload size must be less than or equal to 4 bytes.");
        assert_eq!(complaint, expected);
        let complaint = refusal(&mut with_limits(limits()), vec![update.failing("1234", "56789")]);
        assert_eq!(complaint, "Error object size must be less than or equal to 8 bytes.", "{name}");
    }
    let mut server = with_limits(limits());
    let batch = vec![step("x", Succeed).payload("äö"), step("y", Fail).failing("1234", "5678")];
    server.checkpoint(batch, T0).expect("exactly at the limit");
}

#[test]
fn all_members_of_an_error_count_towards_its_size() {
    let mut server = with_limits(Limits { error_bytes_max: 8, ..Limits::default() });
    let mut failure = step("x", Fail).failing("12", "34");
    let error = failure.error.as_mut().unwrap();
    error.error_data = Some("56".into());
    error.stack_trace = Some(vec!["7".into(), "8".into()]);
    let mut too_long = failure.clone();
    too_long.error.as_mut().unwrap().stack_trace = Some(vec!["7".into(), "89".into()]);
    refusal(&mut server, vec![too_long]);
    server.checkpoint(vec![failure], T0).expect("exactly at the limit");
}

#[test]
fn the_result_of_an_execution_has_its_own_size() {
    let mut started = start();
    started.result_bytes_max = 5;
    let mut server = Server::accept(started);
    server.limits = Limits { payload_bytes_max: 1, error_bytes_max: 3, ..Limits::default() };
    server.invoke(T0);
    let complaint = refusal(&mut server, vec![execution(Succeed).payload("123456")]);
    assert_eq!(complaint, "Execution output payload size must be less than or equal to 5 bytes.");
    let complaint = refusal(&mut server, vec![execution(Fail).failing("12", "34")]);
    assert_eq!(complaint, "Error object size must be less than or equal to 3 bytes.");
    server.checkpoint(vec![execution(Succeed).payload("12345")], T0).unwrap();
    assert_eq!(server.execution.result.as_deref(), Some("12345"));
}

// Rule 7: what each type knows.

#[test]
fn an_action_must_be_one_of_its_types() {
    let legal = |kind| match kind {
        OperationType::Step => vec![Start, Succeed, Fail, Retry],
        OperationType::Context => vec![Start, Succeed, Fail],
        OperationType::Wait => vec![Start, Cancel],
        OperationType::Callback => vec![Start],
        OperationType::Execution => vec![Succeed, Fail],
        OperationType::ChainedInvoke => vec![Start],
    };
    for kind in OperationType::ALL {
        for action in Action::ALL.into_iter().filter(|action| !legal(kind).contains(action)) {
            let complaint = refusal(&mut Server::running(), vec![update(kind, action)]);
            let expected = "Invalid action for the given operation type.";
            assert_eq!(complaint, expected, "{kind:?} {action:?}");
        }
    }
}

#[test]
fn an_impossible_action_is_named_before_its_options() {
    let complaint = refusal(&mut Server::running(), vec![step("s", Cancel).delayed(1)]);
    assert_eq!(complaint, "Invalid action for the given operation type.");
}

// Rule 8: what the state allows.

#[test]
fn a_chained_invocation_needs_a_function_of_this_account_and_is_started_once() {
    let mut server = Server::after(vec![chained("i", "child:1"), chained("gone", "missing")]);
    let without = update(OperationType::ChainedInvoke, Start);
    let complaint = refusal(&mut server, vec![without]);
    assert_eq!(complaint, "Update for CHAINED_INVOKE operation requires ChainedInvokeOptions.");
    for id in ["i", "gone"] {
        let complaint = refusal(&mut server, vec![chained(id, "child:1")]);
        assert_eq!(complaint, "Cannot start a CHAINED_INVOKE operation that already exists.");
    }
    let complaint = refusal(&mut server, vec![chained("new", "elsewhere")]);
    assert_eq!(complaint, "Cannot start a CHAINED_INVOKE on a function in another account.");
    let twice = vec![chained("new", "child:1"), chained("new", "child:1")];
    let complaint = refusal(&mut server, twice);
    assert_eq!(complaint, "Cannot update the same operation twice in a single request.");
    let large = "x".repeat(1_048_577);
    let complaint = refusal(&mut server, vec![chained("new", "child:1").payload(&large)]);
    let expected = "CHAINED_INVOKE input payload size must be less than or equal to 1048576 bytes.";
    assert_eq!(complaint, expected);
    for tenant in [String::new(), "a!b".into(), "x".repeat(257)] {
        let mut asked = chained("new", "child:1");
        asked.chained_invoke_options.as_mut().unwrap().tenant_id = Some(tenant);
        let complaint = refusal(&mut server, vec![asked]);
        let expected = "TenantId must be 1 to 256 characters matching [a-zA-Z0-9._:/=+-@ ].";
        assert_eq!(complaint, expected);
    }
}

/// One step in each status.
fn steps() -> Server {
    let mut server = Server::after(vec![
        step("started", Start),
        step("succeeded", Succeed),
        step("failed", Fail),
        retry("ready", 1),
        retry("pending", 60),
    ]);
    server.tick(seconds(1));
    server
}

#[test]
fn a_step_is_started_once_per_attempt() {
    for id in ["started", "succeeded", "failed", "pending"] {
        let complaint = refusal(&mut steps(), vec![step(id, Start)]);
        assert_eq!(complaint, "Invalid current STEP state to start.", "{id}");
    }
}

#[test]
fn only_an_attempt_that_runs_can_end() {
    for id in ["succeeded", "failed", "pending"] {
        for action in [Succeed, Fail] {
            let complaint = refusal(&mut steps(), vec![step(id, action)]);
            assert_eq!(complaint, "Invalid current STEP state to close.", "{id} {action:?}");
        }
        let complaint = refusal(&mut steps(), vec![retry(id, 1)]);
        assert_eq!(complaint, "Invalid current STEP state to re-attempt.", "{id}");
    }
}

#[test]
fn a_success_has_no_error_and_a_failure_no_payload() {
    for update in [step("x", Succeed), context("x", Succeed), execution(Succeed)] {
        let complaint = refusal(&mut Server::running(), vec![update.failing("E", "no")]);
        assert_eq!(complaint, "Cannot provide an Error for SUCCEED action.");
    }
    for update in [step("x", Fail), context("x", Fail), execution(Fail)] {
        let complaint = refusal(&mut Server::running(), vec![update.payload("no")]);
        assert_eq!(complaint, "Cannot provide a Payload for FAIL action.");
    }
}

#[test]
fn a_delay_goes_with_a_retry_and_only_with_it() {
    let expected = "Invalid StepOptions for the given action.";
    for action in [Start, Succeed, Fail] {
        let complaint = refusal(&mut Server::running(), vec![step("s", action).delayed(1)]);
        assert_eq!(complaint, expected, "{action:?}");
    }
    assert_eq!(refusal(&mut Server::running(), vec![step("s", Retry)]), expected);
    let mut without_delay = retry("s", 1);
    without_delay.step_options.as_mut().unwrap().next_attempt_delay_seconds = None;
    assert_eq!(refusal(&mut Server::running(), vec![without_delay]), expected);
}

#[test]
fn a_retry_carries_a_state_or_an_error() {
    let both = retry("s", 1).payload("1").failing("E", "boom");
    let complaint = refusal(&mut Server::running(), vec![both]);
    assert_eq!(complaint, "Cannot provide both error and payload to RETRY a STEP.");
}

#[test]
fn a_wait_needs_a_length_and_is_started_once() {
    let mut server = Server::after(vec![wait("w", 1)]);
    let complaint = refusal(&mut server, vec![update(OperationType::Wait, Start)]);
    assert_eq!(complaint, "Update for WAIT operation requires WaitOptions.");
    assert_eq!(refusal(&mut server, vec![wait("w", 1)]), "Cannot start a WAIT that already exist.");
    server.tick(seconds(1));
    assert_eq!(refusal(&mut server, vec![wait("w", 1)]), "Cannot start a WAIT that already exist.");
}

#[test]
fn only_a_running_wait_can_be_given_up() {
    let mut server = Server::after(vec![wait("over", 1), wait("cancelled", 9)]);
    server.checkpoint(vec![cancel("cancelled")], T0).unwrap();
    server.tick(seconds(1));
    for id in ["over", "cancelled", "absent"] {
        let complaint = refusal(&mut server, vec![cancel(id)]);
        let expected = "Cannot cancel a WAIT that does not exist or has already completed.";
        assert_eq!(complaint, expected, "{id}");
    }
}

#[test]
fn a_wait_that_is_due_can_no_longer_be_given_up() {
    let mut server = Server::after(vec![wait("w", 1)]);
    let complaint = refusal_at(&mut server, vec![cancel("w")], seconds(1));
    assert_eq!(complaint, "Cannot cancel a WAIT that does not exist or has already completed.");
    assert_eq!(server.status("w"), OperationStatus::Started, "nor did the refusal complete it");
}

#[test]
fn a_callback_is_started_once() {
    let mut server = Server::after(vec![callback("k", 0, 0)]);
    let expected = "Cannot start a CALLBACK that already exist.";
    assert_eq!(refusal(&mut server, vec![callback("k", 0, 0)]), expected);
    server.answer("k", CallbackCompletion::Success(None), T0).unwrap();
    assert_eq!(refusal(&mut server, vec![callback("k", 0, 0)]), expected);
}

#[test]
fn a_context_is_started_once_and_closed_once() {
    let mut server = Server::after(vec![
        context("open", Start),
        context("good", Start),
        context("good", Succeed),
        context("bad", Fail),
    ]);
    for id in ["open", "good", "bad"] {
        let complaint = refusal(&mut server, vec![context(id, Start)]);
        assert_eq!(complaint, "Cannot start a CONTEXT that already exist.", "{id}");
    }
    for id in ["good", "bad"] {
        for action in [Succeed, Fail] {
            let complaint = refusal(&mut server, vec![context(id, action)]);
            assert_eq!(complaint, "Invalid current CONTEXT state to close.", "{id} {action:?}");
        }
    }
}

// Order.

#[test]
fn the_first_rule_that_is_broken_gives_the_text() {
    let mut server = Server::after(vec![step("s", Start), step("s", Succeed).payload("1")]);
    server.limits = Limits { payload_bytes_max: 4, error_bytes_max: 4, ..Limits::default() };
    // Breaks every rule; each round mends the one that was named.
    let bad = wait("s", 1).within("nobody").payload("too long").failing("too", "long");
    type Change = dyn Fn(&mut OperationUpdate);
    let mended = |change: &Change| {
        let mut update = bad.clone();
        change(&mut update);
        vec![update]
    };
    let mut batch = vec![bad.clone(), bad.clone(), execution(Succeed), execution(Succeed)];
    batch.push(bad.clone());
    let complaint = |server: &mut Server, batch| unchanged(server, batch, T0);
    assert_eq!(
        complaint(&mut server, batch.clone()),
        "Cannot checkpoint multiple EXECUTION updates."
    );
    batch.remove(3);
    assert_eq!(
        complaint(&mut server, batch.clone()),
        "EXECUTION checkpoint must be the last update."
    );
    batch.truncate(2);
    assert_eq!(
        complaint(&mut server, batch),
        "Cannot update the same operation twice in a single request."
    );
    let rounds: [(&Change, &str); 5] = [
        (&|_| {}, "Invalid parent operation id."),
        (&|update| update.op.parent = None, "Inconsistent operation type."),
        (
            &|update| {
                update.op.parent = None;
                update.kind = OperationType::Step;
            },
            "STEP payload size must be less than or equal to 4 bytes.",
        ),
        (
            &|update| {
                *update = step("s", Cancel).payload("ok").failing("too", "long");
            },
            "Error object size must be less than or equal to 4 bytes.",
        ),
        (
            &|update| *update = step("s", Cancel).payload("ok"),
            "Invalid action for the given operation type.",
        ),
    ];
    for (change, expected) in rounds {
        assert_eq!(complaint(&mut server, mended(change)), expected);
    }
    let complaint = refusal(&mut server, vec![step("s", Fail).payload("ok")]);
    assert_eq!(complaint, "Invalid current STEP state to close.", "before what FAIL may carry");
}

#[test]
fn the_first_bad_update_gives_the_text() {
    let batch = vec![cancel("w"), step("s", Start).within("nobody")];
    let complaint = refusal(&mut Server::running(), batch);
    assert_eq!(complaint, "Cannot cancel a WAIT that does not exist or has already completed.");
}
