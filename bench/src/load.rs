//! The closed loop: so many clients, each with one order in flight.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::task::JoinSet;

use crate::client::Client;
use crate::server::Server;

/// Makes order ids unique over all measurements of a run.
static NEXT_ORDER: AtomicU64 = AtomicU64::new(1);

/// One measurement.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figures {
    pub(crate) in_flight: usize,
    pub(crate) orders: usize,
    pub(crate) orders_per_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) max_ms: f64,
    pub(crate) server_cpu_ms_per_order: f64,
    pub(crate) server_rss_mb: f64,
    pub(crate) disk_bytes_per_order: f64,
}

pub(crate) async fn run(
    server: &Server,
    in_flight: usize,
    orders: usize,
) -> anyhow::Result<Figures> {
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
    latencies.sort_unstable();
    let count = latencies.len() as f64;
    Ok(Figures {
        in_flight,
        orders: latencies.len(),
        orders_per_second: count / seconds,
        p50_ms: percentile(&latencies, 0.50),
        p99_ms: percentile(&latencies, 0.99),
        max_ms: percentile(&latencies, 1.0),
        server_cpu_ms_per_order: cpu_seconds * 1000.0 / count,
        server_rss_mb: server.rss_mb()?,
        disk_bytes_per_order: disk_bytes as f64 / count,
    })
}

async fn closed_loop(mut client: Client, left: Arc<AtomicUsize>) -> anyhow::Result<Vec<Duration>> {
    let mut latencies = Vec::new();
    let take = |n: usize| n.checked_sub(1);
    while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
        let order_id = format!("BENCH-{}", NEXT_ORDER.fetch_add(1, Ordering::Relaxed));
        let begun = Instant::now();
        client.order(&order_id).await?;
        latencies.push(begun.elapsed());
    }
    Ok(latencies)
}

/// The smallest latency that this share of all does not exceed, in milliseconds.
fn percentile(sorted: &[Duration], share: f64) -> f64 {
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    let latency = sorted.get(rank.saturating_sub(1)).or(sorted.last());
    latency.map_or(0.0, |latency| latency.as_secs_f64() * 1000.0)
}
