//! The `durable-orders` command.

use std::process::ExitCode;

use durable_orders::args::Cli;
use durable_orders::output::note;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::from_command_line();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(
            EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn")),
        )
        .init();
    match cli.run().await {
        Ok(exit) => exit.into(),
        Err(failure) => {
            note(&failure.to_string());
            failure.exit().into()
        }
    }
}
