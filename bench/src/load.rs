//! The closed loop: so many clients, each with one order in flight.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde::Serialize;
use tokio::task::JoinSet;

use crate::client::{self, Client};
use crate::figures::percentile;
use crate::server::Server;

/// Orders placed before the first measurement, to fill caches and pools.
const WARM_UP: usize = 200;

/// Makes order ids unique over all measurements of a run.
static NEXT_ORDER: AtomicU64 = AtomicU64::new(1);

/// The command line.
#[derive(clap::Args)]
pub(crate) struct Options {
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

/// One measurement.
#[derive(Clone, Debug, Serialize)]
struct Figures {
    in_flight: usize,
    orders: usize,
    orders_per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    max_ms: f64,
    server_cpu_ms_per_order: f64,
    server_rss_mb: f64,
    disk_bytes_per_order: f64,
}

/// Starts a server, places orders and prints what was measured.
pub(crate) async fn measure(options: Options) -> anyhow::Result<()> {
    let program = match options.server {
        Some(program) => program,
        None => std::env::current_exe()?.with_file_name("durable-orders"),
    };
    let temporary = tempfile::tempdir()?;
    let data_dir = options.data_dir.unwrap_or_else(|| temporary.path().join("data"));
    let server = Server::start(&program, &data_dir)
        .with_context(|| format!("cannot start {}", program.display()))?;

    client::fill_catalog(server.address()).await?;
    run(&server, 16, WARM_UP).await?;
    let mut measured = Vec::new();
    for in_flight in options.in_flight {
        measured.push(run(&server, in_flight, options.orders).await?);
    }
    if options.json {
        println!("{}", serde_json::to_string_pretty(&measured)?);
    } else {
        print_table(&measured);
    }
    Ok(())
}

async fn run(server: &Server, in_flight: usize, orders: usize) -> anyhow::Result<Figures> {
    let mut clients = Vec::with_capacity(in_flight);
    for _ in 0..in_flight {
        clients.push(Client::connect(server.address()).await?);
    }
    let left = Arc::new(AtomicUsize::new(orders));
    let cpu_before = server.cpu_seconds()?;
    let disk_before = server.disk_bytes()?;
    let begun = Instant::now();
    let mut loops = JoinSet::new();
    for client in clients {
        loops.spawn(closed_loop(client, Arc::clone(&left)));
    }
    let mut latencies = Vec::with_capacity(orders);
    while let Some(finished) = loops.join_next().await {
        latencies.extend(finished??);
    }
    let seconds = begun.elapsed().as_secs_f64();
    let cpu_seconds = server.cpu_seconds()? - cpu_before;
    let disk_bytes = server.disk_bytes()?.saturating_sub(disk_before);
    let count = latencies.len() as f64;
    Ok(Figures {
        in_flight,
        orders: latencies.len(),
        orders_per_second: count / seconds,
        p50_ms: percentile(&mut latencies, 0.50),
        p99_ms: percentile(&mut latencies, 0.99),
        max_ms: percentile(&mut latencies, 1.0),
        server_cpu_ms_per_order: cpu_seconds * 1000.0 / count,
        server_rss_mb: server.rss_mb()?,
        disk_bytes_per_order: disk_bytes as f64 / count,
    })
}

async fn closed_loop(mut client: Client, left: Arc<AtomicUsize>) -> anyhow::Result<Vec<Duration>> {
    let mut latencies = Vec::new();
    let take = |n: usize| n.checked_sub(1);
    while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
        let order_id = next_order();
        let begun = Instant::now();
        client.order(&order_id).await?;
        latencies.push(begun.elapsed());
    }
    Ok(latencies)
}

/// An order id that no other order of this run has.
pub(crate) fn next_order() -> String {
    format!("BENCH-{}", NEXT_ORDER.fetch_add(1, Ordering::Relaxed))
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
