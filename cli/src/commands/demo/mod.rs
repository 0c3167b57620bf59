//! `demo`: the whole order system in this process, on a directory that is gone afterwards.
//!
//! Three products and four orders go through the same clients and the same socket as anybody's.
//!
//! | file | job |
//! |---|---|
//! | `seed` | the products, the orders, and how each order must end |
//! | `server` | the order system on a private port |
//! | `report` | what is printed |

mod report;
mod seed;
mod server;

use std::collections::BTreeMap;

use clap::Args;

use crate::catalog::{read, store};
use crate::client::{Clients, Target};
use crate::exit::{Exit, Failure};
use crate::interrupt::Interrupt;
use crate::order::execution::{self, Execution};
use crate::order::history::{self, Step};
use crate::order::place::place;
use crate::order::submission::Submission;
use crate::order::wait::{Waited, until_over};
use crate::output::note;
use report::Report;
use seed::SeedOrder;
use server::DemoServer;

/// Options of `demo`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  durable-orders demo
  durable-orders demo --json | jq .stock

It needs no server and leaves nothing behind. The exit code is 0 only if all four orders end as
they must: one completed, one declined, one out of stock, one rejected.")]
pub struct Demo {
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Units in stock, by product.
type Stock = BTreeMap<String, i64>;

/// One order after it went through.
struct Finished {
    seed: &'static SeedOrder,
    execution: Execution,
    steps: Vec<Step>,
}

impl Finished {
    fn is_as_expected(&self) -> bool {
        self.execution.result.as_ref().is_some_and(|result| {
            result.view.status == self.seed.outcome
                && result.view.reason.as_deref() == self.seed.reason
        })
    }
}

impl Demo {
    /// Runs the demo.
    ///
    /// # Errors
    /// When the order system cannot be opened, or does not answer.
    pub async fn run(self) -> Result<Exit, Failure> {
        // Before there is anything that Ctrl-C could leave behind.
        let mut interrupt = Interrupt::listen()?;
        let server = DemoServer::start().await?;
        let report = tokio::select! {
            report = run_orders(&server) => Some(report),
            () = interrupt.arrived() => None,
        };
        server.stop().await;
        let Some(report) = report else {
            note("interrupted; nothing is left behind");
            return Ok(Exit::Interrupted);
        };
        let report = report?;
        if self.json {
            report.print_json()?
        } else {
            report.print()?
        };
        for problem in report.problems() {
            note(&format!("error: {problem}"));
        }
        Ok(if report.is_as_expected() { Exit::Done } else { Exit::Failed })
    }
}

async fn run_orders(server: &DemoServer) -> Result<Report, Failure> {
    let clients = Clients::new(Target::local(server.endpoint.clone())).await;
    let products = read::products(seed::PRODUCTS.as_bytes(), "the demo's catalog")?;
    store::put_all(&clients, &products).await?;
    let before = stock(&clients).await?;

    // All at once: they do not wait for each other.
    let [first, second, third, fourth] = &seed::ORDERS;
    let (first, second, third, fourth) = tokio::try_join!(
        finish(&clients, first),
        finish(&clients, second),
        finish(&clients, third),
        finish(&clients, fourth),
    )?;
    let after = stock(&clients).await?;
    Ok(Report { orders: vec![first, second, third, fourth], before, after })
}

async fn finish(clients: &Clients, seed: &'static SeedOrder) -> Result<Finished, Failure> {
    let order = Submission::read(seed.payload.into(), "the demo's order")?;
    let placed = place(clients, &order).await?;
    let waited = until_over(clients, &placed.arn, &order.order_id, Some(seed::PATIENCE)).await?;
    if waited == Waited::TimedOut {
        return Err(Failure::new(format!("order {} does not end", order.order_id)));
    }
    let execution = execution::load(clients, &placed.arn, true).await?;
    let steps = history::steps(clients, &placed.arn).await?;
    Ok(Finished { seed, execution, steps })
}

async fn stock(clients: &Clients) -> Result<Stock, Failure> {
    let products = store::list(clients).await?;
    Ok(products
        .into_iter()
        .map(|product| (product.product_id, product.stock_level.unwrap_or_default()))
        .collect())
}
