//! The result of an execution: what became of an order.
//!
//! Each of these is a successful execution. An execution fails only when the order system itself
//! could not do its work.
//!
//! The result is written as one flat JSON object whose `status` says which it is. It is written
//! and never read here; money in it must be read from text (see `money.rs`).

use jiff::Timestamp;
use serde::Serialize;

use crate::authorize_payment::Payment;
use crate::fulfill_order::Fulfillment;
use crate::inventory::{AllocatedInventory, MissingProduct, Shortage};
use crate::money::Money;
use crate::notification::Notification;
use crate::validation::{FieldError, PricedOrder};

/// What became of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum OrderOutcome {
    /// Paid, reserved and on its way.
    Completed(Box<Completed>),
    /// Not a valid order.
    Rejected(Rejected),
    /// The payment was declined.
    PaymentDeclined(PaymentDeclined),
    /// The goods are not there; the payment was voided.
    InventoryUnavailable(InventoryUnavailable),
}

/// A completed order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Completed {
    /// The order.
    pub order_id: String,
    /// Who ordered.
    pub customer_id: String,
    /// What it costs.
    pub order_total: Money,
    /// The lines with their prices.
    pub validation: PricedOrder,
    /// The payment.
    pub payment: Payment,
    /// What is reserved.
    pub inventory: AllocatedInventory,
    /// How it is delivered.
    pub fulfillment: Fulfillment,
    /// When it was fulfilled.
    pub completed_at: Timestamp,
    /// What became of the confirmation; nothing if none was to be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notification: Option<Notification>,
}

/// An order that is not valid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rejected {
    /// The order, if it has a proper id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
    /// Who ordered, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<String>,
    /// Always `validation_failed`.
    pub reason: &'static str,
    /// Everything that is wrong.
    pub errors: Vec<FieldError>,
}

/// An order whose payment was declined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentDeclined {
    /// The order.
    pub order_id: String,
    /// Who ordered.
    pub customer_id: String,
    /// What it would have cost.
    pub order_total: Money,
    /// The gateway's reason, such as `amount_exceeds_limit`.
    pub reason: String,
}

/// An order for goods that are not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InventoryUnavailable {
    /// The order.
    pub order_id: String,
    /// Who ordered.
    pub customer_id: String,
    /// What it would have cost.
    pub order_total: Money,
    /// What is missing.
    #[serde(flatten)]
    pub reason: Unavailable,
    /// The payment, which was voided.
    pub payment: VoidedAuthorization,
}

/// Why goods are not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Unavailable {
    /// Too little of a product is left.
    InsufficientInventory(Shortage),
    /// A product left the catalog after the order was validated.
    ProductNotFound(MissingProduct),
}

/// A payment that was authorized and voided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VoidedAuthorization {
    /// The gateway's name for the authorization.
    pub authorization_id: String,
    /// Always `voided`.
    pub status: &'static str,
}

impl Rejected {
    pub(crate) const REASON: &'static str = "validation_failed";
}

impl VoidedAuthorization {
    pub(crate) const STATUS: &'static str = "voided";
}
