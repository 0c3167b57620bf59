//! The product catalog: one DynamoDB table with names, prices, stock and warehouses.
//!
//! Prices come from here and from nowhere else. A row that cannot be understood is an error naming
//! the product and the attribute, because a guess would sell at a wrong price.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};

use crate::dynamo::{Item, Row, StoreError, batch_get};
use crate::money::Money;

/// The key attribute of the catalog.
pub(crate) const PRODUCT_ID: &str = "productId";
/// Units that can still be reserved.
pub(crate) const STOCK_LEVEL: &str = "stockLevel";
const NAME: &str = "name";
const PRICE: &str = "price";
const WAREHOUSE_LOCATION: &str = "warehouseLocation";

/// Characters of a product name that are carried into results.
const MAX_NAME: usize = 100;

/// A product as the catalog has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// The key.
    pub product_id: String,
    /// The name, cut to a length that fits into results.
    pub name: String,
    /// The price of one unit.
    pub price: Money,
    /// Units that can still be reserved.
    pub stock_level: i64,
    /// Where the units are.
    pub warehouse_location: String,
}

/// Products by their id.
pub type Products = HashMap<String, Product>;

/// Reads products from the catalog table.
#[derive(Debug, Clone)]
pub struct Catalog {
    client: Client,
    table: String,
}

impl Catalog {
    /// The catalog in `table`.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// Looks up at most 100 different products. Unknown ones are missing from the answer.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the table cannot be read or a row is malformed.
    pub async fn products<'a>(
        &self,
        ids: impl IntoIterator<Item = &'a str>,
    ) -> Result<Products, StoreError> {
        let Some(keys) = product_keys(ids, false)? else {
            return Ok(Products::new());
        };
        let wanted = HashMap::from([(self.table.clone(), keys)]);
        let mut found = batch_get(&self.client, wanted).await?;
        parse_products(&found.remove(&self.table).unwrap_or_default())
    }
}

/// The keys of a batch read, or `None` when there are none (an empty batch is refused).
pub(crate) fn product_keys<'a>(
    ids: impl IntoIterator<Item = &'a str>,
    consistent: bool,
) -> Result<Option<KeysAndAttributes>, StoreError> {
    let keys: Vec<Item> = ids
        .into_iter()
        .map(|id| HashMap::from([(PRODUCT_ID.to_owned(), AttributeValue::S(id.to_owned()))]))
        .collect();
    if keys.is_empty() {
        return Ok(None);
    }
    KeysAndAttributes::builder()
        .set_keys(Some(keys))
        .consistent_read(consistent)
        .build()
        .map(Some)
        .map_err(|error| StoreError::service("BatchGetItem", error))
}

/// Reads rows of the catalog table.
pub(crate) fn parse_products(items: &[Item]) -> Result<Products, StoreError> {
    items
        .iter()
        .map(|item| parse_product(item).map(|product| (product.product_id.clone(), product)))
        .collect()
}

fn parse_product(item: &Item) -> Result<Product, StoreError> {
    let nameless = Row { item, subject: "a product".to_owned() };
    let product_id = nameless.text(PRODUCT_ID)?.to_owned();
    let row = Row { item, subject: format!("product {product_id}") };
    let price: Money =
        row.number(PRICE)?.parse().map_err(|error| row.malformed(PRICE, format!("{error}")))?;
    if price < Money::ZERO {
        return Err(row.malformed(PRICE, "must not be negative"));
    }
    Ok(Product {
        name: row.text(NAME)?.chars().take(MAX_NAME).collect(),
        price,
        stock_level: row.whole(STOCK_LEVEL)?,
        warehouse_location: row.text(WAREHOUSE_LOCATION)?.to_owned(),
        product_id,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn laptop() -> Item {
        HashMap::from([
            (PRODUCT_ID.to_owned(), AttributeValue::S("LAPTOP-001".to_owned())),
            (NAME.to_owned(), AttributeValue::S("Gaming Laptop".to_owned())),
            (PRICE.to_owned(), AttributeValue::N("1299.99".to_owned())),
            (STOCK_LEVEL.to_owned(), AttributeValue::N("50".to_owned())),
            (WAREHOUSE_LOCATION.to_owned(), AttributeValue::S("WAREHOUSE-A".to_owned())),
        ])
    }

    #[test]
    fn a_complete_row_is_a_product() {
        let product = parse_product(&laptop()).unwrap();
        assert_eq!(product.price, Money::from_cents(129_999));
        assert_eq!(product.stock_level, 50);
    }

    #[test]
    fn a_malformed_row_is_an_error_that_names_the_product_and_the_attribute() {
        let wrong = [
            (PRICE, AttributeValue::N("12.999".to_owned())),
            (PRICE, AttributeValue::N("-1".to_owned())),
            (PRICE, AttributeValue::S("12.99".to_owned())),
            (STOCK_LEVEL, AttributeValue::N("1.5".to_owned())),
            (NAME, AttributeValue::S(String::new())),
            (WAREHOUSE_LOCATION, AttributeValue::Bool(true)),
        ];
        for (attribute, value) in wrong {
            let mut item = laptop();
            item.insert(attribute.to_owned(), value);
            let error = parse_product(&item).unwrap_err().to_string();
            assert!(error.contains("LAPTOP-001") && error.contains(attribute), "{error}");

            item.remove(attribute);
            assert!(parse_product(&item).is_err());
        }
    }
}
