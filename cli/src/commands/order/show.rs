//! `order show`: what became of an order, and its steps.

use clap::Args;

use crate::client::Clients;
use crate::exit::{Exit, Failure};
use crate::format::Format;
use crate::order::document::{OrderDocument, describe};
use crate::order::execution::Execution;
use crate::order::id::OrderRef;
use crate::order::{execution, history, resolve};
use crate::output::note;
use crate::time::rfc3339;

/// Options of `order show`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  durable-orders order show ORDER-001
  durable-orders order show ORDER-001 --json | jq .result.orderTotal

Of a card number, the last four digits are shown.")]
pub struct Show {
    /// The order id or the beginning of it, or the ARN of its execution
    #[arg(value_name = "ORDER")]
    order: OrderRef,
    #[command(flatten)]
    format: Format,
}

impl Show {
    pub(super) async fn run(self, clients: &Clients) -> Result<Exit, Failure> {
        let arn = resolve::resolve(clients, &self.order).await?;
        let execution = execution::load(clients, &arn, true).await?;
        let steps = history::steps(clients, &arn).await?;
        let document = OrderDocument::new(&execution, &steps);
        self.format.one(&document, |_| describe(&execution, &steps))?;
        if !self.format.is_json() {
            note_deeper(clients, &execution);
        }
        Ok(Exit::Done)
    }
}

/// Where to look for more than that.
fn note_deeper(clients: &Clients, execution: &Execution) {
    let began = rfc3339(&execution.started);
    let logs = format!("logs tail --order {} --since {began}", execution.order_id);
    note(&format!("\nwhat it wrote: `{}`", clients.target.command(&logs)));
}
