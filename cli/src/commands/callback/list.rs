//! `callback list`: what open executions wait for, longest first.
//!
//! AWS has no operation for it: the open executions of the function are listed, and their histories
//! read, a few at a time.

use std::sync::Arc;
use std::time::SystemTime;

use aws_sdk_lambda::primitives::DateTime;
use aws_sdk_lambda::types::{Execution, ExecutionStatus};
use clap::Args;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::waiting::{self, Waiting};
use crate::client::Clients;
use crate::exit::{Exit, Failure};
use crate::format::Format;
use crate::output::note;
use crate::table::{Column, cell, table};
use crate::time::{duration, milliseconds_between};

/// Open executions that are looked at, the newest: each costs a request at least.
const EXECUTIONS_MAX: usize = 1_000;
/// Histories that are read at one time: enough to hide the way to AWS, too few to be throttled there.
const READS_AT_ONCE: usize = 8;
/// In which statuses an execution may wait. The SDK does not know the last two yet.
const OPEN: [&str; 3] = ["RUNNING", "PAUSING", "PAUSED"];
const SECOND_MS: i64 = 1_000;

/// Options of `callback list`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  durable-orders callback list --function approvals
  durable-orders callback list --function approvals --json | jq -r .[].callbackId

The 1,000 newest open executions of the function are looked at. Answer one of their callbacks with
`callback succeed` or `callback fail`.")]
pub struct List {
    /// Only callbacks of this execution: its name or its ARN
    #[arg(long, value_name = "NAME|ARN")]
    execution: Option<String>,
    #[command(flatten)]
    format: Format,
}

impl List {
    pub(super) async fn run(self, clients: &Clients) -> Result<Exit, Failure> {
        let (executions, more) = open_executions(clients).await?;
        let executions = executions.into_iter().filter(|execution| self.wants(execution));
        let rows = all_waiting(clients, executions).await?;
        self.format.list(&rows, "no callbacks are waited for", shown)?;
        if more {
            note(&format!("only the {EXECUTIONS_MAX} newest open executions were looked at"));
        }
        Ok(Exit::Done)
    }

    fn wants(&self, execution: &Execution) -> bool {
        self.execution.as_ref().is_none_or(|wanted| {
            [&execution.durable_execution_name, &execution.durable_execution_arn].contains(&wanted)
        })
    }
}

/// The newest open executions of each status, and whether there are more than are looked at. The server lists one status
/// at a time.
async fn open_executions(clients: &Clients) -> Result<(Vec<Execution>, bool), Failure> {
    let function = clients.function().await?;
    let mut executions = Vec::new();
    for status in OPEN {
        let mut found = clients
            .lambda
            .list_durable_executions_by_function()
            .function_name(function.name)
            .set_qualifier(function.finds.map(str::to_owned))
            .statuses(ExecutionStatus::from(status))
            .max_items(i32::try_from(EXECUTIONS_MAX).unwrap_or(i32::MAX))
            .into_paginator()
            .items()
            .send();
        while let Some(execution) = found.next().await {
            let execution =
                execution.map_err(|error| clients.failure("list executions", &error))?;
            if executions.len() >= EXECUTIONS_MAX {
                return Ok((executions, true));
            }
            executions.push(execution);
        }
    }
    Ok((executions, false))
}

/// What all of them wait for, longest first.
async fn all_waiting(
    clients: &Clients,
    executions: impl Iterator<Item = Execution>,
) -> Result<Vec<Waiting>, Failure> {
    let places = Arc::new(Semaphore::new(READS_AT_ONCE));
    let mut reads = JoinSet::new();
    for execution in executions {
        let (clients, places) = (clients.clone(), Arc::clone(&places));
        reads.spawn(async move {
            let _place = places.acquire_owned().await;
            waiting::of(&clients, &execution).await
        });
    }
    let mut rows = Vec::new();
    while let Some(read) = reads.join_next().await {
        rows.extend(
            read.map_err(|error| Failure::new(format!("cannot list callbacks: {error}")))??,
        );
    }
    rows.sort_by(|a, b| {
        let key = |row: &Waiting| (row.started.as_nanos(), row.execution_name.clone());
        key(a).cmp(&key(b))
    });
    Ok(rows)
}

fn shown(rows: &[Waiting]) -> String {
    let columns = [
        Column::Left("EXECUTION"),
        Column::Left("NAME"),
        Column::Right("WAITING"),
        Column::Right("TIMES OUT IN"),
        Column::Left("CALLBACK ID"),
    ];
    let now = DateTime::from(SystemTime::now());
    let cells = rows.iter().map(|row| {
        let waited = milliseconds_between(&row.started, &now);
        let left =
            row.timeout_seconds.map(|seconds| (i64::from(seconds) * SECOND_MS - waited).max(0));
        [
            row.execution_name.clone(),
            cell(row.name.as_deref()),
            duration(waited),
            cell(left.map(duration)),
            row.callback_id.clone(),
        ]
    });
    table(&columns, cells)
}
