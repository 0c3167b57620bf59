//! Reading an order field by field: from any JSON to a [`Draft`].
//!
//! A draft holds what could be read and leaves out what could not. Reading notes one error for
//! each field that is missing or has the wrong type; what the values must be like is the business
//! of the rules. Reading is pure, so the workflow may repeat it on every replay.

use serde_json::{Map, Value};

use super::errors::{Errors, WHOLE_ORDER};
use crate::card::{CardBrand, CardNumber};
use crate::limits::MAX_LINES;
use crate::order::{OrderLine, OrderPayload, PaymentMethod, PaymentSource, PaymentType};
use crate::token::PaymentToken;

/// An order of which each part may be missing.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// The order id.
    pub order_id: Option<String>,
    /// The customer id.
    pub customer_id: Option<String>,
    /// The lines, in the order's order. `None` when there is no list of lines.
    pub lines: Option<Vec<DraftLine>>,
    /// Where to send the goods.
    pub shipping_address: Option<String>,
    /// Where to send the bill.
    pub billing_address: Option<String>,
    /// Credit or debit.
    pub payment_type: Option<PaymentType>,
    /// Where to send a confirmation, if the customer wants one.
    pub customer_email: Option<String>,
    /// The number of the card.
    pub card_number: Option<CardNumber>,
    /// The brand of the card.
    pub card_brand: Option<CardBrand>,
    /// The payment gateway's name for the card, instead of its number.
    pub payment_token: Option<PaymentToken>,
}

/// A line of which each part may be missing.
#[derive(Debug, Clone)]
pub struct DraftLine {
    /// The product.
    pub product_id: Option<String>,
    /// The number of units; one beyond 64 bits is read as the largest.
    pub quantity: Option<i64>,
}

impl Draft {
    /// Reads `payload` and notes in `errors` what cannot be read.
    #[must_use]
    pub fn read(payload: &OrderPayload, errors: &mut Errors) -> Self {
        let Some(Value::Object(order)) = payload.value() else {
            errors.add(WHOLE_ORDER, "must be a JSON object");
            return Self::default();
        };
        let mut draft = Self {
            order_id: read_text(order, "orderId", errors),
            customer_id: read_text(order, "customerId", errors),
            lines: read_lines(order, errors),
            shipping_address: read_text(order, "shippingAddress", errors),
            billing_address: read_text(order, "billingAddress", errors),
            customer_email: read_optional_text(order, "customerEmail", errors),
            ..Self::default()
        };
        draft.read_payment_method(order, errors);
        draft
    }

    fn read_payment_method(&mut self, order: &Map<String, Value>, errors: &mut Errors) {
        let payment = match order.get("paymentMethod") {
            Some(Value::Object(payment)) => payment,
            other => return errors.add("paymentMethod", wrong(other, "must be an object")),
        };
        self.payment_type =
            payment.get("type").and_then(Value::as_str).and_then(PaymentType::from_name);
        if self.payment_type.is_none() {
            errors.add("paymentMethod.type", wrong(payment.get("type"), "must be credit or debit"));
        }
        match payment.get("token") {
            None | Some(Value::Null) => self.read_card(payment, errors),
            Some(token) => self.read_token(token, payment, errors),
        }
    }

    /// A token instead of a card; the gateway knows the brand.
    fn read_token(&mut self, token: &Value, payment: &Map<String, Value>, errors: &mut Errors) {
        if payment.get("cardNumber").is_some_and(|number| !number.is_null()) {
            return errors.add("paymentMethod.token", "must not be given with a cardNumber");
        }
        match PaymentToken::from_json(token) {
            Ok(token) => self.payment_token = Some(token),
            Err(error) => errors.add("paymentMethod.token", error.to_string()),
        }
    }

    fn read_card(&mut self, payment: &Map<String, Value>, errors: &mut Errors) {
        self.card_brand =
            payment.get("cardBrand").and_then(Value::as_str).and_then(CardBrand::from_name);
        if self.card_brand.is_none() {
            let message = wrong(payment.get("cardBrand"), "must be Visa, Mastercard or Amex");
            errors.add("paymentMethod.cardBrand", message);
        }
        match payment.get("cardNumber").map(CardNumber::from_json) {
            Some(Ok(number)) => self.card_number = Some(number),
            Some(Err(error)) => errors.add("paymentMethod.cardNumber", error.to_string()),
            None => errors.add("paymentMethod.cardNumber", MISSING),
        }
    }

    /// The payment method, if all of it could be read.
    #[must_use]
    pub fn payment_method(&self) -> Option<PaymentMethod> {
        let source = match &self.payment_token {
            Some(token) => PaymentSource::Token(token.clone()),
            None => {
                PaymentSource::Card { number: self.card_number.clone()?, brand: self.card_brand? }
            }
        };
        Some(PaymentMethod { kind: self.payment_type?, source })
    }

    /// One line for each product, in the order of first mention, with its quantities added up.
    /// Lines without a product or without a quantity that can be bought are left out.
    #[must_use]
    pub fn merged_lines(&self) -> Vec<OrderLine> {
        let mut merged: Vec<OrderLine> = Vec::new();
        for line in self.lines.iter().flatten() {
            let (Some(product_id), Some(quantity)) = (&line.product_id, line.quantity) else {
                continue;
            };
            let Ok(quantity @ 1..) = u32::try_from(quantity) else {
                continue;
            };
            match merged.iter_mut().find(|other| other.product_id == *product_id) {
                Some(other) => other.quantity = other.quantity.saturating_add(quantity),
                None => merged.push(OrderLine { product_id: product_id.clone(), quantity }),
            }
        }
        merged
    }
}

const MISSING: &str = "is missing";

/// "is missing" for an absent or null field, else what it must be.
fn wrong(value: Option<&Value>, message: &str) -> String {
    match value {
        None | Some(Value::Null) => MISSING.to_owned(),
        Some(_) => message.to_owned(),
    }
}

fn read_text(object: &Map<String, Value>, field: &str, errors: &mut Errors) -> Option<String> {
    match object.get(field) {
        Some(Value::String(text)) => Some(text.clone()),
        other => {
            errors.add(field, wrong(other, "must be a string"));
            None
        }
    }
}

/// The same for a field that may be absent or null.
fn read_optional_text(
    object: &Map<String, Value>,
    field: &str,
    errors: &mut Errors,
) -> Option<String> {
    match object.get(field) {
        None | Some(Value::Null) => None,
        Some(_) => read_text(object, field, errors),
    }
}

/// Reads the lines. A list beyond the bound is not read at all: one error says enough.
fn read_lines(order: &Map<String, Value>, errors: &mut Errors) -> Option<Vec<DraftLine>> {
    match order.get("items") {
        Some(Value::Array(items)) if items.len() > MAX_LINES => {
            errors.add("items", format!("must have at most {MAX_LINES} lines"));
            None
        }
        Some(Value::Array(items)) => Some(
            items.iter().enumerate().map(|(index, item)| read_line(index, item, errors)).collect(),
        ),
        other => {
            errors.add("items", wrong(other, "must be a list"));
            None
        }
    }
}

fn read_line(index: usize, item: &Value, errors: &mut Errors) -> DraftLine {
    let Value::Object(item) = item else {
        errors.add(format!("items[{index}]"), "must be an object");
        return DraftLine { product_id: None, quantity: None };
    };
    let product_id = item.get("productId").and_then(Value::as_str).map(str::to_owned);
    if product_id.is_none() {
        let message = wrong(item.get("productId"), "must be a string");
        errors.add(format!("items[{index}].productId"), message);
    }
    let quantity = item.get("quantity").and_then(read_whole);
    if quantity.is_none() {
        let message = wrong(item.get("quantity"), "must be a whole number");
        errors.add(format!("items[{index}].quantity"), message);
    }
    DraftLine { product_id, quantity }
}

fn read_whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_u64().map(|_| i64::MAX))
}
