//! Load generator for the order system: a closed loop of whole orders against a real server process.
//!
//! It starts the `durable-orders` binary beside it on a private port and an empty directory, fills the catalog, and
//! keeps a number of orders in flight: each client places an order with a synchronous Invoke over its own connection,
//! waits for the outcome, and places the next. The server's processor time, memory and disk are read from the system.
//!
//! | file | job |
//! |---|---|
//! | `server` | the child process and what it uses |
//! | `client` | one connection: an order, an item |
//! | `load` | the closed loop and its figures |

mod client;
mod load;
mod server;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Parser;

use crate::load::Figures;
use crate::server::Server;

/// Orders placed before the first measurement, to fill caches and pools.
const WARM_UP: usize = 200;

#[derive(Parser)]
#[command(about = "Measures whole orders: latency, throughput, processor, memory and disk")]
struct Arguments {
    /// Orders placed per measurement
    #[arg(long, default_value_t = 2000)]
    orders: usize,
    /// Orders in flight at one time, one measurement each
    #[arg(long, value_delimiter = ',', default_value = "1,16,64,256")]
    in_flight: Vec<usize>,
    /// Where the server keeps its data; a temporary directory unless given
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// The server to measure; the one beside this program unless given
    #[arg(long)]
    server: Option<PathBuf>,
    /// One JSON document instead of a table
    #[arg(long)]
    json: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let program = match arguments.server {
        Some(program) => program,
        None => std::env::current_exe()?.with_file_name("durable-orders"),
    };
    let temporary = tempfile::tempdir()?;
    let data_dir = arguments.data_dir.unwrap_or_else(|| temporary.path().join("data"));
    let server = Server::start(&program, &data_dir)
        .with_context(|| format!("cannot start {}", program.display()))?;

    client::fill_catalog(server.address()).await?;
    load::run(&server, 16, WARM_UP).await?;
    let mut measured = Vec::new();
    for in_flight in arguments.in_flight {
        measured.push(load::run(&server, in_flight, arguments.orders).await?);
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&measured)?);
    } else {
        print_table(&measured);
    }
    Ok(())
}

fn print_table(measured: &[Figures]) {
    println!(
        "{:>9} {:>9} {:>9} {:>9} {:>10} {:>13} {:>9} {:>12}",
        "in flight",
        "orders/s",
        "p50 ms",
        "p99 ms",
        "max ms",
        "CPU ms/order",
        "RSS MB",
        "disk B/order"
    );
    for figures in measured {
        println!(
            "{:>9} {:>9.0} {:>9.2} {:>9.2} {:>10.2} {:>13.2} {:>9.0} {:>12.0}",
            figures.in_flight,
            figures.orders_per_second,
            figures.p50_ms,
            figures.p99_ms,
            figures.max_ms,
            figures.server_cpu_ms_per_order,
            figures.server_rss_mb,
            figures.disk_bytes_per_order,
        );
    }
}
