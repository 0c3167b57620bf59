//! `catalog put`: one product.

use clap::Args;
use orders::{Money, MoneyError};

use crate::catalog::product::Product;
use crate::catalog::store;
use crate::client::Clients;
use crate::exit::{Exit, Failure};
use crate::format::Format;

/// Options of `catalog put`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Example:
  durable-orders catalog put --id MOUSE-001 --name 'Wireless Mouse' --price 29.99 --stock 200 \\
    --warehouse WAREHOUSE-A

A product with this id is replaced as a whole, with its stock.")]
pub struct Put {
    /// The product id
    #[arg(long)]
    id: String,
    /// What people call it
    #[arg(long)]
    name: String,
    /// The price of one unit, such as 29.99
    #[arg(long, value_parser = price)]
    price: Money,
    /// Units in stock
    #[arg(long, value_name = "UNITS", value_parser = clap::value_parser!(i64).range(0..))]
    stock: i64,
    /// Where they are
    #[arg(long)]
    warehouse: String,
    #[command(flatten)]
    format: Format,
}

fn price(text: &str) -> Result<Money, String> {
    text.parse().map_err(|error: MoneyError| format!("{error}"))
}

impl Put {
    pub(super) async fn run(self, clients: &Clients) -> Result<Exit, Failure> {
        let product = Product {
            product_id: self.id,
            name: self.name,
            price: self.price,
            stock_level: self.stock,
            warehouse_location: self.warehouse,
        };
        if let Some(problem) = product.problem() {
            return Err(Failure::new(format!("cannot write the product: {problem}")));
        }
        store::put(clients, &product).await?;
        self.format.one(&product, |product| {
            let Product { product_id, price, stock_level, .. } = product;
            format!("{product_id}  {price}  {stock_level} in stock\n")
        })?;
        Ok(Exit::Done)
    }
}
