//! `order`: placing orders and looking at them.

mod list;
mod place;
mod show;

use clap::Subcommand;

use crate::client::Clients;
use crate::exit::{Exit, Failure};

/// What can be done with orders.
#[derive(Clone, Debug, Subcommand)]
pub enum OrderCommand {
    /// Place an order
    Place(place::Place),
    /// Show an order: what became of it, and its steps
    Show(show::Show),
    /// List orders, newest first
    List(list::List),
}

impl OrderCommand {
    /// Does it.
    ///
    /// # Errors
    /// What kept it from being done.
    pub async fn run(self, clients: &Clients) -> Result<Exit, Failure> {
        match self {
            Self::Place(command) => command.run(clients).await,
            Self::Show(command) => command.run(clients).await,
            Self::List(command) => command.run(clients).await,
        }
    }
}
