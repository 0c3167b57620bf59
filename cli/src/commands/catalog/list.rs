//! `catalog list`: the products, by id.

use clap::Args;

use crate::catalog::product::ListedProduct;
use crate::catalog::store;
use crate::client::Clients;
use crate::exit::{Exit, Failure};
use crate::format::Format;
use crate::table::{Column, cell, table};

/// Options of `catalog list`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  durable-orders catalog list
  durable-orders catalog list --json | jq '.[] | select(.stockLevel < 10) | .productId'")]
pub struct List {
    #[command(flatten)]
    format: Format,
}

impl List {
    pub(super) async fn run(self, clients: &Clients) -> Result<Exit, Failure> {
        let products = store::list(clients).await?;
        let import = clients.target.command("catalog import FILE");
        let nothing = format!("no products; `{import}` adds some");
        self.format.list(&products, &nothing, shown)?;
        Ok(Exit::Done)
    }
}

fn shown(products: &[ListedProduct]) -> String {
    let columns = [
        Column::Left("PRODUCT"),
        Column::Left("NAME"),
        Column::Right("PRICE"),
        Column::Right("STOCK"),
        Column::Left("WAREHOUSE"),
    ];
    let rows = products.iter().map(|product| {
        [
            product.product_id.clone(),
            cell(product.name.as_deref()),
            cell(product.price),
            cell(product.stock_level),
            cell(product.warehouse_location.as_deref()),
        ]
    });
    table(&columns, rows)
}
