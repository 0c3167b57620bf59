//! `execution stop`, `pause`, `resume` and `delete`: one execution, or many after asking.

use aws_sdk_lambda::types::{ErrorObject, ExecutionStatus};
use clap::Args;
use futures_util::{StreamExt as _, stream};
use serde::Serialize;

use crate::client::Clients;
use crate::execution::control::{Control, control};
use crate::execution::reference::name_of;
use crate::execution::select::{Selection, help};
use crate::exit::{Exit, Failure};
use crate::format::Format;
use crate::output::note;
use crate::table::clean;

/// Executions that are changed at one time: enough to hide the way to AWS, too few to be throttled there.
const CHANGES_AT_ONCE: usize = 8;

/// Options of `execution stop`.
#[derive(Args, Clone, Debug)]
#[command(after_help = format!("\
Examples:
  durable-orders execution stop ORDER-001 --error-message 'placed by mistake'
  durable-orders execution stop --all --started-before 1d --dry-run

A function that is running goes on to its next checkpoint, which is refused. Steps that were done stay done: nothing is
given back. {}", help()))]
pub struct Stop {
    #[command(flatten)]
    selection: Selection,
    /// The type of the error that the execution ends with
    #[arg(long, value_name = "TYPE")]
    error_type: Option<String>,
    /// The message of the error that the execution ends with
    #[arg(long, visible_alias = "reason", value_name = "TEXT")]
    error_message: Option<String>,
    #[command(flatten)]
    format: Format,
}

/// Options of `execution pause`.
#[derive(Args, Clone, Debug)]
#[command(after_help = format!("\
Examples:
  durable-orders execution pause ORDER-001 --reason 'warehouse is closed'
  durable-orders execution pause --all --yes

{}", help()))]
pub struct Pause {
    #[command(flatten)]
    selection: Selection,
    /// Why; it stands in the history
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    format: Format,
}

/// Options of `execution resume`.
#[derive(Args, Clone, Debug)]
#[command(after_help = format!("\
Examples:
  durable-orders execution resume ORDER-001
  durable-orders execution resume --all --yes

{}", help()))]
pub struct Resume {
    #[command(flatten)]
    selection: Selection,
    /// Why; it stands in the history
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    format: Format,
}

/// Options of `execution delete`.
#[derive(Args, Clone, Debug)]
#[command(after_help = format!("\
Examples:
  durable-orders execution delete ORDER-001 --yes
  durable-orders execution delete --all --status FAILED --started-before 30d

Its history is gone, and its name is free again. {}", help()))]
pub struct Delete {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    format: Format,
}

impl Stop {
    pub(super) async fn run(self, clients: &Clients) -> Result<Exit, Failure> {
        // AWS's list has one status for those that wait and those that run.
        let usual = [ExecutionStatus::Running];
        let arns = self.selection.read(clients, "stop", &usual, false).await?;
        let given = self.error_type.is_some() || self.error_message.is_some();
        let error = given.then(|| {
            ErrorObject::builder()
                .set_error_type(self.error_type.clone())
                .set_error_message(self.error_message.clone())
                .build()
        });
        let error = &error;
        each(arns, "stopped", self.format, move |arn| async move {
            let request = clients.lambda.stop_durable_execution().durable_execution_arn(&arn);
            let done = request.set_error(error.clone()).send().await;
            done.map_err(|error| clients.failure(&doing("stop", &arn), &error))?;
            // One that had ended before stays as it was, and the server says nothing of it.
            match status(clients, &arn).await? {
                ExecutionStatus::Stopped => Ok(()),
                ended => Err(Failure::new(format!(
                    "cannot {}: it has ended before, {ended}",
                    doing("stop", &arn)
                ))),
            }
        })
        .await
    }
}

impl Pause {
    pub(super) async fn run(self, clients: &Clients) -> Result<Exit, Failure> {
        let arns =
            self.selection.read(clients, "pause", &[ExecutionStatus::Running], false).await?;
        let what = Control::Pause { reason: self.reason };
        controlled(clients, arns, what, ("pause", "paused"), self.format).await
    }
}

impl Resume {
    pub(super) async fn run(self, clients: &Clients) -> Result<Exit, Failure> {
        let paused = ["PAUSED", "PAUSING"].map(ExecutionStatus::from);
        let arns = self.selection.read(clients, "resume", &paused, false).await?;
        let what = Control::Resume { reason: self.reason };
        controlled(clients, arns, what, ("resume", "resumed"), self.format).await
    }
}

impl Delete {
    pub(super) async fn run(self, clients: &Clients) -> Result<Exit, Failure> {
        use ExecutionStatus as S;
        let ended = [S::Succeeded, S::Failed, S::TimedOut, S::Stopped];
        let arns = self.selection.read(clients, "delete", &ended, true).await?;
        controlled(clients, arns, Control::Delete, ("delete", "deleted"), self.format).await
    }
}

async fn controlled(
    clients: &Clients,
    arns: Vec<String>,
    what: Control,
    (verb, done): (&str, &'static str),
    format: Format,
) -> Result<Exit, Failure> {
    let what = &what;
    each(arns, done, format, move |arn| async move {
        control(clients, &arn, what.clone(), &doing(verb, &arn)).await
    })
    .await
}

async fn status(clients: &Clients, arn: &str) -> Result<ExecutionStatus, Failure> {
    let request = clients.lambda.get_durable_execution().durable_execution_arn(arn);
    let answer = request.include_execution_data(false).send().await;
    let answer = answer.map_err(|error| clients.failure(&doing("look at", arn), &error))?;
    Ok(answer.status)
}

fn doing(verb: &str, arn: &str) -> String {
    format!("{verb} execution {}", clean(name_of(arn)))
}

/// What became of one of them, for programs. Members are only ever added.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    name: String,
    arn: String,
    done: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Does it to all of them, a few at a time, and says what became of each. One that fails does not keep the others.
async fn each<F>(
    arns: Vec<String>,
    done: &'static str,
    format: Format,
    change: impl Fn(String) -> F,
) -> Result<Exit, Failure>
where
    F: Future<Output = Result<(), Failure>>,
{
    if arns.is_empty() {
        return Ok(Exit::Done);
    }
    let single = arns.len() == 1;
    let changes = arns.into_iter().map(|arn| {
        let changed = change(arn.clone());
        async move { (arn, changed.await) }
    });
    let mut changes = stream::iter(changes).buffered(CHANGES_AT_ONCE);
    let (mut rows, mut exit) = (Vec::new(), Exit::Done);
    while let Some((arn, outcome)) = changes.next().await {
        let error = match outcome {
            Ok(()) => None,
            Err(failure) if single || failure.exit() == Exit::Unreachable => return Err(failure),
            Err(failure) => {
                exit = Exit::Failed;
                note(&format!("error: {failure}"));
                Some(failure.to_string())
            }
        };
        let name = name_of(&arn).to_owned();
        rows.push(Row { name, arn, done: error.is_none(), error });
    }
    format.list(&rows, "no executions", |rows| {
        let changed = rows.iter().filter(|row| row.done);
        changed.map(|row| format!("{done} {}\n", clean(&row.name))).collect()
    })?;
    Ok(exit)
}
