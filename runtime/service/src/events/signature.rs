//! The signature of a message, as the Standard Webhooks specification has it: version 1, a shared secret.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::webhook::WebhookError;

/// What secrets begin with.
const PREFIX: &str = "whsec_";
/// Bytes of a secret: the specification's bounds.
const SECRET_BYTES_MIN: usize = 24;
const SECRET_BYTES_MAX: usize = 64;

/// A secret, ready for signing. It is shown nowhere.
#[derive(Clone)]
pub(super) struct Signer(hmac::Key);

impl Signer {
    /// Reads `whsec_` and base64; the prefix may be missing.
    ///
    /// # Errors
    /// What is wrong with it, without the secret.
    pub(super) fn parse(secret: &str) -> Result<Self, WebhookError> {
        let text = secret.trim();
        let text = text.strip_prefix(PREFIX).unwrap_or(text);
        let bytes = STANDARD.decode(text).map_err(|_| WebhookError::Secret)?;
        if !(SECRET_BYTES_MIN..=SECRET_BYTES_MAX).contains(&bytes.len()) {
            return Err(WebhookError::Secret);
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// The value of `webhook-signature`.
    pub(super) fn sign(&self, id: &str, timestamp: &str, body: &[u8]) -> String {
        let mut signed = hmac::Context::with_key(&self.0);
        for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
            signed.update(part);
        }
        format!("v1,{}", STANDARD.encode(signed.sign()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_signed_as_the_specification_shows() {
        let signer = Signer::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").ok().unwrap();
        let signature =
            signer.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_is_base64_of_24_to_64_bytes() {
        for (bytes, fits) in [(23, false), (24, true), (64, true), (65, false)] {
            let text = STANDARD.encode(vec![7; bytes]);
            assert_eq!(Signer::parse(&text).is_ok(), fits, "{bytes}");
            assert_eq!(Signer::parse(&format!("whsec_{text}\n")).is_ok(), fits, "{bytes}");
        }
        assert!(Signer::parse("whsec_not base64").is_err());
    }
}
