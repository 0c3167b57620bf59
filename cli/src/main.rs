//! The `durable-orders` command.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use durable_orders::args::Cli;
use durable_orders::output::note;
use durable_orders::own_lines;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

/// What is logged unless `RUST_LOG` says otherwise. What the AWS clients warn of comes out as the
/// error of the command.
const LOG_FILTER: &str = "warn,aws_config=off,aws_smithy_runtime=off,aws_smithy_http_client=off";

/// An order makes some ten thousand small allocations, most of them inside AWS's clients.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::from_command_line();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(LOG_FILTER));
    let errors = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_filter(filter);
    tracing_subscriber::registry().with(errors).with(own_lines::layer()).init();
    match cli.run().await {
        Ok(exit) => exit.into(),
        Err(failure) => {
            note(&format!("error: {failure}"));
            failure.exit().into()
        }
    }
}
