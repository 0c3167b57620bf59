//! Sending an order to the order system.

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;

use super::execution;
use super::submission::Submission;
use crate::client::{Clients, OrderFunction};
use crate::exit::{Exit, Failure};

/// An order that was placed.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The execution that takes care of it.
    pub arn: String,
    /// Whether it had been placed before: then nothing new was started.
    pub already: bool,
}

/// Places an order. It does not wait for what becomes of it.
///
/// # Errors
/// When another order has the same id, and whatever keeps the server from taking it.
pub async fn place(clients: &Clients, order: &Submission) -> Result<Placed, Failure> {
    let function = clients.function().await?;
    // The answer to a placed order is the same the second time, so what is there has to be looked
    // up before. Whoever may place orders but not list them is told less.
    let before = match execution::find(clients, &order.order_id).await {
        Err(failure) if failure.exit() == Exit::Unreachable => return Err(failure),
        found => found.unwrap_or_default(),
    };
    let doing = format!("place order {}", order.order_id);
    let sent = clients
        .lambda
        .invoke()
        .function_name(function.name)
        .qualifier(function.takes)
        .invocation_type(InvocationType::Event)
        .durable_execution_name(&order.order_id)
        .payload(Blob::new(order.payload.clone()))
        .send()
        .await;
    let answer = match sent {
        Ok(answer) => answer,
        Err(error) => {
            let service = error.as_service_error();
            if service.is_some_and(|error| error.is_durable_execution_already_started_exception()) {
                return Err(id_in_use(clients, &order.order_id, function));
            }
            return Err(clients.failure(&doing, &error));
        }
    };
    let arn = answer.durable_execution_arn.ok_or_else(|| {
        Failure::new(format!("cannot {doing}: {} is not a durable function", function.name))
    })?;
    let already = before.as_ref() == Some(&arn);
    Ok(Placed { arn, already })
}

fn id_in_use(clients: &Clients, order_id: &str, function: OrderFunction<'_>) -> Failure {
    let show = clients.target.command(&format!("order show {order_id}"));
    // An alias moves on, and the order stays on the version that it began with.
    let version = if function.takes.starts_with('$') { "" } else { ", or on another version" };
    Failure::new(format!(
        "cannot place order {order_id}: another order with this id and other content was placed \
         before{version}"
    ))
    .with_hint(format!("give it an id of its own, or look at the other one with `{show}`"))
}
