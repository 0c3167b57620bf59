//! Writes suspended executions into a journal: what the engine leaves of one that was started, invoked, checkpointed a
//! wait and suspended. The state machine decides each record; only the engine's part, the index, is repeated here, and a
//! test compares it with what the engine writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use durable_core::{
    Action, ErrorObject, Execution, ExecutionStarted, Fact, InvocationOutcome, Limits, Millis,
    OpRef, OperationType, OperationUpdate, Record, Resolution, RetryPolicy, WaitOptions,
};
use durable_store::{IndexChange, JournalRow, NewExecution, Outcome, Store, Write};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::client::an_order;
use crate::sleeper::{DURABLE, WAIT_ID, WAIT_NAME, WAIT_SECONDS, WAIT_SUB_TYPE};
use crate::turn::pending;

/// Executions in work at one time: enough that a commit is always full.
const AT_ONCE: usize = 2048;

/// The executions to write.
#[derive(Clone)]
pub(crate) struct Batch {
    pub(crate) function: &'static str,
    pub(crate) count: usize,
    /// What their names begin with.
    pub(crate) prefix: &'static str,
    /// When all their waits end; thirty days after each was written unless given.
    pub(crate) due: Option<Millis>,
}

impl Batch {
    /// Executions of this function that wait as it does.
    pub(crate) fn of(function: &'static str, count: usize) -> Self {
        Self { function, count, prefix: "suspended", due: None }
    }
}

/// Writes them all.
pub(crate) async fn fill(store: &Store, batch: Batch) -> anyhow::Result<()> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut writers = JoinSet::new();
    for _ in 0..AT_ONCE.min(batch.count) {
        let (store, next, batch) = (store.clone(), Arc::clone(&next), batch.clone());
        writers.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= batch.count {
                    return anyhow::Ok(());
                }
                suspend(&store, &batch, number).await?;
            }
        });
    }
    while let Some(written) = writers.join_next().await {
        written??;
    }
    Ok(())
}

/// One execution: its start, its wait, the end of its invocation.
async fn suspend(store: &Store, batch: &Batch, number: usize) -> anyhow::Result<()> {
    let started = now()?;
    let name = format!("{}-{number}", batch.prefix);
    let start = ExecutionStarted {
        id: Uuid::new_v4().to_string(),
        input: an_order(&name),
        name,
        function: batch.function.to_owned(),
        version: "$LATEST".to_owned(),
        timeout_seconds: DURABLE.execution_timeout_seconds,
        retention_days: DURABLE.retention_days,
        result_bytes_max: Limits::RESULT_BYTES_ASYNC,
        trace_header: None,
        tenant_id: None,
        parent: None,
    };
    let new = NewExecution {
        id: start.id.clone(),
        function: start.function.clone(),
        version: start.version.clone(),
        name: start.name.clone(),
        started,
        next_wake: started + Millis::from(start.timeout_seconds) * 1000,
        body: Vec::new(),
        parent: None,
        told: None,
    };
    let record = Record::new(started, vec![Fact::ExecutionStarted(start)]);
    let mut execution = Execution::begin(&record).context("no beginning")?;
    let body = JournalRow::encode(&record)?;
    let key = match store.write(Write::Start(NewExecution { body, ..new })).await? {
        Outcome::Done { key } => key,
        Outcome::NameTaken => bail!("the directory has such executions already"),
    };

    let request_id = Uuid::new_v4().to_string();
    execution.begin_invocation(request_id.clone(), now()?);
    let mut record = wait(&execution)?;
    if let (Some(end), [Fact::WaitStarted { due, .. }]) = (batch.due, record.facts.as_mut_slice()) {
        *due = end;
    }
    let due = record.facts.iter().find_map(|fact| fact.due(record.at));
    let index = IndexChange { next_wake: Some(due), ..IndexChange::default() };
    append(store, key, &mut execution, &record, index).await?;
    execution.rotate_token();

    let answer = InvocationOutcome::Output(pending().to_string().into_bytes());
    let at = now()?;
    let facts = execution.decide_invocation_end(&request_id, &answer, at, &RetryPolicy::default());
    let record = Record::new(at, facts.context("the invocation is not in flight")?);
    let index = IndexChange { active: Some(false), ..IndexChange::default() };
    append(store, key, &mut execution, &record, index).await
}

/// The record of the checkpoint that starts the wait.
fn wait(execution: &Execution) -> anyhow::Result<Record> {
    let start = OperationUpdate {
        op: OpRef {
            id: WAIT_ID.to_owned(),
            parent: None,
            name: Some(WAIT_NAME.to_owned()),
            sub_type: Some(WAIT_SUB_TYPE.to_owned()),
        },
        wait_options: Some(WaitOptions { wait_seconds: WAIT_SECONDS }),
        ..OperationUpdate::new(WAIT_ID, OperationType::Wait, Action::Start)
    };
    let mut nonce = || Uuid::new_v4().to_string();
    let decided =
        execution.decide_checkpoint(&[start], now()?, &Limits::default(), &mut nonce, &|_, _| {
            Ok(Resolution::Unavailable(ErrorObject::default()))
        });
    Ok(decided.map_err(|rejection| anyhow::anyhow!("{rejection:?}"))?.record)
}

async fn append(
    store: &Store,
    key: i64,
    execution: &mut Execution,
    record: &Record,
    index: IndexChange,
) -> anyhow::Result<()> {
    let write = Write::Append {
        key,
        seq: execution.records(),
        first_event: execution.events() + 1,
        body: JournalRow::encode(record)?,
        index,
    };
    store.write(write).await?;
    execution.apply(record);
    Ok(())
}

/// The time, in the journal's unit.
pub(crate) fn now() -> anyhow::Result<Millis> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis().try_into()?)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use std::time::Duration;

    use durable_service::{Service, ServiceConfig};
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use serde_json::Value;
    use tempfile::TempDir;

    use super::*;
    use crate::sleeper::{self, SLEEPER};
    use crate::turn::DoorSlot;

    const NAME: &str = "suspended-0";
    const LOOK: Duration = Duration::from_millis(10);
    /// A minute of looks.
    const LOOKS_MAX: usize = 6000;

    /// An execution that the engine itself has started, run and suspended.
    async fn suspended_by_the_engine(directory: &TempDir) -> Store {
        let slot = DoorSlot::default();
        let functions = vec![sleeper::function(SLEEPER, &slot)];
        let service = Service::open_with(
            ServiceConfig::new(directory.path()),
            functions,
            |door| slot.bind(door),
            |backend| Box::new(backend),
        );
        let service = service.await.unwrap();
        let path = format!("/2015-03-31/functions/{SLEEPER}/invocations?Qualifier=%24LATEST");
        let request = http::Request::post(path)
            .header("x-amz-invocation-type", "Event")
            .header("x-amz-durable-execution-name", NAME)
            .body(an_order(NAME).into())
            .unwrap();
        let response = service.door().answer(request).await;
        assert_eq!(response.status(), 202);
        let arn = response.headers()["x-amz-durable-execution-arn"].to_str().unwrap();
        let arn = utf8_percent_encode(arn, NON_ALPHANUMERIC).to_string();
        let history = format!("/2025-12-01/durable-executions/{arn}/history");
        for _ in 0..LOOKS_MAX {
            let request = http::Request::get(&history).body(bytes::Bytes::new()).unwrap();
            let events = service.door().answer(request).await.into_body();
            if String::from_utf8_lossy(&events).contains("InvocationCompleted") {
                service.shut_down(Duration::ZERO).await;
                return Store::open(directory.path()).unwrap();
            }
            tokio::time::sleep(LOOK).await;
        }
        panic!("the execution was not suspended");
    }

    /// What is written of one execution, without what differs from one to the next.
    async fn written(store: &Store) -> Vec<Value> {
        let row = store.execution_named(SLEEPER, NAME).await.unwrap().unwrap();
        let wake = store.next_wake().await.unwrap().unwrap();
        let active = store.active(0, 10).await.unwrap().len();
        let mut written = vec![
            row.status.as_str().into(),
            row.version.clone().into(),
            ((wake - row.started) / 1000).into(),
            active.into(),
        ];
        for record in store.journal(row.key).await.unwrap() {
            let mut body: Value = serde_json::from_slice(&record.body).unwrap();
            assert!(body["at"].take().as_i64().unwrap() >= row.started);
            if !body["invocation"].is_null() {
                body["invocation"] = "an invocation".into();
            }
            for fact in body["facts"].as_array_mut().unwrap() {
                for (member, value) in fact.as_object_mut().unwrap() {
                    match member.as_str() {
                        "id" | "request_id" => *value = "an id".into(),
                        "due" => *value = ((value.as_i64().unwrap() - row.started) / 1000).into(),
                        "started" => *value = (value.as_i64().unwrap() >= row.started).into(),
                        _ => {}
                    }
                }
            }
            written.push(record.first_event.into());
            written.push(body);
        }
        written
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_fill_writes_what_the_engine_writes() {
        let (ours, theirs) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let store = Store::open(ours.path()).unwrap();
        fill(&store, Batch::of(SLEEPER, 1)).await.unwrap();
        let engine = suspended_by_the_engine(&theirs).await;
        let expected = written(&engine).await;
        assert_eq!(written(&store).await, expected);
        // The start, the wait, the end of the invocation.
        assert_eq!(expected.len(), 4 + 3 * 2);
    }
}
