//! The bootstrap of the FulfillOrder function.

use lambda_runtime::{Error, service_fn};
use orders::{bootstrap, fulfill_order};

#[tokio::main]
async fn main() -> Result<(), Error> {
    bootstrap::init_logging()?;
    lambda_runtime::run(service_fn(fulfill_order())).await
}
