//! Goal: an execution that writes too much is ended by the checkpoint that takes it over its quota (specification 4.11
//! and 9.1). That checkpoint is not refused: what it reports has happened.
//!
//! Method: executions with room for a handful of operations or bytes, filled exactly, and then by one more.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use durable_core::Action::{Fail, Start, Succeed};
use durable_core::{ExecutionStatus, Limits, OperationStatus};
use support::{
    Server, T0, With, callback, chained, context, crashed, execution, retry, seconds, start, step,
    wait,
};

fn with_limits(limits: Limits) -> Server {
    let mut server = Server::running();
    server.limits = limits;
    server
}

#[test]
fn a_batch_over_the_quota_of_operations_is_accepted_and_fails_the_execution() {
    let mut server = with_limits(Limits { operations_max: 3, ..Limits::default() });
    let reply = server.checkpoint(vec![step("a", Start), step("b", Start)], T0).unwrap();
    assert!(reply.token.is_some(), "the execution itself counts 1, so this makes 3");
    let reply = server.checkpoint(vec![wait("w", 1)], T0).unwrap();
    assert_eq!(reply.token, None);
    let expected =
        "The durable execution exceeded the quota of 3 operations per durable execution.";
    assert_eq!(server.failure(), ("ServiceQuotaExceededException", expected));
    assert_eq!(server.status("w"), OperationStatus::Started);
}

#[test]
fn retries_and_operations_that_appear_with_their_end_count_towards_the_quota() {
    for (batch, metered) in [
        (vec![step("s", Start), step("s", Succeed)], 1),
        (vec![step("s", Succeed)], 1),
        (vec![step("s", Fail)], 1),
        (vec![step("s", Start), retry("s", 1)], 2),
        (vec![retry("s", 1)], 2),
        (vec![context("c", Start), context("c", Succeed)], 1),
        (vec![context("c", Succeed)], 1),
        (vec![context("c", Fail)], 1),
        (vec![wait("w", 1)], 1),
        (vec![callback("k", 1, 1)], 1),
        (vec![chained("i", "child:1")], 1),
        (vec![chained("i", "missing")], 1),
    ] {
        for (room, status) in
            [(metered, ExecutionStatus::Running), (metered - 1, ExecutionStatus::Failed)]
        {
            let limits = Limits { operations_max: 1 + room, ..Limits::default() };
            let mut server = with_limits(limits);
            server.checkpoint(batch.clone(), T0).unwrap();
            assert_eq!(server.execution.status, status, "{batch:?} with room for {room}");
        }
    }
}

#[test]
fn a_batch_over_the_quota_of_bytes_is_accepted_and_fails_the_execution() {
    let input = start().input.len() as u64;
    let limits = Limits { written_bytes_max: input + 8, ..Limits::default() };
    let mut server = with_limits(limits.clone());
    let batch = vec![step("a", Succeed).payload("1234"), step("b", Fail).failing("12", "34")];
    server.checkpoint(batch, T0).unwrap();
    assert_eq!(server.execution.status, ExecutionStatus::Running, "exactly at the quota");
    server.crash();
    server.limits = limits;
    server.invoke(T0);
    server.checkpoint(vec![context("c", Succeed).payload("5")], T0).unwrap();
    let (kind, message) = server.failure();
    assert_eq!(kind, "ServiceQuotaExceededException", "what was written counts after a restart");
    assert!(message.ends_with("bytes written per durable execution."), "{message}");
}

#[test]
fn a_batch_that_closes_the_execution_is_not_failed_for_its_size() {
    let mut server = with_limits(Limits { operations_max: 1, ..Limits::default() });
    server.checkpoint(vec![step("s", Succeed), execution(Succeed).payload("1")], T0).unwrap();
    assert_eq!(server.execution.status, ExecutionStatus::Succeeded);
}

#[test]
fn an_invocation_that_failed_counts_as_an_operation_and_with_its_error() {
    let input = start().input.len() as u64;
    for (operations_max, written_bytes_max, status) in [
        (2, input + 21, ExecutionStatus::Running),
        (1, input + 21, ExecutionStatus::Failed),
        (2, input + 20, ExecutionStatus::Failed),
    ] {
        let limits = Limits { operations_max, written_bytes_max, ..Limits::default() };
        let mut server = with_limits(limits);
        server.end(&crashed("Runtime.Error"), T0);
        server.invoke(seconds(1));
        server.checkpoint(Vec::new(), seconds(1)).unwrap();
        assert_eq!(server.execution.status, status, "{operations_max} {written_bytes_max}");
    }
}
