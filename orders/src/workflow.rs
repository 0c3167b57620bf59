//! ValidateOrder: the durable orchestrator.
//!
//! Four steps, in this order: `validate-order`, `authorize-payment`, `allocate-inventory`,
//! `fulfill-order`. A fifth, `capture-payment`, runs if the recorded authorization says so, and `send-notification` at the
//! very end, if it is configured. A recorded step is not run again, so [`process_order`] may run from the top any
//! number of times; everything outside a step must therefore come out the same each time. It reads
//! no clock, no configuration that decides which steps run, and no random number. The last step is the exception, and
//! `notification/step.rs` says why it may be.
//!
//! When something fails after the payment, what was taken is given back in reverse order:
//!
//! ```text
//! fails for good           gives back                         ends as
//! validate-order           nothing                            failed
//! authorize-payment        void-payment                       failed
//! allocate-inventory       release-inventory, void-payment    failed
//!   not enough stock       void-payment                       inventory_unavailable
//! fulfill-order            release-inventory, void-payment    failed
//! capture-payment          nothing                            failed
//! ```
//!
//! When the capture fails the goods are on their way, and the money is still held or already taken:
//! giving anything back would be wrong, and somebody has to look (`PaymentNotCaptured`).
//!
//! A step that failed may have worked (the answer was lost), so its own effect is given back too.
//!
//! To add a step, write a function like [`authorize`] and call it from [`process_order`]; if it
//! takes something, add a variant to `Taken` in `compensation.rs`.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use aws_durable_execution_sdk::{
    self as durable, BoxError, DurableContext, InvocationPayload, InvocationResponse,
    OperationError, OperationErrorKind, Options, OptionsValidationError, TypedError,
};
use lambda_runtime::LambdaEvent;

use crate::authorize_payment::{Action, AuthorizeCall, CaptureCall, Payment, PaymentAnswer};
use crate::catalog::Catalog;
use crate::compensation::{Taken, describe, give_back, give_up};
use crate::fulfill_order::{FulfillRequest, FulfillmentAnswer};
use crate::handler::{PAYMENT_CONFLICT, RESERVATION_CONFLICT, STORE_UNAVAILABLE};
use crate::inventory::{AllocatedInventory, InventoryAction, InventoryAnswer, InventoryRequest};
use crate::notification::{Notifier, Recipient, notify};
use crate::order::{OrderLine, OrderPayload, PaymentMethod};
use crate::outcome::{
    Completed, InventoryUnavailable, OrderOutcome, PaymentDeclined, Rejected, Unavailable,
    VoidedAuthorization,
};
use crate::payment::CaptureTiming;
use crate::retry::Backoff;
use crate::settings::Settings;
use crate::validation::{Draft, Errors, PricedOrder, Verdict, is_id, is_order_id, rules, validate};
use crate::workers::call;

/// The execution failed; the order is on its way and its money is not known to be taken.
const PAYMENT_NOT_CAPTURED: &str = "PaymentNotCaptured";

/// The future of one invocation of ValidateOrder.
pub type OrchestratorFuture =
    Pin<Box<dyn Future<Output = Result<InvocationResponse, lambda_runtime::Error>> + Send>>;

/// What the workflow works with. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Services {
    /// Invokes the workers.
    pub lambda: aws_sdk_lambda::Client,
    /// Reads the catalog.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// Names of functions and tables.
    pub settings: Arc<Settings>,
    /// Tells customers that their order is completed, if somebody does.
    pub notifier: Option<Arc<dyn Notifier>>,
}

/// The ValidateOrder function. Checkpoints and invocations of workers both go through the Lambda
/// client in `services`.
///
/// # Errors
///
/// When the SDK does not accept the options.
pub fn validate_order(
    services: Services,
) -> Result<
    impl Fn(LambdaEvent<InvocationPayload>) -> OrchestratorFuture + Send + Sync + 'static,
    OptionsValidationError,
> {
    let options = Options::builder().lambda_client(services.lambda.clone()).build()?;
    let handler = move |payload, ctx| process_order(payload, ctx, services.clone());
    Ok(durable::wrap(handler, options))
}

/// An order that was validated.
struct Order {
    order_id: String,
    customer_id: String,
    shipping_address: String,
    payment_method: PaymentMethod,
    customer_email: Option<Recipient>,
    priced: PricedOrder,
}

/// Takes one order through the workflow.
///
/// # Errors
///
/// When the order system could not do its work. Bad orders, declined payments and missing stock
/// are outcomes.
pub async fn process_order(
    payload: OrderPayload,
    ctx: DurableContext,
    services: Services,
) -> Result<OrderOutcome, BoxError> {
    let draft = Draft::read(&payload, &mut Errors::default());
    let priced = match validate_step(&ctx, &services, payload).await? {
        Verdict::Valid(priced) => priced,
        Verdict::Invalid(errors) => return Ok(reject(draft, errors)),
    };
    let order = Order::new(draft, priced)?;

    let payment = match authorize(&ctx, &services, &order).await {
        Ok(PaymentAnswer::Authorized(payment)) => payment,
        Ok(PaymentAnswer::Declined(decline)) => return Ok(decline_payment(order, decline.reason)),
        Ok(PaymentAnswer::Voided(_) | PaymentAnswer::Captured(_)) => {
            return Err(unexpected("authorize-payment"));
        }
        Err(error) => {
            let taken = [order.payment_taken(None)];
            return Err(fail(&ctx, &services, &order, &taken, error).await);
        }
    };
    // From here on, in the order in which it is given back.
    let taken = [Taken::Inventory, order.payment_taken(Some(&payment))];

    let inventory = match allocate(&ctx, &services, &order).await {
        Ok(InventoryAnswer::Allocated(inventory)) => inventory,
        Ok(InventoryAnswer::InsufficientInventory(shortage)) => {
            let reason = Unavailable::InsufficientInventory(shortage);
            return make_unavailable(&ctx, &services, order, payment, reason).await;
        }
        Ok(InventoryAnswer::ProductNotFound(missing)) => {
            let reason = Unavailable::ProductNotFound(missing);
            return make_unavailable(&ctx, &services, order, payment, reason).await;
        }
        Ok(InventoryAnswer::ReservationReleased | InventoryAnswer::Released) => {
            let cause = "the reservation of this order was released before";
            return Err(give_up(&ctx, &services, &order.order_id, &taken, cause).await);
        }
        Err(error) => return Err(fail(&ctx, &services, &order, &taken, error).await),
    };

    let fulfillment = match fulfill(&ctx, &services, &order, &inventory).await {
        Ok(answer) => answer,
        Err(error) => return Err(fail(&ctx, &services, &order, &taken, error).await),
    };
    let payment = capture_if_due(&ctx, &services, &order, payment).await?;
    let to = order.customer_email.clone();
    let completed = complete(order, payment, inventory, fulfillment);
    let completed = notify(&ctx, &services, to, completed).await?;
    Ok(OrderOutcome::Completed(Box::new(completed)))
}

async fn validate_step(
    ctx: &DurableContext,
    services: &Services,
    payload: OrderPayload,
) -> Result<Verdict, OperationError> {
    let services = services.clone();
    let backoff = Backoff::forward(services.settings.retry_base);
    ctx.step(move |_| async move {
        let catalog = Catalog::new(services.dynamodb, &services.settings.product_catalog_table);
        let rules = rules(&services.settings.validation);
        let verdict = validate(&payload, &catalog, &rules).await;
        Ok(verdict.map_err(|error| TypedError::with_type(STORE_UNAVAILABLE, error))?)
    })
    .name("validate-order")
    .retry_strategy(backoff.strategy())
    .await
}

async fn authorize(
    ctx: &DurableContext,
    services: &Services,
    order: &Order,
) -> Result<PaymentAnswer, OperationError> {
    let services = services.clone();
    let backoff = Backoff::forward(services.settings.retry_base);
    let (order_id, method) = (order.order_id.clone(), order.payment_method.clone());
    let amount = order.priced.order_total;
    ctx.step(move |_| async move {
        let request =
            AuthorizeCall { order_id: &order_id, payment_method: (&method).into(), amount };
        call(&services.lambda, &services.settings.authorize_payment_function, &request).await
    })
    .name("authorize-payment")
    .retry_strategy(backoff.strategy())
    .await
}

async fn allocate(
    ctx: &DurableContext,
    services: &Services,
    order: &Order,
) -> Result<InventoryAnswer, OperationError> {
    let services = services.clone();
    let backoff = Backoff::forward(services.settings.retry_base);
    let request = InventoryRequest {
        action: InventoryAction::Allocate,
        order_id: order.order_id.clone(),
        items: order.lines(),
    };
    ctx.step(move |_| async move {
        call(&services.lambda, &services.settings.allocate_inventory_function, &request).await
    })
    .name("allocate-inventory")
    .retry_strategy(backoff.strategy())
    .await
}

async fn fulfill(
    ctx: &DurableContext,
    services: &Services,
    order: &Order,
    inventory: &AllocatedInventory,
) -> Result<FulfillmentAnswer, OperationError> {
    let services = services.clone();
    let backoff = Backoff::forward(services.settings.retry_base);
    let request = FulfillRequest {
        order_id: order.order_id.clone(),
        customer_id: order.customer_id.clone(),
        shipping_address: order.shipping_address.clone(),
        allocations: inventory.allocations.clone(),
    };
    ctx.step(move |_| async move {
        call(&services.lambda, &services.settings.fulfill_order_function, &request).await
    })
    .name("fulfill-order")
    .retry_strategy(backoff.strategy())
    .await
}

/// Takes the money if the recorded authorization asks for it.
async fn capture_if_due(
    ctx: &DurableContext,
    services: &Services,
    order: &Order,
    mut payment: Payment,
) -> Result<Payment, BoxError> {
    let Some(CaptureTiming::AfterFulfillment) = payment.capture else { return Ok(payment) };
    match capture(ctx, services, order, &payment).await {
        Ok(PaymentAnswer::Captured(captured)) => {
            payment.captured = Some(captured);
            Ok(payment)
        }
        Ok(_) => Err(unexpected("capture-payment")),
        Err(error) if matches!(error.kind(), OperationErrorKind::Step(_)) => {
            let (order_id, id) = (&order.order_id, &payment.authorization_id);
            let cause = describe(&error);
            tracing::error!(order_id, authorization_id = id, cause, "a payment was not captured");
            let text = format!(
                "order {order_id} is on its way, but its payment {id} was not captured: {cause}"
            );
            Err(Box::new(TypedError::with_type(PAYMENT_NOT_CAPTURED, text)))
        }
        Err(error) => Err(error.into()),
    }
}

async fn capture(
    ctx: &DurableContext,
    services: &Services,
    order: &Order,
    payment: &Payment,
) -> Result<PaymentAnswer, OperationError> {
    let services = services.clone();
    let backoff = Backoff::capture(services.settings.retry_base);
    let (order_id, amount) = (order.order_id.clone(), payment.amount);
    let authorization_id = payment.authorization_id.clone();
    ctx.step(move |_| async move {
        let request = CaptureCall {
            action: Action::Capture,
            order_id: &order_id,
            authorization_id: &authorization_id,
            amount,
        };
        call(&services.lambda, &services.settings.authorize_payment_function, &request).await
    })
    .name("capture-payment")
    .retry_strategy(backoff.strategy())
    .await
}

/// Ends the execution after a step that failed for good.
///
/// Two kinds of failures give nothing back. One that is not the step's own (the execution does not
/// match its history) must not start new steps. And under an order id that another order uses,
/// payment and reservation are the other order's.
async fn fail(
    ctx: &DurableContext,
    services: &Services,
    order: &Order,
    taken: &[Taken],
    error: OperationError,
) -> BoxError {
    if !matches!(error.kind(), OperationErrorKind::Step(_)) {
        return error.into();
    }
    let error_type = error.wire().and_then(|wire| wire.error_type());
    if matches!(error_type, Some(RESERVATION_CONFLICT | PAYMENT_CONFLICT)) {
        return error.into();
    }
    give_up(ctx, services, &order.order_id, taken, &describe(&error)).await
}

/// Voids the payment of an order whose goods are not there. Nothing else was taken.
async fn make_unavailable(
    ctx: &DurableContext,
    services: &Services,
    order: Order,
    payment: Payment,
    reason: Unavailable,
) -> Result<OrderOutcome, BoxError> {
    let taken = [order.payment_taken(Some(&payment))];
    give_back(ctx, services, &order.order_id, &taken, "its goods are not there").await?;
    Ok(OrderOutcome::InventoryUnavailable(InventoryUnavailable {
        order_id: order.order_id,
        customer_id: order.customer_id,
        order_total: order.priced.order_total,
        reason,
        payment: VoidedAuthorization {
            authorization_id: payment.authorization_id,
            status: VoidedAuthorization::STATUS,
        },
    }))
}

fn reject(draft: Draft, errors: Vec<crate::validation::FieldError>) -> OrderOutcome {
    OrderOutcome::Rejected(Rejected {
        order_id: draft.order_id.filter(|id| is_order_id(id)),
        customer_id: draft.customer_id.filter(|id| is_id(id)),
        reason: Rejected::REASON,
        errors,
    })
}

fn decline_payment(order: Order, reason: String) -> OrderOutcome {
    OrderOutcome::PaymentDeclined(PaymentDeclined {
        order_id: order.order_id,
        customer_id: order.customer_id,
        order_total: order.priced.order_total,
        reason,
    })
}

fn complete(
    order: Order,
    payment: Payment,
    inventory: AllocatedInventory,
    answer: FulfillmentAnswer,
) -> Completed {
    Completed {
        order_id: order.order_id,
        customer_id: order.customer_id,
        order_total: order.priced.order_total,
        validation: order.priced,
        payment,
        inventory,
        fulfillment: answer.fulfillment,
        completed_at: answer.fulfilled_at,
        notification: None,
    }
}

impl Order {
    /// Puts the draft and its verdict together. Fails when the recorded verdict is `Valid` and the
    /// draft is not complete, which only a change of the code in between can cause.
    fn new(draft: Draft, priced: PricedOrder) -> Result<Self, BoxError> {
        let payment_method = draft.payment_method();
        let customer_email = draft.customer_email.as_deref().and_then(Recipient::parse);
        match (draft.order_id, draft.customer_id, draft.shipping_address, payment_method) {
            (Some(order_id), Some(customer_id), Some(shipping_address), Some(payment_method)) => {
                Ok(Self {
                    order_id,
                    customer_id,
                    shipping_address,
                    payment_method,
                    customer_email,
                    priced,
                })
            }
            _ => Err(unexpected("validate-order")),
        }
    }

    /// The payment as something to give back; without an answer its id is not known.
    fn payment_taken(&self, payment: Option<&Payment>) -> Taken {
        Taken::Payment {
            authorization_id: payment.map(|payment| payment.authorization_id.clone()),
            amount: self.priced.order_total,
        }
    }

    fn lines(&self) -> Vec<OrderLine> {
        self.priced
            .items
            .iter()
            .map(|line| OrderLine { product_id: line.product_id.clone(), quantity: line.quantity })
            .collect()
    }
}

fn unexpected(step: &str) -> BoxError {
    let text = format!("the result of {step} does not fit the order");
    Box::new(TypedError::with_type("UnexpectedStepResult", text))
}
