//! Reading the durable execution of an order.

use aws_sdk_lambda::primitives::DateTime;
use aws_sdk_lambda::types::{ErrorObject, ExecutionStatus};
use serde_json::Value;

use super::id::is_order_id;
use super::result::OrderResult;
use crate::client::Clients;
use crate::exit::Failure;
use crate::redact;

/// The durable execution of an order.
#[derive(Clone, Debug)]
pub struct Execution {
    /// Its ARN.
    pub arn: String,
    /// The order id: the one in the order, or else the name of the execution.
    pub order_id: String,
    /// Who ordered, as the order says.
    customer: Option<String>,
    /// How many units of all products together, as the order says.
    pub units: Option<u64>,
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

impl Execution {
    /// Who ordered: as the result says, or the order when there is none.
    #[must_use]
    pub fn customer_id(&self) -> Option<String> {
        let result = self.result.as_ref().and_then(|result| result.view.customer_id.as_ref());
        result.or(self.customer.as_ref()).map(|id| redact::text(id))
    }
}

/// What is read of an order as it was placed, if it can be.
#[derive(Default)]
struct PlacedOrder {
    order_id: Option<String>,
    customer_id: Option<String>,
    units: Option<u64>,
}

impl PlacedOrder {
    fn read(text: &str) -> Self {
        let order: Value = serde_json::from_str(text).unwrap_or_default();
        let word = |name| order.get(name).and_then(Value::as_str).map(str::to_owned);
        let units = |items: &Vec<Value>| {
            let quantity = |item: &Value| item.get("quantity").and_then(Value::as_u64);
            items.iter().filter_map(quantity).try_fold(0_u64, u64::checked_add)
        };
        Self {
            // What is no proper id may be anything, a card number too.
            order_id: word("orderId").filter(|id| is_order_id(id)).map(|id| redact::text(&id)),
            customer_id: word("customerId"),
            units: order.get("items").and_then(Value::as_array).and_then(units),
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
    let function = clients.function().await?;
    let answer = clients
        .lambda
        .list_durable_executions_by_function()
        .function_name(function.name)
        .set_qualifier(function.finds.map(str::to_owned))
        .durable_execution_name(order_id)
        .max_items(1)
        .send()
        .await
        .map_err(|error| clients.failure(&format!("look up order {order_id}"), &error))?;
    let found = answer.durable_executions.unwrap_or_default().into_iter().next();
    Ok(found.map(|execution| execution.durable_execution_arn))
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
    let order = answer.input_payload.as_deref().map(PlacedOrder::read).unwrap_or_default();
    Ok(Execution {
        arn: answer.durable_execution_arn,
        order_id: order.order_id.unwrap_or(answer.durable_execution_name),
        customer: order.customer_id,
        units: order.units,
        status: answer.status,
        started: answer.start_timestamp,
        ended: answer.end_timestamp,
        input: answer.input_payload,
        result: answer.result.and_then(OrderResult::read),
        error: answer.error,
    })
}
