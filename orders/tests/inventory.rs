//! AllocateInventory against a real DynamoDB engine: stock is taken once and given back once.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use orders::{
    AllocatedInventory, InventoryAnswer, MissingProduct, Shortage, WorkerError, allocate_inventory,
};
use serde_json::{Value, json};
use support::event;
use support::tables::Tables;

async fn ask(tables: &Tables, request: Value) -> Result<InventoryAnswer, WorkerError> {
    allocate_inventory(tables.client.clone(), &tables.settings)(event(&request.to_string())).await
}

async fn allocate(tables: &Tables, order_id: &str, lines: &[(&str, u32)]) -> InventoryAnswer {
    let items: Vec<Value> = lines
        .iter()
        .map(|(product, quantity)| json!({ "productId": product, "quantity": quantity }))
        .collect();
    ask(tables, json!({ "orderId": order_id, "items": items })).await.unwrap()
}

async fn release(tables: &Tables, order_id: &str) -> InventoryAnswer {
    ask(tables, json!({ "action": "release", "orderId": order_id })).await.unwrap()
}

fn allocated(answer: InventoryAnswer) -> AllocatedInventory {
    match answer {
        InventoryAnswer::Allocated(inventory) => inventory,
        other => panic!("expected an allocation, got {other:?}"),
    }
}

fn shortage(product_id: &str, requested: u32, available: i64) -> InventoryAnswer {
    InventoryAnswer::InsufficientInventory(Shortage {
        product_id: product_id.to_owned(),
        requested,
        available,
    })
}

#[tokio::test]
async fn an_allocation_takes_the_stock_and_says_where_it_is() {
    let tables = Tables::new().await;
    let inventory =
        allocated(allocate(&tables, "O-1", &[("LAPTOP-001", 1), ("MOUSE-001", 2)]).await);
    assert_eq!(inventory.total_items, 3);
    assert_eq!(inventory.allocations[0].warehouse_location, "WAREHOUSE-A");
    assert_eq!(tables.stock("LAPTOP-001").await, Some(49));
    assert_eq!(tables.stock("MOUSE-001").await, Some(198));
    let record = tables.record("O-1").await.unwrap();
    assert_eq!(record["status"].as_s().unwrap(), "RESERVED");
    assert!(record["expiresAt"].as_n().unwrap().parse::<i64>().unwrap() > 0);
}

#[tokio::test]
async fn an_allocation_costs_one_read_and_one_transaction() {
    let tables = Tables::new().await;
    allocate(&tables, "O-1", &[("LAPTOP-001", 1), ("MOUSE-001", 2)]).await;
    assert_eq!(tables.calls("BatchGetItem"), 1);
    assert_eq!(tables.calls("TransactWriteItems"), 1);
    assert_eq!(tables.calls("GetItem"), 0);
}

#[tokio::test]
async fn a_repeated_allocation_answers_the_same_and_takes_nothing_more() {
    let tables = Tables::new().await;
    let first = allocate(&tables, "O-1", &[("LAPTOP-001", 1), ("MOUSE-001", 2)]).await;
    let again = allocate(&tables, "O-1", &[("LAPTOP-001", 1), ("MOUSE-001", 2)]).await;
    assert_eq!(first, again);
    assert_eq!(tables.stock("LAPTOP-001").await, Some(49));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_repetitions_of_one_allocation_take_the_stock_once() {
    let tables = Tables::new().await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let tables = tables.clone();
        // All of the stock, so that a loser of the race sees too little stock for itself.
        tasks.spawn(async move { allocate(&tables, "O-1", &[("KEYBOARD-001", 20)]).await });
    }
    let answers = tasks.join_all().await;
    let first = allocated(answers[0].clone());
    for answer in answers {
        assert_eq!(allocated(answer), first);
    }
    assert_eq!(tables.stock("KEYBOARD-001").await, Some(0));
}

#[tokio::test]
async fn too_little_of_one_product_takes_nothing_of_any() {
    let tables = Tables::new().await;
    let answer = allocate(&tables, "O-1", &[("LAPTOP-001", 1), ("KEYBOARD-001", 60)]).await;
    assert_eq!(answer, shortage("KEYBOARD-001", 60, 20));
    assert_eq!(tables.stock("LAPTOP-001").await, Some(50));
}

/// The caller voids the payment after a refusal. If a repeated request could still take stock, or
/// if one that is late could, nobody would give it back.
#[tokio::test]
async fn a_refused_order_stays_refused_with_the_same_answer() {
    let tables = Tables::new().await;
    let refused = allocate(&tables, "O-1", &[("KEYBOARD-001", 60)]).await;
    let missing = allocate(&tables, "O-2", &[("NO-SUCH", 1)]).await;
    tables.put("KEYBOARD-001", "Mechanical Keyboard", "149.99", 100, "WAREHOUSE-B").await;
    tables.put("NO-SUCH", "Now There Is", "1", 100, "WAREHOUSE-B").await;
    assert_eq!(allocate(&tables, "O-1", &[("KEYBOARD-001", 60)]).await, refused);
    assert_eq!(allocate(&tables, "O-2", &[("NO-SUCH", 1)]).await, missing);
    assert_eq!(release(&tables, "O-1").await, InventoryAnswer::Released);
    assert_eq!(tables.stock("KEYBOARD-001").await, Some(100));
}

#[tokio::test]
async fn a_product_that_is_not_in_the_catalog_takes_nothing_of_any() {
    let tables = Tables::new().await;
    let answer = allocate(&tables, "O-1", &[("LAPTOP-001", 1), ("NO-SUCH", 1)]).await;
    let product_id = "NO-SUCH".to_owned();
    assert_eq!(answer, InventoryAnswer::ProductNotFound(MissingProduct { product_id }));
    assert_eq!(tables.stock("LAPTOP-001").await, Some(50));
}

#[tokio::test]
async fn an_order_id_that_reserved_something_else_is_a_conflict() {
    let tables = Tables::new().await;
    allocate(&tables, "O-1", &[("LAPTOP-001", 1)]).await;
    let other =
        json!({ "orderId": "O-1", "items": [{ "productId": "LAPTOP-001", "quantity": 2 }] });
    let error = ask(&tables, other).await.unwrap_err();
    assert_eq!(error.error_type(), "ReservationConflict");
    assert_eq!(tables.stock("LAPTOP-001").await, Some(49));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_concurrent_orders_for_twenty_units_leave_none_and_twenty_succeed() {
    let tables = Tables::new().await;
    let mut tasks = tokio::task::JoinSet::new();
    for order in 0..50 {
        let tables = tables.clone();
        tasks.spawn(async move {
            allocate(&tables, &format!("O-{order}"), &[("KEYBOARD-001", 1)]).await
        });
    }
    let (taken, refused): (Vec<_>, Vec<_>) = tasks
        .join_all()
        .await
        .into_iter()
        .partition(|answer| matches!(answer, InventoryAnswer::Allocated(_)));
    assert_eq!(taken.len(), 20);
    for answer in refused {
        assert_eq!(answer, shortage("KEYBOARD-001", 1, 0));
    }
    assert_eq!(tables.stock("KEYBOARD-001").await, Some(0));
}

/// Between the read and the transaction another order takes the stock: the transaction refuses, and
/// the answer has the stock of that moment.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn orders_that_overtake_each_other_never_take_more_than_there_is() {
    let tables = Tables::new().await;
    let mut tasks = tokio::task::JoinSet::new();
    for order in 0..10 {
        let tables = tables.clone();
        tasks.spawn(async move {
            allocate(&tables, &format!("O-{order}"), &[("KEYBOARD-001", 7), ("MOUSE-001", 1)]).await
        });
    }
    let answers = tasks.join_all().await;
    let taken =
        answers.iter().filter(|answer| matches!(answer, InventoryAnswer::Allocated(_))).count();
    assert_eq!(taken, 2);
    assert_eq!(tables.stock("KEYBOARD-001").await, Some(6));
    assert_eq!(tables.stock("MOUSE-001").await, Some(198));
}

#[tokio::test]
async fn a_full_order_of_ninety_nine_products_fits_into_one_transaction() {
    let tables = Tables::new().await;
    let ids: Vec<String> = (0..99).map(|index| format!("P-{index}")).collect();
    for id in &ids {
        tables.put(id, "Thing", "1", 5, "WAREHOUSE-C").await;
    }
    let lines: Vec<(&str, u32)> = ids.iter().map(|id| (id.as_str(), 2)).collect();
    assert_eq!(allocated(allocate(&tables, "O-1", &lines).await).total_items, 198);
    assert_eq!(release(&tables, "O-1").await, InventoryAnswer::Released);
    assert_eq!(tables.stock("P-98").await, Some(5));
}

#[tokio::test]
async fn collisions_are_tried_again_a_bounded_number_of_times() {
    let tables = Tables::new().await;
    tables.collide_next(3);
    allocated(allocate(&tables, "O-1", &[("LAPTOP-001", 1)]).await);
    assert_eq!(tables.calls("TransactWriteItems"), 4);

    tables.collide_next(u32::MAX);
    let request =
        json!({ "orderId": "O-2", "items": [{ "productId": "LAPTOP-001", "quantity": 1 }] });
    let error = ask(&tables, request).await.unwrap_err();
    assert_eq!(error.error_type(), "StoreUnavailable");
    assert_eq!(tables.stock("LAPTOP-001").await, Some(49));
}

#[tokio::test]
async fn a_release_gives_the_stock_back_exactly_once() {
    let tables = Tables::new().await;
    allocate(&tables, "O-1", &[("LAPTOP-001", 1), ("MOUSE-001", 2)]).await;
    for _ in 0..3 {
        assert_eq!(release(&tables, "O-1").await, InventoryAnswer::Released);
    }
    assert_eq!(tables.stock("LAPTOP-001").await, Some(50));
    assert_eq!(tables.stock("MOUSE-001").await, Some(200));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_releases_give_the_stock_back_exactly_once() {
    let tables = Tables::new().await;
    allocate(&tables, "O-1", &[("LAPTOP-001", 10)]).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let tables = tables.clone();
        tasks.spawn(async move { release(&tables, "O-1").await });
    }
    for answer in tasks.join_all().await {
        assert_eq!(answer, InventoryAnswer::Released);
    }
    assert_eq!(tables.stock("LAPTOP-001").await, Some(50));
}

#[tokio::test]
async fn a_release_before_the_allocation_keeps_a_late_allocation_from_taking_stock() {
    let tables = Tables::new().await;
    assert_eq!(release(&tables, "O-1").await, InventoryAnswer::Released);
    let late = allocate(&tables, "O-1", &[("LAPTOP-001", 1)]).await;
    assert_eq!(late, InventoryAnswer::ReservationReleased);
    assert_eq!(tables.stock("LAPTOP-001").await, Some(50));
    assert_eq!(release(&tables, "O-1").await, InventoryAnswer::Released);
}

/// Allocation and release of one order at the same time, in any order: the stock is whole again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_release_that_races_its_allocation_leaves_nothing_taken() {
    let tables = Tables::new().await;
    for order in 0..20 {
        let order_id = format!("O-{order}");
        let (one, other) = (tables.clone(), tables.clone());
        let (id, same_id) = (order_id.clone(), order_id.clone());
        let allocation =
            tokio::spawn(async move { allocate(&one, &id, &[("LAPTOP-001", 3)]).await });
        let released = tokio::spawn(async move { release(&other, &same_id).await });
        allocation.await.unwrap();
        assert_eq!(released.await.unwrap(), InventoryAnswer::Released);
        assert_eq!(tables.stock("LAPTOP-001").await, Some(50));
    }
}

#[tokio::test]
async fn a_release_does_not_bring_back_a_product_that_left_the_catalog() {
    let tables = Tables::new().await;
    allocate(&tables, "O-1", &[("LAPTOP-001", 1), ("MOUSE-001", 2)]).await;
    tables.delete("LAPTOP-001").await;
    assert_eq!(release(&tables, "O-1").await, InventoryAnswer::Released);
    assert_eq!(tables.stock("LAPTOP-001").await, None);
    assert_eq!(tables.stock("MOUSE-001").await, Some(200));
}

#[tokio::test]
async fn a_malformed_catalog_row_is_an_error_that_names_the_product_and_the_attribute() {
    let tables = Tables::new().await;
    tables.put("ODD-001", "Odd", "1.999", 5, "WAREHOUSE-A").await;
    let request = json!({ "orderId": "O-1", "items": [{ "productId": "ODD-001", "quantity": 1 }] });
    let error = ask(&tables, request).await.unwrap_err().to_string();
    assert!(error.contains("ODD-001") && error.contains("price"), "{error}");
}

#[tokio::test]
async fn a_malformed_request_fails_for_good() {
    let tables = Tables::new().await;
    let line = |product: &str, quantity: u32| json!({ "productId": product, "quantity": quantity });
    for request in [
        json!({}),
        json!({ "orderId": " ", "items": [line("LAPTOP-001", 1)] }),
        json!({ "orderId": "O-1", "items": [] }),
        json!({ "orderId": "O-1", "items": [line("LAPTOP-001", 0)] }),
        json!({ "orderId": "O-1", "items": [line("LAPTOP-001", 1), line("LAPTOP-001", 1)] }),
        json!({ "orderId": "O-1", "items": vec![line("X", 1); 100] }),
        json!({ "orderId": "O-1", "action": "explode" }),
    ] {
        let error = ask(&tables, request).await.unwrap_err();
        assert_eq!(error.error_type(), "MalformedRequest");
    }
}
