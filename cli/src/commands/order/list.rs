//! `order list`: orders, newest first.

use std::sync::Arc;

use aws_sdk_lambda::types::{Execution as Listed, ExecutionStatus};
use clap::{Args, ValueEnum};
use orders::Money;
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::client::Clients;
use crate::exit::{Exit, Failure, FailureKind};
use crate::order::execution::{self, Execution};
use crate::output::{note, print, print_json};
use crate::table::{Column, cell, table};
use crate::time::{self, milliseconds_between, rfc3339, short};

/// Executions that the server lists at a time, at most.
const PAGE_MAX: usize = 1_000;
/// Results that are read at one time: enough to hide the way to AWS, too few to be throttled there.
const READS_AT_ONCE: usize = 8;

/// Options of `order list`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  durable-orders order list --limit 20
  durable-orders order list --status failed --json | jq -r .[].orderId")]
pub struct List {
    /// Only orders whose execution is in this status
    #[arg(long, value_enum, ignore_case = true)]
    status: Option<Status>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// The status of an execution, spelled as AWS does.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "SCREAMING_SNAKE_CASE")]
enum Status {
    Running,
    Succeeded,
    Failed,
    TimedOut,
    Stopped,
}

impl From<Status> for ExecutionStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Running => Self::Running,
            Status::Succeeded => Self::Succeeded,
            Status::Failed => Self::Failed,
            Status::TimedOut => Self::TimedOut,
            Status::Stopped => Self::Stopped,
        }
    }
}

/// One order of the list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    order_id: String,
    execution_arn: String,
    status: String,
    outcome: String,
    total: Option<Money>,
    started_at: String,
    ended_at: Option<String>,
    duration_ms: Option<i64>,
    #[serde(skip)]
    started: String,
}

impl List {
    pub(super) async fn run(self, clients: &Clients) -> Result<Exit, Failure> {
        let (listed, more) = self.executions(clients).await?;
        let rows = with_results(clients, listed).await?;
        if self.json {
            print_json(&rows)?;
        } else if rows.is_empty() {
            note("no orders");
        } else {
            print(&shown(&rows))?;
        }
        if more {
            note(&format!("there are more than {}; see --limit", rows.len()));
        }
        Ok(Exit::Done)
    }

    /// The newest executions, and whether there are more than asked for.
    async fn executions(&self, clients: &Clients) -> Result<(Vec<Listed>, bool), Failure> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let mut listed = Vec::new();
        let mut marker = None;
        loop {
            let wanted = (limit - listed.len()).min(PAGE_MAX);
            let page = clients
                .lambda
                .list_durable_executions_by_function()
                .function_name(&clients.target.function)
                .qualifier(&clients.target.qualifier)
                .set_statuses(self.status.map(|status| vec![status.into()]))
                .max_items(i32::try_from(wanted).unwrap_or(i32::MAX))
                .set_marker(marker.take())
                .send()
                .await
                .map_err(|error| clients.failure("list orders", &error))?;
            listed.extend(page.durable_executions.unwrap_or_default().into_iter().take(wanted));
            marker = page.next_marker.filter(|marker| !marker.is_empty());
            if marker.is_none() || listed.len() >= limit {
                return Ok((listed, marker.is_some()));
            }
        }
    }
}

/// Reads the results of those that have one, a few at a time, and keeps the order.
async fn with_results(clients: &Clients, listed: Vec<Listed>) -> Result<Vec<Row>, Failure> {
    let places = Arc::new(Semaphore::new(READS_AT_ONCE));
    let mut reads = JoinSet::new();
    let mut rows: Vec<Row> = listed.iter().map(Row::new).collect();
    for (index, execution) in listed.into_iter().enumerate() {
        if execution.status != ExecutionStatus::Succeeded {
            continue;
        }
        let (clients, places) = (clients.clone(), Arc::clone(&places));
        reads.spawn(async move {
            let _place = places.acquire_owned().await;
            (index, execution::load(&clients, &execution.durable_execution_arn, true).await)
        });
    }
    while let Some(read) = reads.join_next().await {
        let (index, execution) =
            read.map_err(|error| Failure::new(format!("cannot list orders: {error}")))?;
        match execution {
            // Its time was up between the list and the look at it.
            Err(failure) if failure.kind() == FailureKind::Missing => {}
            execution => {
                let execution = execution?;
                if let Some(row) = rows.get_mut(index) {
                    row.add_result(&execution);
                }
            }
        }
    }
    Ok(rows)
}

impl Row {
    fn new(listed: &Listed) -> Self {
        let ended = listed.end_timestamp.as_ref();
        Self {
            order_id: listed.durable_execution_name.clone(),
            execution_arn: listed.durable_execution_arn.clone(),
            status: listed.status.as_str().to_owned(),
            outcome: listed.status.as_str().to_ascii_lowercase(),
            total: None,
            started_at: rfc3339(&listed.start_timestamp),
            ended_at: ended.map(rfc3339),
            duration_ms: ended.map(|ended| milliseconds_between(&listed.start_timestamp, ended)),
            started: short(&listed.start_timestamp),
        }
    }

    fn add_result(&mut self, execution: &Execution) {
        self.outcome = execution.outcome();
        self.total = execution.result.as_ref().and_then(|result| result.view.order_total);
    }
}

fn shown(rows: &[Row]) -> String {
    let columns = [
        Column::Left("ORDER"),
        Column::Left("STATUS"),
        Column::Left("OUTCOME"),
        Column::Right("TOTAL"),
        Column::Left("PLACED (UTC)"),
        Column::Right("DURATION"),
    ];
    let cells = rows.iter().map(|row| {
        [
            row.order_id.clone(),
            row.status.clone(),
            row.outcome.clone(),
            cell(row.total),
            row.started.clone(),
            cell(row.duration_ms.map(time::duration)),
        ]
    });
    table(&columns, cells)
}
