//! Goal: a journal that was written once can be read for ever.
//!
//! Method: `golden/records.jsonl` holds one record of each kind of fact as it is written today. A record must be written
//! so and read back as what it was. If this test fails, the format has changed: members may be added with a default,
//! never renamed or removed. A line that is written differently for that reason is replaced, and its old form is moved
//! to `members_that_may_be_missing_have_a_default`, because journals hold it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::collections::BTreeSet;

use durable_core::{
    ChainedTarget, ErrorObject, ExecutionStarted, Fact, OpRef, ParentLink, PauseRequest, Record,
    ResumeRequest, RetryDelay,
};
use serde_json::Value;
use support::{EXECUTION_ID, T0, error, seconds, start};

const GOLDEN: &str = include_str!("golden/records.jsonl");

fn full_op() -> OpRef {
    OpRef {
        id: "op-1".into(),
        parent: Some("c-1".into()),
        name: Some("charge".into()),
        sub_type: Some("Step".into()),
    }
}

fn bare_op() -> OpRef {
    OpRef { id: "op-2".into(), ..OpRef::default() }
}

fn full_error() -> ErrorObject {
    ErrorObject {
        error_data: Some("{\"code\":7}".into()),
        stack_trace: Some(vec!["at a".into(), "at b".into()]),
        ..error("Error", "boom \"ü\"")
    }
}

/// One of each kind, most of them once with and once without what is optional.
fn facts() -> Vec<Fact> {
    let result = || Some("{\"ok\":true}".to_owned());
    let retry = Some(RetryDelay { seconds: 2, due: seconds(2) });
    let request_id = || "0b7d84c9-ea3d-4ffc-b3e5-5ec51c34ff00".to_owned();
    let full_start = ExecutionStarted {
        trace_header: Some("Root=1-2-3".into()),
        tenant_id: Some("tenant".into()),
        ..start()
    };
    let mut facts = vec![
        Fact::ExecutionStarted(full_start),
        Fact::ExecutionStarted(start()),
        Fact::ExecutionSucceeded { result: result() },
        Fact::ExecutionSucceeded { result: None },
        Fact::ExecutionFailed { error: full_error() },
        Fact::ExecutionTimedOut { error: ErrorObject::default() },
        Fact::ExecutionStopped { error: error("Cancelled", "by operator") },
        Fact::ContextStarted { op: full_op() },
        Fact::ContextSucceeded { op: full_op(), result: result(), replay_children: true },
        Fact::ContextFailed { op: bare_op(), error: full_error(), replay_children: false },
        Fact::StepStarted { op: full_op() },
        Fact::StepSucceeded { op: full_op(), attempt: 1, result: result(), retry: None },
        Fact::StepSucceeded { op: bare_op(), attempt: 2, result: None, retry },
        Fact::StepFailed { op: full_op(), attempt: 1, error: full_error(), retry: None },
        Fact::StepFailed { op: bare_op(), attempt: 2, error: full_error(), retry },
        Fact::StepReady { id: "op-1".into() },
        Fact::WaitStarted { op: full_op(), seconds: 2, due: seconds(2) },
        Fact::WaitSucceeded { op: full_op(), seconds: 2 },
        Fact::WaitCancelled { op: full_op() },
        Fact::CallbackStarted {
            op: full_op(),
            callback_id: "9f7d0b7d".into(),
            timeout_seconds: Some(9),
            heartbeat_seconds: Some(4),
        },
        Fact::CallbackStarted {
            op: bare_op(),
            callback_id: "9f7d0b7e".into(),
            timeout_seconds: None,
            heartbeat_seconds: None,
        },
        Fact::CallbackSucceeded { op: full_op(), result: result() },
        Fact::CallbackFailed { op: full_op(), error: full_error() },
        Fact::CallbackTimedOut { op: full_op(), error: error("Callback.Timeout", "too late") },
        Fact::CallbackHeartbeat { id: "op-1".into() },
        Fact::InvocationCompleted {
            request_id: request_id(),
            started: T0,
            error: Some(full_error()),
            shown: 3,
        },
        Fact::InvocationCompleted { request_id: request_id(), started: T0, error: None, shown: 3 },
        Fact::InvocationRetry { failures: 1, empty_suspensions: 2, due: seconds(1) },
    ];
    facts.extend(later_facts());
    facts
}

/// The kinds that the first version did not have: their lines stand behind the older ones.
fn later_facts() -> Vec<Fact> {
    let result = || Some("{\"ok\":true}".to_owned());
    let request_id = || "0b7d84c9-ea3d-4ffc-b3e5-5ec51c34ff00".to_owned();
    vec![
        Fact::ExecutionStarted(ExecutionStarted {
            parent: Some(ParentLink { execution: EXECUTION_ID.into(), operation: "op-1".into() }),
            ..start()
        }),
        Fact::ChainedInvokeStarted {
            op: full_op(),
            function_name: "child:1".into(),
            tenant_id: Some("tenant".into()),
            trace_header: Some("Root=1-2-3".into()),
            input: result(),
            target: Some(ChainedTarget::Durable {
                function: "child".into(),
                version: "1".into(),
                execution_name: "n".into(),
                execution_id: EXECUTION_ID.into(),
                execution_arn: "arn".into(),
            }),
        },
        Fact::ChainedInvokeStarted {
            op: bare_op(),
            function_name: "plain".into(),
            tenant_id: None,
            trace_header: None,
            input: None,
            target: Some(ChainedTarget::Plain { function: "plain".into(), version: "1".into() }),
        },
        Fact::ChainedInvokeStarted {
            op: bare_op(),
            function_name: "missing".into(),
            tenant_id: None,
            trace_header: None,
            input: None,
            target: None,
        },
        Fact::ChainedInvokeSucceeded { op: full_op(), result: result() },
        Fact::ChainedInvokeFailed { op: full_op(), error: full_error() },
        Fact::ChainedInvokeTimedOut { op: full_op(), error: full_error() },
        Fact::ChainedInvokeStopped { op: full_op(), error: full_error() },
        Fact::ExecutionPausing { request: full_pause(), extension: 5 },
        Fact::ExecutionPaused { request: full_pause(), cut_off: Some(request_id()), extension: 5 },
        Fact::ExecutionPaused {
            request: PauseRequest {
                requested: T0,
                reason: None,
                timeout_paused: false,
                client_token: None,
            },
            cut_off: None,
            extension: 0,
        },
        Fact::ExecutionResumed {
            request: ResumeRequest {
                requested: T0,
                reason: Some("back".into()),
                client_token: Some("t2".into()),
            },
            extension: 7,
        },
    ]
}

fn full_pause() -> PauseRequest {
    PauseRequest {
        requested: T0,
        reason: Some("lunch".into()),
        timeout_paused: true,
        client_token: Some("t1".into()),
    }
}

/// A record of each fact, and one of all of them from a checkpoint.
fn records() -> Vec<Record> {
    let mut records: Vec<_> =
        facts().into_iter().map(|fact| Record::new(seconds(5), vec![fact])).collect();
    let invocation = Some("0b7d84c9-ea3d-4ffc-b3e5-5ec51c34ff00".to_owned());
    let facts = vec![Fact::StepReady { id: "a".into() }, Fact::StepStarted { op: bare_op() }];
    records.push(Record { at: T0, invocation, facts });
    records.push(Record::new(T0, Vec::new()));
    records
}

/// A match without a wildcard: a new kind of fact does not compile until it is listed, and then lacks its line.
fn kind(fact: &Fact) -> usize {
    match fact {
        Fact::ExecutionStarted(_) => 0,
        Fact::ExecutionSucceeded { .. } => 1,
        Fact::ExecutionFailed { .. } => 2,
        Fact::ExecutionTimedOut { .. } => 3,
        Fact::ExecutionStopped { .. } => 4,
        Fact::ContextStarted { .. } => 5,
        Fact::ContextSucceeded { .. } => 6,
        Fact::ContextFailed { .. } => 7,
        Fact::StepStarted { .. } => 8,
        Fact::StepSucceeded { .. } => 9,
        Fact::StepFailed { .. } => 10,
        Fact::StepReady { .. } => 11,
        Fact::WaitStarted { .. } => 12,
        Fact::WaitSucceeded { .. } => 13,
        Fact::WaitCancelled { .. } => 14,
        Fact::CallbackStarted { .. } => 15,
        Fact::CallbackSucceeded { .. } => 16,
        Fact::CallbackFailed { .. } => 17,
        Fact::CallbackTimedOut { .. } => 18,
        Fact::CallbackHeartbeat { .. } => 19,
        Fact::InvocationCompleted { .. } => 20,
        Fact::ChainedInvokeStarted { .. } => 21,
        Fact::ChainedInvokeSucceeded { .. } => 22,
        Fact::ChainedInvokeFailed { .. } => 23,
        Fact::ChainedInvokeTimedOut { .. } => 24,
        Fact::ChainedInvokeStopped { .. } => 25,
        Fact::ExecutionPausing { .. } => 26,
        Fact::ExecutionPaused { .. } => 27,
        Fact::ExecutionResumed { .. } => 28,
        Fact::InvocationRetry { .. } => KINDS - 1,
    }
}

const KINDS: usize = 30;

#[test]
fn every_kind_of_fact_is_pinned() {
    let seen: BTreeSet<_> = facts().iter().map(kind).collect();
    assert_eq!(seen, (0..KINDS).collect());
}

#[test]
fn records_are_written_as_they_always_were() {
    let written: Vec<_> =
        records().iter().map(|record| serde_json::to_string(record).unwrap()).collect();
    if GOLDEN.lines().ne(&written) {
        let expected: BTreeSet<_> = GOLDEN.lines().collect();
        let changed: Vec<_> =
            written.iter().filter(|line| !expected.contains(line.as_str())).collect();
        panic!("written differently than in golden/records.jsonl: {changed:#?}");
    }
}

#[test]
fn records_that_were_written_once_are_still_read() {
    let read: Vec<Record> =
        GOLDEN.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(read, records());
}

#[test]
fn members_that_a_later_version_added_are_passed_over() {
    for line in GOLDEN.lines() {
        let mut value: Value = serde_json::from_str(line).unwrap();
        add_members(&mut value);
        let text = value.to_string();
        assert!(text.contains("future"));
        let read: Record = serde_json::from_str(&text).unwrap();
        assert_eq!(read, serde_json::from_str(line).unwrap(), "{text}");
    }
}

fn add_members(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(add_members);
            members.insert("future".into(), serde_json::json!({"Fact": [1, null]}));
        }
        Value::Array(items) => items.iter_mut().for_each(add_members),
        _ => {}
    }
}

#[test]
fn members_that_may_be_missing_have_a_default() {
    let read = |fact: &str| {
        let record = format!("{{\"at\":1,\"facts\":[{fact}]}}");
        serde_json::from_str::<Record>(&record).unwrap().facts.remove(0)
    };
    assert_eq!(
        read(r#"{"fact":"InvocationRetry","failures":1,"due":2}"#),
        Fact::InvocationRetry { failures: 1, empty_suspensions: 0, due: 2 }
    );
    assert_eq!(
        read(r#"{"fact":"StepSucceeded","op":{"id":"op-2"},"attempt":1}"#),
        Fact::StepSucceeded { op: bare_op(), attempt: 1, result: None, retry: None }
    );
    let Fact::ExecutionStarted(started) = read(&format!(
        r#"{{"fact":"ExecutionStarted","id":"{EXECUTION_ID}","name":"n","function":"f",
            "version":"1","input":"","timeout_seconds":1,"retention_days":1,
            "result_bytes_max":1}}"#
    )) else {
        panic!("another fact");
    };
    assert_eq!((started.trace_header, started.tenant_id, started.parent), (None, None, None));
}
