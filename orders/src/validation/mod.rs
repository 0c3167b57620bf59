//! Validation: from any JSON to a priced order, or to everything that is wrong with it.
//!
//! Three stages, each of which adds to one list of errors, so that a customer learns everything at
//! once:
//!
//! 1. [`draft`]: read the fields (types, missing parts);
//! 2. look up the products in the catalog and price the order ([`pricing`]);
//! 3. run the [`rules`].
//!
//! A rule belongs into `rules.rs`, a new field into `draft.rs`, a bound into `limits.rs`.

mod draft;
mod errors;
mod pricing;
mod rules;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use self::draft::{Draft, DraftLine};
pub use self::errors::{Errors, FieldError};
pub use self::pricing::{PricedLine, PricedOrder};
pub use self::rules::{Rule, minimum_order_amount, rules};
pub(crate) use self::rules::{is_id, is_order_id};

use self::pricing::Unpriced;
use crate::catalog::{Catalog, Products};
use crate::dynamo::StoreError;
use crate::limits::MAX_PRODUCTS;
use crate::order::{OrderLine, OrderPayload};

/// What the rules look at.
#[derive(Debug)]
pub struct Candidate<'a> {
    /// What could be read.
    pub draft: &'a Draft,
    /// One line for each product, of the lines that could be read.
    pub merged: &'a [OrderLine],
    /// The products of the order that exist; `None` when they were not looked up.
    pub products: Option<&'a Products>,
    /// The order with prices, if all of it could be priced.
    pub priced: Option<&'a PricedOrder>,
    /// The prices add up to more than an amount can hold.
    pub total_too_large: bool,
}

/// The verdict on an order, and the result of the `validate-order` step. It holds no card number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// The order may proceed at these prices.
    Valid(PricedOrder),
    /// The order may not proceed, for all of these reasons.
    Invalid(Vec<FieldError>),
}

/// Validates `payload` against `catalog` under `rules`.
///
/// # Errors
///
/// [`StoreError`] when the catalog cannot be read. A bad order is not an error but a verdict.
pub async fn validate(
    payload: &OrderPayload,
    catalog: &Catalog,
    rules: &[Rule],
) -> Result<Verdict, StoreError> {
    let mut errors = Errors::default();
    let draft = Draft::read(payload, &mut errors);
    let products = match products_to_look_up(&draft) {
        Some(ids) => Some(catalog.products(ids).await?),
        None => None,
    };
    Ok(judge(&draft, products.as_ref(), rules, errors))
}

/// The different product ids of the order, or `None` when there are more than one read can take.
fn products_to_look_up(draft: &Draft) -> Option<BTreeSet<&str>> {
    let ids: BTreeSet<&str> = draft
        .lines
        .iter()
        .flatten()
        .filter_map(|line| line.product_id.as_deref())
        .filter(|id| is_id(id))
        .collect();
    (ids.len() <= MAX_PRODUCTS).then_some(ids)
}

/// The part of validation that needs nothing from outside.
fn judge(
    draft: &Draft,
    products: Option<&Products>,
    rules: &[Rule],
    mut errors: Errors,
) -> Verdict {
    let merged = draft.merged_lines();
    let priced = match products {
        Some(products) => pricing::price(&merged, products),
        None => Err(Unpriced::Incomplete),
    };
    let candidate = Candidate {
        draft,
        merged: &merged,
        products,
        priced: priced.as_ref().ok(),
        total_too_large: priced == Err(Unpriced::TooLarge),
    };
    for rule in rules {
        rule.check(&candidate, &mut errors);
    }

    let errors = errors.into_list();
    match priced {
        Ok(priced) if errors.is_empty() => Verdict::Valid(priced),
        Err(_) if errors.is_empty() => Verdict::Invalid(vec![FieldError {
            // Not reachable while the rules cover every reason for a missing price; an order
            // without a price must not proceed even if they do not.
            field: "items".to_owned(),
            message: "could not be priced".to_owned(),
        }]),
        _ => Verdict::Invalid(errors),
    }
}
