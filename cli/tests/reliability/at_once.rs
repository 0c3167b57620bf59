//! Many orders at once: stock is never oversold, and one order is one order.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::orders::{Kind, Shop};
use crate::process::ServerProcess;

/// Buyers, and laptops for some of them.
const BUYERS: usize = 200;
const IN_STOCK: i64 = 50;
/// Times that one order is placed.
const REPEATS: usize = 50;

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_buyers_of_fifty_laptops_get_exactly_fifty() {
    let directory = tempfile::tempdir().unwrap();
    let server = ServerProcess::serve(directory.path());
    let shop = Arc::new(Shop::at(server.address));
    shop.put_product("LAPTOP-001", "1299.99", IN_STOCK).await;

    let mut orders = JoinSet::new();
    for buyer in 0..BUYERS {
        let shop = Arc::clone(&shop);
        orders.spawn(async move {
            let order_id = format!("ORDER-{buyer}");
            assert!(shop.place(&order_id, Kind::Completed).await, "{order_id} is accepted");
            shop.outcome(&order_id).await
        });
    }
    let outcomes = orders.join_all().await;

    let with = |status| outcomes.iter().filter(move |outcome| outcome["status"] == status);
    assert_eq!(with("completed").count(), 50);
    assert_eq!(with("inventory_unavailable").count(), 150);
    for outcome in with("inventory_unavailable") {
        assert_eq!(outcome["reason"], "insufficient_inventory");
        assert_eq!(outcome["payment"]["status"], "voided", "{outcome}");
    }
    assert_eq!(shop.stock().await["LAPTOP-001"], 0);
    assert_eq!(shop.reserved().await.len(), 50);
    let allocations: BTreeSet<&str> = with("completed")
        .map(|outcome| outcome["inventory"]["allocations"][0]["allocationId"].as_str().unwrap())
        .collect();
    assert_eq!(allocations.len(), 50, "no allocation is given twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_order_placed_fifty_times_at_once_is_one_order() {
    let directory = tempfile::tempdir().unwrap();
    let server = ServerProcess::serve(directory.path());
    let shop = Arc::new(Shop::at(server.address));
    shop.put_product("LAPTOP-001", "1299.99", IN_STOCK).await;

    let mut repeats = JoinSet::new();
    for _ in 0..REPEATS {
        let shop = Arc::clone(&shop);
        repeats.spawn(async move { shop.place("ORDER-1", Kind::Completed).await });
    }
    assert!(repeats.join_all().await.into_iter().all(|accepted| accepted));

    // `outcome` insists on exactly one execution of that name.
    assert_eq!(shop.outcome("ORDER-1").await["status"], "completed");
    assert_eq!(shop.stock().await["LAPTOP-001"], IN_STOCK - 1);
    assert_eq!(shop.reserved().await, BTreeSet::from(["ORDER-1".to_owned()]));
}
