//! The two servers, and what is measured on both in turns.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::client::{self, Client, an_order};
use crate::figures::percentile;
use crate::load::next_order;
use crate::server::Server;
use crate::sleeper::SLEEPER;
use crate::suspended::table::Table;

/// Before idling is measured: what a start leaves to do is done, and threads that were needed for it have ended.
const SETTLE: Duration = Duration::from_secs(15);
const IDLE: Duration = Duration::from_secs(30);
/// Orders placed on each before the first that counts.
const WARM_UP: usize = 200;
/// Rounds of orders, and of starts; every other one has the filled server first.
const ROUNDS: usize = 40;
const ORDERS_PER_ROUND: usize = 50;
const STARTS_PER_ROUND: usize = 10;
/// Pages that are read and measured.
const PAGES: usize = 50;
const PAGE: &str = "MaxItems=100";
/// The larger pages with which the middle of the list is reached.
const STRIDE: &str = "MaxItems=1000";
const STRIDE_ITEMS: usize = 1000;

/// One of the two.
struct Side {
    server: Server,
    client: Client,
    /// Its resident memory when it was ready.
    ready_rss_mb: f64,
    latencies: Vec<Duration>,
}

impl Side {
    async fn start(data_dir: &Path) -> anyhow::Result<Self> {
        let server = Server::start_with_sleeper(data_dir)?;
        let ready_rss_mb = server.rss_mb()?;
        let client = Client::connect(server.address()).await.context("cannot reach the server")?;
        Ok(Self { server, client, ready_rss_mb, latencies: Vec::new() })
    }

    async fn order(&mut self) -> anyhow::Result<()> {
        let order_id = next_order();
        let begun = Instant::now();
        self.client.order(&order_id).await?;
        self.latencies.push(begun.elapsed());
        Ok(())
    }

    async fn start_one(&mut self) -> anyhow::Result<()> {
        let input = an_order("one-more");
        let begun = Instant::now();
        self.client.start(SLEEPER, input).await?;
        self.latencies.push(begun.elapsed());
        Ok(())
    }

    fn take_latencies(&mut self) -> Vec<Duration> {
        std::mem::take(&mut self.latencies)
    }
}

/// Both servers, running.
pub(crate) struct Pair {
    empty: Side,
    filled: Side,
    /// How many are suspended in the second.
    count: usize,
}

impl Pair {
    /// Starts both; the second on the directory that was filled with so many.
    pub(crate) async fn start(empty: &Path, filled: &Path, count: usize) -> anyhow::Result<Self> {
        Ok(Self { empty: Side::start(empty).await?, filled: Side::start(filled).await?, count })
    }

    /// What the starts took and found.
    pub(crate) fn openings(&self, table: &mut Table) {
        println!("recovered: {}", self.filled.server.report().recovered);
        let sides = [&self.empty, &self.filled];
        table.both("opening the server, ms", sides.map(|side| side.server.report().ready_ms));
        table.both("resident memory when ready, MB", sides.map(|side| side.ready_rss_mb));
    }

    /// The processor time of servers that have nothing to do.
    pub(crate) async fn idle(&self, table: &mut Table) -> anyhow::Result<()> {
        tokio::time::sleep(SETTLE).await;
        let used = || {
            let (empty, filled) = (&self.empty.server, &self.filled.server);
            anyhow::Ok((empty.exact_cpu_seconds()?, filled.exact_cpu_seconds()?))
        };
        let before = used()?;
        tokio::time::sleep(IDLE).await;
        let after = used()?;
        let spent = [after.0 - before.0, after.1 - before.1];
        table.each("processor time in 30 idle seconds, ms", spent.map(|seconds| seconds * 1000.0));
        Ok(())
    }

    /// The list of the suspended: its first page, and pages in the middle.
    pub(crate) async fn pages(&mut self, table: &mut Table) -> anyhow::Result<()> {
        let client = &mut self.filled.client;
        let first = read_pages(client, None).await?;
        let mut marker = None;
        for _ in 0..self.count / STRIDE_ITEMS / 2 {
            let page = client.list(SLEEPER, STRIDE, marker.as_deref()).await?;
            marker = page.next_marker;
        }
        let middle = read_pages(client, marker.as_deref()).await?;
        table.filled("first page of the list, 100 of them, p50 ms", first);
        table.filled("a page in the middle of the list, p50 ms", middle);
        Ok(())
    }

    /// Starting one more.
    pub(crate) async fn starts(&mut self, table: &mut Table) -> anyhow::Result<()> {
        for round in 0..ROUNDS {
            for side in self.in_turn(round) {
                for _ in 0..STARTS_PER_ROUND {
                    side.start_one().await?;
                }
            }
        }
        self.percentiles("starting one more", table);
        Ok(())
    }

    /// Orders, one at a time.
    pub(crate) async fn orders(&mut self, table: &mut Table) -> anyhow::Result<()> {
        for side in self.in_turn(0) {
            client::fill_catalog(side.server.address()).await?;
            for _ in 0..WARM_UP {
                side.order().await?;
            }
            side.latencies.clear();
        }
        for round in 0..ROUNDS {
            for side in self.in_turn(round) {
                for _ in 0..ORDERS_PER_ROUND {
                    side.order().await?;
                }
            }
        }
        self.percentiles("an order, one at a time", table);
        let rss = [self.empty.server.rss_mb()?, self.filled.server.rss_mb()?];
        table.both("resident memory after the orders, MB", rss);
        Ok(())
    }

    fn in_turn(&mut self, round: usize) -> [&mut Side; 2] {
        let Self { empty, filled, .. } = self;
        if round.is_multiple_of(2) { [empty, filled] } else { [filled, empty] }
    }

    fn percentiles(&mut self, what: &str, table: &mut Table) {
        let mut latencies = [self.empty.take_latencies(), self.filled.take_latencies()];
        for (name, share) in [("p50", 0.50), ("p99", 0.99)] {
            let figures = latencies.each_mut().map(|side| percentile(side, share));
            table.both(&format!("{what}, {name} ms"), figures);
        }
    }
}

/// The median time of a page, over pages that follow each other from this marker on.
async fn read_pages(client: &mut Client, from: Option<&str>) -> anyhow::Result<f64> {
    let mut marker = from.map(str::to_owned);
    let mut latencies = Vec::with_capacity(PAGES);
    for _ in 0..PAGES {
        let begun = Instant::now();
        let page = client.list(SLEEPER, PAGE, marker.as_deref()).await?;
        latencies.push(begun.elapsed());
        marker = page.next_marker;
    }
    Ok(percentile(&mut latencies, 0.50))
}
