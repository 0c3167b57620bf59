//! The bootstrap of the AllocateInventory function.

use lambda_runtime::{Error, service_fn};
use orders::{Settings, allocate_inventory, bootstrap};

#[tokio::main]
async fn main() -> Result<(), Error> {
    bootstrap::init_logging()?;
    let config = bootstrap::aws_config().await;
    let dynamodb = aws_sdk_dynamodb::Client::new(&config);
    lambda_runtime::run(service_fn(allocate_inventory(dynamodb, &Settings::from_env()?))).await
}
