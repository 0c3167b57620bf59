//! `order place`: send an order, and wait for what becomes of it.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use crate::client::Clients;
use crate::exit::{Exit, Failure};
use crate::input;
use crate::order::document::{OrderDocument, describe};
use crate::order::place::{Placed, place};
use crate::order::submission::{ORDER_BYTES_MAX, Submission};
use crate::order::wait::{Waited, until_over};
use crate::order::{execution, history};
use crate::output::{note, print, print_json};

/// Options of `order place`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  durable-orders order place order.json --wait
  jq .orders[0] batch.json | durable-orders order place - --json

The order id in the file names the order: placing the same file twice is one order.
With --wait, the exit code is 0 if the order was completed and 3 if it was not.")]
pub struct Place {
    /// The order as JSON; - for stdin
    file: PathBuf,
    /// Wait until the order is completed, rejected or declined
    #[arg(long)]
    wait: bool,
    /// Wait no longer than this; the order goes on
    #[arg(long, value_name = "SECONDS", requires = "wait")]
    timeout: Option<u64>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// What is printed of a placed order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PlacedDocument<'a> {
    order_id: &'a str,
    execution_arn: &'a str,
    already_placed: bool,
}

/// What is printed of one that was waited for.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WaitedDocument<'a> {
    #[serde(flatten)]
    order: OrderDocument<'a>,
    already_placed: bool,
}

impl Place {
    pub(super) async fn run(self, clients: &Clients) -> Result<Exit, Failure> {
        let input = input::read(&self.file, ORDER_BYTES_MAX)?;
        let order = Submission::read(input.bytes, &input.source)?;
        let placed = place(clients, &order).await?;
        if !self.wait {
            self.report_placed(clients, &order.order_id, &placed)?;
            return Ok(Exit::Done);
        }
        if placed.already {
            note(&format!("order {} was placed before; waiting for it", order.order_id));
        }
        let limit = self.timeout.map(Duration::from_secs);
        let waited = until_over(clients, &placed.arn, &order.order_id, limit).await?;
        let look_again = clients.target.command(&format!("order show {}", order.order_id));
        match waited {
            Waited::Interrupted => {
                note(&format!("order {} goes on; look again with `{look_again}`", order.order_id));
                return Ok(Exit::Interrupted);
            }
            Waited::TimedOut => {
                let seconds = self.timeout.unwrap_or_default();
                note(&format!(
                    "order {} is not through after {seconds} s and goes on; look again with \
                     `{look_again}`",
                    order.order_id
                ));
            }
            Waited::Over => {}
        }
        self.report_outcome(clients, &placed).await
    }

    fn report_placed(
        &self,
        clients: &Clients,
        order_id: &str,
        placed: &Placed,
    ) -> Result<(), Failure> {
        if self.json {
            return print_json(&PlacedDocument {
                order_id,
                execution_arn: &placed.arn,
                already_placed: placed.already,
            });
        }
        let what =
            if placed.already { "was placed before; nothing new was started" } else { "placed" };
        print(&format!("{order_id}  {what}\n{}\n", placed.arn))?;
        note(&format!("see `{}`", clients.target.command(&format!("order show {order_id}"))));
        Ok(())
    }

    async fn report_outcome(&self, clients: &Clients, placed: &Placed) -> Result<Exit, Failure> {
        let execution = execution::load(clients, &placed.arn, true).await?;
        let steps = history::steps(clients, &placed.arn).await?;
        if self.json {
            let order = OrderDocument::new(&execution, &steps);
            print_json(&WaitedDocument { order, already_placed: placed.already })?;
        } else {
            print(&describe(&execution, &steps))?;
        }
        Ok(if execution.is_completed() { Exit::Done } else { Exit::NotCompleted })
    }
}
