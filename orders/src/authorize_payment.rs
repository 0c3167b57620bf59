//! AuthorizePayment: the worker that talks to the payment gateway.
//!
//! Request: `{orderId, paymentMethod, amount}` to authorize, or
//! `{action: "void", orderId, authorizationId?}` to void.

use std::sync::Arc;

use lambda_runtime::LambdaEvent;
use serde::{Deserialize, Serialize};

use crate::card::{CardBrand, CardNumber};
use crate::handler::{WorkerError, WorkerFuture, WorkerRequest};
use crate::money::Money;
use crate::order::{PaymentMethod, PaymentType};
use crate::payment::{
    Authorization, AuthorizeRequest, IdempotencyKey, PaymentGateway, VoidRequest,
};

/// The purpose in the idempotency key of an authorization.
const AUTHORIZE: &str = "authorize-payment";
/// The purpose in the idempotency key of a void.
const VOID: &str = "void-payment";

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
}

/// An authorized payment, as far as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    /// The gateway's name for the authorization.
    pub authorization_id: String,
    /// The amount that is held.
    pub amount: Money,
    /// The brand of the card.
    pub card_brand: CardBrand,
    /// The last four digits of the card.
    pub last_four_digits: String,
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

/// The request to authorize, as the workflow writes it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthorizeCall<'a> {
    pub(crate) order_id: &'a str,
    pub(crate) payment_method: CardCall<'a>,
    pub(crate) amount: Money,
}

/// The one place where a card number is serialized.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CardCall<'a> {
    #[serde(rename = "type")]
    kind: PaymentType,
    #[serde(serialize_with = "CardNumber::serialize_for_payment")]
    card_number: &'a CardNumber,
    card_brand: CardBrand,
}

impl<'a> From<&'a PaymentMethod> for CardCall<'a> {
    fn from(method: &'a PaymentMethod) -> Self {
        Self { kind: method.kind, card_number: &method.card_number, card_brand: method.card_brand }
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
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Action {
    #[default]
    Authorize,
    Void,
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
    let last_four_digits = method.card_number.last_four_digits().to_owned();
    let card_brand = method.card_brand;
    let authorization = gateway
        .authorize(AuthorizeRequest {
            idempotency_key: IdempotencyKey::new(&request.order_id, AUTHORIZE),
            order_id: request.order_id.clone(),
            amount,
            payment_method: method,
        })
        .await?;
    Ok(match authorization {
        Authorization::Authorized { authorization_id } => {
            tracing::info!(order_id = request.order_id, %amount, authorization_id, "payment authorized");
            PaymentAnswer::Authorized(Payment {
                authorization_id,
                amount,
                card_brand,
                last_four_digits,
            })
        }
        Authorization::Declined { reason } => {
            tracing::info!(order_id = request.order_id, %amount, reason, "payment declined");
            PaymentAnswer::Declined(Decline { reason })
        }
    })
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
        })
        .await?;
    tracing::info!(order_id = request.order_id, "payment voided");
    Ok(PaymentAnswer::Voided(VoidedPayment { authorization_id: voided.authorization_id }))
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
        assert_eq!(payment.last_four_digits, "9012");
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
    async fn a_malformed_request_fails_for_good_and_quotes_no_card() {
        for json in [
            "{}".to_owned(),
            "[]".to_owned(),
            authorize_json(" ", "5"),
            authorize_json("O-1", "-5"),
            authorize_json("O-1", "1e3"),
            authorize_json("O-1", "5").replace("4532123456789012", "4532123456789012.5"),
            authorize_json("O-1", "5").replace("\"Visa\"", "\"4532123456789012\""),
        ] {
            let error = ask(&json).await.unwrap_err();
            assert_eq!(error.error_type(), "MalformedRequest", "{json}");
            assert!(!error.to_string().contains("4532"), "{error}");
        }
    }
}
