//! The bootstrap of the AuthorizePayment function.

use std::sync::Arc;

use lambda_runtime::{Error, service_fn};
use orders::{Settings, SimulatedGateway, authorize_payment, bootstrap};

#[tokio::main]
async fn main() -> Result<(), Error> {
    bootstrap::init_logging()?;
    let gateway = SimulatedGateway::new(Settings::from_env()?.payment_limit);
    lambda_runtime::run(service_fn(authorize_payment(Arc::new(gateway)))).await
}
