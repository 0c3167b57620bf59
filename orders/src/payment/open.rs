//! The gateway that is configured, ready to be called.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{DisplayErrorContext, ProvideErrorMetadata as _};

use super::stripe::{SecretKey, SecretKeyError, StripeGateway, StripeSettings, StripeTimeouts};
use super::{GatewaySettings, KeySource, PaymentGateway, SimulatedGateway};
use crate::bootstrap::aws_config;
use crate::settings::{STRIPE_SECRET_KEY_SECRET_ID, Settings};

/// How long Secrets Manager may take, retries included: a function that starts has ten seconds.
const SECRET_TIMEOUT: Duration = Duration::from_secs(8);

/// The gateway cannot be used. No text shows anything of a secret.
#[derive(Debug, thiserror::Error)]
pub enum OpenGatewayError {
    /// There is no certificate store.
    #[error("cannot check Stripe's certificate: {0}")]
    Certificates(#[from] std::io::Error),
    /// Secrets Manager does not give the secret.
    #[error("cannot read the secret that {STRIPE_SECRET_KEY_SECRET_ID} names: {0}")]
    SecretNotRead(String),
    /// Secrets Manager gives something else.
    #[error("the secret that {STRIPE_SECRET_KEY_SECRET_ID} names {0}")]
    SecretNotAKey(#[from] SecretKeyError),
}

/// Opens the gateway that `settings` name. A key in Secrets Manager is read now, once.
///
/// # Errors
///
/// [`OpenGatewayError`] when the key cannot be read, or this machine has no certificates.
pub async fn open_gateway(
    settings: &Settings,
) -> Result<Arc<dyn PaymentGateway>, OpenGatewayError> {
    match &settings.gateway {
        GatewaySettings::Simulated => Ok(Arc::new(SimulatedGateway::new(settings.payment_limit))),
        GatewaySettings::Stripe(stripe) => {
            let key = match &stripe.key {
                KeySource::Given(key) => key.clone(),
                KeySource::SecretsManager(id) => {
                    read_secret(&Client::new(&aws_config().await), id).await?
                }
            };
            Ok(Arc::new(stripe_gateway(stripe, &key)?))
        }
    }
}

fn stripe_gateway(settings: &StripeSettings, key: &SecretKey) -> std::io::Result<StripeGateway> {
    StripeGateway::new(&settings.api_base, key, &settings.currency, StripeTimeouts::default())
}

async fn read_secret(client: &Client, id: &str) -> Result<SecretKey, OpenGatewayError> {
    let read = client.get_secret_value().secret_id(id).send();
    let answer = tokio::time::timeout(SECRET_TIMEOUT, read)
        .await
        .map_err(|_| OpenGatewayError::SecretNotRead("it is not answered in time".to_owned()))?
        .map_err(|error| {
            OpenGatewayError::SecretNotRead(match error.code() {
                Some(code) => code.to_owned(),
                // Not sent or not answered: there is nothing of the secret in it.
                None => DisplayErrorContext(&error).to_string(),
            })
        })?;
    Ok(SecretKey::parse(answer.secret_string().unwrap_or_default())?)
}
