//! What suspended executions cost a server: disk and an index, and nothing else.
//!
//! Two servers run side by side in one measurement, one on an empty directory and one beside N suspended executions;
//! whatever is compared is measured on both in turns, so that the machine's moods fall on both.
//!
//! | file | job |
//! |---|---|
//! | `fill` | writes the suspended executions |
//! | `pair` | the two servers: orders, starts, pages, idling |
//! | `alarms` | a thousand timers that are due at once |
//! | `table` | how the figures are printed |

mod alarms;
mod fill;
mod pair;
mod table;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::ensure;
use durable_store::{DirectoryLock, Store};

use crate::server::disk_bytes;
use crate::sleeper::SLEEPER;
use crate::suspended::fill::{Batch, fill};
use crate::suspended::pair::Pair;
use crate::suspended::table::Table;

/// The command line.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many executions are suspended
    #[arg(long, default_value_t = 1_000_000)]
    executions: usize,
    /// Where they are kept, an empty directory; a temporary one unless given
    #[arg(long)]
    data_dir: Option<PathBuf>,
}

/// Fills a directory, measures a server on it, and prints a table.
pub(crate) async fn measure(options: Options) -> anyhow::Result<()> {
    ensure!(options.executions > 0, "--executions must be at least 1");
    let temporary = tempfile::tempdir()?;
    let filled = options.data_dir.unwrap_or_else(|| temporary.path().join("filled"));
    let (empty, count) = (temporary.path().join("empty"), options.executions);
    let mut table = Table::new(format!("{count} suspended"));

    write_suspended(&filled, count, &mut table).await?;
    let mut pair = Pair::start(&empty, &filled, count).await?;
    pair.openings(&mut table);
    pair.idle(&mut table).await?;
    pair.pages(&mut table).await?;
    pair.starts(&mut table).await?;
    pair.orders(&mut table).await?;
    drop(pair);
    alarms::measure(&empty, &filled, &mut table).await?;
    table.print();
    Ok(())
}

async fn write_suspended(directory: &Path, count: usize, table: &mut Table) -> anyhow::Result<()> {
    let _lock = DirectoryLock::acquire(directory)?;
    let store = Store::open(directory)?;
    let empty_bytes = disk_bytes(directory)?;
    let begun = Instant::now();
    fill(&store, Batch::of(SLEEPER, count)).await?;
    let seconds = begun.elapsed().as_secs_f64();
    // Folds the write-ahead log into the file.
    store.close().await;
    let bytes = disk_bytes(directory)?.saturating_sub(empty_bytes);
    table.filled("writing them, s", seconds);
    table.filled("executions written/s", count as f64 / seconds);
    table.filled("disk, bytes per execution", bytes as f64 / count as f64);
    Ok(())
}
