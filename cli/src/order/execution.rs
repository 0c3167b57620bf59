//! Finding and reading the durable execution of an order.

use aws_sdk_lambda::primitives::DateTime;
use aws_sdk_lambda::types::{ErrorObject, ExecutionStatus};

use super::id::OrderRef;
use super::result::OrderResult;
use crate::client::Clients;
use crate::exit::Failure;

/// The durable execution of an order.
#[derive(Clone, Debug)]
pub struct Execution {
    /// Its ARN.
    pub arn: String,
    /// The order id.
    pub order_id: String,
    /// How far it is.
    pub status: ExecutionStatus,
    /// When the order was placed.
    pub started: DateTime,
    /// When it ended.
    pub ended: Option<DateTime>,
    /// The order as it was placed, with a card number in it.
    pub input: Option<String>,
    /// What became of the order, if it succeeded.
    pub result: Option<OrderResult>,
    /// Why it failed.
    pub error: Option<ErrorObject>,
}

impl Execution {
    /// Whether it has ended, in whichever way.
    #[must_use]
    pub fn is_over(&self) -> bool {
        is_over(&self.status)
    }

    /// Whether the order is paid, reserved and on its way.
    #[must_use]
    pub fn is_completed(&self) -> bool {
        self.result.as_ref().is_some_and(OrderResult::is_completed)
    }

    /// What became of the order in one word: the result's, or the execution's when there is none.
    #[must_use]
    pub fn outcome(&self) -> String {
        match &self.result {
            Some(result) => result.view.status.clone(),
            None => self.status.as_str().to_ascii_lowercase(),
        }
    }
}

/// Whether an execution in this status has ended.
#[must_use]
pub fn is_over(status: &ExecutionStatus) -> bool {
    use ExecutionStatus as S;
    matches!(status, S::Succeeded | S::Failed | S::TimedOut | S::Stopped)
}

/// The ARN of the execution of an order, if it was placed.
///
/// # Errors
/// What keeps the server from answering.
pub async fn find(clients: &Clients, order_id: &str) -> Result<Option<String>, Failure> {
    let target = &clients.target;
    let answer = clients
        .lambda
        .list_durable_executions_by_function()
        .function_name(&target.function)
        .qualifier(&target.qualifier)
        .durable_execution_name(order_id)
        .max_items(1)
        .send()
        .await
        .map_err(|error| clients.failure(&format!("look up order {order_id}"), &error))?;
    let found = answer.durable_executions.unwrap_or_default().into_iter().next();
    Ok(found.map(|execution| execution.durable_execution_arn))
}

/// The ARN of an order that must be there.
///
/// # Errors
/// When it is not, and as [`find`].
pub async fn resolve(clients: &Clients, order: &OrderRef) -> Result<String, Failure> {
    match order {
        OrderRef::Arn(arn) => Ok(arn.clone()),
        OrderRef::Id(id) => find(clients, id).await?.ok_or_else(|| not_found(clients, id)),
    }
}

fn not_found(clients: &Clients, order_id: &str) -> Failure {
    let (server, list) = (clients.target.name(), clients.target.command("order list"));
    Failure::new(format!("there is no order {order_id} at {server}"))
        .with_hint(format!("`{list}` shows the orders that are there"))
}

/// Reads an execution. Without data, it has no input, result and error.
///
/// # Errors
/// When it is not there, and what keeps the server from answering.
pub async fn load(clients: &Clients, arn: &str, with_data: bool) -> Result<Execution, Failure> {
    let answer = clients
        .lambda
        .get_durable_execution()
        .durable_execution_arn(arn)
        .include_execution_data(with_data)
        .send()
        .await
        .map_err(|error| clients.failure(&format!("read execution {arn}"), &error))?;
    Ok(Execution {
        arn: answer.durable_execution_arn,
        order_id: answer.durable_execution_name,
        status: answer.status,
        started: answer.start_timestamp,
        ended: answer.end_timestamp,
        input: answer.input_payload,
        result: answer.result.and_then(OrderResult::read),
        error: answer.error,
    })
}
