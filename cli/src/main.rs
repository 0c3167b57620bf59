//! The `durable-orders` command.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use durable_orders::serve::{self, ServeOptions};

#[derive(Parser)]
#[command(name = "durable-orders", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server
    Serve {
        /// Where to listen
        #[arg(long, default_value = "127.0.0.1:6737", env = "DURABLE_ORDERS_LISTEN")]
        listen: SocketAddr,
        /// Where everything is kept
        #[arg(long, default_value = "durable-orders-data", env = "DURABLE_ORDERS_DATA_DIR")]
        data_dir: PathBuf,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn")),
        )
        .init();
    let result = match Cli::parse().command {
        Command::Serve { listen, data_dir } => {
            serve::run(ServeOptions { listen, data_dir }).await
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
