//! A product: its attributes, its checks, its row in the table.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use orders::Money;
use orders::limits::MAX_ID;
use serde::{Deserialize, Serialize};

/// A row of the table.
pub type Item = HashMap<String, AttributeValue>;

pub(super) const PRODUCT_ID: &str = "productId";
pub(super) const NAME: &str = "name";
pub(super) const PRICE: &str = "price";
pub(super) const STOCK_LEVEL: &str = "stockLevel";
pub(super) const WAREHOUSE_LOCATION: &str = "warehouseLocation";

/// A product that may be written to the table.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Product {
    /// The key.
    pub product_id: String,
    /// What people call it.
    pub name: String,
    /// The price of one unit.
    pub price: Money,
    /// Units that can be ordered.
    pub stock_level: i64,
    /// Where they are.
    pub warehouse_location: String,
}

impl Product {
    /// What the order system could not work with, if anything.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        let texts = [
            (PRODUCT_ID, &self.product_id),
            (NAME, &self.name),
            (WAREHOUSE_LOCATION, &self.warehouse_location),
        ];
        if let Some((attribute, _)) = texts.iter().find(|(_, text)| text.trim().is_empty()) {
            return Some(format!("{attribute} is blank"));
        }
        if self.product_id.chars().count() > MAX_ID {
            return Some(format!("{PRODUCT_ID} is longer than {MAX_ID} characters"));
        }
        if self.price < Money::ZERO {
            return Some(format!("{PRICE} is negative"));
        }
        (self.stock_level < 0).then(|| format!("{STOCK_LEVEL} is negative"))
    }

    /// Its row.
    #[must_use]
    pub fn item(&self) -> Item {
        let text = |value: &str| AttributeValue::S(value.to_owned());
        HashMap::from([
            (PRODUCT_ID.to_owned(), text(&self.product_id)),
            (NAME.to_owned(), text(&self.name)),
            (PRICE.to_owned(), AttributeValue::N(self.price.to_string())),
            (STOCK_LEVEL.to_owned(), AttributeValue::N(self.stock_level.to_string())),
            (WAREHOUSE_LOCATION.to_owned(), text(&self.warehouse_location)),
        ])
    }
}

/// A row of the table as it is shown: rows that others wrote may lack something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedProduct {
    /// The key.
    pub product_id: String,
    /// What people call it.
    pub name: Option<String>,
    /// The price of one unit.
    pub price: Option<Money>,
    /// Units that can be ordered.
    pub stock_level: Option<i64>,
    /// Where they are.
    pub warehouse_location: Option<String>,
}

impl ListedProduct {
    /// Reads a row. What is missing or of another type is left out.
    #[must_use]
    pub fn read(item: &Item) -> Self {
        let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
        let number = |name: &str| item.get(name).and_then(|value| value.as_n().ok());
        Self {
            product_id: text(PRODUCT_ID).unwrap_or_default(),
            name: text(NAME),
            price: number(PRICE).and_then(|price| price.parse().ok()),
            stock_level: number(STOCK_LEVEL).and_then(|stock| stock.parse().ok()),
            warehouse_location: text(WAREHOUSE_LOCATION),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mouse() -> Product {
        Product {
            product_id: "MOUSE-001".to_owned(),
            name: "Wireless Mouse".to_owned(),
            price: Money::from_cents(2_990),
            stock_level: 200,
            warehouse_location: "WAREHOUSE-A".to_owned(),
        }
    }

    #[test]
    fn a_row_says_the_same_when_it_is_read_again() {
        let listed = ListedProduct::read(&mouse().item());
        assert_eq!(listed.price, Some(Money::from_cents(2_990)));
        assert_eq!(listed.stock_level, Some(200));
        assert_eq!(mouse().item().get(PRICE), Some(&AttributeValue::N("29.90".to_owned())));
    }

    #[test]
    fn what_the_order_system_could_not_work_with_is_a_problem() {
        assert_eq!(mouse().problem(), None);
        let wrong = [
            Product { name: " ".to_owned(), ..mouse() },
            Product { product_id: "x".repeat(MAX_ID + 1), ..mouse() },
            Product { price: Money::from_cents(-1), ..mouse() },
            Product { stock_level: -1, ..mouse() },
        ];
        for product in wrong {
            assert!(product.problem().is_some(), "{product:?}");
        }
    }

    #[test]
    fn a_row_that_lacks_something_is_shown_all_the_same() {
        let listed = ListedProduct::read(&HashMap::from([(
            PRICE.to_owned(),
            AttributeValue::S("12".to_owned()),
        )]));
        assert_eq!(listed.price, None);
    }
}
