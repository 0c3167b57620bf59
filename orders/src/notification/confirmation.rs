//! What the customer reads: plain text, made from the order alone, so that it comes out the same each time.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::Recipient;
use crate::outcome::Completed;
use crate::validation::PricedLine;

/// Characters of a product's name that are shown.
const NAME_SHOWN_MAX: usize = 80;

/// A confirmation of a completed order.
#[derive(Debug, Clone)]
pub struct Confirmation {
    /// The order.
    pub order_id: String,
    /// Where it goes.
    pub to: Recipient,
    /// When the order was completed.
    pub at: Timestamp,
    /// What it is about.
    pub subject: String,
    /// What it says.
    pub text: String,
}

impl Confirmation {
    pub(super) fn of(completed: &Completed, to: Recipient) -> Self {
        let order_id = completed.order_id.clone();
        let subject = format!("Your order {order_id}");
        Self { to, at: completed.completed_at, subject, text: text(completed), order_id }
    }
}

fn text(completed: &Completed) -> String {
    let Completed { order_id, order_total, validation, fulfillment, .. } = completed;
    let mut text = format!("Thank you for your order {order_id}. It is on its way.\n\n");
    for PricedLine { product_id, name, quantity, line_total, .. } in &validation.items {
        let (name, id) = (shown(name), shown(product_id));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {quantity} x {name} ({id}): {line_total}");
    }
    let _ = write!(
        text,
        "\nTotal: {order_total}\nTracking number: {}\nCarrier: {}\nEstimated delivery: {}",
        fulfillment.tracking_number, fulfillment.carrier, fulfillment.estimated_delivery_date
    );
    text
}

/// A name on one line, as it comes from a catalog that others write.
fn shown(name: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    name.chars().map(plain).take(NAME_SHOWN_MAX).collect()
}
