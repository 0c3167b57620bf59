//! The address in an order.

use std::fmt;

use lettre::Address;

use crate::limits::MAX_EMAIL;

/// What would need quotes, or could be read as more than one address.
const SPECIAL: &[u8] = b"\"<>()[],;:\\";

/// Where a confirmation goes: one address, without anything that SMTP or a header would read otherwise.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient(Address);

impl Recipient {
    /// The address in this text, if it is exactly one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_graphic() && !SPECIAL.contains(&byte);
        if text.len() > MAX_EMAIL || !text.bytes().all(plain) {
            return None;
        }
        text.parse().ok().map(Self)
    }

    pub(super) fn address(&self) -> &Address {
        &self.0
    }
}

impl fmt::Debug for Recipient {
    /// It is somebody's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recipient")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_plain_address_is_a_recipient_and_nothing_else_is() {
        for text in ["ada@example.com", "ada.l+shop@mail.example.co.uk", "a_b-c@localhost"] {
            assert!(Recipient::parse(text).is_some(), "{text}");
        }
        let long = format!("{}@example.com", "a".repeat(MAX_EMAIL));
        for text in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "a@b@c",
            " ada@example.com",
            "ada@example.com\r\nBcc: eve@example.com",
            "ada@example.com\n",
            "ada@example.com,eve@example.com",
            "ada@example.com eve@example.com",
            "Ada <ada@example.com>",
            "<ada@example.com>",
            "\"a b\"@example.com",
            "ada@[127.0.0.1]",
            "äda@example.com",
            &long,
        ] {
            assert!(Recipient::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn debug_shows_nothing_of_the_address() {
        assert!(!format!("{:?}", Recipient::parse("ada@example.com")).contains("ada"));
    }
}
