//! Inventory: taking stock for an order, once, and giving it back, once.
//!
//! Stock is the `stockLevel` of a product in the catalog table. What an order has taken is recorded
//! in the reservations table under the order id. Both change in one DynamoDB transaction, so an
//! order has either taken all its lines and a record says so, or nothing.
//!
//! The record makes repeating safe. It changes at most once and never back:
//!
//! ```text
//! (none) --allocate--> RESERVED --release--> RELEASED
//! (none) --allocate--> REFUSED                too little stock
//! (none) --release---> RELEASED               a tombstone
//! ```
//!
//! - `allocate` with a record answers from it and takes nothing more, so an order id has one answer.
//! - `release` gives stock back only in the transaction that leaves RESERVED.
//! - REFUSED and the tombstone stop an allocation that was sent earlier and arrives later: nobody
//!   would give back what it takes.
//!
//! Records are deleted by the table's time to live (`expiresAt`) long after any execution that
//! could repeat a request has ended.

mod allocate;
mod release;
mod reservation;

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use jiff::Timestamp;
use lambda_runtime::LambdaEvent;
use serde::{Deserialize, Serialize};

pub use self::reservation::Allocation;

use crate::handler::{WorkerError, WorkerFuture, WorkerRequest};
use crate::limits::{MAX_PRODUCTS, MAX_QUANTITY};
use crate::order::OrderLine;
use crate::settings::Settings;

/// How often one invocation tries a transaction that collides with others. The caller retries the
/// whole invocation after that, later.
const TRANSACTION_ATTEMPTS: u32 = 10;

/// What AllocateInventory answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum InventoryAnswer {
    /// Everything is reserved.
    Allocated(AllocatedInventory),
    /// Nothing is reserved, because too little of one product is left.
    InsufficientInventory(Shortage),
    /// Nothing is reserved, because one product is not in the catalog (any more).
    ProductNotFound(MissingProduct),
    /// Nothing is reserved and nothing will be: the order was released before.
    ReservationReleased,
    /// Nothing is reserved any more.
    Released,
}

/// What is reserved for an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AllocatedInventory {
    /// Units of all products together.
    pub total_items: u64,
    /// One allocation for each product.
    pub allocations: Vec<Allocation>,
}

/// Too little of a product is left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shortage {
    /// The product.
    pub product_id: String,
    /// Units the order wants.
    pub requested: u32,
    /// Units that were left.
    pub available: i64,
}

/// A product that is not in the catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MissingProduct {
    /// The product.
    pub product_id: String,
}

/// The request, as the workflow writes it and the worker reads it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InventoryRequest {
    #[serde(default)]
    pub(crate) action: InventoryAction,
    pub(crate) order_id: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) items: Vec<OrderLine>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum InventoryAction {
    #[default]
    Allocate,
    Release,
}

/// The two tables of inventory.
#[derive(Debug)]
struct Inventory {
    client: Client,
    catalog_table: String,
    reservations_table: String,
}

/// The AllocateInventory function, over the tables named in `settings`.
///
/// Request: `{orderId, items: [{productId, quantity}]}` to reserve (one line for each product), or
/// `{action: "release", orderId}` to give back.
pub fn allocate_inventory(
    dynamodb: Client,
    settings: &Settings,
) -> impl Fn(LambdaEvent<WorkerRequest>) -> WorkerFuture<InventoryAnswer>
+ Clone
+ Send
+ Sync
+ 'static
+ use<> {
    let inventory = Arc::new(Inventory {
        client: dynamodb,
        catalog_table: settings.product_catalog_table.clone(),
        reservations_table: settings.inventory_reservations_table.clone(),
    });
    move |event| {
        let inventory = Arc::clone(&inventory);
        Box::pin(async move {
            let request: InventoryRequest = event.payload.read()?;
            check(&request)?;
            let answer = match request.action {
                InventoryAction::Allocate => {
                    inventory.allocate(&request.order_id, &request.items, Timestamp::now()).await?
                }
                InventoryAction::Release => {
                    inventory.release(&request.order_id, Timestamp::now()).await?
                }
            };
            log(&request.order_id, &answer);
            Ok(answer)
        })
    }
}

/// What the transaction relies on.
fn check(request: &InventoryRequest) -> Result<(), WorkerError> {
    let malformed = |problem: &str| Err(WorkerError::MalformedRequest(problem.to_owned()));
    if request.order_id.trim().is_empty() {
        return malformed("orderId is blank");
    }
    if request.action == InventoryAction::Release {
        return Ok(());
    }
    if request.items.is_empty() || request.items.len() > MAX_PRODUCTS {
        return malformed("items must have 1 to 99 lines");
    }
    if request.items.iter().any(|line| !(1..=MAX_QUANTITY).contains(&line.quantity)) {
        return malformed("a quantity is out of bounds");
    }
    let mut products: Vec<&str> =
        request.items.iter().map(|line| line.product_id.as_str()).collect();
    products.sort_unstable();
    products.dedup();
    // DynamoDB refuses a transaction that writes one item twice.
    if products.len() < request.items.len() || products.contains(&"") {
        return malformed("items must have one line for each product");
    }
    Ok(())
}

fn log(order_id: &str, answer: &InventoryAnswer) {
    match answer {
        InventoryAnswer::Allocated(inventory) => {
            tracing::info!(order_id, total_items = inventory.total_items, "inventory allocated");
        }
        InventoryAnswer::InsufficientInventory(shortage) => {
            let Shortage { product_id, requested, available } = shortage;
            tracing::info!(order_id, product_id, requested, available, "insufficient inventory");
        }
        InventoryAnswer::ProductNotFound(missing) => {
            tracing::info!(order_id, product_id = missing.product_id, "product not found");
        }
        InventoryAnswer::ReservationReleased => {
            tracing::warn!(order_id, "allocation came after its release and takes nothing");
        }
        InventoryAnswer::Released => tracing::info!(order_id, "inventory released"),
    }
}
