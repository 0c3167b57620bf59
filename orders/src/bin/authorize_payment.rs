//! The bootstrap of the AuthorizePayment function.

use lambda_runtime::{Error, service_fn};
use orders::{Settings, authorize_payment, bootstrap, open_gateway};

#[tokio::main]
async fn main() -> Result<(), Error> {
    bootstrap::init_logging()?;
    let gateway = open_gateway(&Settings::from_env()?).await?;
    lambda_runtime::run(service_fn(authorize_payment(gateway))).await
}
