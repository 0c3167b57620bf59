//! FulfillOrder: the worker that creates shipments.
//!
//! It keeps no state. Tracking number and shipment ids depend on the order alone, so a repeated
//! request creates the same shipments. What depends on the clock (`fulfilledAt` and the delivery
//! date) becomes final when the workflow records the answer.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use lambda_runtime::LambdaEvent;
use serde::{Deserialize, Serialize};

use crate::handler::{WorkerError, WorkerFuture, WorkerRequest};
use crate::ids::stable_id;
use crate::inventory::Allocation;

/// Who carries the shipments.
const CARRIER: &str = "FastShip";
/// From fulfillment to delivery.
const DELIVERY_TIME: SignedDuration = SignedDuration::from_hours(5 * 24);
/// The state of a new shipment.
const LABEL_CREATED: &str = "label_created";

/// What FulfillOrder answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FulfillmentAnswer {
    /// The shipments.
    #[serde(flatten)]
    pub fulfillment: Fulfillment,
    /// When they were created.
    pub fulfilled_at: Timestamp,
}

/// How an order is delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fulfillment {
    /// Follows all shipments of the order.
    pub tracking_number: String,
    /// Who carries them.
    pub carrier: String,
    /// When they should arrive (in UTC).
    pub estimated_delivery_date: Date,
    /// One shipment for each warehouse and product.
    pub shipments: Vec<Shipment>,
}

/// Units of one product from one warehouse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shipment {
    /// The name of the shipment.
    pub shipment_id: String,
    /// Where it starts.
    pub warehouse_location: String,
    /// The product.
    pub product_id: String,
    /// How many units.
    pub quantity: u64,
    /// How far it is.
    pub status: String,
}

/// The request, as the workflow writes it and the worker reads it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FulfillRequest {
    pub(crate) order_id: String,
    pub(crate) customer_id: String,
    pub(crate) shipping_address: String,
    pub(crate) allocations: Vec<Allocation>,
}

/// The FulfillOrder function.
///
/// Request: `{orderId, customerId, shippingAddress, allocations}`.
pub fn fulfill_order()
-> impl Fn(LambdaEvent<WorkerRequest>) -> WorkerFuture<FulfillmentAnswer> + Clone + Send + Sync + 'static
{
    |event| {
        Box::pin(async move {
            let request: FulfillRequest = event.payload.read()?;
            check(&request)?;
            let answer = fulfill(&request, Timestamp::now());
            let tracking_number = &answer.fulfillment.tracking_number;
            tracing::info!(order_id = request.order_id, tracking_number, "order fulfilled");
            Ok(answer)
        })
    }
}

fn check(request: &FulfillRequest) -> Result<(), WorkerError> {
    let blank = |text: &str| text.trim().is_empty();
    let problem = if blank(&request.order_id) {
        "orderId is blank"
    } else if blank(&request.customer_id) {
        "customerId is blank"
    } else if blank(&request.shipping_address) {
        "shippingAddress is blank"
    } else if request.allocations.is_empty() {
        "allocations is empty"
    } else if request.allocations.iter().any(|held| held.quantity == 0) {
        "an allocation is of nothing"
    } else {
        return Ok(());
    };
    Err(WorkerError::MalformedRequest(problem.to_owned()))
}

fn fulfill(request: &FulfillRequest, now: Timestamp) -> FulfillmentAnswer {
    let mut quantities: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for held in &request.allocations {
        *quantities.entry((&held.warehouse_location, &held.product_id)).or_default() +=
            u64::from(held.quantity);
    }
    let order_id = &request.order_id;
    let shipments = quantities
        .into_iter()
        .map(|((warehouse, product), quantity)| Shipment {
            shipment_id: stable_id("SHIP-", &[order_id, warehouse, product]),
            warehouse_location: warehouse.to_owned(),
            product_id: product.to_owned(),
            quantity,
            status: LABEL_CREATED.to_owned(),
        })
        .collect();
    let delivered_at = now.saturating_add(DELIVERY_TIME).unwrap_or(Timestamp::MAX);
    FulfillmentAnswer {
        fulfillment: Fulfillment {
            tracking_number: stable_id("TRK-", &[order_id]),
            carrier: CARRIER.to_owned(),
            estimated_delivery_date: delivered_at.to_zoned(TimeZone::UTC).date(),
            shipments,
        },
        fulfilled_at: now,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use lambda_runtime::Context;

    use super::*;

    fn held(product: &str, warehouse: &str, quantity: u32) -> Allocation {
        Allocation {
            allocation_id: format!("ALLOC-{product}"),
            product_id: product.to_owned(),
            quantity,
            warehouse_location: warehouse.to_owned(),
            reserved_until: Timestamp::UNIX_EPOCH,
        }
    }

    fn request() -> FulfillRequest {
        FulfillRequest {
            order_id: "ORDER-001".to_owned(),
            customer_id: "CUST-001".to_owned(),
            shipping_address: "123 Main St".to_owned(),
            allocations: vec![
                held("LAPTOP-001", "WAREHOUSE-A", 1),
                held("MOUSE-001", "WAREHOUSE-B", 2),
            ],
        }
    }

    #[test]
    fn names_do_not_depend_on_when_the_worker_runs() {
        let first = fulfill(&request(), Timestamp::UNIX_EPOCH).fulfillment;
        let again = fulfill(&request(), Timestamp::now()).fulfillment;
        assert_eq!(first.tracking_number, again.tracking_number);
        assert_eq!(first.shipments, again.shipments);
    }

    #[test]
    fn each_warehouse_and_product_is_a_shipment_and_delivery_is_days_ahead() {
        let answer = fulfill(&request(), Timestamp::UNIX_EPOCH);
        assert_eq!(answer.fulfillment.shipments.len(), 2);
        assert_eq!(answer.fulfillment.estimated_delivery_date.to_string(), "1970-01-06");

        let json = serde_json::to_string(&answer).unwrap();
        assert_eq!(serde_json::from_str::<FulfillmentAnswer>(&json).unwrap(), answer);
    }

    #[tokio::test]
    async fn a_malformed_request_fails_for_good() {
        let blank_address = FulfillRequest { shipping_address: " ".to_owned(), ..request() };
        let nothing = FulfillRequest { allocations: Vec::new(), ..request() };
        let zero = FulfillRequest { allocations: vec![held("X", "W", 0)], ..request() };
        for request in [blank_address, nothing, zero] {
            let json = serde_json::to_string(&request).unwrap();
            let payload = serde_json::from_str(&json).unwrap();
            let error =
                fulfill_order()(LambdaEvent::new(payload, Context::default())).await.unwrap_err();
            assert_eq!(error.error_type(), "MalformedRequest");
        }
    }
}
