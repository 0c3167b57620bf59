//! Giving back what an order has taken.
//!
//! Releasing always ends with a record that is not RESERVED, whatever was there before: afterwards
//! the order holds nothing and can take nothing.

use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use jiff::Timestamp;

use super::allocate::{Transacted, is_failed_condition};
use super::reservation::{Allocation, RELEASED, RESERVED, Reservation, STATUS, number, text};
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
                // A refused order holds nothing and, like a released one, can take nothing.
                Some(Reservation::Released | Reservation::Refused(_)) => true,
                Some(Reservation::Reserved(held)) => {
                    self.give_back(order_id, &held, &mut gone).await?
                }
                None => self.put_new_record(order_id, &Reservation::Released, now).await?,
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
}
