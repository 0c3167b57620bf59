//! The catalog against a real DynamoDB engine.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod support;

use orders::{Catalog, StoreError};
use support::tables::Tables;

fn catalog(tables: &Tables) -> Catalog {
    Catalog::new(tables.client.clone(), &tables.settings.product_catalog_table)
}

#[tokio::test]
async fn known_products_are_found_and_unknown_ones_are_missing() {
    let tables = Tables::new().await;
    let products = catalog(&tables).products(["LAPTOP-001", "NO-SUCH"]).await.unwrap();
    assert_eq!(products.len(), 1);
    assert_eq!(products["LAPTOP-001"].price.to_string(), "1299.99");
}

#[tokio::test]
async fn no_products_are_looked_up_without_a_call() {
    let tables = Tables::new().await;
    assert!(catalog(&tables).products([]).await.unwrap().is_empty());
    assert_eq!(tables.calls("BatchGetItem"), 0);
}

#[tokio::test]
async fn unprocessed_keys_are_asked_for_again_a_bounded_number_of_times() {
    let tables = Tables::new().await;
    tables.leave_unprocessed(2);
    let products = catalog(&tables).products(["LAPTOP-001"]).await.unwrap();
    assert_eq!((products.len(), tables.calls("BatchGetItem")), (1, 3));

    tables.leave_unprocessed(u32::MAX);
    let error = catalog(&tables).products(["LAPTOP-001"]).await.unwrap_err();
    assert!(matches!(error, StoreError::Contention { .. }), "{error}");
}
