//! Payment tokens: names that a payment gateway gave to a customer's card.
//!
//! A token came from the gateway's own form in the customer's browser, so the card number was never
//! here. Whoever has both a token and the gateway's key can charge the card: like a card number, a
//! [`PaymentToken`] has no `Serialize`, and its `Debug` shows nothing.

use std::fmt;

use serde::{Deserialize, Deserializer, Serializer, de};
use serde_json::Value;

use crate::card::CARD_NUMBER_DIGITS;
use crate::limits::MAX_PAYMENT_TOKEN;

/// A gateway's name for a card, such as `pm_...` or `tok_...`.
#[derive(Clone, PartialEq, Eq)]
pub struct PaymentToken {
    text: String,
}

/// The value is not a payment token. It never holds the value itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be a token of 1 to {MAX_PAYMENT_TOKEN} letters, digits, dashes or underscores, and not a card number"
)]
pub struct PaymentTokenError;

impl PaymentToken {
    /// Reads a token.
    ///
    /// # Errors
    ///
    /// [`PaymentTokenError`] when it has another character, is empty or too long, or when its digits
    /// may be a card number.
    pub fn parse(text: &str) -> Result<Self, PaymentTokenError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let fits = (1..=MAX_PAYMENT_TOKEN).contains(&text.len()) && text.bytes().all(plain);
        if fits && !resembles_card(text) {
            Ok(Self { text: text.to_owned() })
        } else {
            Err(PaymentTokenError)
        }
    }

    /// Reads a JSON string.
    ///
    /// # Errors
    ///
    /// [`PaymentTokenError`] for any other value.
    pub fn from_json(value: &Value) -> Result<Self, PaymentTokenError> {
        value.as_str().ok_or(PaymentTokenError).and_then(Self::parse)
    }

    /// The token, for a payment gateway and nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// Writes the token into the request to AuthorizePayment. For `#[serde(serialize_with = "...")]`.
    ///
    /// # Errors
    ///
    /// The serializer's own.
    pub fn serialize_for_payment<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// Whether so many digits stand in a row, grouped or not, that they may be a card number.
fn resembles_card(text: &str) -> bool {
    let mut digits = 0;
    text.bytes().any(|byte| {
        match byte {
            b'0'..=b'9' => digits += 1,
            b'-' | b'_' => {}
            _ => digits = 0,
        }
        digits >= *CARD_NUMBER_DIGITS.start()
    })
}

impl fmt::Debug for PaymentToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PaymentToken(****)")
    }
}

impl<'de> Deserialize<'de> for PaymentToken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Through a value, so that a serde "invalid type" message never quotes the input.
        let value =
            Value::deserialize(deserializer).map_err(|_| de::Error::custom(PaymentTokenError))?;
        Self::from_json(&value).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn tokens_of_gateways_are_tokens() {
        for text in ["pm_card_visa", "tok_1P5kttEzVBJFlm8c9vwcMvTh", "pm_1", "a-1", "x"] {
            assert_eq!(PaymentToken::parse(text).unwrap().expose(), text);
        }
    }

    #[test]
    fn what_is_long_odd_or_a_card_number_is_no_token() {
        let long = "x".repeat(MAX_PAYMENT_TOKEN + 1);
        for text in [
            "",
            "pm card",
            "pm_ü",
            "pm/1",
            "a\n",
            "4532123456789012",
            "pm_4532-1234-5678-9012",
            &long,
        ] {
            assert_eq!(PaymentToken::parse(text), Err(PaymentTokenError), "{text}");
        }
        assert_eq!(PaymentToken::from_json(&Value::from(7)), Err(PaymentTokenError));
    }

    #[test]
    fn debug_and_errors_never_show_the_token() {
        let token = PaymentToken::parse("pm_secret").unwrap();
        assert!(!format!("{token:?}").contains("secret"));
        let error = serde_json::from_str::<PaymentToken>(r#"["pm_secret"]"#).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
