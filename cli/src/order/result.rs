//! The result of an execution, and what it says in words.
//!
//! The text is kept beside what was read of it: printing it again must not change a number.

use orders::{FieldError, Fulfillment, Money, PricedOrder};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

const COMPLETED: &str = "completed";

/// The result of an execution.
#[derive(Clone, Debug)]
pub struct OrderResult {
    /// As the order system wrote it.
    pub text: Box<RawValue>,
    /// What could be read of it.
    pub view: ResultView,
}

/// What the commands need of a result. All but the status depends on how the order ended.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResultView {
    /// What became of the order, in one word.
    pub status: String,
    /// Who ordered.
    pub customer_id: Option<String>,
    /// What the order costs.
    pub order_total: Option<Money>,
    /// Why it was not completed, in one word.
    pub reason: Option<String>,
    /// What is wrong with the order.
    pub errors: Vec<FieldError>,
    /// The lines with their prices.
    pub validation: Option<PricedOrder>,
    /// How it is paid.
    pub payment: Option<PaymentView>,
    /// How it is delivered.
    pub fulfillment: Option<Fulfillment>,
    /// What became of the confirmation, if one was to be sent.
    pub notification: Option<NotificationView>,
    /// The product that is not there.
    pub product_id: Option<String>,
    /// How many units of it were wanted.
    pub requested: Option<u32>,
    /// How many there are.
    pub available: Option<i64>,
}

/// What the commands need of a payment.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PaymentView {
    /// The brand of the card.
    pub card_brand: Option<String>,
    /// The end of its number.
    pub last_four_digits: Option<String>,
    /// The gateway's name for the authorization.
    pub authorization_id: Option<String>,
    /// `voided` if the money was given back.
    pub status: Option<String>,
    /// The capture, if the money was taken.
    pub captured: Option<IgnoredAny>,
}

/// What the commands need of a confirmation.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NotificationView {
    /// `sent` or `not_sent`.
    pub status: String,
    /// Why not, in words.
    pub detail: Option<String>,
}

impl OrderResult {
    /// Reads a result. A text that is not JSON is none; one that another order system wrote keeps
    /// its text.
    #[must_use]
    pub fn read(text: String) -> Option<Self> {
        let text = RawValue::from_string(text).ok()?;
        let view = serde_json::from_str(text.get()).unwrap_or_else(|_| ResultView::unknown());
        Some(Self { text, view })
    }

    /// Whether the order is paid, reserved and on its way.
    #[must_use]
    pub fn is_completed(&self) -> bool {
        self.view.status == COMPLETED
    }
}

impl ResultView {
    fn unknown() -> Self {
        Self { status: "unknown".to_owned(), ..Self::default() }
    }

    /// What happened, in one sentence for people; with the order system's own word for it.
    #[must_use]
    pub fn explanation(&self) -> Option<String> {
        let reason = self.reason.as_deref().unwrap_or_default();
        match self.status.as_str() {
            COMPLETED => self.delivery(),
            "payment_declined" => Some(match reason {
                orders::AMOUNT_EXCEEDS_LIMIT => format!(
                    "the total is more than the payment gateway authorizes ({reason}); nothing was \
                     charged or reserved"
                ),
                _ => format!(
                    "the payment gateway declined ({reason}); nothing was charged or reserved"
                ),
            }),
            "inventory_unavailable" => {
                Some(format!("{}; {}", self.shortage(reason), self.refund()))
            }
            "rejected" => {
                let errors: Vec<String> = self
                    .errors
                    .iter()
                    .map(|error| format!("{} {}", error.field, error.message))
                    .collect();
                Some(format!("{} ({reason}); nothing was charged or reserved", errors.join(", ")))
            }
            _ => None,
        }
    }

    fn delivery(&self) -> Option<String> {
        let fulfillment = self.fulfillment.as_ref()?;
        let shipments = fulfillment.shipments.len();
        let noun = if shipments == 1 { "shipment" } else { "shipments" };
        Some(format!(
            "{shipments} {noun} with {}, due on {}",
            fulfillment.carrier, fulfillment.estimated_delivery_date
        ))
    }

    fn shortage(&self, reason: &str) -> String {
        let product = self.product_id.as_deref().unwrap_or("a product");
        match (self.requested, self.available) {
            (Some(requested), Some(available)) => {
                format!("{requested} of {product} ordered, {available} in stock ({reason})")
            }
            _ => format!("{product} is not in the catalog any more ({reason})"),
        }
    }

    fn refund(&self) -> &'static str {
        match self.payment.as_ref().and_then(|payment| payment.status.as_deref()) {
            Some("voided") => "the payment was voided",
            _ => "the payment is as the result says",
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn explained(text: &str) -> String {
        OrderResult::read(text.to_owned()).unwrap().view.explanation().unwrap()
    }

    #[test]
    fn totals_and_texts_stay_exact() {
        let text = r#"{"status":"payment_declined","orderTotal":13.50,"reason":"x"}"#;
        let result = OrderResult::read(text.to_owned()).unwrap();
        assert_eq!(result.view.order_total, Some(Money::from_cents(1350)));
        assert_eq!(serde_json::to_string(&result.text).unwrap(), text);
    }

    #[test]
    fn every_way_to_end_is_explained() {
        let text = explained(r#"{"status":"payment_declined","reason":"amount_exceeds_limit"}"#);
        assert!(text.contains("more than the payment gateway authorizes (amount_exceeds_limit)"));
        let text = explained(r#"{"status":"payment_declined","reason":"lost_card"}"#);
        assert!(text.contains("lost_card"));
        let text = explained(
            r#"{"status":"inventory_unavailable","reason":"insufficient_inventory",
                "productId":"K-1","requested":60,"available":20,"payment":{"status":"voided"}}"#,
        );
        assert_eq!(
            text,
            "60 of K-1 ordered, 20 in stock (insufficient_inventory); the payment was voided"
        );
        let text = explained(
            r#"{"status":"inventory_unavailable","reason":"product_not_found","productId":"K-1"}"#,
        );
        assert!(text.contains("K-1 is not in the catalog any more"));
        let text = explained(
            r#"{"status":"rejected","reason":"validation_failed",
                "errors":[{"field":"items","message":"must have at least one line"}]}"#,
        );
        assert!(text.starts_with("items must have at least one line (validation_failed)"));
    }

    #[test]
    fn a_strange_result_keeps_its_text() {
        let result = OrderResult::read("[1.50]".to_owned()).unwrap();
        assert_eq!((result.text.get(), result.view.status.as_str()), ("[1.50]", "unknown"));
        assert!(OrderResult::read("{".to_owned()).is_none());
    }
}
