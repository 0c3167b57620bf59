//! Goal: whatever happens to an execution, in whatever order, and whenever the server dies, it stands where plain
//! reasoning says it should, and a restart finds all of it.
//!
//! Method: proptest makes up commands (`commands`): batches, sensible and not, invocations and their ends, callbacks,
//! passing time, crashes, zombies. Each is given to the state machine and to a deliberately plain model (`plain`). After
//! each, both are compared in everything that can be seen, the journal is folded anew and compared with the living
//! state, and what may never happen is looked for: a closed thing that changes, a token that is accepted twice or
//! outlives its invocation, a deadline that is missed, an invocation that is forgotten.
//!
//! `PROPTEST_CASES` sets the number of cases. Failures are not written to the source tree: proptest prints the shortest
//! list of commands that fails, and that list becomes a test at the end of this file.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod commands;
mod plain;
#[path = "../support/mod.rs"]
mod support;

use std::collections::HashSet;

use commands::{Ask, Command, Ending, ask};
use durable_core::{
    Action, CallbackCompletion, CallbackOptions, ChainedInvokeOptions, ChainedOutcome, Details,
    ErrorObject, Execution, ExecutionStarted, Fact, InvocationOutcome, Limits, OpRef, Operation,
    OperationType, OperationUpdate, PauseRequest, Record, RetryPolicy, StepOptions, WaitOptions,
};
use plain::{ATTEMPTS_MAX, Op, Plain};
use proptest::prelude::*;
use proptest::sample::select;
use support::{EXECUTION_ID, Server, T0, crashed, error, output, pause_at, start, succeeded};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_execution_stands_where_plain_reasoning_says(
        timeout_seconds in select(vec![12, 3_600, 3_600]),
        operations_max in select(vec![12, 3_000, 3_000, 3_000]),
        commands in commands::commands(),
    ) {
        play(timeout_seconds, operations_max, &commands);
    }
}

fn play(timeout_seconds: u32, operations_max: u64, commands: &[Command]) {
    let mut run = Run::new(timeout_seconds, operations_max);
    for command in commands {
        run.step(command);
    }
}

struct Run {
    server: Server,
    plain: Plain,
    now: i64,
    /// Every token that was ever handed out, and those that were accepted.
    issued: Vec<String>,
    accepted: HashSet<String>,
    /// Every invocation that ever began.
    invocations: Vec<String>,
}

impl Run {
    fn new(timeout_seconds: u32, operations_max: u64) -> Self {
        let mut server = Server::accept(ExecutionStarted { timeout_seconds, ..start() });
        server.limits = Limits { operations_max, ..Limits::default() };
        server.policy = RetryPolicy {
            attempts_max: ATTEMPTS_MAX,
            immediate: 1,
            delay_first: 1_000,
            delay_max: 3_000,
        };
        let plain = Plain::new(T0, i64::from(timeout_seconds) * 1_000, operations_max);
        let (issued, invocations) = (Vec::new(), Vec::new());
        Self { server, plain, now: T0, issued, accepted: HashSet::new(), invocations }
    }

    fn step(&mut self, command: &Command) {
        let before = self.server.execution.clone();
        let records = self.server.journal.len();
        let crashed = matches!(command, Command::Crash);
        self.perform(command);
        same_as_plain(&self.server, &self.plain);
        let wanted = self.plain.wants_invocation(self.now);
        assert_eq!(self.server.execution.wants_invocation(self.now), wanted, "{command:?}");
        self.same_deadline();
        same_after_restart(&self.server, self.now);
        nothing_closed_has_changed(&before, &self.server.execution);
        for record in &self.server.journal[records..] {
            no_alarm_is_late(&before, record, &self.server.execution);
        }
        if crashed {
            for token in &self.issued {
                assert!(self.server.execution.check_token(token).is_err(), "from before the crash");
            }
        }
    }

    fn perform(&mut self, command: &Command) {
        let now = self.now;
        match command {
            Command::Invoke => self.invoke(),
            Command::Checkpoint(asks) => self.checkpoint(asks),
            Command::Zombie(number, asks) => self.zombie(*number, asks),
            Command::End(how) if self.plain.in_flight => {
                self.server.end(&outcome(*how), now);
                self.plain.end(*how, now);
            }
            Command::EndOfZombie(number, how) if !self.invocations.is_empty() => {
                let id = &self.invocations[number % self.invocations.len()];
                let current = self.server.execution.invocation().map(|current| current.id.clone());
                if current.as_ref() != Some(id) {
                    assert!(!self.server.end_of(&id.clone(), &outcome(*how), now));
                }
            }
            Command::Answer(id, success) if self.is_callback(id) => {
                let completion = if *success {
                    CallbackCompletion::Success(Some("answer".into()))
                } else {
                    CallbackCompletion::Failure(error("Refused", "no"))
                };
                let accepted = self.server.answer(id, completion, now).is_ok();
                assert_eq!(accepted, self.plain.answer(id, *success, now));
            }
            Command::Report(id, how) => {
                let fault = error("Child", "it failed");
                let outcome = match how {
                    0 => ChainedOutcome::Succeeded(Some("child".into())),
                    1 => ChainedOutcome::Failed(fault),
                    2 => ChainedOutcome::TimedOut(fault),
                    _ => ChainedOutcome::Stopped(fault),
                };
                self.server.report(id, outcome, now);
                self.plain.report(id, *how, now);
            }
            Command::Heartbeat(id) if self.is_callback(id) => {
                let accepted = self.server.heartbeat(id, now).is_ok();
                assert_eq!(accepted, self.plain.heartbeat(id, now));
            }
            Command::Pause(still) => {
                let request = PauseRequest { timeout_paused: *still, ..pause_at(now) };
                let accepted = self.server.pause(request).is_ok();
                assert_eq!(accepted, self.plain.pause(*still, now));
            }
            Command::Unpause => {
                let accepted = self.server.resume(now).is_ok();
                assert_eq!(accepted, self.plain.unpause(now));
            }
            Command::Stop => {
                self.server.stop(error("Cancelled", "by operator"), now);
                self.plain.stop(now);
            }
            Command::Pass(millis) => self.now += millis,
            Command::PassToDeadline(more) => {
                let due = self.server.execution.next_due();
                if let Some(due) = due.filter(|due| *due < self.plain.deadline) {
                    self.now = self.now.max(due + more);
                }
            }
            Command::PassToTheEnd => self.now = self.now.max(self.plain.deadline),
            Command::Tick => {
                self.server.tick(now);
                self.plain.tick(now);
                let due = self.server.execution.next_due();
                let wanted = self.server.execution.wants_invocation(now);
                assert!(due.is_none_or(|due| due > now) || wanted, "the scheduler would spin");
            }
            Command::Resume => {
                self.perform(&Command::PassToDeadline(0));
                self.perform(&Command::Tick);
                self.perform(&Command::Invoke);
            }
            Command::Crash => {
                self.server.crash();
                self.plain.crash();
                let orphaned = self.server.execution.decide_orphaned_pause();
                self.server.write_facts(orphaned.into_iter().collect(), now);
                self.plain.hold_orphaned(now);
            }
            _ => {}
        }
    }

    fn is_callback(&self, id: &str) -> bool {
        self.plain.ops.iter().any(|op| op.id == id && op.kind == "CALLBACK")
    }

    fn invoke(&mut self) {
        if !self.server.execution.wants_invocation(self.now) {
            return;
        }
        let sure = self.plain.sure;
        let changed = self.server.invoke(self.now);
        let expected = self.plain.invoke();
        let named = |id: &String| if id == EXECUTION_ID { "EXECUTION".into() } else { id.clone() };
        let changed: Vec<String> = changed.iter().map(named).collect();
        if sure {
            assert_eq!(changed, expected);
        } else {
            assert!(expected.iter().all(|id| changed.iter().any(|other| other == id)));
        }
        self.invocations.push(self.server.invocation_id());
        let token = self.server.token();
        assert!(!self.issued.contains(&token));
        self.issued.push(token);
    }

    fn checkpoint(&mut self, asks: &[Ask]) {
        let Some(token) = self.server.execution.current_token().map(|token| token.to_string())
        else {
            return;
        };
        let updates = asks.iter().map(update).collect();
        let reply = self.server.checkpoint(updates, self.now);
        let expected = self.plain.checkpoint(asks, self.now);
        match (&reply, &expected) {
            (Ok(reply), Some(shown)) => {
                assert_eq!(reply.ids(), *shown);
                let rotated = !self.plain.is_paused();
                assert_eq!(reply.token.is_some(), self.plain.is_open() && rotated);
                // A pause withholds the next token; the one that there is stays good.
                assert!(!rotated || self.accepted.insert(token), "accepted for the second time");
                self.issued.extend(reply.token.clone());
            }
            (Err(_), None) => {
                let unchanged = self.server.execution.current_token().map(|t| t.to_string());
                assert_eq!(unchanged, Some(token), "a refusal leaves the token");
            }
            _ => panic!("answered {reply:?}, expected {expected:?}"),
        }
    }

    /// A token that is not the current one is refused before anything else is looked at.
    fn zombie(&mut self, number: usize, asks: &[Ask]) {
        if self.issued.is_empty() {
            return;
        }
        let token = self.issued[number % self.issued.len()].clone();
        let current = self.server.execution.current_token().map(|token| token.to_string());
        if current.as_ref() != Some(&token) {
            let updates = asks.iter().map(update).collect();
            let refused = self.server.checkpoint_with(&token, updates, self.now).unwrap_err();
            assert_eq!(refused.to_string(), "Invalid checkpoint token");
        }
    }

    /// A deadline may be early only to repeat at once what a crash cut off.
    fn same_deadline(&self) {
        let later = self.server.execution.next_due_after(self.now);
        assert_eq!(later, self.plain.next_due_after(self.now));
        let due = self.server.execution.next_due();
        let expected = self.plain.next_due_after(i64::MIN);
        if due != expected {
            assert!(!self.plain.sure && due < expected && due.unwrap() <= self.now);
        }
    }
}

fn outcome(how: Ending) -> InvocationOutcome {
    match how {
        Ending::Succeed => succeeded("out"),
        Ending::Fail => output(r#"{"Status":"FAILED","Error":{"ErrorType":"Own"}}"#),
        Ending::Suspend => output(r#"{"Status":"PENDING"}"#),
        Ending::Nonsense => output("[]"),
        Ending::HandlerError => crashed("Handler"),
        Ending::ProcessExit => crashed("Runtime.ExitError"),
    }
}

fn update(ask: &Ask) -> OperationUpdate {
    OperationUpdate {
        op: OpRef { id: ask.id.into(), parent: ask.parent.map(str::to_owned), ..OpRef::default() },
        kind: OperationType::parse(ask.kind).unwrap(),
        action: Action::parse(ask.action).unwrap(),
        payload: ask.payload.map(|payload| payload.to_string()),
        error: ask.error.then(|| error("Boom", "it broke")),
        replay_children: false,
        step_options: Some(StepOptions { next_attempt_delay_seconds: ask.seconds }),
        wait_options: ask.seconds.map(|wait_seconds| WaitOptions { wait_seconds }),
        callback_options: Some(CallbackOptions {
            timeout_seconds: ask.seconds,
            heartbeat_timeout_seconds: Some(ask.heartbeat),
        }),
        chained_invoke_options: Some(ChainedInvokeOptions {
            function_name: if ask.seconds.is_some() { "missing" } else { "child:1" }.into(),
            ..ChainedInvokeOptions::default()
        }),
    }
}

// The comparison with the plain model.

fn same_as_plain(server: &Server, plain: &Plain) {
    let execution = &server.execution;
    assert_eq!(execution.status.as_str(), plain.status);
    assert_eq!(execution.result, plain.result);
    assert_eq!(execution.error.as_ref().map(error_type), plain.error);
    assert_eq!(execution.ended, plain.ended);
    assert_eq!(execution.deadline(), plain.deadline);
    assert_eq!(execution.invocation().is_some(), plain.in_flight);
    assert_eq!(execution.records(), plain.records);
    assert_eq!(server.journal.len() as u64, plain.records);
    assert_eq!(events(server), plain.events);
    assert_eq!(execution.events(), plain.events.len() as u64);
    assert_eq!(execution.operation_count(), plain.ops.len());
    for (place, expected) in plain.ops.iter().enumerate() {
        same_operation(execution.operation_at(place).unwrap(), expected);
        assert_eq!(execution.operation(expected.id), execution.operation_at(place));
    }
}

fn same_operation(operation: &Operation, expected: &Op) {
    assert_eq!(operation.op.id, expected.id);
    assert_eq!(operation.op.parent.as_deref(), expected.parent);
    assert_eq!(operation.kind().as_str(), expected.kind);
    assert_eq!(operation.status.as_str(), expected.status, "{operation:?}");
    assert_eq!(operation.result, expected.result, "{operation:?}");
    assert_eq!(operation.error.as_ref().map(error_type), expected.error, "{operation:?}");
    assert_eq!((operation.started, operation.ended), (expected.started, expected.ended));
    match &operation.details {
        Details::Context { .. } | Details::ChainedInvoke { .. } => {}
        Details::Step { attempt, next_attempt } => {
            let pending = expected.due.filter(|_| expected.status == "PENDING");
            assert_eq!((*attempt, *next_attempt), (expected.attempt, pending));
        }
        Details::Wait { due, .. } => assert_eq!(Some(*due), expected.due),
        Details::Callback { timeout, heartbeat, .. } => {
            assert_eq!((*timeout, *heartbeat), (expected.due, expected.heartbeat_due));
        }
    }
}

fn error_type(error: &ErrorObject) -> &str {
    error.error_type.as_deref().unwrap_or("")
}

fn events(server: &Server) -> Vec<String> {
    let facts = server.journal.iter().flat_map(|record| &record.facts);
    facts
        .filter(|fact| fact.is_event())
        .map(|fact| {
            let name: String =
                format!("{fact:?}").chars().take_while(char::is_ascii_alphabetic).collect();
            match (fact, fact.operation_id()) {
                (Fact::InvocationCompleted { error, .. }, _) => {
                    format!("{name} {}", error.as_ref().map_or("-", error_type))
                }
                (_, Some(id)) => format!("{name} {id}"),
                _ => name,
            }
        })
        .collect()
}

// What holds by itself.

/// All that a restart must find, through the public interface.
fn projection(execution: &Execution) -> String {
    let operations: Vec<_> =
        (0..execution.operation_count()).map(|place| execution.operation_at(place)).collect();
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {operations:#?}",
        execution.start,
        execution.started,
        execution.status,
        execution.result,
        execution.error,
        execution.ended,
        execution.events(),
        execution.records(),
        execution.deadline(),
    )
}

fn same_after_restart(server: &Server, now: i64) {
    let live = &server.execution;
    let again = Execution::fold(&server.journal).unwrap();
    assert_eq!(projection(&again), projection(live));
    assert!(again.invocation().is_none() && again.current_token().is_none());
    if live.invocation().is_none() {
        assert_eq!(again.next_due(), live.next_due());
        assert_eq!(again.is_active(), live.is_active());
        assert_eq!(again.wants_invocation(now), live.wants_invocation(now));
    } else if live.status.is_open() {
        assert!(again.is_active(), "the invocation in flight would be forgotten");
        assert!(again.wants_invocation(now) || live.deadline() <= now || live.is_paused());
        assert!(again.next_due() <= live.next_due());
    } else {
        assert!(!again.is_active() && again.next_due().is_none());
    }
}

fn nothing_closed_has_changed(before: &Execution, after: &Execution) {
    if !before.status.is_open() {
        let closed = |execution: &Execution| {
            let Execution { status, result, error, ended, .. } = execution.clone();
            (status, result, error, ended)
        };
        assert_eq!(closed(after), closed(before));
    }
    for place in 0..before.operation_count() {
        let operation = before.operation_at(place).unwrap();
        if !operation.status.is_open() || !before.status.is_open() {
            assert_eq!(after.operation_at(place), Some(operation));
        }
    }
}

/// The scheduler sets its alarm from what it knows before a record is applied.
fn no_alarm_is_late(before: &Execution, record: &Record, after: &Execution) {
    if record.facts.iter().any(|fact| fact.pause_status().is_some()) {
        // Here it looks at what comes of it: a resumption brings the timeout closer.
        return;
    }
    let set_by_facts = record.facts.iter().filter_map(|fact| fact.due(record.at));
    let alarm = set_by_facts.chain(before.next_due_besides(&record.facts)).min();
    if let Some(due) = after.next_due() {
        assert!(alarm.is_some_and(|alarm| alarm <= due), "{alarm:?} for {due} after {record:?}");
    }
}

// Lists of commands that show what was once wrong.

/// The wait was named as changed once more, but only if there was a restart.
#[test]
fn a_restart_does_not_show_again_what_the_last_invocation_was_shown() {
    play(
        3_600,
        3_000,
        &[
            Command::Invoke,
            Command::Checkpoint(vec![
                ask("w0", "WAIT", "START").seconds(1),
                ask("k0", "CALLBACK", "START"),
            ]),
            Command::End(Ending::Suspend),
            Command::PassToDeadline(0),
            Command::Tick,
            Command::Invoke,
            Command::Answer("k0", true),
            Command::End(Ending::Suspend),
            Command::Crash,
            Command::Invoke,
        ],
    );
}

/// Crashes used to count as suspensions for nothing.
#[test]
fn a_first_empty_suspension_after_crashes_is_not_the_last() {
    let mut commands = vec![Command::Invoke];
    for _ in 0..3 {
        commands.push(Command::End(Ending::ProcessExit));
        commands.push(Command::PassToDeadline(0));
        commands.push(Command::Invoke);
    }
    commands.push(Command::End(Ending::Suspend));
    play(3_600, 3_000, &commands);
}

/// A step that reports only its end, and an EXECUTION update that carries the id of a step, were both misjudged.
#[test]
fn ends_without_a_start_fill_the_quota_and_an_execution_may_be_closed_under_any_id() {
    let ends = ["s0", "s1", "s2", "s3"].map(|id| ask(id, "STEP", "SUCCEED")).to_vec();
    play(3_600, 3, &[Command::Invoke, Command::Checkpoint(ends.clone())]);
    let close = ask("s0", "EXECUTION", "SUCCEED");
    let commands = [Command::Invoke, Command::Checkpoint(ends), Command::Checkpoint(vec![close])];
    play(3_600, 3_000, &commands);
}

/// A checkpoint that came after the execution's deadline completed a wait that was due with it.
#[test]
fn the_timeout_wins_over_a_wait_that_a_late_checkpoint_finds_due() {
    let wait = ask("w0", "WAIT", "START").seconds(12);
    play(
        12,
        3_000,
        &[
            Command::Invoke,
            Command::Checkpoint(vec![wait]),
            Command::PassToTheEnd,
            Command::Checkpoint(Vec::new()),
            Command::Tick,
            Command::Checkpoint(Vec::new()),
        ],
    );
}

/// A second pause took away the invocation that the first one owed.
#[test]
fn a_pause_does_not_settle_what_an_earlier_one_owes() {
    play(
        3_600,
        3_000,
        &[
            Command::Invoke,
            Command::Pause(false),
            Command::End(Ending::Suspend),
            Command::Unpause,
            Command::Invoke,
            Command::Crash,
            Command::Pause(false),
            Command::Unpause,
            Command::Invoke,
        ],
    );
}
