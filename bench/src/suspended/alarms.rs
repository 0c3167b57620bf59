//! A thousand timers that are due at the same moment: how long until each function is invoked, with and without the
//! suspended ones beside them. The journal says when an invocation began.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use durable_core::{Fact, Millis};
use durable_store::{DirectoryLock, ListFilter, Store};

use crate::client::Client;
use crate::figures::percentile;
use crate::server::Server;
use crate::sleeper::ALARM;
use crate::suspended::fill::{Batch, fill, now};
use crate::suspended::table::Table;

const ALARMS: usize = 1000;
/// Measurements of each directory, in turns; their executions' names begin with these.
const ROUNDS: [&str; 3] = ["first", "second", "third"];
/// From the writing of the waits to their end: time enough to write all and to start the server.
const WAIT_SECONDS: u32 = 15;
/// Between two looks at whether all have ended.
const LOOK: Duration = Duration::from_millis(200);

/// Measures both directories, whose servers have been ended.
pub(crate) async fn measure(empty: &Path, filled: &Path, table: &mut Table) -> anyhow::Result<()> {
    let (mut medians, mut lasts) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for round in ROUNDS {
        let directories = [empty, filled].into_iter();
        for ((directory, medians), lasts) in directories.zip(&mut medians).zip(&mut lasts) {
            let mut latenesses = ring(directory, round).await?;
            medians.push(percentile(&mut latenesses, 0.5));
            lasts.push(percentile(&mut latenesses, 1.0));
        }
    }
    let what = "from a timer to its invocation, 1,000 due at once";
    table.both(&format!("{what}, p50 ms"), medians.map(middle));
    table.both(&format!("{what}, last ms"), lasts.map(middle));
    Ok(())
}

/// The median of the rounds.
fn middle(mut rounds: Vec<f64>) -> f64 {
    rounds.sort_by(f64::total_cmp);
    rounds.get(rounds.len() / 2).copied().unwrap_or_default()
}

/// How late each of the invocations began.
async fn ring(data_dir: &Path, round: &'static str) -> anyhow::Result<Vec<Duration>> {
    let due = set_alarms(data_dir, round).await?;
    let server = Server::start_with_sleeper(data_dir)?;
    ensure!(now()? < due, "the server was not ready before the timers were due");
    let mut client = Client::connect(server.address()).await?;
    tokio::time::sleep(Duration::from_millis((due - now()?).max(0).unsigned_abs())).await;
    loop {
        tokio::time::sleep(LOOK).await;
        let page = client.list(ALARM, "Statuses=RUNNING&MaxItems=1", None).await?;
        if page.durable_executions.is_empty() {
            break;
        }
    }
    drop(server);
    latenesses(data_dir, round, due).await
}

/// Writes the executions, with one end for all waits; gives that end.
async fn set_alarms(data_dir: &Path, prefix: &'static str) -> anyhow::Result<Millis> {
    let _lock = DirectoryLock::acquire(data_dir)?;
    let store = Store::open(data_dir)?;
    let due = now()? + Millis::from(WAIT_SECONDS) * 1000;
    fill(&store, Batch { prefix, due: Some(due), ..Batch::of(ALARM, ALARMS) }).await?;
    store.close().await;
    Ok(due)
}

/// Reads from the journal when the last invocation of each began.
async fn latenesses(data_dir: &Path, prefix: &str, due: Millis) -> anyhow::Result<Vec<Duration>> {
    let _lock = DirectoryLock::acquire(data_dir)?;
    let store = Store::open(data_dir)?;
    let all = ListFilter {
        function: ALARM.to_owned(),
        versions: Vec::new(),
        name: None,
        statuses: Vec::new(),
        started_after: None,
        started_before: None,
        oldest_first: true,
        after: None,
        limit: ALARMS * ROUNDS.len(),
    };
    let mut latenesses = Vec::with_capacity(ALARMS);
    for row in store.list(all).await? {
        if !row.name.starts_with(prefix) {
            continue;
        }
        let mut began = None;
        for record in store.journal(row.key).await? {
            for fact in record.record()?.facts {
                if let Fact::InvocationCompleted { started, .. } = fact {
                    began = Some(started);
                }
            }
        }
        let late = began.context("an execution was not invoked")? - due;
        ensure!(late >= 0, "a timer fired {} ms early", -late);
        latenesses.push(Duration::from_millis(late.unsigned_abs()));
    }
    ensure!(latenesses.len() == ALARMS, "{} of {ALARMS} alarms", latenesses.len());
    Ok(latenesses)
}
