//! The simulated gateway: authorizes every amount up to a limit, on every card and token, and
//! remembers nothing.
//!
//! It is idempotent without memory: the authorization id is a digest of the idempotency key. It
//! holds no money, so there is nothing a late authorization could hold after a void.

use std::future::ready;

use super::{
    Authorization, AuthorizeRequest, Authorized, CaptureRequest, Captured, GatewayError,
    GatewayFuture, IdempotencyKey, PaymentGateway, VoidRequest, Voided,
};
use crate::ids::stable_id;
use crate::money::Money;

/// The reason for declining an amount above the limit.
pub const AMOUNT_EXCEEDS_LIMIT: &str = "amount_exceeds_limit";

/// A gateway for development and demonstrations.
#[derive(Debug, Clone)]
pub struct SimulatedGateway {
    limit: Money,
}

impl SimulatedGateway {
    /// A gateway that authorizes amounts up to and including `limit`.
    #[must_use]
    pub const fn new(limit: Money) -> Self {
        Self { limit }
    }
}

/// What every authorization's name begins with.
const AUTHORIZATION: &str = "AUTH-";

fn authorization_id(key: &IdempotencyKey) -> String {
    stable_id(AUTHORIZATION, &[key.as_str()])
}

/// An order may have been authorized by a real gateway before the configuration changed. To say that
/// its money was taken or let go of would be a lie.
fn check_own(authorization_id: &str) -> Result<(), GatewayError> {
    if authorization_id.starts_with(AUTHORIZATION) {
        return Ok(());
    }
    let text = "the authorization is another gateway's, and this one is simulated";
    Err(GatewayError::Refused(text.to_owned()))
}

impl PaymentGateway for SimulatedGateway {
    fn authorize(&self, request: AuthorizeRequest) -> GatewayFuture<'_, Authorization> {
        let authorization = if request.amount > self.limit {
            Authorization::Declined { reason: AMOUNT_EXCEEDS_LIMIT.to_owned() }
        } else {
            Authorization::Authorized(Authorized {
                authorization_id: authorization_id(&request.idempotency_key),
                card_brand: None,
                last_four_digits: None,
                capture: None,
            })
        };
        Box::pin(ready(Ok(authorization)))
    }

    fn void(&self, request: VoidRequest) -> GatewayFuture<'_, Voided> {
        let voided = request.authorization_id.as_deref().map_or(Ok(()), check_own).map(|()| {
            Voided { authorization_id: Some(authorization_id(&request.authorization_key)) }
        });
        Box::pin(ready(voided))
    }

    fn capture(&self, request: CaptureRequest) -> GatewayFuture<'_, Captured> {
        let captured = check_own(&request.authorization_id).map(|()| Captured {
            capture_id: stable_id("CAPT-", &[request.idempotency_key.as_str()]),
        });
        Box::pin(ready(captured))
    }
}
