//! What the demo prints.

use serde::Serialize;
use serde_json::value::RawValue;

use super::{Finished, Stock};
use crate::exit::Failure;
use crate::order::document::explanation;
use crate::output::{print, print_json};
use crate::table::{Column, cell, table};
use crate::time;

/// Four orders, and the stock before and after them.
pub(super) struct Report {
    pub(super) orders: Vec<Finished>,
    pub(super) before: Stock,
    pub(super) after: Stock,
}

#[derive(Serialize)]
struct Document<'a> {
    orders: Vec<OrderEntry<'a>>,
    stock: StockEntry<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OrderEntry<'a> {
    order_id: &'a str,
    execution_arn: &'a str,
    result: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct StockEntry<'a> {
    before: &'a Stock,
    after: &'a Stock,
}

impl Report {
    pub(super) fn is_as_expected(&self) -> bool {
        self.orders.iter().all(Finished::is_as_expected)
    }

    /// One line for each order that did not end as it must.
    pub(super) fn problems(&self) -> Vec<String> {
        self.orders
            .iter()
            .filter(|order| !order.is_as_expected())
            .map(|order| {
                let (execution, seed) = (&order.execution, order.seed);
                let wanted: Vec<&str> =
                    [Some(seed.outcome), seed.reason].into_iter().flatten().collect();
                format!(
                    "{} ended as {} and not as {}",
                    execution.order_id,
                    execution.outcome(),
                    wanted.join(", ")
                )
            })
            .collect()
    }

    pub(super) fn print_json(&self) -> Result<(), Failure> {
        let orders = self
            .orders
            .iter()
            .map(|order| OrderEntry {
                order_id: &order.execution.order_id,
                execution_arn: &order.execution.arn,
                result: order.execution.result.as_ref().map(|result| &*result.text),
            })
            .collect();
        let stock = StockEntry { before: &self.before, after: &self.after };
        print_json(&Document { orders, stock })
    }

    pub(super) fn print(&self) -> Result<(), Failure> {
        let happened: Vec<String> = self.orders.iter().map(happened).collect();
        print(&format!("{}\n{}\n\n{}", self.order_table(), happened.join("\n"), self.stock_table()))
    }

    fn order_table(&self) -> String {
        let columns = [
            Column::Left("ORDER"),
            Column::Left("OUTCOME"),
            Column::Right("TOTAL"),
            Column::Left("TRACKING"),
            Column::Left("STEPS"),
            Column::Right(""),
        ];
        let rows = self.orders.iter().map(|order| {
            let view = order.execution.result.as_ref().map(|result| &result.view);
            let fulfillment = view.and_then(|view| view.fulfillment.as_ref());
            let steps = order.steps.iter();
            let names: Vec<&str> = steps.clone().map(|step| step.name.as_str()).collect();
            let took: Vec<String> =
                steps.map(|step| cell(step.duration_ms.map(time::duration))).collect();
            [
                order.execution.order_id.clone(),
                order.execution.outcome(),
                cell(view.and_then(|view| view.order_total)),
                cell(fulfillment.map(|fulfillment| &fulfillment.tracking_number)),
                names.join("\n"),
                took.join("\n"),
            ]
        });
        table(&columns, rows)
    }

    fn stock_table(&self) -> String {
        let columns = [Column::Left("STOCK"), Column::Right("BEFORE"), Column::Right("AFTER")];
        let rows = self.before.iter().map(|(product, before)| {
            [product.clone(), before.to_string(), cell(self.after.get(product))]
        });
        table(&columns, rows)
    }
}

/// One sentence on an order.
fn happened(order: &Finished) -> String {
    let why = explanation(&order.execution).unwrap_or_default();
    format!("{}  {}: {why}", order.execution.order_id, order.seed.about)
}
