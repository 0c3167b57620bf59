//! Payment cards: numbers that do not leak, and what each brand's numbers look like.
//!
//! [`CardNumber`] has no `Serialize` and its `Debug` shows the last four digits only, so a card
//! number cannot reach a log, a step result or an error by accident. The two ways out are
//! [`CardNumber::expose_digits`], for a payment gateway, and
//! [`CardNumber::serialize_for_payment`], for the request to AuthorizePayment.

use std::fmt;
use std::ops::RangeInclusive;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

/// The shortest and longest card numbers of any brand (ISO/IEC 7812).
pub(crate) const CARD_NUMBER_DIGITS: RangeInclusive<usize> = 13..=19;
/// How many digits may be shown.
const SHOWN_DIGITS: usize = 4;

/// A card number, digits only.
#[derive(Clone, PartialEq, Eq)]
pub struct CardNumber {
    digits: String,
}

/// The value is not a card number. It never holds the value itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a card number of 13 to 19 digits, as a whole number or a string")]
pub struct CardNumberError;

impl CardNumber {
    /// Reads digits, which may be grouped with spaces or dashes.
    ///
    /// # Errors
    ///
    /// [`CardNumberError`] when anything else is in the text or the length is wrong.
    pub fn parse(text: &str) -> Result<Self, CardNumberError> {
        let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        let only_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
        if only_digits && CARD_NUMBER_DIGITS.contains(&digits.len()) {
            Ok(Self { digits })
        } else {
            Err(CardNumberError)
        }
    }

    /// Reads a JSON integer or string. Nineteen digits fit in 64 bits, so an integer is taken
    /// exactly; a number with a fraction or an exponent has already lost digits and is refused.
    ///
    /// # Errors
    ///
    /// [`CardNumberError`] for any other value.
    pub fn from_json(value: &Value) -> Result<Self, CardNumberError> {
        match value {
            Value::Number(number) => number
                .as_u64()
                .ok_or(CardNumberError)
                .and_then(|digits| Self::parse(&digits.to_string())),
            Value::String(text) => Self::parse(text),
            _ => Err(CardNumberError),
        }
    }

    /// The last four digits: the only part that may be shown or stored.
    #[must_use]
    pub fn last_four_digits(&self) -> &str {
        let hidden = self.digits.len().saturating_sub(SHOWN_DIGITS);
        self.digits.get(hidden..).unwrap_or_default()
    }

    /// The whole number, for a payment gateway and nothing else.
    #[must_use]
    pub fn expose_digits(&self) -> &str {
        &self.digits
    }

    /// Writes the whole number into the request to AuthorizePayment.
    /// For `#[serde(serialize_with = "...")]`.
    ///
    /// # Errors
    ///
    /// The serializer's own.
    pub fn serialize_for_payment<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.digits)
    }

    /// Whether the last digit is the check digit of the others (the Luhn formula).
    #[must_use]
    pub fn has_valid_check_digit(&self) -> bool {
        let sum: u32 = self
            .digits
            .bytes()
            .rev()
            .enumerate()
            .map(|(position, byte)| {
                let digit = u32::from(byte - b'0');
                let doubled = if position % 2 == 1 { digit * 2 } else { digit };
                if doubled > 9 { doubled - 9 } else { doubled }
            })
            .sum();
        sum.is_multiple_of(10)
    }
}

impl fmt::Debug for CardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CardNumber(****{})", self.last_four_digits())
    }
}

impl<'de> Deserialize<'de> for CardNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Through a value, so that a serde "invalid type" message never quotes the input.
        let value =
            Value::deserialize(deserializer).map_err(|_| de::Error::custom(CardNumberError))?;
        Self::from_json(&value).map_err(de::Error::custom)
    }
}

/// The brands that are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CardBrand {
    /// Visa.
    Visa,
    /// Mastercard.
    Mastercard,
    /// American Express.
    Amex,
}

impl CardBrand {
    /// The brand with this name, spelled as in the order.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Visa, Self::Mastercard, Self::Amex].into_iter().find(|brand| brand.name() == name)
    }

    /// The name in orders and results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Visa => "Visa",
            Self::Mastercard => "Mastercard",
            Self::Amex => "Amex",
        }
    }

    /// Whether `number` starts and ends like a number of this brand.
    #[must_use]
    pub fn issues(self, number: &CardNumber) -> bool {
        let digits = number.expose_digits();
        self.lengths().contains(&digits.len())
            && self.prefixes().iter().any(|range| starts_within(digits, range))
    }

    fn lengths(self) -> &'static [usize] {
        match self {
            Self::Visa => &[13, 16, 19],
            Self::Mastercard => &[16],
            Self::Amex => &[15],
        }
    }

    /// Ranges of leading digits. Both ends of a range have the same number of digits.
    fn prefixes(self) -> &'static [RangeInclusive<u32>] {
        match self {
            Self::Visa => &[4..=4],
            Self::Mastercard => &[51..=55, 2221..=2720],
            Self::Amex => &[34..=34, 37..=37],
        }
    }
}

fn starts_within(digits: &str, range: &RangeInclusive<u32>) -> bool {
    let width = range.start().to_string().len();
    digits
        .get(..width)
        .and_then(|prefix| prefix.parse().ok())
        .is_some_and(|prefix: u32| range.contains(&prefix))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    fn card(digits: &str) -> CardNumber {
        CardNumber::parse(digits).unwrap()
    }

    #[test]
    fn numbers_and_strings_are_the_same_card() {
        let expected = card("4532123456789012");
        for value in [
            json!(4_532_123_456_789_012_u64),
            json!("4532123456789012"),
            json!("4532 1234 5678 9012"),
            json!("4532-1234-5678-9012"),
        ] {
            assert_eq!(CardNumber::from_json(&value), Ok(expected.clone()));
        }
        assert_eq!(serde_json::from_str::<CardNumber>("4532123456789012").unwrap(), expected);
    }

    #[test]
    fn nineteen_digits_keep_every_digit() {
        let value: Value = serde_json::from_str("4999999999999999999").unwrap();
        let number = CardNumber::from_json(&value).unwrap();
        assert_eq!(number.expose_digits(), "4999999999999999999");
    }

    #[test]
    fn fractions_exponents_and_other_types_are_refused() {
        for text in [
            "4532123456789012.0",
            "4.532123456789012e15",
            "-4532123456789012",
            "45321234567890123456789",
            "\"4532x123456789012\"",
            "\"٤٥٣٢١٢٣٤٥٦٧٨٩٠١٢\"",
            "\"\"",
            "12",
            "null",
            "[4532123456789012]",
        ] {
            let value: Value = serde_json::from_str(text).unwrap();
            assert_eq!(CardNumber::from_json(&value), Err(CardNumberError), "{text}");
        }
    }

    #[test]
    fn debug_and_errors_never_show_the_number() {
        assert_eq!(format!("{:?}", card("4532123456789012")), "CardNumber(****9012)");
        let error = serde_json::from_str::<CardNumber>("4532123456789012.5").unwrap_err();
        assert!(!error.to_string().contains("4532"), "{error}");
    }

    #[test]
    fn each_brand_knows_its_prefixes_and_lengths() {
        let issued = [
            (CardBrand::Visa, "4532123456789012"),
            (CardBrand::Visa, "4222222222222"),
            (CardBrand::Visa, "4999999999999999999"),
            (CardBrand::Mastercard, "5112345678901234"),
            (CardBrand::Mastercard, "5512345678901234"),
            (CardBrand::Mastercard, "2221000000000000"),
            (CardBrand::Mastercard, "2720999999999999"),
            (CardBrand::Amex, "378282246310005"),
            (CardBrand::Amex, "341111111111111"),
        ];
        for (brand, digits) in issued {
            assert!(brand.issues(&card(digits)), "{brand:?} {digits}");
        }
        let foreign = [
            (CardBrand::Visa, "5412345678901234"),
            (CardBrand::Visa, "453212345678901"),
            (CardBrand::Mastercard, "5012345678901234"),
            (CardBrand::Mastercard, "5612345678901234"),
            (CardBrand::Mastercard, "2220999999999999"),
            (CardBrand::Mastercard, "2721000000000000"),
            (CardBrand::Mastercard, "541234567890123"),
            (CardBrand::Amex, "3782822463100055"),
            (CardBrand::Amex, "358282246310005"),
        ];
        for (brand, digits) in foreign {
            assert!(!brand.issues(&card(digits)), "{brand:?} {digits}");
        }
    }

    #[test]
    fn the_check_digit_is_the_luhn_formula() {
        assert!(card("378282246310005").has_valid_check_digit());
        assert!(card("4111111111111111").has_valid_check_digit());
        assert!(!card("4532123456789012").has_valid_check_digit());
    }
}
