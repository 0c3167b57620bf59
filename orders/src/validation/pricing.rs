//! What an order costs, at the prices of the catalog.

use serde::{Deserialize, Serialize};

use crate::catalog::Products;
use crate::money::Money;
use crate::order::OrderLine;

/// An order with prices: the result of a successful validation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PricedOrder {
    /// One line for each product.
    pub items: Vec<PricedLine>,
    /// The sum of all lines.
    pub order_total: Money,
}

/// A product, how many units of it, and what they cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PricedLine {
    /// The product.
    pub product_id: String,
    /// Its name in the catalog.
    pub name: String,
    /// How many units.
    pub quantity: u32,
    /// The price of one unit.
    pub unit_price: Money,
    /// The price of all units.
    pub line_total: Money,
}

/// Why an order has no price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unpriced {
    /// Nothing in it could be priced, or not everything is in the catalog.
    Incomplete,
    /// The total is beyond any amount.
    TooLarge,
}

/// Prices merged lines.
pub(crate) fn price(lines: &[OrderLine], products: &Products) -> Result<PricedOrder, Unpriced> {
    if lines.is_empty() {
        return Err(Unpriced::Incomplete);
    }
    let mut items = Vec::with_capacity(lines.len());
    let mut order_total = Money::ZERO;
    for line in lines {
        let product = products.get(&line.product_id).ok_or(Unpriced::Incomplete)?;
        let line_total = product.price.checked_mul(line.quantity).ok_or(Unpriced::TooLarge)?;
        order_total = order_total.checked_add(line_total).ok_or(Unpriced::TooLarge)?;
        items.push(PricedLine {
            product_id: line.product_id.clone(),
            name: product.name.clone(),
            quantity: line.quantity,
            unit_price: product.price,
            line_total,
        });
    }
    Ok(PricedOrder { items, order_total })
}
