//! Giving back what an order took, when it cannot be fulfilled.
//!
//! Each thing to give back is a step of its own, so a crash in between resumes where it was. All of
//! them run even if one fails for good: stock that cannot be released is no reason to keep the money.

use aws_durable_execution_sdk::{BoxError, DurableContext, OperationError, TypedError};

use crate::authorize_payment::{Action, PaymentAnswer, VoidCall};
use crate::inventory::{InventoryAction, InventoryAnswer, InventoryRequest};
use crate::money::Money;
use crate::retry::Backoff;
use crate::workers::call;
use crate::workflow::Services;

/// The execution failed; the order holds nothing.
const ORDER_NOT_FULFILLED: &str = "OrderNotFulfilled";
/// The execution failed, and somebody has to look after what the order still holds.
const COMPENSATION_FAILED: &str = "CompensationFailed";

/// Something an order has taken, or may have taken.
#[derive(Debug, Clone)]
pub(crate) enum Taken {
    /// Stock.
    Inventory,
    /// An amount on a card. Without an id when the answer with the id was lost; the gateway finds it
    /// by order and amount.
    Payment { authorization_id: Option<String>, amount: Money },
}

impl Taken {
    fn name(&self) -> &'static str {
        match self {
            Self::Inventory => "inventory",
            Self::Payment { .. } => "payment",
        }
    }
}

/// Gives everything back and returns the error that ends the execution.
pub(crate) async fn give_up(
    ctx: &DurableContext,
    services: &Services,
    order_id: &str,
    taken: &[Taken],
    cause: &str,
) -> BoxError {
    if let Err(failed) = give_back(ctx, services, order_id, taken, cause).await {
        return failed;
    }
    let names: Vec<&str> = taken.iter().map(Taken::name).collect();
    let names = names.join(" and ");
    let text =
        format!("order {order_id} was not fulfilled; everything was given back ({names}): {cause}");
    Box::new(TypedError::with_type(ORDER_NOT_FULFILLED, text))
}

/// Gives everything back, in the order of `taken`, each in a step. The error names what could not
/// be given back.
pub(crate) async fn give_back(
    ctx: &DurableContext,
    services: &Services,
    order_id: &str,
    taken: &[Taken],
    cause: &str,
) -> Result<(), BoxError> {
    let mut kept = Vec::new();
    for one in taken {
        let given_back = match one {
            Taken::Inventory => release_inventory(ctx, services, order_id).await,
            Taken::Payment { authorization_id, amount } => {
                void_payment(ctx, services, order_id, authorization_id.clone(), *amount).await
            }
        };
        if let Err(error) = given_back {
            kept.push(format!("{} ({})", one.name(), describe(&error)));
        }
    }
    if kept.is_empty() {
        return Ok(());
    }
    let kept = kept.join(" and ");
    tracing::error!(order_id, kept, "an order that failed still holds something");
    let text =
        format!("order {order_id} was not fulfilled and could not give back {kept}: {cause}");
    Err(Box::new(TypedError::with_type(COMPENSATION_FAILED, text)))
}

async fn release_inventory(
    ctx: &DurableContext,
    services: &Services,
    order_id: &str,
) -> Result<(), OperationError> {
    let (services, order_id) = (services.clone(), order_id.to_owned());
    let backoff = Backoff::compensation(services.settings.retry_base);
    ctx.step(move |_| async move {
        let request =
            InventoryRequest { action: InventoryAction::Release, order_id, items: Vec::new() };
        let function = &services.settings.allocate_inventory_function;
        call::<InventoryAnswer>(&services.lambda, function, &request).await
    })
    .name("release-inventory")
    .retry_strategy(backoff.strategy())
    .await
    .map(drop)
}

async fn void_payment(
    ctx: &DurableContext,
    services: &Services,
    order_id: &str,
    authorization_id: Option<String>,
    amount: Money,
) -> Result<(), OperationError> {
    let (services, order_id) = (services.clone(), order_id.to_owned());
    let backoff = Backoff::compensation(services.settings.retry_base);
    ctx.step(move |_| async move {
        let request = VoidCall {
            action: Action::Void,
            order_id: &order_id,
            authorization_id: authorization_id.as_deref(),
            amount,
        };
        let function = &services.settings.authorize_payment_function;
        call::<PaymentAnswer>(&services.lambda, function, &request).await
    })
    .name("void-payment")
    .retry_strategy(backoff.strategy())
    .await
    .map(drop)
}

/// What a failed step says. From the recorded message, which is the same on every replay.
pub(crate) fn describe(error: &OperationError) -> String {
    error
        .wire()
        .and_then(|wire| wire.error_message())
        .map_or_else(|| error.to_string(), str::to_owned)
}
