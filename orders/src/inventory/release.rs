//! Giving back what an order has taken.
//!
//! Releasing always ends with a RELEASED record, whatever was there before: afterwards the order
//! holds nothing and can take nothing.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use jiff::Timestamp;

use super::allocate::{Transacted, is_failed_condition};
use super::reservation::{
    Allocation, ORDER_ID, RELEASED, RESERVED, STATUS, Status, new_record, number, text,
};
use super::{Inventory, InventoryAnswer};
use crate::catalog::{PRODUCT_ID, STOCK_LEVEL};
use crate::dynamo::StoreError;
use crate::handler::WorkerError;

/// How often the record is looked at again after it changed under our hands. It changes twice at
/// most, and products rarely disappear from the catalog while an order holds them.
const ROUNDS: u32 = 5;

impl Inventory {
    /// Gives back the reservation of an order, or makes sure that it will never have one.
    pub(super) async fn release(
        &self,
        order_id: &str,
        now: Timestamp,
    ) -> Result<InventoryAnswer, WorkerError> {
        let mut gone: Vec<String> = Vec::new();
        for _ in 0..ROUNDS {
            let released = match self.read_record(order_id).await? {
                Some(record) if record.status == Status::Released => true,
                Some(record) => self.give_back(order_id, &record.allocations, &mut gone).await?,
                None => self.write_tombstone(order_id, now).await?,
            };
            if released {
                return Ok(InventoryAnswer::Released);
            }
        }
        Err(StoreError::Contention { operation: "release", attempts: ROUNDS }.into())
    }

    /// Adds the stock back in the transaction that ends the reservation. `false`: look again.
    ///
    /// A product that has left the catalog has no stock to add to. Its id goes into `gone`, and the
    /// next round leaves it out: adding anyway would create a product without name and price.
    async fn give_back(
        &self,
        order_id: &str,
        allocations: &[Allocation],
        gone: &mut Vec<String>,
    ) -> Result<bool, StoreError> {
        let kept: Vec<&Allocation> =
            allocations.iter().filter(|held| !gone.contains(&held.product_id)).collect();
        match self.transact(self.release_writes(order_id, &kept)?).await? {
            Transacted::Done => Ok(true),
            Transacted::Cancelled(reasons) => {
                for (held, reason) in kept.iter().zip(reasons.iter().skip(1)) {
                    if is_failed_condition(reason) {
                        tracing::warn!(
                            order_id,
                            product_id = held.product_id,
                            "released product is not in the catalog"
                        );
                        gone.push(held.product_id.clone());
                    }
                }
                Ok(false)
            }
        }
    }

    /// The record first, then one update for each allocation: `give_back` relies on this order.
    fn release_writes(
        &self,
        order_id: &str,
        allocations: &[&Allocation],
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let build = |update: aws_sdk_dynamodb::types::builders::UpdateBuilder| {
            update
                .build()
                .map(|update| TransactWriteItem::builder().update(update).build())
                .map_err(|error| StoreError::service("TransactWriteItems", error))
        };
        let mut writes = vec![build(
            Update::builder()
                .table_name(&self.reservations_table)
                .set_key(Some(Self::record_key(order_id)))
                .update_expression("SET #status = :released")
                .condition_expression("#status = :reserved")
                .expression_attribute_names("#status", STATUS)
                .expression_attribute_values(":released", text(RELEASED))
                .expression_attribute_values(":reserved", text(RESERVED)),
        )?];
        for held in allocations {
            writes.push(build(
                Update::builder()
                    .table_name(&self.catalog_table)
                    .key(PRODUCT_ID, text(&held.product_id))
                    .update_expression("SET #stock = #stock + :quantity")
                    .condition_expression("attribute_exists(#stock)")
                    .expression_attribute_names("#stock", STOCK_LEVEL)
                    .expression_attribute_values(":quantity", number(i64::from(held.quantity))),
            )?);
        }
        Ok(writes)
    }

    /// Writes a RELEASED record where there is none. `false`: there is one now, look again.
    async fn write_tombstone(&self, order_id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let sent = self
            .client
            .put_item()
            .table_name(&self.reservations_table)
            .set_item(Some(new_record(order_id, RELEASED, &[], now)))
            .condition_expression("attribute_not_exists(#key)")
            .expression_attribute_names("#key", ORDER_ID)
            .send()
            .await;
        match sent {
            Ok(_) => Ok(true),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(PutItemError::is_conditional_check_failed_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(StoreError::service("PutItem", error)),
        }
    }
}
