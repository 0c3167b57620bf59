//! The reservation record: what it holds and how it is stored.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Inventory, InventoryAnswer, MissingProduct, Shortage};
use crate::catalog::Products;
use crate::dynamo::{Item, Row, StoreError};
use crate::ids::stable_id;
use crate::order::OrderLine;

/// The key attribute of the reservations table.
pub(super) const ORDER_ID: &str = "orderId";
pub(super) const STATUS: &str = "status";
pub(super) const RESERVED: &str = "RESERVED";
pub(super) const RELEASED: &str = "RELEASED";
const REFUSED: &str = "REFUSED";
const ALLOCATIONS: &str = "allocations";
const REFUSAL: &str = "refusal";
const CREATED_AT: &str = "createdAt";
const EXPIRES_AT: &str = "expiresAt";

/// How long the warehouse keeps goods for an order.
const RESERVED_FOR: SignedDuration = SignedDuration::from_hours(24);
/// How long a record is kept. It must outlive every repetition of a request, and executions last
/// hours at most.
const RECORD_KEPT_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Units of one product that are reserved for one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Allocation {
    /// The name of the allocation; the same order and product always give the same name.
    pub allocation_id: String,
    /// The product.
    pub product_id: String,
    /// How many units.
    pub quantity: u32,
    /// Where they are.
    pub warehouse_location: String,
    /// Until when they are kept.
    pub reserved_until: Timestamp,
}

/// A record of the reservations table.
#[derive(Debug)]
pub(super) enum Reservation {
    /// The order holds this.
    Reserved(Vec<Allocation>),
    /// The order holds nothing and never will.
    Released,
    /// The order was told that it cannot have its goods.
    Refused(Refusal),
}

/// Why an order cannot have its goods.
#[derive(Debug, Clone)]
pub(super) enum Refusal {
    Insufficient(Shortage),
    NotFound(MissingProduct),
}

impl From<Refusal> for InventoryAnswer {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Insufficient(shortage) => Self::InsufficientInventory(shortage),
            Refusal::NotFound(missing) => Self::ProductNotFound(missing),
        }
    }
}

/// Whether the allocations are for exactly these lines.
pub(super) fn covers(allocations: &[Allocation], lines: &[OrderLine]) -> bool {
    let holds = |line: &OrderLine| {
        allocations
            .iter()
            .any(|held| held.product_id == line.product_id && held.quantity == line.quantity)
    };
    allocations.len() == lines.len() && lines.iter().all(holds)
}

/// The allocations of an order. Lines whose product is not in `products` are left out.
pub(super) fn plan_allocations(
    order_id: &str,
    lines: &[OrderLine],
    products: &Products,
    now: Timestamp,
) -> Vec<Allocation> {
    lines
        .iter()
        .filter_map(|line| {
            let product = products.get(&line.product_id)?;
            Some(Allocation {
                allocation_id: stable_id("ALLOC-", &[order_id, &line.product_id]),
                product_id: line.product_id.clone(),
                quantity: line.quantity,
                warehouse_location: product.warehouse_location.clone(),
                reserved_until: now.saturating_add(RESERVED_FOR).unwrap_or(Timestamp::MAX),
            })
        })
        .collect()
}

/// The row of a new record.
pub(super) fn new_record(order_id: &str, reservation: &Reservation, now: Timestamp) -> Item {
    let expires_at = now.saturating_add(RECORD_KEPT_FOR).unwrap_or(Timestamp::MAX);
    let mut record = HashMap::from([
        (ORDER_ID.to_owned(), text(order_id)),
        (CREATED_AT.to_owned(), text(&now.to_string())),
        (EXPIRES_AT.to_owned(), number(expires_at.as_second())),
    ]);
    let status = match reservation {
        Reservation::Reserved(allocations) => {
            let rows = allocations.iter().map(allocation_row).collect();
            record.insert(ALLOCATIONS.to_owned(), AttributeValue::L(rows));
            RESERVED
        }
        Reservation::Released => RELEASED,
        Reservation::Refused(refusal) => {
            record.insert(REFUSAL.to_owned(), refusal_row(refusal));
            REFUSED
        }
    };
    record.insert(STATUS.to_owned(), text(status));
    record
}

/// A refusal without `available` is of a product that is not in the catalog.
fn refusal_row(refusal: &Refusal) -> AttributeValue {
    AttributeValue::M(match refusal {
        Refusal::Insufficient(shortage) => HashMap::from([
            ("productId".to_owned(), text(&shortage.product_id)),
            ("requested".to_owned(), number(i64::from(shortage.requested))),
            ("available".to_owned(), number(shortage.available)),
        ]),
        Refusal::NotFound(missing) => {
            HashMap::from([("productId".to_owned(), text(&missing.product_id))])
        }
    })
}

fn allocation_row(allocation: &Allocation) -> AttributeValue {
    AttributeValue::M(HashMap::from([
        ("allocationId".to_owned(), text(&allocation.allocation_id)),
        ("productId".to_owned(), text(&allocation.product_id)),
        ("quantity".to_owned(), number(i64::from(allocation.quantity))),
        ("warehouseLocation".to_owned(), text(&allocation.warehouse_location)),
        ("reservedUntil".to_owned(), text(&allocation.reserved_until.to_string())),
    ]))
}

/// Reads a row of the reservations table.
pub(super) fn parse_record(order_id: &str, item: &Item) -> Result<Reservation, StoreError> {
    let row = Row { item, subject: format!("reservation of order {order_id}") };
    match row.text(STATUS)? {
        RELEASED => Ok(Reservation::Released),
        RESERVED => match item.get(ALLOCATIONS) {
            Some(AttributeValue::L(rows)) => rows
                .iter()
                .map(|allocation| match allocation {
                    AttributeValue::M(item) => parse_allocation(order_id, item),
                    _ => Err(row.malformed(ALLOCATIONS, "must hold maps")),
                })
                .collect::<Result<_, _>>()
                .map(Reservation::Reserved),
            _ => Err(row.malformed(ALLOCATIONS, "must be a list")),
        },
        REFUSED => match item.get(REFUSAL) {
            Some(AttributeValue::M(item)) => {
                parse_refusal(order_id, item).map(Reservation::Refused)
            }
            _ => Err(row.malformed(REFUSAL, "must be a map")),
        },
        _ => Err(row.malformed(STATUS, "must be RESERVED, RELEASED or REFUSED")),
    }
}

fn parse_refusal(order_id: &str, item: &Item) -> Result<Refusal, StoreError> {
    let row = Row { item, subject: format!("the refusal of order {order_id}") };
    let product_id = row.text("productId")?.to_owned();
    if !item.contains_key("available") {
        return Ok(Refusal::NotFound(MissingProduct { product_id }));
    }
    Ok(Refusal::Insufficient(Shortage {
        product_id,
        requested: row.count("requested")?,
        available: row.whole("available")?,
    }))
}

fn parse_allocation(order_id: &str, item: &Item) -> Result<Allocation, StoreError> {
    let row = Row { item, subject: format!("an allocation of order {order_id}") };
    Ok(Allocation {
        allocation_id: row.text("allocationId")?.to_owned(),
        product_id: row.text("productId")?.to_owned(),
        quantity: row.count("quantity")?,
        warehouse_location: row.text("warehouseLocation")?.to_owned(),
        reserved_until: row
            .text("reservedUntil")?
            .parse()
            .map_err(|_| row.malformed("reservedUntil", "must be a timestamp"))?,
    })
}

impl Inventory {
    /// The key of an order's record.
    pub(super) fn record_key(order_id: &str) -> Item {
        HashMap::from([(ORDER_ID.to_owned(), text(order_id))])
    }

    /// The record of an order as of now, if there is one.
    pub(super) async fn read_record(
        &self,
        order_id: &str,
    ) -> Result<Option<Reservation>, StoreError> {
        self.client
            .get_item()
            .table_name(&self.reservations_table)
            .set_key(Some(Self::record_key(order_id)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| StoreError::service("GetItem", error))?
            .item
            .map(|item| parse_record(order_id, &item))
            .transpose()
    }

    /// Writes the record of an order that has none. `false`: it has one already.
    pub(super) async fn put_new_record(
        &self,
        order_id: &str,
        reservation: &Reservation,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let sent = self
            .client
            .put_item()
            .table_name(&self.reservations_table)
            .set_item(Some(new_record(order_id, reservation, now)))
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

pub(super) fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

pub(super) fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
