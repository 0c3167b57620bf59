//! The payment gateway: what the order system needs from whoever moves the money.
//!
//! A gateway holds an amount on a card (`authorize`), takes it later (`capture`), or lets go of it
//! (`void`). This is the shape of a card processor with manual capture: `stripe/` is one, and
//! `simulated.rs` pretends to be. Which of them is used is read in `settings.rs` and opened in
//! `open.rs`. To add a gateway, implement [`PaymentGateway`] in a file beside them and hand it to
//! [`authorize_payment`](crate::authorize_payment).
//!
//! # Idempotency
//!
//! Every call may be repeated: a step runs again when its answer was lost. The same key must
//! therefore give the same result and move money once. An authorization may also be voided without
//! anyone knowing its id, because the answer that held the id was lost; the gateway then finds it by
//! the key of the authorization.

mod open;
mod settings;
mod simulated;
mod stripe;

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

use serde::{Deserialize, Serialize};

pub use self::open::{OpenGatewayError, open_gateway};
pub use self::settings::{GatewaySettings, KeySource};
pub use self::simulated::{AMOUNT_EXCEEDS_LIMIT, SimulatedGateway};
pub use self::stripe::{
    PAYMENT_TOKEN_REQUIRED, SecretKey, SecretKeyError, StripeGateway, StripeSettings,
    StripeTimeouts,
};

use crate::money::Money;
use crate::order::PaymentMethod;

/// The future of a call to a gateway.
pub type GatewayFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, GatewayError>> + Send + 'a>>;

/// Moves money for orders.
pub trait PaymentGateway: Debug + Send + Sync {
    /// Holds an amount on a card. A decline is a result, not an error.
    fn authorize(&self, request: AuthorizeRequest) -> GatewayFuture<'_, Authorization>;

    /// Lets go of what an authorization holds. Voiding what was voided before, or what was never
    /// authorized, succeeds, and must keep a late repetition of that authorization from holding
    /// money.
    fn void(&self, request: VoidRequest) -> GatewayFuture<'_, Voided>;

    /// Takes what an authorization holds. Taking it again succeeds and takes nothing more.
    fn capture(&self, request: CaptureRequest) -> GatewayFuture<'_, Captured>;
}

/// What identifies a call, so that repeating it does nothing more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The key for one purpose of one order.
    #[must_use]
    pub fn new(order_id: &str, purpose: &str) -> Self {
        Self(format!("{order_id}:{purpose}"))
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A request to hold an amount.
#[derive(Debug, Clone)]
pub struct AuthorizeRequest {
    /// Names this authorization.
    pub idempotency_key: IdempotencyKey,
    /// The order that is paid.
    pub order_id: String,
    /// How much to hold.
    pub amount: Money,
    /// The card. Neither its number nor its token must be logged or stored.
    pub payment_method: PaymentMethod,
}

/// The answer to a request to hold an amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authorization {
    /// The amount is held.
    Authorized(Authorized),
    /// The amount is not held and will not be.
    Declined {
        /// A stable word, such as `amount_exceeds_limit`.
        reason: String,
    },
}

/// An amount that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorized {
    /// The gateway's name for the authorization.
    pub authorization_id: String,
    /// The brand of the card, if the gateway knows it.
    pub card_brand: Option<String>,
    /// The last four digits of the card, if the gateway knows them.
    pub last_four_digits: Option<String>,
    /// When the amount must be captured; `None` if there is nothing to capture.
    pub capture: Option<CaptureTiming>,
}

/// When an amount that is held is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaptureTiming {
    /// When the goods are on their way.
    AfterFulfillment,
}

/// A request to let go of an amount.
#[derive(Debug, Clone)]
pub struct VoidRequest {
    /// Names this void.
    pub idempotency_key: IdempotencyKey,
    /// The key with which the amount was, or may have been, authorized.
    pub authorization_key: IdempotencyKey,
    /// The gateway's name for the authorization, when it is known.
    pub authorization_id: Option<String>,
    /// The order that was paid.
    pub order_id: String,
    /// The amount that was, or may have been, authorized, when it is known.
    pub amount: Option<Money>,
}

/// An authorization that holds nothing any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voided {
    /// The gateway's name for the authorization; `None` when there never was one.
    pub authorization_id: Option<String>,
}

/// A request to take what is held.
#[derive(Debug, Clone)]
pub struct CaptureRequest {
    /// Names this capture.
    pub idempotency_key: IdempotencyKey,
    /// What holds the amount.
    pub authorization_id: String,
    /// How much of it to take.
    pub amount: Money,
}

/// An amount that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captured {
    /// The gateway's name for the capture.
    pub capture_id: String,
}

/// A gateway could not do what it was asked. The texts must hold no card number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GatewayError {
    /// It may work later, and whether it has worked already is unknown.
    #[error("the payment gateway is unavailable: {0}")]
    Unavailable(String),
    /// It will never work, for example for lack of permission.
    #[error("the payment gateway refused the call: {0}")]
    Refused(String),
    /// Under the key of this authorization there is another one, which is another order's.
    #[error("the payment gateway knows another payment of this order id: {0}")]
    Conflict(String),
}
