//! What the four Lambda binaries do before they serve: logging and AWS clients.

use aws_config::BehaviorVersion;
use lambda_runtime::Error;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The log filter unless `RUST_LOG` is set.
const DEFAULT_FILTER: &str = "info";

/// Libraries that can log whole requests at levels finer than `info`, by the start of their names.
const CARRIERS_OF_REQUESTS: [&str; 6] =
    ["aws_config", "aws_sdk", "aws_smithy", "h2", "hyper", "lambda_runtime"];

/// Starts logging: JSON lines without colours on standard output, as CloudWatch reads them.
///
/// # Errors
///
/// When logging has been started before.
pub fn init_logging() -> Result<(), Error> {
    let filter = std::env::var("RUST_LOG").unwrap_or_else(|_| DEFAULT_FILTER.to_owned());
    let lines = tracing_subscriber::fmt::layer().json().with_ansi(false);
    tracing_subscriber::registry()
        .with(EnvFilter::builder().parse_lossy(filter))
        .with(filter_fn(shows_no_request))
        .with(lines)
        .try_init()?;
    Ok(())
}

/// A filter for every program that hosts the functions. Requests hold card numbers, so nothing that
/// may show one is logged, whatever `RUST_LOG` says.
#[must_use]
pub fn shows_no_request(event: &Metadata<'_>) -> bool {
    *event.level() <= Level::INFO
        || !CARRIERS_OF_REQUESTS.iter().any(|library| event.target().starts_with(library))
}

/// The configuration of AWS clients from the environment of the function.
pub async fn aws_config() -> aws_config::SdkConfig {
    aws_config::load_defaults(BehaviorVersion::latest()).await
}
