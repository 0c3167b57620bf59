//! The order system: one durable orchestrator and three workers, as AWS Lambda functions.
//!
//! ValidateOrder takes an order through four checkpointed steps; three of them invoke a worker. The
//! functions know AWS's SDKs and nothing of where they run: the binaries in `bin/` serve them on
//! Lambda, and any program can host them by calling [`validate_order`], [`authorize_payment`],
//! [`allocate_inventory`] and [`fulfill_order`] and passing them events.
//!
//! # Map
//!
//! | To change | look at |
//! | --- | --- |
//! | the order of the steps, or add one | `workflow.rs` |
//! | what happens when an order cannot be fulfilled | `compensation.rs`, the table in `workflow.rs` |
//! | how often and when steps are tried again | `retry.rs` |
//! | what an order must be like: add a rule | `validation/rules.rs` |
//! | which fields an order has | `validation/draft.rs`, `order.rs` |
//! | bounds | `limits.rs` |
//! | the result of an execution | `outcome.rs` |
//! | who moves the money: add a gateway | `payment/` (implement [`PaymentGateway`]), `authorize_payment.rs` |
//! | Stripe | `payment/stripe/` |
//! | how stock is reserved and given back | `inventory/` |
//! | shipments | `fulfill_order.rs` |
//! | what customers are told, and how | `notification/` (implement [`Notifier`](notification::Notifier)) |
//! | environment variables | `settings.rs` |
//! | how workers are invoked, and how they fail | `workers.rs` (caller), `handler.rs` (callee) |
//!
//! # Invariants
//!
//! - Prices come from the catalog only, and money never passes through a float (`money.rs`).
//! - A card number or payment token is in the input of the execution, in the request to
//!   AuthorizePayment and, the token, in one to the gateway, and nowhere else: not in results,
//!   errors or logs (`card.rs`, `token.rs`).
//! - Money is captured after the goods are on their way, once; what was captured is never voided.
//! - Every bad input becomes a rejected order, not a failed execution (`order.rs`).
//! - Every worker may run twice for one order and takes nothing the second time.
//! - An e-mail address is in the input of the execution and in the mail, and nowhere else (`notification/`).
//! - Bounds are constants with a name.

mod authorize_payment;
pub mod bootstrap;
mod card;
mod catalog;
mod compensation;
mod dynamo;
mod fulfill_order;
mod handler;
mod ids;
mod inventory;
pub mod limits;
mod money;
pub mod notification;
mod order;
mod outcome;
mod payment;
mod retry;
pub mod settings;
mod token;
mod validation;
mod workers;
mod workflow;

pub use authorize_payment::{
    CapturedPayment, Decline, Payment, PaymentAnswer, VoidedPayment, authorize_payment,
};
pub use card::{CardBrand, CardNumber, CardNumberError};
pub use catalog::{Catalog, Product, Products};
pub use dynamo::StoreError;
pub use fulfill_order::{Fulfillment, FulfillmentAnswer, Shipment, fulfill_order};
pub use handler::{WorkerError, WorkerFuture, WorkerRequest};
pub use inventory::{
    AllocatedInventory, Allocation, InventoryAnswer, MissingProduct, Shortage, allocate_inventory,
};
pub use money::{Money, MoneyError};
pub use notification::notifier;
pub use order::{OrderLine, OrderPayload, PaymentMethod, PaymentSource, PaymentType};
pub use outcome::{
    Completed, InventoryUnavailable, OrderOutcome, PaymentDeclined, Rejected, Unavailable,
    VoidedAuthorization,
};
pub use payment::{
    AMOUNT_EXCEEDS_LIMIT, Authorization, AuthorizeRequest, Authorized, CaptureRequest,
    CaptureTiming, Captured, GatewayError, GatewayFuture, GatewaySettings, IdempotencyKey,
    KeySource, OpenGatewayError, PAYMENT_TOKEN_REQUIRED, PaymentGateway, SecretKey, SecretKeyError,
    SimulatedGateway, StripeGateway, StripeSettings, StripeTimeouts, VoidRequest, Voided,
    open_gateway,
};
pub use settings::{Settings, SettingsError, ValidationSettings};
pub use token::{PaymentToken, PaymentTokenError};
pub use validation::{
    Candidate, Draft, DraftLine, Errors, FieldError, PricedLine, PricedOrder, Rule, Verdict,
    minimum_order_amount, rules, validate,
};
pub use workflow::{OrchestratorFuture, Services, process_order, validate_order};
