//! Stripe: a PaymentIntent with manual capture for each order.
//!
//! ```text
//! authorize   create intent  key of the order            parameters of the order alone
//!             confirm        key of order and token      the token
//! void        create intent  the same, if no id is known
//!             cancel
//! capture     capture        amount_to_capture
//! ```
//!
//! Why two calls to authorize: an answer may be lost with the name of the intent in it, and a void
//! must find it. Creating holds nothing and depends on nothing but the order, so the void repeats it:
//! under the same key Stripe answers with the same intent, or makes one if there never was any. Once
//! that is cancelled, a confirmation that is still on its way finds a cancelled intent and holds
//! nothing.
//!
//! Stripe remembers keys for a day. Within it a repeated call is answered as the first one was; after
//! it, or under another key, the state of the intent keeps a confirmation, a cancellation and a
//! capture from happening twice.

mod answer;
mod client;
mod key;

use std::fmt;
use std::future::Future;
use std::time::Duration;

pub use self::key::{SecretKey, SecretKeyError};

use self::answer::{Intent, Problem, Status, plain};
use self::client::{Call, StripeClient};
use super::{
    Authorization, AuthorizeRequest, Authorized, CaptureRequest, CaptureTiming, Captured,
    GatewayError, GatewayFuture, IdempotencyKey, KeySource, PaymentGateway, VoidRequest, Voided,
};
use crate::ids::stable_id;
use crate::money::Money;
use crate::order::PaymentSource;
use crate::token::PaymentToken;

/// The reason for declining a card number: it must not come here.
pub const PAYMENT_TOKEN_REQUIRED: &str = "payment_token_required";
/// Stripe's own reason for declining an amount, which nothing is besides.
const AMOUNT_TOO_SMALL: &str = "amount_too_small";

/// How long Stripe may take to take a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long one call may take. The bank that issued the card is asked meanwhile.
const CALL_TIMEOUT: Duration = Duration::from_secs(20);
/// How long all calls of one operation may take together: less than Lambda gives AuthorizePayment
/// (30 s), so that a slow answer is our error and not a killed function, and less than the workflow
/// waits for it.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(25);

/// What the gateway is configured with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StripeSettings {
    /// The secret key.
    pub key: KeySource,
    /// The currency of the catalog's prices, in small letters. One that has hundredths.
    pub currency: String,
    /// Scheme and host of the API.
    pub api_base: String,
}

/// How long is waited for Stripe.
#[derive(Debug, Clone, Copy)]
pub struct StripeTimeouts {
    /// For a connection.
    pub connect: Duration,
    /// For one call.
    pub call: Duration,
    /// For all calls of one operation.
    pub operation: Duration,
}

impl Default for StripeTimeouts {
    fn default() -> Self {
        Self { connect: CONNECT_TIMEOUT, call: CALL_TIMEOUT, operation: OPERATION_TIMEOUT }
    }
}

/// The gateway to Stripe.
pub struct StripeGateway {
    client: StripeClient,
    currency: String,
    operation_timeout: Duration,
}

impl fmt::Debug for StripeGateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StripeGateway").field("currency", &self.currency).finish_non_exhaustive()
    }
}

impl StripeGateway {
    /// A gateway to the API at `api_base`.
    ///
    /// # Errors
    ///
    /// When this machine has no certificates to check Stripe with.
    pub fn new(
        api_base: &str,
        key: &SecretKey,
        currency: &str,
        timeouts: StripeTimeouts,
    ) -> std::io::Result<Self> {
        Ok(Self {
            client: StripeClient::new(api_base, key, timeouts)?,
            currency: currency.to_owned(),
            operation_timeout: timeouts.operation,
        })
    }

    /// Makes the order's intent, which holds nothing yet, or finds it again.
    async fn create(
        &self,
        key: &IdempotencyKey,
        order_id: &str,
        amount: Money,
    ) -> Result<Intent, Problem> {
        let amount = amount.cents().to_string();
        let form = [
            ("amount", amount.as_str()),
            ("currency", &self.currency),
            ("capture_method", "manual"),
            // Only cards: nothing else can be confirmed without the customer.
            ("payment_method_types[]", "card"),
            ("metadata[order_id]", order_id),
        ];
        let path = "payment_intents".to_owned();
        self.client
            .post(Call { name: "create", path, key: key.as_str().to_owned(), form: &form })
            .await
    }

    async fn confirm(
        &self,
        key: &IdempotencyKey,
        intent: &Intent,
        token: &PaymentToken,
    ) -> Result<Intent, Problem> {
        let path = format!("payment_intents/{}/confirm", intent.id);
        // Another token is another call; the token itself stays out of the key.
        let digest = stable_id("", &[token.expose()]);
        let key = format!("{}:confirm:{digest}", key.as_str());
        let mut form = vec![("error_on_requires_action", "true"), ("expand[]", "payment_method")];
        if token.expose().starts_with("tok_") {
            form.push(("payment_method_data[type]", "card"));
            form.push(("payment_method_data[card][token]", token.expose()));
        } else {
            form.push(("payment_method", token.expose()));
        }
        self.client.post(Call { name: "confirm", path, key, form: &form }).await
    }

    async fn authorize(&self, request: AuthorizeRequest) -> Result<Authorization, GatewayError> {
        let declined = |reason: &str| Ok(Authorization::Declined { reason: reason.to_owned() });
        let PaymentSource::Token(token) = &request.payment_method.source else {
            return declined(PAYMENT_TOKEN_REQUIRED);
        };
        if request.amount <= Money::ZERO {
            return declined(AMOUNT_TOO_SMALL);
        }
        let key = &request.idempotency_key;
        let created = self.create(key, &request.order_id, request.amount).await;
        let confirmed = match created {
            Ok(intent) => self.confirm(key, &intent, token).await,
            Err(Problem::KeyTaken(text)) => return Err(GatewayError::Conflict(text)),
            Err(problem) => Err(problem),
        };
        match confirmed {
            Ok(intent) => authorization(&intent),
            Err(Problem::State(intent)) => authorization(&intent),
            Err(Problem::Declined(reason)) => Ok(Authorization::Declined { reason }),
            Err(problem) => Err(problem.into()),
        }
    }

    async fn void(&self, request: VoidRequest) -> Result<Voided, GatewayError> {
        let id = match &request.authorization_id {
            Some(id) => checked(id)?.to_owned(),
            None => match self.find(&request).await? {
                Some(id) => id,
                None => return Ok(Voided { authorization_id: None }),
            },
        };
        let call = Call {
            name: "cancel",
            path: format!("payment_intents/{id}/cancel"),
            key: request.idempotency_key.as_str().to_owned(),
            form: &[],
        };
        match self.client.post(call).await {
            Ok(_) => Ok(Voided { authorization_id: Some(id) }),
            Err(Problem::State(intent)) => match intent.status {
                Status::Canceled => Ok(Voided { authorization_id: Some(id) }),
                Status::Succeeded => Err(GatewayError::Refused(format!(
                    "{id} was captured: what was taken is given back with a refund"
                ))),
                Status::Processing => {
                    Err(GatewayError::Unavailable(format!("{id} is being processed")))
                }
                _ => Err(GatewayError::Refused(format!("{id} cannot be cancelled"))),
            },
            Err(problem) => Err(problem.into()),
        }
    }

    /// The authorization whose name was lost; `None` if the amount is one that is never authorized.
    async fn find(&self, request: &VoidRequest) -> Result<Option<String>, GatewayError> {
        let Some(amount) = request.amount else {
            let text = "an authorization without a name is found by its amount, which is missing";
            return Err(GatewayError::Refused(text.to_owned()));
        };
        if amount <= Money::ZERO {
            return Ok(None);
        }
        match self.create(&request.authorization_key, &request.order_id, amount).await {
            Ok(intent) => Ok(Some(intent.id)),
            // Stripe takes no such amount, so nothing was ever authorized.
            Err(Problem::Declined(_)) => Ok(None),
            Err(problem) => Err(problem.into()),
        }
    }

    async fn capture(&self, request: CaptureRequest) -> Result<Captured, GatewayError> {
        let id = checked(&request.authorization_id)?;
        let amount = request.amount.cents().to_string();
        let call = Call {
            name: "capture",
            path: format!("payment_intents/{id}/capture"),
            key: request.idempotency_key.as_str().to_owned(),
            form: &[("amount_to_capture", amount.as_str())],
        };
        match self.client.post(call).await {
            Ok(intent) => captured(&intent, request.amount),
            Err(Problem::State(intent)) => captured(&intent, request.amount),
            Err(problem) => Err(problem.into()),
        }
    }

    /// No operation takes longer than the function may.
    async fn in_time<T>(
        &self,
        operation: impl Future<Output = Result<T, GatewayError>>,
    ) -> Result<T, GatewayError> {
        match tokio::time::timeout(self.operation_timeout, operation).await {
            Ok(done) => done,
            Err(_) => Err(GatewayError::Unavailable("it takes too long".to_owned())),
        }
    }
}

impl PaymentGateway for StripeGateway {
    fn authorize(&self, request: AuthorizeRequest) -> GatewayFuture<'_, Authorization> {
        Box::pin(self.in_time(self.authorize(request)))
    }

    fn void(&self, request: VoidRequest) -> GatewayFuture<'_, Voided> {
        Box::pin(self.in_time(self.void(request)))
    }

    fn capture(&self, request: CaptureRequest) -> GatewayFuture<'_, Captured> {
        Box::pin(self.in_time(self.capture(request)))
    }
}

/// What an intent says about the authorization.
fn authorization(intent: &Intent) -> Result<Authorization, GatewayError> {
    let declined = |reason: &str| Ok(Authorization::Declined { reason: reason.to_owned() });
    match intent.status {
        Status::RequiresCapture | Status::Succeeded => Ok(Authorization::Authorized(Authorized {
            authorization_id: intent.id.clone(),
            card_brand: intent.card().and_then(answer::Card::brand),
            last_four_digits: intent.card().and_then(answer::Card::last_four_digits),
            capture: Some(CaptureTiming::AfterFulfillment),
        })),
        Status::RequiresAction => declined("authentication_required"),
        Status::RequiresPaymentMethod => declined("card_declined"),
        Status::Canceled => {
            Err(GatewayError::Refused(format!("{} was cancelled before", intent.id)))
        }
        Status::RequiresConfirmation | Status::Processing | Status::Unknown => {
            Err(GatewayError::Unavailable(format!("{} is not confirmed yet", intent.id)))
        }
    }
}

/// What an intent says about the capture of `amount`.
fn captured(intent: &Intent, amount: Money) -> Result<Captured, GatewayError> {
    let id = &intent.id;
    match intent.status {
        Status::Succeeded if intent.amount_received == amount.cents() => {
            let capture_id = intent.charge_id().unwrap_or(id).to_owned();
            Ok(Captured { capture_id })
        }
        Status::Succeeded => {
            Err(GatewayError::Refused(format!("another amount of {id} was captured")))
        }
        Status::Canceled => {
            let text = format!("{id} holds nothing any more: it was cancelled or has expired");
            Err(GatewayError::Refused(text))
        }
        Status::Processing => Err(GatewayError::Unavailable(format!("{id} is being processed"))),
        _ => Err(GatewayError::Refused(format!("{id} holds nothing that could be captured"))),
    }
}

/// The name of an intent, which becomes part of a path.
fn checked(id: &str) -> Result<&str, GatewayError> {
    let refused = || GatewayError::Refused("the authorization is none of Stripe's".to_owned());
    plain(id).filter(|id| id.starts_with("pi_")).ok_or_else(refused)
}

impl From<Problem> for GatewayError {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::Declined(reason) => Self::Refused(format!("declined with {reason}")),
            Problem::State(intent) => Self::Refused(format!("{} is in another state", intent.id)),
            Problem::KeyTaken(text) | Problem::Refused(text) => Self::Refused(text),
            Problem::Unavailable(text) => Self::Unavailable(text),
        }
    }
}
