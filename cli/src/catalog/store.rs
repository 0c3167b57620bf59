//! Writing products to the table, and reading it.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use tokio::time::sleep;

use super::product::{ListedProduct, Product};
use crate::client::Clients;
use crate::exit::Failure;

/// Products that DynamoDB takes in one request.
const BATCH_MAX: usize = 25;
/// How often a batch is sent before its rest is given up.
const TRIES_MAX: u32 = 8;
/// The pause before the second try; it doubles.
const BACKOFF: Duration = Duration::from_millis(50);

/// Writes one product, in place of the one that has its id.
///
/// # Errors
/// What kept it from being written.
pub async fn put(clients: &Clients, product: &Product) -> Result<(), Failure> {
    clients
        .dynamodb
        .put_item()
        .table_name(clients.table().await?)
        .set_item(Some(product.item()))
        .send()
        .await
        .map(drop)
        .map_err(|error| clients.failure(&format!("write product {}", product.product_id), &error))
}

/// Writes many products, in place of those that have their ids.
///
/// # Errors
/// What kept some of them from being written; those before are written.
pub async fn put_all(clients: &Clients, products: &[Product]) -> Result<(), Failure> {
    for (index, batch) in products.chunks(BATCH_MAX).enumerate() {
        if let Err(failure) = put_batch(clients, batch).await {
            let written = index * BATCH_MAX;
            let after = format!("the first {written} of {} products are written", products.len());
            return Err(if written == 0 { failure } else { failure.with_hint(after) });
        }
    }
    Ok(())
}

async fn put_batch(clients: &Clients, batch: &[Product]) -> Result<(), Failure> {
    let requests: Result<Vec<WriteRequest>, _> = batch.iter().map(write_request).collect();
    let requests =
        requests.map_err(|error| Failure::new(format!("cannot write products: {error}")))?;
    let mut open = HashMap::from([(clients.table().await?.to_owned(), requests)]);
    let mut pause = BACKOFF;
    for _ in 0..TRIES_MAX {
        let answer = clients
            .dynamodb
            .batch_write_item()
            .set_request_items(Some(open))
            .send()
            .await
            .map_err(|error| clients.failure("write products", &error))?;
        open = answer.unprocessed_items.unwrap_or_default();
        if open.values().all(Vec::is_empty) {
            return Ok(());
        }
        sleep(pause).await;
        pause *= 2;
    }
    Err(Failure::new("cannot write products: the table is too busy; try again later"))
}

fn write_request(product: &Product) -> Result<WriteRequest, aws_sdk_dynamodb::error::BuildError> {
    let put = PutRequest::builder().set_item(Some(product.item())).build()?;
    Ok(WriteRequest::builder().put_request(put).build())
}

/// All products, by id.
///
/// # Errors
/// What keeps the table from being read.
pub async fn list(clients: &Clients) -> Result<Vec<ListedProduct>, Failure> {
    let mut items =
        clients.dynamodb.scan().table_name(clients.table().await?).into_paginator().items().send();
    let mut products = Vec::new();
    while let Some(item) = items.next().await {
        let item = item.map_err(|error| clients.failure("read the catalog", &error))?;
        products.push(ListedProduct::read(&item));
    }
    products.sort_by(|a, b| a.product_id.cmp(&b.product_id));
    Ok(products)
}
