//! What Stripe's answers mean.
//!
//! Of an error only the codes are used: its message may repeat what was sent.

use http::{HeaderMap, StatusCode};
use serde::Deserialize;

/// Characters of a code or an id that are repeated in our texts.
const CODE_MAX: usize = 64;

/// A PaymentIntent, as far as it matters here.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Intent {
    pub(super) id: String,
    pub(super) status: Status,
    /// Cents that were captured.
    #[serde(default)]
    pub(super) amount_received: i64,
    latest_charge: Option<Reference>,
    payment_method: Option<Method>,
}

/// How far a PaymentIntent is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    RequiresPaymentMethod,
    RequiresConfirmation,
    RequiresAction,
    /// The amount is held.
    RequiresCapture,
    Processing,
    /// The amount is taken.
    Succeeded,
    Canceled,
    #[serde(other)]
    Unknown,
}

/// Another object: its id, or the object if that was asked for.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Reference {
    Id(String),
    Object { id: String },
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Method {
    Object {
        card: Option<Card>,
    },
    /// An id, which is not kept: it may be the customer's token.
    Other(serde::de::IgnoredAny),
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Card {
    brand: Option<String>,
    last4: Option<String>,
}

impl Card {
    /// The brand, spelled as in orders.
    pub(super) fn brand(&self) -> Option<String> {
        let brand = plain(self.brand.as_deref()?)?;
        Some(match brand {
            "visa" => "Visa".to_owned(),
            "mastercard" => "Mastercard".to_owned(),
            "amex" => "Amex".to_owned(),
            other => other.to_owned(),
        })
    }

    pub(super) fn last_four_digits(&self) -> Option<String> {
        let digits = self.last4.as_deref()?;
        let four = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
        four.then(|| digits.to_owned())
    }
}

impl Intent {
    /// The card, if the answer shows it.
    pub(super) fn card(&self) -> Option<&Card> {
        match &self.payment_method {
            Some(Method::Object { card }) => card.as_ref(),
            _ => None,
        }
    }

    /// The name of the charge, under which a capture is found.
    pub(super) fn charge_id(&self) -> Option<&str> {
        match self.latest_charge.as_ref()? {
            Reference::Id(id) | Reference::Object { id } => plain(id),
        }
    }
}

/// Why there is no intent to go on with.
#[derive(Debug)]
pub(super) enum Problem {
    /// The customer's card, or the amount, will not do. With Stripe's code.
    Declined(String),
    /// The intent is in a state in which this cannot be done to it.
    State(Box<Intent>),
    /// The key was used with other parameters.
    KeyTaken(String),
    /// It will never work.
    Refused(String),
    /// It may work later.
    Unavailable(String),
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Failure {
    error: StripeError,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct StripeError {
    #[serde(rename = "type")]
    kind: String,
    code: Option<String>,
    decline_code: Option<String>,
    param: Option<String>,
    payment_intent: Option<Box<Intent>>,
}

/// Reads an answer to `call`, which is named in the texts.
pub(super) fn read(
    call: &str,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Intent, Problem> {
    if status.is_success() {
        return match serde_json::from_slice::<Intent>(body) {
            Ok(intent) if plain(&intent.id).is_some() => Ok(intent),
            // What it did is unknown; the same key asks again.
            _ => Err(Problem::Unavailable(format!("its answer to {call} cannot be read"))),
        };
    }
    let error = serde_json::from_slice::<Failure>(body).unwrap_or_default().error;
    let text = describe(call, status, headers, &error);
    Err(classify(status, error, text))
}

fn classify(status: StatusCode, error: StripeError, text: String) -> Problem {
    let code = error.code.as_deref().and_then(plain);
    let about_the_method =
        error.param.as_deref().is_some_and(|param| param.starts_with("payment_method"));
    match status.as_u16() {
        // 409: the same key is at work just now. 424: somebody behind Stripe failed.
        409 | 424 | 429 | 500.. => Problem::Unavailable(text),
        402 => {
            let reason = error.decline_code.as_deref().and_then(plain).or(code);
            Problem::Declined(reason.unwrap_or("card_declined").to_owned())
        }
        _ if error.kind == "idempotency_error" => Problem::KeyTaken(text),
        400 | 404 => match (code, error.payment_intent) {
            (Some("payment_intent_unexpected_state"), Some(intent)) => Problem::State(intent),
            (Some(code @ ("amount_too_small" | "amount_too_large")), _) => {
                Problem::Declined(code.to_owned())
            }
            // No such token, or one that was used before: the customer's, like a wrong number.
            (code, _) if about_the_method => {
                Problem::Declined(code.unwrap_or("payment_method_invalid").to_owned())
            }
            _ => Problem::Refused(text),
        },
        _ => Problem::Refused(text),
    }
}

/// What an operator needs to find the call in Stripe's dashboard.
fn describe(call: &str, status: StatusCode, headers: &HeaderMap, error: &StripeError) -> String {
    let code = error.code.as_deref().or(Some(&error.kind)).and_then(plain).unwrap_or("no code");
    let request = headers.get("request-id").and_then(|id| id.to_str().ok()).and_then(plain);
    let request = request.unwrap_or("unknown");
    format!("{call} ended with HTTP {}, {code} (request {request})", status.as_u16())
}

/// The text, if it is a code or an id.
pub(super) fn plain(text: &str) -> Option<&str> {
    let fits = (1..=CODE_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    fits.then_some(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn problem(status: u16, body: &str) -> Problem {
        let mut headers = HeaderMap::new();
        headers.insert("request-id", "req_1".parse().unwrap());
        read("confirm", status.try_into().unwrap(), &headers, body.as_bytes()).unwrap_err()
    }

    #[test]
    fn nothing_of_a_message_is_repeated() {
        let body = r#"{"error":{"type":"invalid_request_error","message":"Invalid API Key sk_test_x","code":"4532 1234"}}"#;
        let shown = format!("{:?}", problem(401, body));
        assert!(!shown.contains("sk_test_x") && !shown.contains("4532"), "{shown}");
        assert!(shown.contains("Refused") && shown.contains("HTTP 401") && shown.contains("req_1"));
    }

    #[test]
    fn an_answer_that_is_not_stripes_may_be_better_later() {
        let read = read("create", StatusCode::OK, &HeaderMap::new(), b"<html>");
        assert!(matches!(read, Err(Problem::Unavailable(_))));
        assert!(matches!(problem(502, "<html>"), Problem::Unavailable(_)));
        assert!(matches!(problem(418, "<html>"), Problem::Refused(_)));
    }

    #[test]
    fn an_issuers_reason_comes_before_stripes() {
        let body = r#"{"error":{"type":"card_error","code":"card_declined","decline_code":"insufficient_funds"}}"#;
        assert!(
            matches!(problem(402, body), Problem::Declined(reason) if reason == "insufficient_funds")
        );
        assert!(
            matches!(problem(402, "{}"), Problem::Declined(reason) if reason == "card_declined")
        );
    }

    #[test]
    fn a_token_that_does_not_exist_is_the_customers_and_an_intent_is_ours() {
        let of = |param: &str| {
            format!(
                r#"{{"error":{{"type":"invalid_request_error","code":"resource_missing","param":"{param}"}}}}"#
            )
        };
        assert!(matches!(problem(400, &of("payment_method")), Problem::Declined(_)));
        assert!(matches!(problem(404, &of("intent")), Problem::Refused(_)));
    }
}
