//! Stripe's secret key: who has it can move the shop's money.

use std::fmt;

use http::HeaderValue;

/// Characters of a key, at most; those that Stripe gives have about a hundred.
const SECRET_KEY_MAX: usize = 255;

/// A secret or restricted key. It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey {
    authorization: HeaderValue,
}

/// The text is not a secret key. It never holds the text itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a secret or restricted key of Stripe (sk_... or rk_...)")]
pub struct SecretKeyError;

impl SecretKey {
    /// Reads a key; blanks around it, as the end of a line, are left out.
    ///
    /// # Errors
    ///
    /// [`SecretKeyError`] for anything else, a publishable key included.
    pub fn parse(text: &str) -> Result<Self, SecretKeyError> {
        let key = text.trim();
        let secret = key.starts_with("sk_") || key.starts_with("rk_");
        let plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !secret || !plain || key.len() > SECRET_KEY_MAX {
            return Err(SecretKeyError);
        }
        let mut authorization =
            HeaderValue::from_str(&format!("Bearer {key}")).map_err(|_| SecretKeyError)?;
        // Its Debug is hidden too, and HTTP/2 would not index it.
        authorization.set_sensitive(true);
        Ok(Self { authorization })
    }

    /// The header that it is sent in.
    pub(super) fn authorization(&self) -> HeaderValue {
        self.authorization.clone()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(****)")
    }
}
