//! Money: an exact amount in cents.
//!
//! An amount never passes through a floating point number. In JSON it is a number with exactly two
//! decimals (`13.50`), written and read as text through [`RawValue`]: an `f64` would turn `13.50`
//! into `13.5` and cannot hold every amount.
//!
//! `RawValue` sets one limit on the types that carry money: they must be read with
//! `serde_json::from_str` or `from_slice`. Reading through `serde_json::Value`, an untagged or
//! internally tagged enum, or a flattened field fails with an error (never with a wrong amount).
//! Writing has no such limit, except that `serde_json::to_value` drops trailing zeros. Both the
//! durable execution SDK (step and handler results) and the Lambda runtime (requests and
//! responses) go through text or bytes, so this holds from end to end.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::value::RawValue;

/// Minor units (cents) in one major unit.
const CENTS_PER_UNIT: u64 = 100;
/// Digits after the decimal point, at most.
const MAX_DECIMALS: usize = 2;

/// An exact amount of money, counted in cents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money {
    cents: i64,
}

/// The text is not an amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a plain decimal number (exponents, signs other than a leading `-`, and spaces count).
    #[error("is not a plain decimal number")]
    NotADecimal,
    /// More precise than a cent.
    #[error("has more than two decimals")]
    TooPrecise,
    /// Beyond what fits in 64 bits of cents.
    #[error("is too large")]
    TooLarge,
}

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self { cents: 0 };

    /// The amount of `cents` minor units.
    #[must_use]
    pub const fn from_cents(cents: i64) -> Self {
        Self { cents }
    }

    /// The amount in minor units.
    #[must_use]
    pub const fn cents(self) -> i64 {
        self.cents
    }

    /// The sum, or `None` when it does not fit.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.cents.checked_add(other.cents).map(Self::from_cents)
    }

    /// This amount `factor` times, or `None` when it does not fit.
    #[must_use]
    pub fn checked_mul(self, factor: u32) -> Option<Self> {
        self.cents.checked_mul(i64::from(factor)).map(Self::from_cents)
    }
}

impl FromStr for Money {
    type Err = MoneyError;

    /// Reads a plain decimal with at most two decimals: `10`, `10.5`, `1299.99`.
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, decimals) = match unsigned.split_once('.') {
            Some((whole, decimals)) => (whole, Some(decimals)),
            None => (unsigned, None),
        };
        if !is_digits(whole) || !decimals.is_none_or(is_digits) {
            return Err(MoneyError::NotADecimal);
        }
        let decimals = decimals.unwrap_or("0");
        if decimals.len() > MAX_DECIMALS {
            return Err(MoneyError::TooPrecise);
        }

        // "5" after the point means fifty cents: pad on the right, then read all digits as cents.
        let digits = format!("{whole}{decimals:0<MAX_DECIMALS$}");
        let cents: i64 = digits.parse().map_err(|_| MoneyError::TooLarge)?;
        Ok(Self::from_cents(if negative { -cents } else { cents }))
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.cents < 0 { "-" } else { "" };
        let cents = self.cents.unsigned_abs();
        let (units, rest) = (cents / CENTS_PER_UNIT, cents % CENTS_PER_UNIT);
        write!(f, "{sign}{units}.{rest:02}")
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.to_string()).map_err(ser::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let amount = if raw.get().starts_with('"') {
            serde_json::from_str::<String>(raw.get())
                .map_err(|_| MoneyError::NotADecimal)
                .and_then(|text| text.parse())
        } else {
            raw.get().parse()
        };
        amount.map_err(|error| de::Error::custom(format_args!("an amount of money {error}")))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    #[test]
    fn plain_decimals_are_read_exactly() {
        for (text, cents) in [
            ("0", 0),
            ("10", 1000),
            ("10.5", 1050),
            ("10.05", 1005),
            ("1299.99", 129_999),
            ("-3.20", -320),
            ("92233720368547758.07", i64::MAX),
        ] {
            assert_eq!(money(text).cents(), cents, "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_its_reason() {
        for text in
            ["", "-", ".", "1.", ".5", "1e3", "1E+3", "+1", " 1", "1,00", "--1", "NaN", "1.2.3"]
        {
            assert_eq!(text.parse::<Money>(), Err(MoneyError::NotADecimal), "{text}");
        }
        assert_eq!("1.005".parse::<Money>(), Err(MoneyError::TooPrecise));
        assert_eq!("92233720368547758.08".parse::<Money>(), Err(MoneyError::TooLarge));
    }

    #[test]
    fn arithmetic_that_does_not_fit_has_no_result() {
        assert_eq!(money("29.99").checked_mul(2), Some(money("59.98")));
        assert_eq!(money("1299.99").checked_add(money("59.98")), Some(money("1359.97")));
        assert_eq!(Money::from_cents(i64::MAX).checked_add(Money::from_cents(1)), None);
        assert_eq!(Money::from_cents(i64::MAX).checked_mul(2), None);
    }

    #[test]
    fn json_carries_exactly_two_decimals_as_a_number() {
        assert_eq!(serde_json::to_string(&money("13.5")).unwrap(), "13.50");
        assert_eq!(serde_json::to_string(&money("1359.97")).unwrap(), "1359.97");
        assert_eq!(serde_json::to_string(&money("-0.07")).unwrap(), "-0.07");
    }

    #[test]
    fn json_numbers_and_strings_are_read_without_a_float() {
        for text in ["90071992547409.93", "\"90071992547409.93\""] {
            let amount: Money = serde_json::from_str(text).unwrap();
            assert_eq!(amount.cents(), 9_007_199_254_740_993);
        }
        assert!(serde_json::from_str::<Money>("1e3").is_err());
        assert!(serde_json::from_str::<Money>("0.001").is_err());
        assert!(serde_json::from_str::<Money>("null").is_err());
    }
}
