//! The payment gateway: what the order system needs from whoever moves the money.
//!
//! A gateway holds an amount on a card (`authorize`), takes it later (`capture`), or lets go of it
//! (`void`). This is the shape of a card processor with manual capture: for Stripe, a PaymentIntent
//! with `capture_method: manual`, its capture, and its cancellation, with our idempotency key as the
//! `Idempotency-Key` header and [`Money::cents`](crate::Money::cents) as the amount. To add a
//! gateway, implement [`PaymentGateway`] in a file beside `simulated.rs` and hand it to
//! [`authorize_payment`](crate::authorize_payment).
//!
//! # Idempotency
//!
//! Every call may be repeated: a step runs again when its answer was lost. The same key must
//! therefore give the same result and move money once. An authorization may also be voided without
//! anyone knowing its id, because the answer that held the id was lost; the gateway then finds it by
//! the key of the authorization.

mod simulated;

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

pub use self::simulated::{AMOUNT_EXCEEDS_LIMIT, SimulatedGateway};

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

    /// Takes what an authorization holds.
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
    /// The card. Its number must not be logged or stored.
    pub payment_method: PaymentMethod,
}

/// The answer to a request to hold an amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authorization {
    /// The amount is held.
    Authorized {
        /// The gateway's name for the authorization.
        authorization_id: String,
    },
    /// The amount is not held and will not be.
    Declined {
        /// A stable word, such as `amount_exceeds_limit`.
        reason: String,
    },
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
}
