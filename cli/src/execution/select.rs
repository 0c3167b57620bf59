//! Several executions at once, and asking before anything happens to them.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use aws_sdk_lambda::types::ExecutionStatus;
use clap::Args;

use super::reference::{WRITTEN, name_of, resolve};
use crate::client::Clients;
use crate::exit::{Exit, Failure};
use crate::output::note;
use crate::when::When;

/// Executions that one command changes at most.
pub const SELECTED_MAX: usize = 10_000;
/// Executions that are named before something happens to them.
const NAMED_MAX: usize = 10;
/// Executions that the server lists at a time, at most.
const PAGE: i32 = 1_000;

/// Which executions something is done to.
#[derive(Args, Clone, Debug)]
pub struct Selection {
    /// Executions: ARNs, names, or beginnings of names or ids
    #[arg(value_name = "EXECUTION", required_unless_present = "all", conflicts_with = "all")]
    executions: Vec<String>,
    /// All executions of the function that the other options leave
    #[arg(long)]
    all: bool,
    /// With --all: only those in this status, in AWS's words
    #[arg(long, value_name = "STATUS", requires = "all", value_parser = status)]
    status: Option<ExecutionStatus>,
    /// With --all: only those that began after
    #[arg(long, value_name = "TIME", requires = "all")]
    started_after: Option<When>,
    /// With --all: only those that began before
    #[arg(long, value_name = "TIME", requires = "all")]
    started_before: Option<When>,
    /// Do not ask
    #[arg(long, short = 'y')]
    yes: bool,
    /// Only say what would happen
    #[arg(long)]
    dry_run: bool,
}

/// A status on the command line.
///
/// # Errors
/// A sentence, when there is no such status.
pub fn status(text: &str) -> Result<ExecutionStatus, String> {
    const KNOWN: [&str; 7] =
        ["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "STOPPED", "PAUSING", "PAUSED"];
    let upper = text.to_ascii_uppercase().replace('-', "_");
    if KNOWN.contains(&upper.as_str()) {
        Ok(ExecutionStatus::from(upper.as_str()))
    } else {
        Err(format!("a status is one of {}", KNOWN.join(", ")))
    }
}

/// What a person says to the question.
enum Answer {
    Go,
    Leave,
}

impl Selection {
    /// The ARNs of all that are meant; none if nothing is to happen. `usual` are the statuses that `--all` looks at
    /// unless told, `verb` is what happens to them.
    ///
    /// # Errors
    /// When one cannot be found, when nobody can be asked, and what keeps the server from answering.
    pub async fn read(
        &self,
        clients: &Clients,
        verb: &str,
        usual: &[ExecutionStatus],
        asks_for_one: bool,
    ) -> Result<Vec<String>, Failure> {
        let (arns, more) = if self.all {
            self.list(clients, usual).await?
        } else {
            let mut arns = Vec::new();
            for text in &self.executions {
                arns.push(resolve(clients, text).await?);
            }
            (arns, false)
        };
        if arns.is_empty() {
            note("no executions");
            return Ok(arns);
        }
        if self.dry_run {
            name_them(&arns, &format!("would {verb}"), more);
            return Ok(Vec::new());
        }
        if self.yes || (arns.len() == 1 && !self.all && !asks_for_one) {
            return Ok(arns);
        }
        name_them(&arns, &format!("to {verb}"), more);
        match ask(verb, arns.len())? {
            Answer::Go => Ok(arns),
            Answer::Leave => Err(Failure::new("nothing was done").with_exit(Exit::Failed)),
        }
    }

    /// Those that the options leave, and whether there are more than may be changed at once.
    async fn list(
        &self,
        clients: &Clients,
        usual: &[ExecutionStatus],
    ) -> Result<(Vec<String>, bool), Failure> {
        let statuses = match &self.status {
            Some(status) => std::slice::from_ref(status),
            None => usual,
        };
        let time =
            |when: &When| aws_sdk_lambda::primitives::DateTime::from_millis(when.milliseconds);
        let function = clients.function().await?.name;
        let mut arns = Vec::new();
        for status in statuses {
            let mut found = clients
                .lambda
                .list_durable_executions_by_function()
                .function_name(function)
                .statuses(status.clone())
                .set_started_after(self.started_after.as_ref().map(time))
                .set_started_before(self.started_before.as_ref().map(time))
                .max_items(PAGE)
                .into_paginator()
                .items()
                .send();
            while let Some(execution) = found.next().await {
                let execution =
                    execution.map_err(|error| clients.failure("list executions", &error))?;
                if arns.len() >= SELECTED_MAX {
                    return Ok((arns, true));
                }
                arns.push(execution.durable_execution_arn);
            }
        }
        Ok((arns, false))
    }
}

/// Says which ones.
fn name_them(arns: &[String], what: &str, more: bool) {
    let plural = if arns.len() == 1 { "execution" } else { "executions" };
    note(&format!("{what} {} {plural}:", arns.len()));
    for arn in arns.iter().take(NAMED_MAX) {
        note(&format!("  {}", name_of(arn)));
    }
    if arns.len() > NAMED_MAX {
        note(&format!("  and {} more", arns.len() - NAMED_MAX));
    }
    if more {
        note(&format!("there are more than {SELECTED_MAX}; say it again for the rest"));
    }
}

fn ask(verb: &str, count: usize) -> Result<Answer, Failure> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        let noun = if count == 1 { "execution" } else { "executions" };
        return Err(Failure::new(format!("{verb} {count} {noun}? There is nobody to ask"))
            .with_exit(Exit::Usage)
            .with_hint("say --yes, or look with --dry-run first"));
    }
    let _ = write!(io::stderr(), "{verb} them? [y/N] ");
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    read.map_err(|error| Failure::new(format!("cannot read the answer: {error}")))?;
    let yes = matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes");
    Ok(if yes { Answer::Go } else { Answer::Leave })
}

/// What the help of such commands says.
#[must_use]
pub fn help() -> String {
    format!("An execution is written as {WRITTEN}.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_written_in_any_case() {
        assert_eq!(status("running"), Ok(ExecutionStatus::Running));
        assert_eq!(status("timed-out"), Ok(ExecutionStatus::TimedOut));
        assert!(status("done").is_err_and(|said| said.contains("SUCCEEDED")));
    }
}
