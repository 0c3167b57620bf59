//! `execution get`: one execution.

use clap::Args;

use crate::client::Clients;
use crate::execution::document::{Document, load};
use crate::execution::reference::{WRITTEN, resolve};
use crate::exit::{Exit, Failure};
use crate::format::Format;

/// Options of `execution get`.
#[derive(Args, Clone, Debug)]
#[command(after_help = format!("\
Examples:
  durable-orders execution get ORDER-001
  durable-orders execution get 7f3a --function MyFunction --json | jq .result

An execution is written as {WRITTEN}. Of a card number, the last four digits are shown."))]
pub struct Get {
    /// The execution
    #[arg(value_name = "EXECUTION")]
    execution: String,
    #[command(flatten)]
    format: Format,
}

impl Get {
    pub(super) async fn run(self, clients: &Clients) -> Result<Exit, Failure> {
        let arn = resolve(clients, &self.execution).await?;
        let document = load(clients, &arn).await?;
        self.format.one(&document, Document::describe)?;
        Ok(Exit::Done)
    }
}
