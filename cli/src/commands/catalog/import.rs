//! `catalog import`: many products.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::catalog::{read, store};
use crate::client::Clients;
use crate::exit::{Exit, Failure};
use crate::format::Format;
use crate::input;

/// The largest file: some hundred thousand products.
const FILE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Options of `catalog import`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  durable-orders catalog import products.json
  durable-orders --aws catalog list --json | durable-orders catalog import -

The file holds a JSON array of objects, or one object a line, each like
  {\"productId\":\"MOUSE-001\",\"name\":\"Wireless Mouse\",\"price\":29.99,\"stockLevel\":200,\"warehouseLocation\":\"WAREHOUSE-A\"}
Products with these ids are replaced. If anything in the file is wrong, nothing is written.")]
pub struct Import {
    /// The products as JSON; - for stdin
    file: PathBuf,
    #[command(flatten)]
    format: Format,
}

#[derive(Serialize)]
struct Imported {
    imported: usize,
}

impl Import {
    pub(super) async fn run(self, clients: &Clients) -> Result<Exit, Failure> {
        let input = input::read(&self.file, FILE_BYTES_MAX)?;
        let products = read::products(&input.bytes, &input.source)?;
        store::put_all(clients, &products).await?;
        let imported = products.len();
        self.format.one(&Imported { imported }, |_| {
            let noun = if imported == 1 { "product" } else { "products" };
            format!("{imported} {noun} imported\n")
        })?;
        Ok(Exit::Done)
    }
}
