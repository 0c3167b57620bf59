//! The step `send-notification`: the last one, after all that an order needs is done.
//!
//! Whether it runs depends on the configuration, which may change between two runs of one execution. That does no harm to a
//! last step: no step comes behind it, so none changes its place in the history. Switched on in between, it runs, as it
//! would for a new order. Switched off, the execution ends without it, and the result does not mention it, whether it had
//! been sent or not.

use std::sync::Arc;

use aws_durable_execution_sdk::{
    BoxError, DurableContext, OperationError, OperationErrorKind, TypedError,
};

use super::{Confirmation, NotSentReason, Notification, Notifier, NotifyError, Recipient};
use crate::outcome::Completed;
use crate::retry::Backoff;
use crate::workflow::Services;

/// The type of a failed attempt in the execution history.
const NOTIFICATION_NOT_SENT: &str = "NotificationNotSent";

/// Tells the customer, if that is configured and there is an address, and notes in `completed` what came of it.
///
/// # Errors
///
/// Only what is not the step's own: when the execution does not match its history.
pub(crate) async fn notify(
    ctx: &DurableContext,
    services: &Services,
    to: Option<Recipient>,
    completed: Completed,
) -> Result<Completed, OperationError> {
    let (Some(notifier), Some(to)) = (services.notifier.clone(), to) else { return Ok(completed) };
    let confirmation = Confirmation::of(&completed, to);
    let backoff = Backoff::forward(services.settings.retry_base);
    let sent = ctx
        .step(move |_| async move { send(notifier, &confirmation).await })
        .name("send-notification")
        .retry_strategy(backoff.strategy())
        .await;
    let notification = match sent {
        Ok(notification) => notification,
        Err(error) if matches!(error.kind(), OperationErrorKind::Step(_)) => {
            let detail = error.wire().and_then(|wire| wire.error_message()).unwrap_or_default();
            let reason = NotSentReason::Unavailable;
            Notification::NotSent { reason, detail: detail.to_owned() }
        }
        Err(error) => return Err(error),
    };
    Ok(Completed { notification: Some(notification), ..completed })
}

/// One attempt. A refusal is a result, because it would be the same the next time.
async fn send(
    notifier: Arc<dyn Notifier>,
    confirmation: &Confirmation,
) -> Result<Notification, BoxError> {
    let order_id = &confirmation.order_id;
    match notifier.send(confirmation).await {
        Ok(()) => {
            tracing::info!(order_id, "confirmation sent");
            Ok(Notification::Sent)
        }
        Err(error) => {
            tracing::warn!(order_id, %error, "confirmation not sent");
            match error {
                NotifyError::Refused(_) => {
                    let (reason, detail) = (NotSentReason::Refused, error.to_string());
                    Ok(Notification::NotSent { reason, detail })
                }
                NotifyError::Unavailable(_) => {
                    Err(TypedError::with_type(NOTIFICATION_NOT_SENT, error).into())
                }
            }
        }
    }
}
