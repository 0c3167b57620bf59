//! `order list`: orders by customer, outcome, time and id; newest first.

use aws_sdk_lambda::types::ExecutionStatus;
use clap::{Args, ValueEnum};
use orders::Money;
use serde::Serialize;

use crate::client::Clients;
use crate::exit::{Exit, Failure};
use crate::format::Format;
use crate::order::document::duration_ms;
use crate::order::execution::Execution;
use crate::order::search::{LOOKED_AT_MAX, Search, Searched, State};
use crate::output::note;
use crate::redact;
use crate::table::{Column, cell, table};
use crate::time::{self, rfc3339, short};
use crate::when::{WRITTEN, When};

/// Options of `order list`.
#[derive(Args, Clone, Debug)]
#[command(after_help = format!("\
Examples:
  durable-orders order list --customer CUST-001 --since 1d
  durable-orders order list --status payment_declined,rejected --limit 20
  durable-orders order list --status failed --json | jq -r .[].orderId

A time is written as {WRITTEN}. At most {LOOKED_AT_MAX} orders are looked at;
--since and --until say which."))]
pub struct List {
    /// Only orders of this customer
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
    /// Only orders that are this far, or of which this became; several are written with commas
    #[arg(long, value_enum, ignore_case = true, value_delimiter = ',')]
    status: Vec<Status>,
    /// Only orders placed from then on
    #[arg(long, value_name = "TIME")]
    since: Option<When>,
    /// Only orders placed before
    #[arg(long, value_name = "TIME")]
    until: Option<When>,
    /// Only orders whose ids begin like this
    #[arg(long, value_name = "PREFIX")]
    id: Option<String>,
    /// Oldest first
    #[arg(long)]
    oldest_first: bool,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    #[command(flatten)]
    format: Format,
}

/// What `--status` takes: outcomes in the order system's words, and the status of an execution in AWS's.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Status {
    Completed,
    #[value(alias = "payment-declined")]
    PaymentDeclined,
    #[value(alias = "inventory-unavailable")]
    InventoryUnavailable,
    Rejected,
    Running,
    Succeeded,
    Failed,
    #[value(alias = "timed-out")]
    TimedOut,
    Stopped,
    Paused,
}

impl From<Status> for State {
    fn from(status: Status) -> Self {
        match status {
            Status::Completed => Self::Outcome("completed"),
            Status::PaymentDeclined => Self::Outcome("payment_declined"),
            Status::InventoryUnavailable => Self::Outcome("inventory_unavailable"),
            Status::Rejected => Self::Outcome("rejected"),
            Status::Running => Self::Execution(ExecutionStatus::Running),
            Status::Succeeded => Self::Execution(ExecutionStatus::Succeeded),
            Status::Failed => Self::Execution(ExecutionStatus::Failed),
            Status::TimedOut => Self::Execution(ExecutionStatus::TimedOut),
            Status::Stopped => Self::Execution(ExecutionStatus::Stopped),
            Status::Paused => Self::Execution(ExecutionStatus::from("PAUSED")),
        }
    }
}

/// One order of the list, for programs. Members are only ever added.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    order_id: String,
    execution_arn: String,
    customer_id: Option<String>,
    status: String,
    outcome: String,
    reason: Option<String>,
    total: Option<Money>,
    units: Option<u64>,
    tracking_number: Option<String>,
    started_at: String,
    ended_at: Option<String>,
    duration_ms: Option<i64>,
    #[serde(skip)]
    started: String,
}

impl List {
    pub(super) async fn run(self, clients: &Clients) -> Result<Exit, Failure> {
        let search = Search {
            states: self.status.iter().copied().map(State::from).collect(),
            customer: self.customer,
            id: self.id,
            since: self.since,
            until: self.until,
            oldest_first: self.oldest_first,
            limit: usize::try_from(self.limit).unwrap_or(usize::MAX),
        };
        let mut rows = Vec::new();
        let take = |execution: Execution| {
            rows.push(Row::new(execution));
            Ok(())
        };
        let searched = search.run(clients, take).await?;
        self.format.list(&rows, "no orders", shown)?;
        note_the_rest(&searched, self.oldest_first);
        Ok(Exit::Done)
    }
}

/// Says what was not looked at.
fn note_the_rest(searched: &Searched, oldest_first: bool) {
    if searched.more {
        note(&format!("there are more than {}; see --limit", searched.found));
    }
    if let Some(at) = &searched.given_up_at {
        let option = if oldest_first { "since" } else { "until" };
        note(&format!(
            "{} orders were looked at, which is the most; --{option} {} goes on",
            searched.looked_at,
            rfc3339(at)
        ));
    }
}

impl Row {
    fn new(execution: Execution) -> Self {
        let view = execution.result.as_ref().map(|result| &result.view);
        let fulfillment = view.and_then(|view| view.fulfillment.as_ref());
        let reason = view.and_then(|view| view.reason.clone());
        let error = execution.error.as_ref().and_then(|error| error.error_type.clone());
        Self {
            customer_id: execution.customer_id(),
            status: execution.status.as_str().to_owned(),
            outcome: execution.outcome(),
            reason: reason.or(error).map(|reason| redact::text(&reason)),
            total: view.and_then(|view| view.order_total),
            units: execution.units,
            tracking_number: fulfillment.map(|fulfillment| fulfillment.tracking_number.clone()),
            started_at: rfc3339(&execution.started),
            ended_at: execution.ended.as_ref().map(rfc3339),
            duration_ms: duration_ms(&execution),
            started: short(&execution.started),
            order_id: execution.order_id,
            execution_arn: execution.arn,
        }
    }
}

fn shown(rows: &[Row]) -> String {
    let columns = [
        Column::Left("ORDER"),
        Column::Left("CUSTOMER"),
        Column::Left("OUTCOME"),
        Column::Right("TOTAL"),
        Column::Right("ITEMS"),
        Column::Left("PLACED (UTC)"),
        Column::Right("DURATION"),
        Column::Left("TRACKING"),
    ];
    let cells = rows.iter().map(|row| {
        [
            row.order_id.clone(),
            cell(row.customer_id.as_ref()),
            row.outcome.clone(),
            cell(row.total),
            cell(row.units),
            row.started.clone(),
            cell(row.duration_ms.map(time::duration)),
            cell(row.tracking_number.as_ref()),
        ]
    });
    table(&columns, cells)
}
