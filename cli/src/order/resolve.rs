//! From what a person writes to one order: its id, the beginning of it, or an ARN.
//!
//! An order placed by this program has its id as the name of its execution. One that was placed with AWS's words may have
//! a name that Lambda made up; its id is in the order only.

use aws_sdk_lambda::types::Execution as Listed;

use super::execution::{Execution, find};
use super::id::OrderRef;
use super::search::{LOOKED_AT_MAX, Search};
use crate::client::Clients;
use crate::exit::Failure;
use crate::output::note;

/// Candidates that are named when a beginning fits several orders.
const CANDIDATES_MAX: usize = 10;
/// Names that the server lists at a time.
const PAGE: i32 = 1_000;

/// An order that may be meant.
struct Candidate {
    order_id: String,
    arn: String,
}

/// The ARN of an order that must be there.
///
/// # Errors
/// When it is not, when several fit, and what keeps the server from answering.
pub async fn resolve(clients: &Clients, order: &OrderRef) -> Result<String, Failure> {
    let id = match order {
        OrderRef::Arn(arn) => return Ok(arn.clone()),
        OrderRef::Id(id) => id,
    };
    if let Some(arn) = find(clients, id).await? {
        return Ok(arn);
    }
    let mut candidates = by_name(clients, id).await?;
    if candidates.is_empty() {
        candidates = by_content(clients, id).await?;
    }
    // Newest first, so this is the newest of several attempts at one order.
    let exact: Vec<&Candidate> = candidates.iter().filter(|it| it.order_id == *id).collect();
    match (exact.as_slice(), candidates.as_slice()) {
        ([], []) => Err(not_found(clients, id)),
        ([only], _) => Ok(only.arn.clone()),
        ([], [only]) => Ok(only.arn.clone()),
        ([newest, ..], _) => {
            note(&format!("{} executions have the order {id}; this is the newest", exact.len()));
            Ok(newest.arn.clone())
        }
        ([], several) => Err(ambiguous(id, several)),
    }
}

/// Executions whose names begin like this, up to one more than are named.
async fn by_name(clients: &Clients, prefix: &str) -> Result<Vec<Candidate>, Failure> {
    let function = clients.function().await?;
    let mut pages = clients
        .lambda
        .list_durable_executions_by_function()
        .function_name(function.name)
        .set_qualifier(function.finds.map(str::to_owned))
        .max_items(PAGE)
        .into_paginator()
        .send();
    let mut found = Vec::new();
    let mut looked_at = 0;
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| clients.failure("list orders", &error))?;
        let listed: &[Listed] = page.durable_executions.as_deref().unwrap_or_default();
        looked_at += listed.len();
        let fits = listed.iter().filter(|it| it.durable_execution_name.starts_with(prefix));
        found.extend(fits.map(|listed| Candidate {
            order_id: listed.durable_execution_name.clone(),
            arn: listed.durable_execution_arn.clone(),
        }));
        if found.len() > CANDIDATES_MAX || looked_at >= LOOKED_AT_MAX {
            break;
        }
    }
    Ok(found)
}

/// Executions of orders whose own ids begin like this.
async fn by_content(clients: &Clients, prefix: &str) -> Result<Vec<Candidate>, Failure> {
    let search = Search { id: Some(prefix.to_owned()), ..Search::all(CANDIDATES_MAX + 1) };
    let mut found = Vec::new();
    let take = |execution: Execution| {
        found.push(Candidate { order_id: execution.order_id, arn: execution.arn });
        Ok(())
    };
    let searched = search.run(clients, take).await?;
    if searched.given_up_at.is_some() {
        note(&format!("only the newest {} orders were looked at", searched.looked_at));
    }
    Ok(found)
}

fn ambiguous(prefix: &str, candidates: &[Candidate]) -> Failure {
    let shown: Vec<String> = candidates
        .iter()
        .take(CANDIDATES_MAX)
        .map(|candidate| format!("  {}", candidate.order_id))
        .collect();
    let more = if candidates.len() > CANDIDATES_MAX { "\n  and more" } else { "" };
    Failure::new(format!("several orders begin with {prefix}:\n{}{more}", shown.join("\n")))
        .with_hint("write more of the id")
}

fn not_found(clients: &Clients, order_id: &str) -> Failure {
    let (server, list) = (clients.target.name(), clients.target.command("order list"));
    Failure::new(format!("there is no order {order_id} at {server}"))
        .with_hint(format!("`{list}` shows the orders that are there"))
}
