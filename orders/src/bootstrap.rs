//! What the four Lambda binaries do before they serve: logging and AWS clients.

use aws_config::BehaviorVersion;
use lambda_runtime::Error;
use tracing_subscriber::EnvFilter;

/// The log filter unless `RUST_LOG` is set.
const DEFAULT_FILTER: &str = "info";

/// Libraries that can log whole requests at finer levels. Requests hold card numbers, so these
/// stay at `info` whatever `RUST_LOG` says.
const CAPPED_TARGETS: [&str; 6] = [
    "aws_config",
    "aws_sdk_lambda",
    "aws_smithy_runtime",
    "aws_smithy_runtime_api",
    "hyper",
    "lambda_runtime",
];

/// Starts logging: JSON lines without colours on standard output, as CloudWatch reads them.
///
/// # Errors
///
/// When logging has been started before.
pub fn init_logging() -> Result<(), Error> {
    let filter = std::env::var("RUST_LOG").unwrap_or_else(|_| DEFAULT_FILTER.to_owned());
    let mut filter = EnvFilter::builder().parse_lossy(filter);
    for target in CAPPED_TARGETS {
        // A later directive for the same target replaces an earlier one.
        filter = filter.add_directive(format!("{target}=info").parse()?);
    }
    tracing_subscriber::fmt().json().with_ansi(false).with_env_filter(filter).try_init()
}

/// The configuration of AWS clients from the environment of the function.
pub async fn aws_config() -> aws_config::SdkConfig {
    aws_config::load_defaults(BehaviorVersion::latest()).await
}
