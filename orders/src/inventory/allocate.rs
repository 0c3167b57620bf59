//! Taking stock for an order: one read, then one transaction.
//!
//! The read fetches the record of the order (has this been done before?) and all products (is
//! there enough, and where?). The transaction checks the stock again, because other orders run at
//! the same time, takes it, and writes the record.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    CancellationReason, KeysAndAttributes, Put, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem, Update,
};
use jiff::Timestamp;

use super::reservation::{
    Allocation, ORDER_ID, Refusal, Reservation, covers, new_record, number, parse_record,
    plan_allocations, text,
};
use super::{
    AllocatedInventory, Inventory, InventoryAnswer, MissingProduct, Shortage, TRANSACTION_ATTEMPTS,
};
use crate::catalog::{PRODUCT_ID, Products, STOCK_LEVEL, parse_products, product_keys};
use crate::dynamo::{Row, StoreError, batch_get, pause};
use crate::handler::WorkerError;
use crate::order::OrderLine;

const TRANSACT: &str = "TransactWriteItems";

/// How a transaction ended that did not fail.
pub(super) enum Transacted {
    Done,
    /// DynamoDB cancelled it, for these reasons, one for each action in the order of the actions.
    Cancelled(Vec<CancellationReason>),
}

impl Inventory {
    /// Reserves `lines` for an order, or answers what was reserved for it before.
    pub(super) async fn allocate(
        &self,
        order_id: &str,
        lines: &[OrderLine],
        now: Timestamp,
    ) -> Result<InventoryAnswer, WorkerError> {
        let (record, products) = self.read_record_and_products(order_id, lines).await?;
        if let Some(record) = record {
            return answer_from_record(order_id, lines, record);
        }
        if let Some(refusal) = lines.iter().find_map(|line| check_line(line, &products)) {
            return self.refuse(order_id, lines, refusal, now).await;
        }
        let allocations = plan_allocations(order_id, lines, &products, now);
        let reservation = Reservation::Reserved(allocations);
        let writes = self.allocation_writes(order_id, &reservation, now)?;
        match self.transact(writes).await? {
            Transacted::Done => answer_from_record(order_id, lines, reservation),
            Transacted::Cancelled(reasons) => self.explain(order_id, lines, &reasons, now).await,
        }
    }

    /// Records that the order cannot have its goods, and says so. If the same request got through
    /// elsewhere in the meantime, its record is the answer.
    ///
    /// The caller gives the payment back on a refusal and keeps no track of the stock. So a twin of
    /// this request that is still on its way must not take stock afterwards: the record stops it.
    async fn refuse(
        &self,
        order_id: &str,
        lines: &[OrderLine],
        refusal: Refusal,
        now: Timestamp,
    ) -> Result<InventoryAnswer, WorkerError> {
        let refused = Reservation::Refused(refusal);
        if self.put_new_record(order_id, &refused, now).await? {
            return answer_from_record(order_id, lines, refused);
        }
        match self.read_record(order_id).await? {
            Some(record) => answer_from_record(order_id, lines, record),
            None => Err(vanished()),
        }
    }

    /// At most 99 products and one record: exactly what one batch read takes.
    async fn read_record_and_products(
        &self,
        order_id: &str,
        lines: &[OrderLine],
    ) -> Result<(Option<Reservation>, Products), StoreError> {
        let record_key = KeysAndAttributes::builder()
            .keys(Self::record_key(order_id))
            .consistent_read(true)
            .build()
            .map_err(|error| StoreError::service("BatchGetItem", error))?;
        let mut wanted = HashMap::from([(self.reservations_table.clone(), record_key)]);
        if let Some(keys) = product_keys(lines.iter().map(|line| line.product_id.as_str()), true)? {
            wanted.insert(self.catalog_table.clone(), keys);
        }
        let found = batch_get(&self.client, wanted).await?;
        let rows = |table| found.get(table).map(Vec::as_slice).unwrap_or_default();
        let record = rows(&self.reservations_table)
            .first()
            .map(|item| parse_record(order_id, item))
            .transpose()?;
        Ok((record, parse_products(rows(&self.catalog_table))?))
    }

    /// The record first, then one update for each allocation: `explain` relies on this order.
    fn allocation_writes(
        &self,
        order_id: &str,
        reservation: &Reservation,
        now: Timestamp,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let record = Put::builder()
            .table_name(&self.reservations_table)
            .set_item(Some(new_record(order_id, reservation, now)))
            .condition_expression("attribute_not_exists(#key)")
            .expression_attribute_names("#key", ORDER_ID)
            .build()
            .map_err(|error| StoreError::service(TRANSACT, error))?;
        let mut writes = vec![TransactWriteItem::builder().put(record).build()];
        for allocation in held(reservation) {
            let update = Update::builder()
                .table_name(&self.catalog_table)
                .key(PRODUCT_ID, text(&allocation.product_id))
                .update_expression("SET #stock = #stock - :quantity")
                .condition_expression("#stock >= :quantity")
                .expression_attribute_names("#stock", STOCK_LEVEL)
                .expression_attribute_values(":quantity", number(i64::from(allocation.quantity)))
                // The stock at the moment of the check, for the answer.
                .return_values_on_condition_check_failure(
                    ReturnValuesOnConditionCheckFailure::AllOld,
                )
                .build()
                .map_err(|error| StoreError::service(TRANSACT, error))?;
            writes.push(TransactWriteItem::builder().update(update).build());
        }
        Ok(writes)
    }

    /// Runs a transaction. Collisions with other transactions and throttling are tried again, a
    /// bounded number of times; every other reason for a cancellation is the caller's.
    pub(super) async fn transact(
        &self,
        writes: Vec<TransactWriteItem>,
    ) -> Result<Transacted, StoreError> {
        for attempt in 0..TRANSACTION_ATTEMPTS {
            let sent = self
                .client
                .transact_write_items()
                .set_transact_items(Some(writes.clone()))
                .send()
                .await;
            match sent {
                Ok(_) => return Ok(Transacted::Done),
                Err(error) => match into_cancellation(error)? {
                    reasons if reasons.iter().any(is_failed_condition) => {
                        return Ok(Transacted::Cancelled(reasons));
                    }
                    reasons if reasons.iter().all(may_pass_later) => {
                        tracing::debug!(attempt, "transaction collided, trying again");
                        tokio::time::sleep(pause(attempt)).await;
                    }
                    reasons => {
                        let detail = format!("cancelled: {:?}", codes(&reasons));
                        return Err(StoreError::Service { operation: TRANSACT, detail });
                    }
                },
            }
        }
        Err(StoreError::Contention { operation: TRANSACT, attempts: TRANSACTION_ATTEMPTS })
    }

    /// Finds the answer for an allocation whose conditions did not hold. The record decides first:
    /// if the same request got through elsewhere, the stock it took may be what is missing here.
    async fn explain(
        &self,
        order_id: &str,
        lines: &[OrderLine],
        reasons: &[CancellationReason],
        now: Timestamp,
    ) -> Result<InventoryAnswer, WorkerError> {
        if reasons.first().is_some_and(is_failed_condition)
            && let Some(record) = self.read_record(order_id).await?
        {
            return answer_from_record(order_id, lines, record);
        }
        let failed = lines
            .iter()
            .zip(reasons.iter().skip(1))
            .find(|(_, reason)| is_failed_condition(reason));
        let Some((line, reason)) = failed else {
            return Err(vanished());
        };
        let refusal = match &reason.item {
            None => not_found(line),
            Some(item) => {
                let row = Row { item, subject: format!("product {}", line.product_id) };
                insufficient(line, row.whole(STOCK_LEVEL)?)
            }
        };
        self.refuse(order_id, lines, refusal, now).await
    }
}

/// The answer that a record stands for.
fn answer_from_record(
    order_id: &str,
    lines: &[OrderLine],
    record: Reservation,
) -> Result<InventoryAnswer, WorkerError> {
    match record {
        Reservation::Released => Ok(InventoryAnswer::ReservationReleased),
        Reservation::Refused(refusal) => Ok(refusal.into()),
        Reservation::Reserved(allocations) if covers(&allocations, lines) => {
            Ok(InventoryAnswer::Allocated(AllocatedInventory {
                total_items: allocations.iter().map(|held| u64::from(held.quantity)).sum(),
                allocations,
            }))
        }
        Reservation::Reserved(_) => {
            Err(WorkerError::ReservationConflict { order_id: order_id.to_owned() })
        }
    }
}

fn held(reservation: &Reservation) -> &[Allocation] {
    match reservation {
        Reservation::Reserved(allocations) => allocations,
        Reservation::Released | Reservation::Refused(_) => &[],
    }
}

/// Why this line cannot be taken, going by what was read.
fn check_line(line: &OrderLine, products: &Products) -> Option<Refusal> {
    match products.get(&line.product_id) {
        None => Some(not_found(line)),
        Some(product) if product.stock_level < i64::from(line.quantity) => {
            Some(insufficient(line, product.stock_level))
        }
        Some(_) => None,
    }
}

fn not_found(line: &OrderLine) -> Refusal {
    Refusal::NotFound(MissingProduct { product_id: line.product_id.clone() })
}

fn insufficient(line: &OrderLine, available: i64) -> Refusal {
    Refusal::Insufficient(Shortage {
        product_id: line.product_id.clone(),
        requested: line.quantity,
        available,
    })
}

/// A record that was there a moment ago is gone. Trying again finds out what is true now.
fn vanished() -> WorkerError {
    StoreError::Contention { operation: TRANSACT, attempts: 1 }.into()
}

/// The reasons of a cancelled transaction; any other error stays one. A transaction that is still
/// in progress under the same token counts as a collision.
fn into_cancellation(
    error: SdkError<TransactWriteItemsError>,
) -> Result<Vec<CancellationReason>, StoreError> {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            Ok(cancelled.cancellation_reasons().to_vec())
        }
        Some(TransactWriteItemsError::TransactionInProgressException(_)) => Ok(Vec::new()),
        _ => Err(StoreError::service(TRANSACT, error)),
    }
}

pub(super) fn is_failed_condition(reason: &CancellationReason) -> bool {
    reason.code() == Some("ConditionalCheckFailed")
}

fn may_pass_later(reason: &CancellationReason) -> bool {
    matches!(
        reason.code(),
        None | Some(
            "None" | "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded"
        )
    )
}

fn codes(reasons: &[CancellationReason]) -> Vec<&str> {
    reasons.iter().filter_map(CancellationReason::code).collect()
}
