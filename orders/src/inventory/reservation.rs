//! The reservation record: what it holds and how it is stored.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Inventory;
use crate::catalog::Products;
use crate::dynamo::{Item, Row, StoreError};
use crate::ids::stable_id;
use crate::order::OrderLine;

/// The key attribute of the reservations table.
pub(super) const ORDER_ID: &str = "orderId";
pub(super) const STATUS: &str = "status";
pub(super) const RESERVED: &str = "RESERVED";
pub(super) const RELEASED: &str = "RELEASED";
const ALLOCATIONS: &str = "allocations";
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
pub(super) struct Reservation {
    pub(super) status: Status,
    pub(super) allocations: Vec<Allocation>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Reserved,
    Released,
}

impl Reservation {
    /// Whether the record is of an order with exactly these lines.
    pub(super) fn covers(&self, lines: &[OrderLine]) -> bool {
        self.allocations.len() == lines.len()
            && lines.iter().all(|line| {
                self.allocations.iter().any(|held| {
                    held.product_id == line.product_id && held.quantity == line.quantity
                })
            })
    }
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
pub(super) fn new_record(
    order_id: &str,
    status: &str,
    allocations: &[Allocation],
    now: Timestamp,
) -> Item {
    let expires_at = now.saturating_add(RECORD_KEPT_FOR).unwrap_or(Timestamp::MAX);
    HashMap::from([
        (ORDER_ID.to_owned(), text(order_id)),
        (STATUS.to_owned(), text(status)),
        (
            ALLOCATIONS.to_owned(),
            AttributeValue::L(allocations.iter().map(allocation_row).collect()),
        ),
        (CREATED_AT.to_owned(), text(&now.to_string())),
        (EXPIRES_AT.to_owned(), number(expires_at.as_second())),
    ])
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
    let status = match row.text(STATUS)? {
        RESERVED => Status::Reserved,
        RELEASED => Status::Released,
        _ => return Err(row.malformed(STATUS, "must be RESERVED or RELEASED")),
    };
    let allocations = match item.get(ALLOCATIONS) {
        Some(AttributeValue::L(rows)) => rows
            .iter()
            .map(|allocation| match allocation {
                AttributeValue::M(item) => parse_allocation(order_id, item),
                _ => Err(row.malformed(ALLOCATIONS, "must hold maps")),
            })
            .collect::<Result<_, _>>()?,
        _ => return Err(row.malformed(ALLOCATIONS, "must be a list")),
    };
    Ok(Reservation { status, allocations })
}

fn parse_allocation(order_id: &str, item: &Item) -> Result<Allocation, StoreError> {
    let row = Row { item, subject: format!("an allocation of order {order_id}") };
    Ok(Allocation {
        allocation_id: row.text("allocationId")?.to_owned(),
        product_id: row.text("productId")?.to_owned(),
        quantity: row
            .number("quantity")?
            .parse()
            .map_err(|_| row.malformed("quantity", "must be a count"))?,
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
}

pub(super) fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

pub(super) fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
