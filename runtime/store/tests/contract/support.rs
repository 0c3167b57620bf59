//! What the tests share: writes that say only what a test is about.

use std::future::Future;
use std::time::Duration;

use durable_core::{ExecutionStarted, ExecutionStatus, Fact, Record};
use durable_store::{
    Closing, IndexChange, JournalRow, NewExecution, Outcome, StatusChange, Store, Write,
};

/// No wait of a test lasts longer.
pub const DEADLINE: Duration = Duration::from_secs(60);

pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(DEADLINE, future).await {
        Ok(value) => value,
        Err(_) => panic!("deadline passed: {what}"),
    }
}

/// The first record of an execution.
pub fn first_record(name: &str, at: i64) -> Record {
    let start = ExecutionStarted {
        id: format!("id-{name}"),
        name: name.to_owned(),
        function: "f".to_owned(),
        version: "$LATEST".to_owned(),
        input: "{}".to_owned(),
        timeout_seconds: 300,
        retention_days: 14,
        result_bytes_max: 1024,
        trace_header: None,
        tenant_id: None,
        parent: None,
    };
    Record::new(at, vec![Fact::ExecutionStarted(start)])
}

/// An execution of `function`, with the id `id-<name>`.
pub fn new_of(function: &str, name: &str, started: i64) -> Write {
    Write::Start(NewExecution {
        id: format!("id-{name}"),
        function: function.to_owned(),
        version: "$LATEST".to_owned(),
        name: name.to_owned(),
        started,
        next_wake: started + 300_000,
        body: JournalRow::encode(&first_record(name, started)).unwrap(),
        parent: None,
        told: None,
    })
}

pub fn new(name: &str, started: i64) -> Write {
    new_of("f", name, started)
}

pub fn append(key: i64, seq: u64, index: IndexChange) -> Write {
    let body = format!("record {seq} of {key}").into_bytes();
    Write::Append { key, seq, first_event: seq + 1, body, index }
}

pub fn closing(status: ExecutionStatus, ended: i64, seq: u64) -> IndexChange {
    let closing = Closing { status, ended, delete_at: ended + 1_000, seq, told: None };
    IndexChange { closing: Some(closing), ..IndexChange::default() }
}

/// Starts an execution and gives its key.
pub async fn start(store: &Store, write: Write) -> i64 {
    match within("a start is written", store.write(write)).await.unwrap() {
        Outcome::Done { key } => key,
        Outcome::NameTaken => panic!("the name is taken"),
    }
}

pub async fn bodies(store: &Store, key: i64) -> Vec<String> {
    let rows = store.journal(key).await.unwrap();
    rows.into_iter().map(|row| String::from_utf8(row.body).unwrap()).collect()
}

/// What is to be told of the execution with the id `id-<name>`.
pub fn told(name: &str, status: &str) -> StatusChange {
    StatusChange {
        id: format!("{name}-{status}"),
        execution: format!("id-{name}"),
        at: 7,
        body: format!("{name} is {status}").into_bytes(),
    }
}
