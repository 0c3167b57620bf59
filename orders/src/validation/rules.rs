//! What an order must be like: a list of named rules.
//!
//! To add a rule, write a function like the ones below and put it into [`rules`]. A rule sees what
//! could be read of the order (any part may be missing: reading has already reported that) and
//! adds errors. Rules are pure: what they need from outside is read before and passed in.
//!
//! [`minimum_order_amount`] is the example of a rule with a parameter.

use std::collections::BTreeSet;

use super::Candidate;
use super::errors::Errors;
use crate::limits::{MAX_ADDRESS, MAX_EMAIL, MAX_ID, MAX_ORDER_ID, MAX_PRODUCTS, MAX_QUANTITY};
use crate::money::Money;
use crate::notification::Recipient;
use crate::settings::ValidationSettings;

type Check = dyn Fn(&Candidate<'_>, &mut Errors) + Send + Sync;

/// A named check of an order.
pub struct Rule {
    /// What the rule is about.
    pub name: &'static str,
    check: Box<Check>,
}

impl Rule {
    /// A rule that runs `check`.
    #[must_use]
    pub fn new(
        name: &'static str,
        check: impl Fn(&Candidate<'_>, &mut Errors) + Send + Sync + 'static,
    ) -> Self {
        Self { name, check: Box::new(check) }
    }

    /// Adds what is wrong with `order` to `errors`.
    pub fn check(&self, order: &Candidate<'_>, errors: &mut Errors) {
        (self.check)(order, errors);
    }
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Rule").field(&self.name).finish()
    }
}

/// The rules that apply under `settings`, in the order in which their errors are listed.
#[must_use]
pub fn rules(settings: &ValidationSettings) -> Vec<Rule> {
    let mut rules = vec![
        Rule::new("order-id", order_id),
        Rule::new("customer-id", customer_id),
        Rule::new("lines", lines),
        Rule::new("quantities", quantities),
        Rule::new("known-products", known_products),
        Rule::new("addresses", addresses),
        Rule::new("customer-email", customer_email),
        Rule::new("card-of-its-brand", card_of_its_brand),
        Rule::new("total", total),
    ];
    if settings.strict_card_check {
        rules.push(Rule::new("card-check-digit", card_check_digit));
    }
    if let Some(minimum) = settings.minimum_order_amount {
        rules.push(minimum_order_amount(minimum));
    }
    rules
}

/// The order id serves as the name of the execution, so it has the same alphabet.
fn order_id(order: &Candidate<'_>, errors: &mut Errors) {
    if order.draft.order_id.as_deref().is_some_and(|id| !is_order_id(id)) {
        let message = format!("must be 1 to {MAX_ORDER_ID} letters, digits, dashes or underscores");
        errors.add("orderId", message);
    }
}

/// Whether `id` is an order id.
pub(crate) fn is_order_id(id: &str) -> bool {
    (1..=MAX_ORDER_ID).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn customer_id(order: &Candidate<'_>, errors: &mut Errors) {
    if order.draft.customer_id.as_deref().is_some_and(|id| !is_id(id)) {
        errors.add("customerId", id_message());
    }
}

/// Whether `id` is a customer id or a product id.
pub(crate) fn is_id(id: &str) -> bool {
    !id.trim().is_empty() && id.chars().count() <= MAX_ID
}

fn id_message() -> String {
    format!("must be text of at most {MAX_ID} characters that is not blank")
}

/// There is something in the order, each line names a product, and there are not too many.
fn lines(order: &Candidate<'_>, errors: &mut Errors) {
    let Some(lines) = &order.draft.lines else { return };
    if lines.is_empty() {
        errors.add("items", "must have at least one line");
    }
    let mut products = BTreeSet::new();
    for (index, line) in lines.iter().enumerate() {
        let Some(id) = &line.product_id else { continue };
        if !is_id(id) {
            errors.add(format!("items[{index}].productId"), id_message());
        }
        products.insert(id);
    }
    if products.len() > MAX_PRODUCTS {
        errors.add("items", format!("must have at most {MAX_PRODUCTS} different products"));
    }
}

/// Each line has a quantity in bounds, and so have all lines of one product together.
fn quantities(order: &Candidate<'_>, errors: &mut Errors) {
    let bounds = 1..=i64::from(MAX_QUANTITY);
    let lines = order.draft.lines.as_deref().unwrap_or_default();
    for (index, line) in lines.iter().enumerate() {
        if line.quantity.is_some_and(|quantity| !bounds.contains(&quantity)) {
            let message = format!("must be between 1 and {MAX_QUANTITY}");
            errors.add(format!("items[{index}].quantity"), message);
        }
    }
    for merged in order.merged.iter().filter(|line| line.quantity > MAX_QUANTITY) {
        let mut same = lines
            .iter()
            .enumerate()
            .filter(|(_, line)| line.product_id.as_ref() == Some(&merged.product_id));
        // A single line out of bounds has been reported above.
        if let (Some((first, _)), Some(_)) = (same.next(), same.next()) {
            let message =
                format!("must add up to at most {MAX_QUANTITY} over all lines of this product");
            errors.add(format!("items[{first}].quantity"), message);
        }
    }
}

fn known_products(order: &Candidate<'_>, errors: &mut Errors) {
    let Some(products) = order.products else { return };
    for (index, line) in order.draft.lines.iter().flatten().enumerate() {
        let unknown = |id: &String| is_id(id) && !products.contains_key(id);
        if line.product_id.as_ref().is_some_and(unknown) {
            errors.add(format!("items[{index}].productId"), "is not in the product catalog");
        }
    }
}

fn addresses(order: &Candidate<'_>, errors: &mut Errors) {
    let fields = [
        ("shippingAddress", &order.draft.shipping_address),
        ("billingAddress", &order.draft.billing_address),
    ];
    for (field, address) in fields {
        let Some(address) = address else { continue };
        if address.trim().is_empty() {
            errors.add(field, "must not be blank");
        } else if address.chars().count() > MAX_ADDRESS {
            errors.add(field, format!("must have at most {MAX_ADDRESS} characters"));
        }
    }
}

/// Mail goes to one address, and nothing in it can be read as more.
fn customer_email(order: &Candidate<'_>, errors: &mut Errors) {
    let email = order.draft.customer_email.as_deref();
    if email.is_some_and(|text| Recipient::parse(text).is_none()) {
        let message = format!(
            "must be one address such as name@example.com, of at most {MAX_EMAIL} characters"
        );
        errors.add("customerEmail", message);
    }
}

fn card_of_its_brand(order: &Candidate<'_>, errors: &mut Errors) {
    if let (Some(brand), Some(number)) = (order.draft.card_brand, &order.draft.card_number)
        && !brand.issues(number)
    {
        let message = format!("is not the number of a {} card", brand.name());
        errors.add("paymentMethod.cardNumber", message);
    }
}

fn card_check_digit(order: &Candidate<'_>, errors: &mut Errors) {
    let number = order.draft.card_number.as_ref();
    if number.is_some_and(|number| !number.has_valid_check_digit()) {
        errors.add("paymentMethod.cardNumber", "has a wrong check digit");
    }
}

fn total(order: &Candidate<'_>, errors: &mut Errors) {
    if order.total_too_large {
        errors.add("items", "must not cost more than can be counted");
    }
}

/// Orders below `minimum` are not accepted.
#[must_use]
pub fn minimum_order_amount(minimum: Money) -> Rule {
    Rule::new("minimum-order-amount", move |order, errors| {
        if order.priced.is_some_and(|priced| priced.order_total < minimum) {
            errors.add("items", format!("Minimum order amount is ${minimum}"));
        }
    })
}
