//! An order as the commands print it: for programs, and for people.

use std::fmt::Write as _;

use aws_sdk_lambda::types::ErrorObject;
use orders::Money;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::execution::Execution;
use super::history::Step;
use crate::redact;
use crate::table::{Column, cell, clean, table};
use crate::time::{self, milliseconds_between, rfc3339, short};

/// An order for programs. Members are only ever added.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderDocument<'a> {
    order_id: &'a str,
    execution_arn: &'a str,
    status: &'a str,
    outcome: String,
    customer_id: Option<String>,
    total: Option<Money>,
    tracking_number: Option<&'a str>,
    started_at: String,
    ended_at: Option<String>,
    duration_ms: Option<i64>,
    steps: &'a [Step],
    result: Option<&'a RawValue>,
    error: Option<ErrorDocument>,
    /// As it was placed, without the card number.
    order: Value,
}

#[derive(Debug, Serialize)]
struct ErrorDocument {
    #[serde(rename = "type")]
    kind: Option<String>,
    message: Option<String>,
}

impl<'a> OrderDocument<'a> {
    /// Puts together what is known of an order.
    #[must_use]
    pub fn new(execution: &'a Execution, steps: &'a [Step]) -> Self {
        let view = execution.result.as_ref().map(|result| &result.view);
        let fulfillment = view.and_then(|view| view.fulfillment.as_ref());
        let order = placed_order(execution);
        Self {
            order_id: &execution.order_id,
            execution_arn: &execution.arn,
            status: execution.status.as_str(),
            outcome: execution.outcome(),
            customer_id: execution.customer_id(),
            total: view.and_then(|view| view.order_total),
            tracking_number: fulfillment.map(|fulfillment| fulfillment.tracking_number.as_str()),
            started_at: rfc3339(&execution.started),
            ended_at: execution.ended.as_ref().map(rfc3339),
            duration_ms: duration_ms(execution),
            steps,
            result: execution.result.as_ref().map(|result| &*result.text),
            error: execution.error.as_ref().map(error_document),
            order,
        }
    }
}

/// How long an execution took; nothing while it runs.
#[must_use]
pub fn duration_ms(execution: &Execution) -> Option<i64> {
    execution.ended.as_ref().map(|ended| milliseconds_between(&execution.started, ended))
}

/// The order as it was placed, without the card number. Null when it cannot be read.
fn placed_order(execution: &Execution) -> Value {
    execution
        .input
        .as_deref()
        .and_then(|input| serde_json::from_str(input).ok())
        .map_or(Value::Null, redact::value)
}

fn error_document(error: &ErrorObject) -> ErrorDocument {
    ErrorDocument {
        kind: error.error_type.clone(),
        message: error.error_message.as_deref().map(redact::text),
    }
}

/// An order for people.
#[must_use]
pub fn describe(execution: &Execution, steps: &[Step]) -> String {
    let mut out = format!("{}  {}\n", execution.order_id, execution.outcome());
    if let Some(why) = explanation(execution) {
        let _ = writeln!(out, "{}", clean(&why));
    }
    out.push('\n');
    for (name, value) in facts(execution) {
        let _ = writeln!(out, "  {name:<10}  {}", clean(&value));
    }
    let sections = [
        ("items", items(execution)),
        ("shipments", shipments(execution)),
        ("steps", step_table(steps)),
    ];
    for (heading, section) in sections {
        if !section.is_empty() {
            let _ = write!(out, "\n{heading}\n{}", indented(&section));
        }
    }
    out
}

/// What happened, in words.
#[must_use]
pub fn explanation(execution: &Execution) -> Option<String> {
    if let Some(error) = &execution.error {
        let kind = error.error_type.as_deref().unwrap_or("Error");
        let message = redact::text(error.error_message.as_deref().unwrap_or_default());
        return Some(format!("{kind}: {message}"));
    }
    execution.result.as_ref().and_then(|result| result.view.explanation())
}

fn facts(execution: &Execution) -> Vec<(&'static str, String)> {
    let document = OrderDocument::new(execution, &[]);
    let mut facts = Vec::new();
    let mut add = |name, value: Option<String>| facts.extend(value.map(|value| (name, value)));
    add("total", document.total.map(|total| total.to_string()));
    add("tracking", document.tracking_number.map(str::to_owned));
    add("delivery", delivery(execution));
    add("customer", document.customer_id);
    add("ship to", text(&document.order, "shippingAddress"));
    add("card", card(execution, &document.order));
    add("payment", payment(execution));
    add("mail", mail(execution));
    add("placed", Some(format!("{} UTC", short(&execution.started))));
    add("took", document.duration_ms.map(time::duration));
    add("execution", Some(execution.arn.clone()));
    facts
}

fn text(order: &Value, member: &str) -> Option<String> {
    order.get(member).and_then(Value::as_str).map(str::to_owned).filter(|text| !text.is_empty())
}

/// When it should arrive, and who brings it.
fn delivery(execution: &Execution) -> Option<String> {
    let fulfillment = execution.result.as_ref()?.view.fulfillment.as_ref()?;
    Some(format!("{} with {}", fulfillment.estimated_delivery_date, fulfillment.carrier))
}

/// What became of the confirmation.
fn mail(execution: &Execution) -> Option<String> {
    let mail = execution.result.as_ref()?.view.notification.as_ref()?;
    let status = mail.status.replace('_', " ");
    Some(
        mail.detail.as_ref().map_or_else(|| status.clone(), |detail| format!("{status}: {detail}")),
    )
}

/// What the gateway holds or has taken, and under which name.
fn payment(execution: &Execution) -> Option<String> {
    let payment = execution.result.as_ref()?.view.payment.as_ref()?;
    let id = payment.authorization_id.as_deref();
    let held = if payment.captured.is_some() { "captured" } else { "authorized" };
    let state = payment.status.as_deref().or(id.map(|_| held))?;
    Some(id.map_or_else(|| state.to_owned(), |id| format!("{state} as {id}")))
}

/// Brand and last digits: as it was charged, or as it was placed.
fn card(execution: &Execution, order: &Value) -> Option<String> {
    let payment = execution.result.as_ref().and_then(|result| result.view.payment.as_ref());
    if let Some((brand, digits)) =
        payment.and_then(|paid| paid.card_brand.as_ref().zip(paid.last_four_digits.as_ref()))
    {
        return Some(format!("{brand} ****{digits}"));
    }
    let method = order.get("paymentMethod")?;
    let field = |name| method.get(name).and_then(Value::as_str).unwrap_or_default();
    let shown = format!("{} {}", field("cardBrand"), field("cardNumber"));
    Some(shown.trim().to_owned()).filter(|shown| !shown.is_empty())
}

fn items(execution: &Execution) -> String {
    let priced = execution.result.as_ref().and_then(|result| result.view.validation.as_ref());
    let Some(priced) = priced else { return String::new() };
    let columns = [
        Column::Right("QUANTITY"),
        Column::Left("PRODUCT"),
        Column::Left("NAME"),
        Column::Right("PRICE"),
        Column::Right("TOTAL"),
    ];
    let rows = priced.items.iter().map(|line| {
        [
            line.quantity.to_string(),
            line.product_id.clone(),
            line.name.clone(),
            line.unit_price.to_string(),
            line.line_total.to_string(),
        ]
    });
    table(&columns, rows)
}

fn shipments(execution: &Execution) -> String {
    let fulfillment = execution.result.as_ref().and_then(|it| it.view.fulfillment.as_ref());
    let Some(fulfillment) = fulfillment else { return String::new() };
    let columns = [
        Column::Left("SHIPMENT"),
        Column::Left("FROM"),
        Column::Left("PRODUCT"),
        Column::Right("QUANTITY"),
        Column::Left("STATE"),
    ];
    let rows = fulfillment.shipments.iter().map(|shipment| {
        [
            shipment.shipment_id.clone(),
            shipment.warehouse_location.clone(),
            shipment.product_id.clone(),
            shipment.quantity.to_string(),
            shipment.status.clone(),
        ]
    });
    table(&columns, rows)
}

/// The steps with how they went.
fn step_table(steps: &[Step]) -> String {
    if steps.is_empty() {
        return String::new();
    }
    let columns = [
        Column::Left("STEP"),
        Column::Left("STATE"),
        Column::Right("ATTEMPTS"),
        Column::Left("BEGAN"),
        Column::Right("DURATION"),
        Column::Left(""),
    ];
    let rows = steps.iter().map(|step| {
        [
            step.name.clone(),
            step.state.name().to_owned(),
            step.attempts.to_string(),
            time::clock(&step.started_at).to_owned(),
            cell(step.duration_ms.map(time::duration)),
            remark(step),
        ]
    });
    table(&columns, rows)
}

/// What the last failed attempt said, and when the next one comes.
fn remark(step: &Step) -> String {
    let next = step.next_attempt_delay_seconds.map(|seconds| format!("again after {seconds} s"));
    let parts: Vec<String> = step.error.clone().into_iter().chain(next).collect();
    parts.join("; ")
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}").trim_end().to_owned() + "\n").collect()
}
