//! `logs`: what the functions write.

mod tail;

use clap::Subcommand;

use crate::client::Clients;
use crate::exit::{Exit, Failure};

/// What can be done with logs.
#[derive(Clone, Debug, Subcommand)]
pub enum LogsCommand {
    /// Show the newest lines of functions, and stay with them
    Tail(tail::Tail),
}

impl LogsCommand {
    /// Does it.
    ///
    /// # Errors
    /// What kept it from being done.
    pub async fn run(self, clients: &Clients) -> Result<Exit, Failure> {
        match self {
            Self::Tail(command) => command.run(clients).await,
        }
    }
}
