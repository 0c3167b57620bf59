//! The bootstrap of the ValidateOrder function.

use std::sync::Arc;

use lambda_runtime::{Error, service_fn};
use orders::{Services, Settings, bootstrap, notifier, validate_order};

#[tokio::main]
async fn main() -> Result<(), Error> {
    bootstrap::init_logging()?;
    let settings = Settings::from_env()?;
    let config = bootstrap::aws_config().await;
    let services = Services {
        lambda: aws_sdk_lambda::Client::new(&config),
        dynamodb: aws_sdk_dynamodb::Client::new(&config),
        notifier: notifier(settings.notification.as_ref())?,
        settings: Arc::new(settings),
    };
    lambda_runtime::run(service_fn(validate_order(services)?)).await
}
