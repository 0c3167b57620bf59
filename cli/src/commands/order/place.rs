//! `order place`: send an order, and wait for what becomes of it.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use crate::client::Clients;
use crate::exit::{Exit, Failure};
use crate::format::Format;
use crate::input;
use crate::interrupt::Interrupt;
use crate::order::document::{OrderDocument, describe};
use crate::order::place::{Placed, place};
use crate::order::submission::{ORDER_BYTES_MAX, Submission};
use crate::order::wait::{Waited, until_over};
use crate::order::{execution, history};
use crate::output::note;

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
    #[command(flatten)]
    format: Format,
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
        let id = &order.order_id;
        let mut interrupt = Interrupt::listen()?;
        let placed = tokio::select! {
            placed = place(clients, &order) => placed?,
            () = interrupt.arrived() => {
                let look = look_again(clients, id);
                note(&format!("order {id} may have been placed; look with `{look}`"));
                return Ok(Exit::Interrupted);
            }
        };
        if !self.wait {
            self.report_placed(clients, id, &placed)?;
            return Ok(Exit::Done);
        }
        tokio::select! {
            exit = self.wait_for(clients, id, &placed) => exit,
            () = interrupt.arrived() => {
                note(&format!("order {id} goes on; look again with `{}`", look_again(clients, id)));
                Ok(Exit::Interrupted)
            }
        }
    }

    async fn wait_for(
        &self,
        clients: &Clients,
        id: &str,
        placed: &Placed,
    ) -> Result<Exit, Failure> {
        if placed.already {
            note(&format!("order {id} was placed before; waiting for it"));
        }
        let limit = self.timeout.map(Duration::from_secs);
        if until_over(clients, &placed.arn, id, limit).await? == Waited::TimedOut {
            note(&format!(
                "order {id} is not through after {} s and goes on; look again with `{}`",
                self.timeout.unwrap_or_default(),
                look_again(clients, id)
            ));
        }
        self.report_outcome(clients, placed).await
    }

    fn report_placed(
        &self,
        clients: &Clients,
        order_id: &str,
        placed: &Placed,
    ) -> Result<(), Failure> {
        let document =
            PlacedDocument { order_id, execution_arn: &placed.arn, already_placed: placed.already };
        self.format.one(&document, |_| {
            let again = "was placed before; nothing new was started";
            let what = if placed.already { again } else { "placed" };
            format!("{order_id}  {what}\n{}\n", placed.arn)
        })?;
        if !self.format.is_json() {
            note(&format!("see `{}`", look_again(clients, order_id)));
        }
        Ok(())
    }

    async fn report_outcome(&self, clients: &Clients, placed: &Placed) -> Result<Exit, Failure> {
        let execution = execution::load(clients, &placed.arn, true).await?;
        let steps = history::steps(clients, &placed.arn).await?;
        let order = OrderDocument::new(&execution, &steps);
        let document = WaitedDocument { order, already_placed: placed.already };
        self.format.one(&document, |_| describe(&execution, &steps))?;
        Ok(if execution.is_completed() { Exit::Done } else { Exit::NotCompleted })
    }
}

fn look_again(clients: &Clients, order_id: &str) -> String {
    clients.target.command(&format!("order show {order_id}"))
}
