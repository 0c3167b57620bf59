//! What the demo puts in: three products, and four orders that end in four ways.

use std::time::Duration;

/// An order that does not end by then never will.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// The catalog.
pub(super) const PRODUCTS: &str = include_str!("../../seed/products.json");

/// An order and how it must end.
pub(super) struct SeedOrder {
    pub(super) payload: &'static str,
    pub(super) outcome: &'static str,
    pub(super) reason: Option<&'static str>,
    /// What is special about it.
    pub(super) about: &'static str,
}

/// The orders.
pub(super) static ORDERS: [SeedOrder; 4] = [
    SeedOrder {
        payload: include_str!("../../seed/orders/order-001.json"),
        outcome: "completed",
        reason: None,
        about: "1 laptop and 2 mice",
    },
    SeedOrder {
        payload: include_str!("../../seed/orders/order-002.json"),
        outcome: "payment_declined",
        reason: Some("amount_exceeds_limit"),
        about: "10 laptops",
    },
    SeedOrder {
        payload: include_str!("../../seed/orders/order-003.json"),
        outcome: "inventory_unavailable",
        reason: Some("insufficient_inventory"),
        about: "60 keyboards",
    },
    SeedOrder {
        payload: include_str!("../../seed/orders/order-004.json"),
        outcome: "rejected",
        reason: Some("validation_failed"),
        about: "an order of nothing",
    },
];
