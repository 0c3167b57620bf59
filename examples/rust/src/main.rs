//! A durable function: it prepares a reminder, waits, and sends it.

use std::time::Duration;

use aws_durable_execution_sdk as durable;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Order {
    name: String,
}

#[derive(Serialize, Deserialize)]
struct Sent {
    sent: String,
}

async fn remind(order: Order, ctx: durable::DurableContext) -> Result<Sent, durable::BoxError> {
    let text = ctx
        .step(move |_| async move { Ok(format!("{}, your order is ready", order.name)) })
        .name("prepare")
        .await?;
    // No process runs meanwhile, and a server that is killed here goes on here.
    ctx.wait(Duration::from_secs(2)).name("pause").await?;
    let sent = ctx.step(move |_| async move { Ok(Sent { sent: text }) }).name("send").await?;
    Ok(sent)
}

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    durable::run(remind).await
}
