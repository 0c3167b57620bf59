//! The bootstrap of the ValidateOrder function.

use std::sync::Arc;

use lambda_runtime::{Error, service_fn};
use orders::{Services, Settings, bootstrap, validate_order};

#[tokio::main]
async fn main() -> Result<(), Error> {
    bootstrap::init_logging()?;
    let config = bootstrap::aws_config().await;
    let services = Services {
        lambda: aws_sdk_lambda::Client::new(&config),
        dynamodb: aws_sdk_dynamodb::Client::new(&config),
        settings: Arc::new(Settings::from_env()?),
    };
    lambda_runtime::run(service_fn(validate_order(services)?)).await
}
