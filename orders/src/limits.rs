//! The bounds of an order. Everything an order may contain is limited here.

/// Different products in one order. A DynamoDB transaction takes at most 100 actions: one for each
/// product and one for the reservation record.
pub const MAX_PRODUCTS: usize = 99;

/// Lines in one order before lines of the same product are merged.
pub const MAX_LINES: usize = 1_000;

/// Units of one product in one order, over all its lines.
pub const MAX_QUANTITY: u32 = 10_000;

/// Characters of an order id. It serves as the name of the execution, which allows 64 of
/// `A-Z a-z 0-9 - _`.
pub const MAX_ORDER_ID: usize = 64;

/// Characters of a customer id and of a product id.
pub const MAX_ID: usize = 128;

/// Characters of a payment token: as long as Stripe's names may be.
pub const MAX_PAYMENT_TOKEN: usize = 255;

/// Characters of an address.
pub const MAX_ADDRESS: usize = 500;

/// Characters of an e-mail address: a path in SMTP has 256, with its brackets.
pub const MAX_EMAIL: usize = 254;

/// Validation errors in one answer; the rest is counted only, so that a hostile order cannot make
/// the result too large to record.
pub const MAX_ERRORS: usize = 100;
