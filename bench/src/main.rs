//! Measures the order system and the runtime, and prints figures.
//!
//! | command | what it measures | files |
//! |---|---|---|
//! | none | whole orders against a real server process | `load` |
//! | `suspended` | what a million suspended executions cost | `suspended/`, `sleeper` |
//! | `large` | one execution with many operations, or many megabytes of results | `large` |
//! | `serve` | nothing: the server that `suspended` starts as a process of its own | `serve` |
//!
//! Shared: `server` is the child process under load and what the system says it uses, `client` one connection to it,
//! `turn` a durable function in this process, `figures` percentiles.

mod client;
mod figures;
mod large;
mod load;
mod serve;
mod server;
mod sleeper;
mod suspended;
mod turn;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// The allocator of the server that is measured: some of the servers here are this program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(
    about = "Measures whole orders: latency, throughput, processor, memory and disk",
    args_conflicts_with_subcommands = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    load: load::Options,
}

#[derive(Subcommand)]
enum Command {
    /// Measures what suspended executions cost a server
    Suspended(suspended::Options),
    /// Measures checkpoints of one execution that becomes large
    Large,
    /// The order system and a function that sleeps, for `suspended`
    #[command(hide = true)]
    Serve {
        #[arg(long)]
        data_dir: PathBuf,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    match arguments.command {
        None => load::measure(arguments.load).await,
        Some(Command::Suspended(options)) => suspended::measure(options).await,
        Some(Command::Large) => large::measure().await,
        Some(Command::Serve { data_dir }) => serve::run(&data_dir).await,
    }
}
