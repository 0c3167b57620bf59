//! AuthorizePayment: the worker that talks to the payment gateway.
//!
//! Request: `{orderId, paymentMethod, amount}` to authorize,
//! `{action: "void", orderId, authorizationId?, amount?}` to void, or
//! `{action: "capture", orderId, authorizationId, amount}` to capture.

use std::sync::Arc;

use jiff::Timestamp;
use lambda_runtime::LambdaEvent;
use serde::{Deserialize, Serialize};

use crate::card::{CardBrand, CardNumber};
use crate::handler::{WorkerError, WorkerFuture, WorkerRequest};
use crate::money::Money;
use crate::order::{PaymentMethod, PaymentSource, PaymentType};
use crate::payment::{
    Authorization, AuthorizeRequest, Authorized, CaptureRequest, CaptureTiming, IdempotencyKey,
    PaymentGateway, VoidRequest,
};
use crate::token::PaymentToken;

/// The purpose in the idempotency key of an authorization.
const AUTHORIZE: &str = "authorize-payment";
/// The purpose in the idempotency key of a void.
const VOID: &str = "void-payment";
/// The purpose in the idempotency key of a capture.
const CAPTURE: &str = "capture-payment";

/// What AuthorizePayment answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PaymentAnswer {
    /// The amount is held.
    Authorized(Payment),
    /// The amount is not held.
    Declined(Decline),
    /// Nothing is held any more.
    Voided(VoidedPayment),
    /// The amount is taken.
    Captured(CapturedPayment),
}

/// An authorized payment, as far as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    /// The gateway's name for the authorization.
    pub authorization_id: String,
    /// The amount that is held.
    pub amount: Money,
    /// The brand of the card, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_brand: Option<String>,
    /// The last four digits of the card, if they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_four_digits: Option<String>,
    /// When the amount must be captured. It decides whether the workflow has a step for that, so it
    /// is recorded with the authorization and not read from the configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture: Option<CaptureTiming>,
    /// The capture, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captured: Option<CapturedPayment>,
}

/// Why a payment was declined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decline {
    /// A stable word, such as `amount_exceeds_limit`.
    pub reason: String,
}

/// A payment that holds nothing any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VoidedPayment {
    /// The gateway's name for the authorization, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_id: Option<String>,
}

/// An amount that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CapturedPayment {
    /// The gateway's name for the capture.
    pub capture_id: String,
    /// When it was known to be taken.
    pub captured_at: Timestamp,
}

/// The request to authorize, as the workflow writes it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthorizeCall<'a> {
    pub(crate) order_id: &'a str,
    pub(crate) payment_method: MethodCall<'a>,
    pub(crate) amount: Money,
}

/// The one place where a card number or a token is serialized.
#[derive(Serialize)]
pub(crate) struct MethodCall<'a> {
    #[serde(rename = "type")]
    kind: PaymentType,
    #[serde(flatten)]
    source: SourceCall<'a>,
}

#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum SourceCall<'a> {
    Card {
        #[serde(serialize_with = "CardNumber::serialize_for_payment")]
        card_number: &'a CardNumber,
        card_brand: CardBrand,
    },
    Token {
        #[serde(serialize_with = "PaymentToken::serialize_for_payment")]
        token: &'a PaymentToken,
    },
}

impl<'a> From<&'a PaymentMethod> for MethodCall<'a> {
    fn from(method: &'a PaymentMethod) -> Self {
        let source = match &method.source {
            PaymentSource::Card { number, brand } => {
                SourceCall::Card { card_number: number, card_brand: *brand }
            }
            PaymentSource::Token(token) => SourceCall::Token { token },
        };
        Self { kind: method.kind, source }
    }
}

/// The request to void, as the workflow writes it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VoidCall<'a> {
    pub(crate) action: Action,
    pub(crate) order_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) authorization_id: Option<&'a str>,
    pub(crate) amount: Money,
}

/// The request to capture, as the workflow writes it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CaptureCall<'a> {
    pub(crate) action: Action,
    pub(crate) order_id: &'a str,
    pub(crate) authorization_id: &'a str,
    pub(crate) amount: Money,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Action {
    #[default]
    Authorize,
    Void,
    Capture,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    #[serde(default)]
    action: Action,
    order_id: String,
    payment_method: Option<PaymentMethod>,
    amount: Option<Money>,
    authorization_id: Option<String>,
}

/// The AuthorizePayment function, over `gateway`.
pub fn authorize_payment(
    gateway: Arc<dyn PaymentGateway>,
) -> impl Fn(LambdaEvent<WorkerRequest>) -> WorkerFuture<PaymentAnswer> + Clone + Send + Sync + 'static
{
    move |event| {
        let gateway = Arc::clone(&gateway);
        Box::pin(async move {
            let request: Request = event.payload.read()?;
            if request.order_id.trim().is_empty() {
                return Err(WorkerError::MalformedRequest("orderId is blank".to_owned()));
            }
            match request.action {
                Action::Authorize => authorize(&*gateway, request).await,
                Action::Void => void(&*gateway, request).await,
                Action::Capture => capture(&*gateway, request).await,
            }
        })
    }
}

async fn authorize(
    gateway: &dyn PaymentGateway,
    request: Request,
) -> Result<PaymentAnswer, WorkerError> {
    let (Some(method), Some(amount)) = (request.payment_method, request.amount) else {
        return Err(WorkerError::MalformedRequest(
            "paymentMethod and amount are needed to authorize".to_owned(),
        ));
    };
    if amount < Money::ZERO {
        return Err(WorkerError::MalformedRequest("amount is negative".to_owned()));
    }
    let given = shown_of(&method.source);
    let authorization = gateway
        .authorize(AuthorizeRequest {
            idempotency_key: IdempotencyKey::new(&request.order_id, AUTHORIZE),
            order_id: request.order_id.clone(),
            amount,
            payment_method: method,
        })
        .await?;
    Ok(match authorization {
        Authorization::Authorized(authorized) => {
            let authorization_id = &authorized.authorization_id;
            tracing::info!(order_id = request.order_id, %amount, authorization_id, "payment authorized");
            PaymentAnswer::Authorized(payment(authorized, amount, given))
        }
        Authorization::Declined { reason } => {
            tracing::info!(order_id = request.order_id, %amount, reason, "payment declined");
            PaymentAnswer::Declined(Decline { reason })
        }
    })
}

/// Brand and last four digits of a card whose number was given.
fn shown_of(source: &PaymentSource) -> (Option<String>, Option<String>) {
    match source {
        PaymentSource::Card { number, brand } => {
            (Some(brand.name().to_owned()), Some(number.last_four_digits().to_owned()))
        }
        PaymentSource::Token(_) => (None, None),
    }
}

fn payment(
    authorized: Authorized,
    amount: Money,
    given: (Option<String>, Option<String>),
) -> Payment {
    Payment {
        authorization_id: authorized.authorization_id,
        amount,
        card_brand: authorized.card_brand.or(given.0),
        last_four_digits: authorized.last_four_digits.or(given.1),
        capture: authorized.capture,
        captured: None,
    }
}

async fn void(
    gateway: &dyn PaymentGateway,
    request: Request,
) -> Result<PaymentAnswer, WorkerError> {
    let voided = gateway
        .void(VoidRequest {
            idempotency_key: IdempotencyKey::new(&request.order_id, VOID),
            authorization_key: IdempotencyKey::new(&request.order_id, AUTHORIZE),
            authorization_id: request.authorization_id,
            order_id: request.order_id.clone(),
            amount: request.amount,
        })
        .await?;
    tracing::info!(order_id = request.order_id, "payment voided");
    Ok(PaymentAnswer::Voided(VoidedPayment { authorization_id: voided.authorization_id }))
}

async fn capture(
    gateway: &dyn PaymentGateway,
    request: Request,
) -> Result<PaymentAnswer, WorkerError> {
    let (Some(authorization_id), Some(amount)) = (request.authorization_id, request.amount) else {
        return Err(WorkerError::MalformedRequest(
            "authorizationId and amount are needed to capture".to_owned(),
        ));
    };
    let captured = gateway
        .capture(CaptureRequest {
            idempotency_key: IdempotencyKey::new(&request.order_id, CAPTURE),
            authorization_id,
            amount,
        })
        .await?;
    let capture_id = captured.capture_id;
    tracing::info!(order_id = request.order_id, %amount, capture_id, "payment captured");
    let captured_at = Timestamp::now();
    Ok(PaymentAnswer::Captured(CapturedPayment { capture_id, captured_at }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use lambda_runtime::Context;

    use super::*;
    use crate::payment::{AMOUNT_EXCEEDS_LIMIT, SimulatedGateway};
    use crate::settings::DEFAULT_PAYMENT_LIMIT;

    const CARD: &str = r#"{"type":"credit","cardNumber":4532123456789012,"cardBrand":"Visa"}"#;

    async fn ask(json: &str) -> Result<PaymentAnswer, WorkerError> {
        let worker = authorize_payment(Arc::new(SimulatedGateway::new(DEFAULT_PAYMENT_LIMIT)));
        let request = serde_json::from_str(json).unwrap();
        worker(LambdaEvent::new(request, Context::default())).await
    }

    fn authorize_json(order_id: &str, amount: &str) -> String {
        format!(r#"{{"orderId":"{order_id}","paymentMethod":{CARD},"amount":{amount}}}"#)
    }

    #[tokio::test]
    async fn the_limit_itself_is_authorized_and_a_cent_more_is_declined() {
        let PaymentAnswer::Authorized(payment) =
            ask(&authorize_json("O-1", "10000.00")).await.unwrap()
        else {
            panic!("expected an authorization");
        };
        assert_eq!(payment.last_four_digits.as_deref(), Some("9012"));
        assert_eq!(payment.amount, DEFAULT_PAYMENT_LIMIT);

        let declined = ask(&authorize_json("O-1", "10000.01")).await.unwrap();
        let reason = AMOUNT_EXCEEDS_LIMIT.to_owned();
        assert_eq!(declined, PaymentAnswer::Declined(Decline { reason }));
    }

    #[tokio::test]
    async fn the_same_order_gets_the_same_authorization_and_another_order_another() {
        let first = ask(&authorize_json("O-1", "5")).await.unwrap();
        assert_eq!(first, ask(&authorize_json("O-1", "5")).await.unwrap());
        assert_ne!(first, ask(&authorize_json("O-2", "5")).await.unwrap());
    }

    #[tokio::test]
    async fn a_void_finds_the_authorization_without_its_id() {
        let PaymentAnswer::Authorized(payment) = ask(&authorize_json("O-1", "5")).await.unwrap()
        else {
            panic!("expected an authorization");
        };
        let voided = ask(r#"{"action":"void","orderId":"O-1"}"#).await.unwrap();
        let authorization_id = Some(payment.authorization_id);
        assert_eq!(voided, PaymentAnswer::Voided(VoidedPayment { authorization_id }));
    }

    #[tokio::test]
    async fn a_token_is_authorized_and_nothing_of_it_is_in_the_answer() {
        let json = r#"{"orderId":"O-1","paymentMethod":{"type":"credit","token":"pm_1Secret"},"amount":5.00}"#;
        let answer = serde_json::to_string(&ask(json).await.unwrap()).unwrap();
        let id = crate::ids::stable_id("AUTH-", &["O-1:authorize-payment"]);
        assert_eq!(
            answer,
            format!(r#"{{"authorized":{{"authorizationId":"{id}","amount":5.00}}}}"#)
        );
    }

    #[tokio::test]
    async fn the_simulated_gateway_does_not_pretend_to_settle_what_a_real_one_holds() {
        for action in ["void", "capture"] {
            let json = format!(
                r#"{{"action":"{action}","orderId":"O-1","authorizationId":"pi_1","amount":5.00}}"#
            );
            assert_eq!(ask(&json).await.unwrap_err().error_type(), "PaymentRefused", "{action}");
        }
    }

    #[test]
    fn what_was_recorded_before_captures_and_tokens_is_still_read() {
        let recorded = r#"{"authorized":{"authorizationId":"AUTH-1","amount":13.50,"cardBrand":"Visa","lastFourDigits":"9012"}}"#;
        let answer: PaymentAnswer = serde_json::from_str(recorded).unwrap();
        assert_eq!(serde_json::to_string(&answer).unwrap(), recorded);
        let PaymentAnswer::Authorized(payment) = answer else { panic!("{answer:?}") };
        assert_eq!(payment.capture, None);
    }

    #[tokio::test]
    async fn a_malformed_request_fails_for_good_and_quotes_no_card() {
        for json in [
            "{}".to_owned(),
            "[]".to_owned(),
            authorize_json(" ", "5"),
            authorize_json("O-1", "-5"),
            authorize_json("O-1", "1e3"),
            authorize_json("O-1", "5").replace("4532123456789012", "4532123456789012.5"),
            authorize_json("O-1", "5").replace("\"Visa\"", "\"4532123456789012\""),
            authorize_json("O-1", "5").replace("\"cardBrand\"", "\"token\""),
            r#"{"action":"capture","orderId":"O-1"}"#.to_owned(),
        ] {
            let error = ask(&json).await.unwrap_err();
            assert_eq!(error.error_type(), "MalformedRequest", "{json}");
            assert!(!error.to_string().contains("4532"), "{error}");
        }
    }
}
