//! `execution`: durable executions of any function.

mod change;
mod get;
mod history;
mod list;
mod watch;

use clap::Subcommand;

use crate::client::Clients;
use crate::exit::{Exit, Failure};

/// The subcommands of `execution`.
#[derive(Clone, Debug, Subcommand)]
pub enum ExecutionCommand {
    /// Executions of a function, newest first
    List(list::List),
    /// One execution: status, input, result, and what it waits for
    Get(get::Get),
    /// The events of an execution
    History(history::History),
    /// Stay with an execution until it ends
    Watch(watch::Watch),
    /// End executions from outside
    Stop(change::Stop),
    /// Begin no further invocation of executions; waits and callbacks go on
    Pause(change::Pause),
    /// Let paused executions go on
    Resume(change::Resume),
    /// Forget executions that have ended
    Delete(change::Delete),
}

impl ExecutionCommand {
    /// Does what the command line asks for.
    ///
    /// # Errors
    /// What kept it from being done.
    pub async fn run(self, clients: &Clients) -> Result<Exit, Failure> {
        match self {
            Self::List(list) => list.run(clients).await,
            Self::Get(get) => get.run(clients).await,
            Self::History(history) => history.run(clients).await,
            Self::Watch(watch) => watch.run(clients).await,
            Self::Stop(stop) => stop.run(clients).await,
            Self::Pause(pause) => pause.run(clients).await,
            Self::Resume(resume) => resume.run(clients).await,
            Self::Delete(delete) => delete.run(clients).await,
        }
    }
}
