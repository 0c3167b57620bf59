//! From what a person writes to one execution: its ARN, its name, or the beginning of its name or id.

use aws_sdk_lambda::types::Execution as Listed;

use crate::client::Clients;
use crate::exit::Failure;
use crate::order::id::is_arn;
use crate::table::clean;

/// Executions that are looked through for a name or id that begins like this, the newest first.
pub const LOOKED_AT_MAX: usize = 10_000;
/// Candidates that are named when a beginning fits several.
const CANDIDATES_MAX: usize = 10;
/// Executions that the server lists at a time, at most.
const PAGE: i32 = 1_000;
/// The longest name of an execution.
const NAME_LEN_MAX: usize = 64;

/// What every command that takes an execution says of it.
pub const WRITTEN: &str = "its ARN, its name, or the beginning of its name or id";

/// The ARN of the one execution that is meant.
///
/// # Errors
/// When there is none, when several fit, and what keeps the server from answering.
pub async fn resolve(clients: &Clients, text: &str) -> Result<String, Failure> {
    if is_arn(text) {
        return Ok(text.to_owned());
    }
    if !is_beginning(text) {
        let problem = format!("{} is no execution: write {WRITTEN}", clean(text));
        return Err(Failure::new(problem));
    }
    if let Some(arn) = named(clients, text).await? {
        return Ok(arn);
    }
    let (found, looked_at) = beginning(clients, text).await?;
    match found.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(not_found(clients, text, looked_at).await?),
        several => Err(ambiguous(text, several)),
    }
}

/// Letters that names and ids are made of.
fn is_beginning(text: &str) -> bool {
    (1..=NAME_LEN_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// The execution of exactly this name.
async fn named(clients: &Clients, name: &str) -> Result<Option<String>, Failure> {
    let request = clients
        .lambda
        .list_durable_executions_by_function()
        .function_name(clients.function().await?.name)
        .durable_execution_name(name)
        .max_items(1);
    let answer = request.send().await;
    let answer =
        answer.map_err(|error| clients.failure(&format!("look up execution {name}"), &error))?;
    let found = answer.durable_executions.unwrap_or_default().into_iter().next();
    Ok(found.map(|execution| execution.durable_execution_arn))
}

/// Executions that begin like this, up to one more than are named; and how many were looked at.
async fn beginning(clients: &Clients, text: &str) -> Result<(Vec<String>, usize), Failure> {
    let mut pages = clients
        .lambda
        .list_durable_executions_by_function()
        .function_name(clients.function().await?.name)
        .max_items(PAGE)
        .into_paginator()
        .send();
    let (mut found, mut looked_at) = (Vec::new(), 0);
    while let Some(page) = pages.next().await {
        let page =
            page.map_err(|error| clients.failure(&format!("look up execution {text}"), &error))?;
        let listed = page.durable_executions.unwrap_or_default();
        looked_at += listed.len();
        let fits = listed.into_iter().filter(|it| begins(it, text));
        found.extend(fits.map(|it| it.durable_execution_arn));
        if found.len() > CANDIDATES_MAX || looked_at >= LOOKED_AT_MAX {
            break;
        }
    }
    Ok((found, looked_at))
}

fn begins(listed: &Listed, text: &str) -> bool {
    let id = listed.durable_execution_arn.rsplit('/').next().unwrap_or_default();
    listed.durable_execution_name.starts_with(text) || id.starts_with(text)
}

/// The name of an execution, as it stands in its ARN.
#[must_use]
pub fn name_of(arn: &str) -> &str {
    arn.rsplit('/').nth(1).unwrap_or(arn)
}

fn ambiguous(text: &str, arns: &[String]) -> Failure {
    let mut message = format!("several executions begin with {text}:");
    for arn in arns.iter().take(CANDIDATES_MAX) {
        message.push_str(&format!("\n  {}  {arn}", name_of(arn)));
    }
    if arns.len() > CANDIDATES_MAX {
        message.push_str("\n  and more");
    }
    Failure::new(message).with_hint("write more of it, or the ARN")
}

async fn not_found(clients: &Clients, text: &str, looked_at: usize) -> Result<Failure, Failure> {
    let target = &clients.target;
    let among = if looked_at >= LOOKED_AT_MAX {
        format!(" among the newest {looked_at}")
    } else {
        String::new()
    };
    let function = clients.function().await?.name;
    let list = target.command("execution list");
    let said = format!("{function} has no execution {text}{among} at {}", target.name());
    Ok(Failure::new(said).with_hint(format!(
        "`{list}` shows those that are there; --function names another function"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_read_from_the_arn() {
        let arn = "arn:aws:lambda:us-east-1:000000000000:function:f:1/durable-execution/n-1/id";
        assert_eq!(name_of(arn), "n-1");
    }

    #[test]
    fn only_what_names_are_made_of_is_looked_up() {
        assert!(is_beginning("ORDER-001") && is_beginning("7f_2"));
        for text in ["", "a b", "ä", "a/b", &"x".repeat(65)] {
            assert!(!is_beginning(text), "{text}");
        }
    }
}
