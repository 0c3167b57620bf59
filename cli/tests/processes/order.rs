//! The durable function that takes most of the deaths: steps of both semantics, a retry, a wait, a callback, a child
//! context, and chained invocations of a durable and of a plain function.

use std::time::Duration;

use aws_durable_execution_sdk::{
    BoxError, DurableContext, DurableFuture, OperationError, OperationErrorKind, RetryDecision,
    StepContext, StepSemantics,
};
use serde::{Deserialize, Serialize};

use crate::effects::{Effect, note};
use crate::marks::{Mark, Marks};

/// What the plain function answers.
pub const PRICE: u64 = 42;
/// More attempts of a step than a run has deaths.
const ATTEMPTS_MAX: u32 = 20;
/// The shortest delay that the protocol has.
const SECOND: Duration = Duration::from_secs(1);

/// What an execution is started with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Order {
    /// Also the name of the execution.
    pub name: String,
    /// Whether the step `check` fails in its first attempt.
    pub flaky: bool,
    /// Whether the charge, which is an at-most-once step, is tried again after an interruption.
    pub charge_again: bool,
    /// Where somebody dies.
    pub marks: Vec<Mark>,
}

/// What an execution comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    pub reserve: String,
    pub charge: Charge,
    pub check: String,
    pub confirm: String,
    pub pack: String,
    pub deliver: String,
    pub price: Price,
    pub ship: String,
}

/// What became of the at-most-once step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Charge {
    /// Recorded in this attempt.
    InAttempt(u32),
    /// Begun, and not known to have ended; it was not to be tried again.
    Interrupted,
}

/// What became of the plain function, which runs once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Price {
    Of(u64),
    /// Its process died.
    Lost,
}

/// The handler.
pub async fn handle(order: Order, ctx: DurableContext) -> Result<Outcome, BoxError> {
    let marks = Marks::of(&order);
    marks.reach("order/top");
    let reserve = step(&ctx, &order, "reserve").await?;
    marks.reach("reserve/recorded");
    let charge = charge(&ctx, &order).await?;
    marks.reach("charge/recorded");

    let pause = ctx.wait(SECOND).name("pause").spawn();
    let check = check(&ctx, &order);
    let confirm = confirm(&ctx, &order);
    let pack = {
        let order = order.clone();
        let pack = async move |ctx: DurableContext| {
            let box_of = step(&ctx, &order, "box").await?;
            let seal = step(&ctx, &order, "pack").await?;
            Marks::of(&order).reach("pack/recorded");
            Ok(format!("{box_of}, {seal}"))
        };
        ctx.run_in_child_context(pack).name("packing").spawn()
    };
    let deliver = ctx.invoke::<String, _>("Deliver:$LATEST", order.clone()).name("deliver").spawn();
    let price = ctx.invoke::<u64, _>("Price", order.clone()).name("price").spawn();
    let (pause, check, confirm, pack, deliver, price) =
        tokio::join!(pause, check, confirm, pack, deliver, price);
    pause?;
    let outcome = Outcome {
        reserve,
        charge,
        check: check?,
        confirm: confirm?,
        pack: pack?,
        deliver: deliver?,
        price: lost_or(price)?,
        ship: step(&ctx, &order, "ship").await?,
    };
    marks.reach("order/answer");
    Ok(outcome)
}

/// The body of a step: notes that it runs. Somebody may die before or after that.
fn run_body(marks: &Marks, effect: Effect) {
    marks.reach(&format!("{}/begin", effect.step));
    note(&effect);
    marks.reach(&format!("{}/effect", effect.step));
}

/// A step that runs at least once.
pub async fn step(ctx: &DurableContext, order: &Order, name: &str) -> Result<String, BoxError> {
    let (marks, arn) = (Marks::of(order), ctx.execution_arn().to_owned());
    let (step, result) = (name.to_owned(), result_of(name, &order.name));
    let body = async move |attempt: StepContext| {
        run_body(&marks, Effect::of(&step, &arn, attempt.attempt()));
        Ok(result)
    };
    Ok(ctx.step(body).name(name).await?)
}

/// The result of a step, known beforehand.
pub fn result_of(step: &str, order: &str) -> String {
    format!("{step} of {order}")
}

/// A step that runs at most once in each attempt.
async fn charge(ctx: &DurableContext, order: &Order) -> Result<Charge, BoxError> {
    let (marks, arn) = (Marks::of(order), ctx.execution_arn().to_owned());
    let again = order.charge_again;
    let body = async move |attempt: StepContext| {
        run_body(&marks, Effect::of("charge", &arn, attempt.attempt()));
        Ok(Charge::InAttempt(attempt.attempt()))
    };
    let charged = ctx
        .step(body)
        .name("charge")
        .semantics(StepSemantics::AtMostOncePerRetry)
        .retry_strategy(move |_, attempt| retry_if(again && attempt < ATTEMPTS_MAX))
        .await;
    match charged {
        Err(error) if !again && was_interrupted(&error) => Ok(Charge::Interrupted),
        charged => Ok(charged?),
    }
}

fn was_interrupted(error: &OperationError) -> bool {
    let message = error.wire().and_then(|wire| wire.error_message()).unwrap_or_default();
    matches!(error.kind(), OperationErrorKind::Step(_)) && message.contains("step interrupted")
}

/// A step that may fail the first time.
fn check(ctx: &DurableContext, order: &Order) -> DurableFuture<String> {
    let (arn, flaky) = (ctx.execution_arn().to_owned(), order.flaky);
    let result = result_of("check", &order.name);
    let body = async move |attempt: StepContext| {
        note(&Effect::of("check", &arn, attempt.attempt()));
        if flaky && attempt.attempt() == 1 { Err("not yet".into()) } else { Ok(result) }
    };
    let retry = |_: &_, attempt| retry_if(attempt < ATTEMPTS_MAX);
    ctx.step(body).name("check").retry_strategy(retry).spawn()
}

fn retry_if(again: bool) -> RetryDecision {
    if again { RetryDecision::Retry { delay: SECOND } } else { RetryDecision::Stop }
}

/// A callback, which the test answers.
fn confirm(ctx: &DurableContext, order: &Order) -> DurableFuture<String> {
    let (marks, arn) = (Marks::of(order), ctx.execution_arn().to_owned());
    let name = order.name.clone();
    let submit = async move |attempt: StepContext, callback: String| {
        let effect = Effect::of("confirm", &arn, attempt.attempt());
        run_body(&marks, Effect { callback: Some((name, callback)), ..effect });
        Ok(())
    };
    ctx.wait_for_callback(submit).name("confirm").spawn()
}

/// A plain function is not run again when its process dies: that is the operation's failure.
fn lost_or(price: Result<u64, OperationError>) -> Result<Price, OperationError> {
    match price {
        Ok(price) => Ok(Price::Of(price)),
        Err(error) => {
            let kind = error.wire().and_then(|wire| wire.error_type());
            if kind == Some("Runtime.ExitError") { Ok(Price::Lost) } else { Err(error) }
        }
    }
}
