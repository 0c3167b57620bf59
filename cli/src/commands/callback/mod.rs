//! `callback`: answering the callbacks that executions wait for, and finding them.
//!
//! | file | job |
//! |---|---|
//! | `answer` | `succeed`, `fail` and `heartbeat` |
//! | `list` | the callbacks that are waited for |
//! | `waiting` | what an execution's history says of its callbacks |
//!
//! The names of commands and options are those of SAM's `sam remote callback`.

mod answer;
mod list;
mod waiting;

use clap::Subcommand;

use crate::client::Clients;
use crate::exit::{Exit, Failure};

/// What can be done with callbacks.
#[derive(Clone, Debug, Subcommand)]
pub enum CallbackCommand {
    /// Complete a callback with a result
    Succeed(answer::Succeed),
    /// Complete a callback with an error
    Fail(answer::Fail),
    /// Say that the work behind a callback goes on
    Heartbeat(answer::Heartbeat),
    /// List the callbacks that open executions of a function wait for
    List(list::List),
}

impl CallbackCommand {
    /// Does it.
    ///
    /// # Errors
    /// What kept it from being done.
    pub async fn run(self, clients: &Clients) -> Result<Exit, Failure> {
        match self {
            Self::Succeed(command) => command.run(clients).await,
            Self::Fail(command) => command.run(clients).await,
            Self::Heartbeat(command) => command.run(clients).await,
            Self::List(command) => command.run(clients).await,
        }
    }
}
