//! `catalog`: the products, their prices and their stock.

mod import;
mod list;
mod put;

use clap::Subcommand;

use crate::client::Clients;
use crate::exit::{Exit, Failure};

/// What can be done with the catalog.
#[derive(Clone, Debug, Subcommand)]
pub enum CatalogCommand {
    /// List the products
    List(list::List),
    /// Add a product, or replace it
    Put(put::Put),
    /// Add or replace many products
    Import(import::Import),
}

impl CatalogCommand {
    /// Does it.
    ///
    /// # Errors
    /// What kept it from being done.
    pub async fn run(self, clients: &Clients) -> Result<Exit, Failure> {
        match self {
            Self::List(command) => command.run(clients).await,
            Self::Put(command) => command.run(clients).await,
            Self::Import(command) => command.run(clients).await,
        }
    }
}
