//! `execution list`: executions of a function by status, name and time.

use aws_sdk_lambda::primitives::DateTime;
use aws_sdk_lambda::types::{Execution, ExecutionStatus};
use clap::Args;
use serde::Serialize;

use crate::client::Clients;
use crate::execution::select::status;
use crate::exit::{Exit, Failure};
use crate::format::Format;
use crate::output::note;
use crate::table::{Column, cell, clean, table};
use crate::time::{self, milliseconds_between, rfc3339, short};
use crate::when::{WRITTEN, When};

/// Executions that the server lists at a time, at most.
const PAGE_MAX: usize = 1_000;

/// Options of `execution list`.
#[derive(Args, Clone, Debug)]
#[command(after_help = format!("\
Examples:
  durable-orders execution list --status RUNNING
  durable-orders execution list --function MyFunction --started-after 1d --output jsonl

A time is written as {WRITTEN}."))]
pub struct List {
    /// Only executions in this status, in AWS's words; several are written with commas
    #[arg(long, value_name = "STATUS", value_delimiter = ',', value_parser = status)]
    status: Vec<ExecutionStatus>,
    /// Only the execution of this name
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Only executions that began after
    #[arg(long, value_name = "TIME")]
    started_after: Option<When>,
    /// Only executions that began before
    #[arg(long, value_name = "TIME")]
    started_before: Option<When>,
    /// Oldest first
    #[arg(long, visible_alias = "reverse-order")]
    reverse: bool,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    #[command(flatten)]
    format: Format,
}

/// One execution of the list, for programs. Members are only ever added.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    name: String,
    arn: String,
    function_arn: String,
    status: String,
    started_at: String,
    ended_at: Option<String>,
    duration_ms: Option<i64>,
    #[serde(skip)]
    started: DateTime,
}

impl Row {
    fn new(execution: Execution) -> Self {
        let Execution { start_timestamp: started, end_timestamp: ended, .. } = &execution;
        Self {
            started_at: rfc3339(started),
            ended_at: ended.as_ref().map(rfc3339),
            duration_ms: ended.as_ref().map(|ended| milliseconds_between(started, ended)),
            started: *started,
            status: execution.status.as_str().to_owned(),
            name: execution.durable_execution_name,
            arn: execution.durable_execution_arn,
            function_arn: execution.function_arn,
        }
    }

    /// What stands behind the function's name in its ARN.
    fn version(&self) -> &str {
        self.function_arn.rsplit(':').next().unwrap_or_default()
    }
}

impl List {
    pub(super) async fn run(self, clients: &Clients) -> Result<Exit, Failure> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let mut rows = Vec::new();
        // The server takes one status at a time.
        let statuses: Vec<Option<ExecutionStatus>> = match self.status.as_slice() {
            [] => vec![None],
            several => several.iter().cloned().map(Some).collect(),
        };
        for status in statuses {
            self.read(clients, status, limit, &mut rows).await?;
        }
        rows.sort_by_key(|row| row.started.as_nanos());
        if !self.reverse {
            rows.reverse();
        }
        let more = rows.len() > limit;
        rows.truncate(limit);
        self.format.list(&rows, "no executions", shown)?;
        if more {
            note(&format!("there are more than {limit}; see --limit"));
        }
        Ok(Exit::Done)
    }

    /// Up to one more than the limit.
    async fn read(
        &self,
        clients: &Clients,
        status: Option<ExecutionStatus>,
        limit: usize,
        rows: &mut Vec<Row>,
    ) -> Result<(), Failure> {
        let time = |when: &When| DateTime::from_millis(when.milliseconds);
        let wanted = rows.len().saturating_add(limit).saturating_add(1);
        let function = clients.function().await?.name;
        let mut found = clients
            .lambda
            .list_durable_executions_by_function()
            .function_name(function)
            .set_durable_execution_name(self.name.clone())
            .set_statuses(status.map(|status| vec![status]))
            .set_started_after(self.started_after.as_ref().map(time))
            .set_started_before(self.started_before.as_ref().map(time))
            .reverse_order(self.reverse)
            .max_items(i32::try_from(limit.saturating_add(1).min(PAGE_MAX)).unwrap_or(i32::MAX))
            .into_paginator()
            .items()
            .send();
        while let Some(execution) = found.next().await {
            let doing = format!("list the executions of {function}");
            rows.push(Row::new(execution.map_err(|error| clients.failure(&doing, &error))?));
            if rows.len() >= wanted {
                break;
            }
        }
        Ok(())
    }
}

fn shown(rows: &[Row]) -> String {
    let columns = [
        Column::Left("NAME"),
        Column::Left("STATUS"),
        Column::Left("VERSION"),
        Column::Left("STARTED (UTC)"),
        Column::Right("DURATION"),
    ];
    let cells = rows.iter().map(|row| {
        [
            clean(&row.name),
            row.status.clone(),
            row.version().to_owned(),
            short(&row.started),
            cell(row.duration_ms.map(time::duration)),
        ]
    });
    table(&columns, cells)
}
