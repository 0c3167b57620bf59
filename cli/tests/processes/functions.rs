//! The functions that are deployed: this program, run as the one test below. `_HANDLER` says which of them it is.

use aws_durable_execution_sdk::lambda_runtime::{self, LambdaEvent, service_fn};
use aws_durable_execution_sdk::{self as durable, BoxError, DurableContext};
use serde_json::Value;

use crate::effects::{Effect, note};
use crate::marks::Marks;
use crate::order::{self, Order};
use crate::stage::{self, Function};

/// Not a test but the entry into a function's process.
#[test]
#[ignore = "this is the function that the tests deploy"]
fn is_a_function_when_told_so() {
    let Some(function) = stage::function_of_this_process() else { return };
    // The test runner has begun a line of its own.
    println!();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let served = runtime.block_on(async {
        match function {
            Function::Order => durable::run(order::handle).await,
            Function::Deliver => durable::run(deliver).await,
            Function::Price => lambda_runtime::run(service_fn(price)).await,
            Function::Notice => lambda_runtime::run(service_fn(notice)).await,
        }
    });
    served.unwrap();
}

/// The durable target of a chained invocation.
async fn deliver(order: Order, ctx: DurableContext) -> Result<String, BoxError> {
    let marks = Marks::of(&order);
    marks.reach("deliver/top");
    let route = order::step(&ctx, &order, "route").await?;
    marks.reach("deliver/recorded");
    marks.reach("deliver/answer");
    Ok(format!("delivered by {route}"))
}

/// The plain target of a chained invocation.
async fn price(event: LambdaEvent<Order>) -> Result<u64, BoxError> {
    let order = event.payload;
    let marks = Marks::of(&order);
    marks.reach("price/top");
    note(&Effect::of("price", &order.name, 1));
    marks.reach("price/answer");
    Ok(order::PRICE)
}

/// What asynchronous invocations are sent to.
async fn notice(event: LambdaEvent<Value>) -> Result<(), BoxError> {
    let about = event.payload["about"].as_str().unwrap_or_default();
    note(&Effect::of("notice", about, 1));
    Ok(())
}
