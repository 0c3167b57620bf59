//! The order as it arrives: any JSON, read without failing.
//!
//! A durable execution whose input cannot be read would fail, or be retried for ever. So the
//! workflow takes [`OrderPayload`], which accepts every JSON text, and leaves it to validation to
//! say what is wrong with it.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::card::{CardBrand, CardNumber};
use crate::token::PaymentToken;

/// The JSON that was submitted as an order.
#[derive(Clone)]
pub struct OrderPayload {
    /// `None` when the text is JSON that `serde_json` does not read into a value: nested too
    /// deeply, or with a number outside every range (`1e999`).
    value: Option<Value>,
}

impl OrderPayload {
    /// The payload, unless it is unreadable.
    #[must_use]
    pub fn value(&self) -> Option<&Value> {
        self.value.as_ref()
    }
}

impl From<Value> for OrderPayload {
    fn from(value: Value) -> Self {
        Self { value: Some(value) }
    }
}

impl<'de> Deserialize<'de> for OrderPayload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Ok(Self { value: serde_json::from_str(raw.get()).ok() })
    }
}

impl fmt::Debug for OrderPayload {
    /// The payload holds a card number, so nothing of it is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OrderPayload").finish_non_exhaustive()
    }
}

/// How a card is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PaymentType {
    /// A credit card.
    Credit,
    /// A debit card.
    Debit,
}

impl PaymentType {
    /// The type with this name, spelled as in the order.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "credit" => Some(Self::Credit),
            "debit" => Some(Self::Debit),
            _ => None,
        }
    }
}

/// A payment method that was read completely.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "GivenMethod")]
pub struct PaymentMethod {
    /// Credit or debit.
    pub kind: PaymentType,
    /// What is charged.
    pub source: PaymentSource,
}

/// What a payment is taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentSource {
    /// A card, by its number.
    Card {
        /// The number of the card.
        number: CardNumber,
        /// The brand of the card.
        brand: CardBrand,
    },
    /// A card that the payment gateway knows.
    Token(PaymentToken),
}

/// A payment method as it is written: a card number with its brand, or a token.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GivenMethod {
    #[serde(rename = "type")]
    kind: PaymentType,
    card_number: Option<CardNumber>,
    card_brand: Option<CardBrand>,
    token: Option<PaymentToken>,
}

impl TryFrom<GivenMethod> for PaymentMethod {
    type Error = &'static str;

    fn try_from(given: GivenMethod) -> Result<Self, Self::Error> {
        let source = match (given.card_number, given.card_brand, given.token) {
            (Some(number), Some(brand), None) => PaymentSource::Card { number, brand },
            (None, _, Some(token)) => PaymentSource::Token(token),
            _ => return Err("needs a cardNumber with its cardBrand, or a token"),
        };
        Ok(Self { kind: given.kind, source })
    }
}

/// A number of units of one product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderLine {
    /// The product.
    pub product_id: String,
    /// How many units of it.
    pub quantity: u32,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn every_json_text_is_a_payload() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        for text in ["{}", "null", "7", "\"x\"", "[1]"] {
            let payload: OrderPayload = serde_json::from_str(text).unwrap();
            assert!(payload.value().is_some(), "{text}");
        }
        for text in ["1e999", deep.as_str()] {
            let payload: OrderPayload = serde_json::from_str(text).unwrap();
            assert!(payload.value().is_none());
        }
    }

    #[test]
    fn debug_shows_nothing_of_the_payload() {
        let payload: OrderPayload =
            serde_json::from_str(r#"{"cardNumber":4532123456789012}"#).unwrap();
        assert!(!format!("{payload:?}").contains("4532"));
    }
}
