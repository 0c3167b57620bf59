//! The handlers of the suite `parallel`: how branches are given and what the operation answers. When a batch ends is in
//! [`completion`].
//!
//! Most handlers run one branch at a time, so that their history has one order.

mod completion;

use std::time::Duration;

use aws_durable_execution_sdk::builders::map_parallel::NestingMode;
use aws_durable_execution_sdk::serdes::{Serdes, SerdesContext};
use aws_durable_execution_sdk::{self as durable, BoxError, Branch, DurableContext};
use lambda_runtime::Error;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Serves one handler of this suite.
pub(crate) async fn run(name: &str) -> Result<(), Error> {
    match name {
        "basic" => durable::run(basic).await,
        "unnamed" => durable::run(unnamed).await,
        "named_branches" => durable::run(named_branches).await,
        "mixed_types" => durable::run(mixed_types).await,
        "empty" => durable::run(empty).await,
        "concurrent" => durable::run(concurrent).await,
        "flat" => durable::run(flat).await,
        "replay" => durable::run(replay).await,
        "branch_serdes" => durable::run(branch_serdes).await,
        "no_concurrency" => durable::run(no_concurrency).await,
        "nested" => durable::run(nested).await,
        "fail_fast" => durable::run(completion::fail_fast).await,
        "throwing" => durable::run(completion::throwing).await,
        "enough_succeeded" => durable::run(completion::enough_succeeded).await,
        "failure_tolerated" => durable::run(completion::failure_tolerated).await,
        "too_many_failed" => durable::run(completion::too_many_failed).await,
        "too_large_a_part_failed" => durable::run(completion::too_large_a_part_failed).await,
        "part_tolerated" => durable::run(completion::part_tolerated).await,
        "all_failed" => durable::run(completion::all_failed).await,
        "too_few_succeeded" => durable::run(completion::too_few_succeeded).await,
        "two_criteria" => durable::run(completion::two_criteria).await,
        "accessors" => durable::run(completion::accessors).await,
        _ => Err(crate::unknown(name)),
    }
}

/// A branch that succeeds at once.
fn returns(name: &str, result: &'static str) -> Branch<String> {
    Branch::new(name, move |_| async move { Ok(result.to_owned()) })
}

/// A branch whose result is that of its only step.
fn steps(name: &str, result: &'static str) -> Branch<String> {
    Branch::new(name, move |child: DurableContext| async move {
        Ok(child.step(move |_| async move { Ok(result.to_owned()) }).await?)
    })
}

/// 8-1: two branches, each with a step.
async fn basic(_event: Value, ctx: DurableContext) -> Result<Vec<String>, BoxError> {
    let branches = [steps("first", "task-1"), steps("second", "task-2")];
    Ok(ctx.parallel(branches).name("parallel").max_concurrency(1).await?)
}

/// 8-2: the operation needs no name, and a branch needs no step.
async fn unnamed(_event: Value, ctx: DurableContext) -> Result<Vec<String>, BoxError> {
    let branches = [returns("first", "alpha"), returns("second", "beta")];
    Ok(ctx.parallel(branches).max_concurrency(1).await?)
}

/// 8-3: the name of each branch stands in the history.
async fn named_branches(_event: Value, ctx: DurableContext) -> Result<Vec<String>, BoxError> {
    let branches = [returns("first", "one"), returns("second", "two")];
    Ok(ctx.parallel(branches).name("named").max_concurrency(1).await?)
}

/// What the branches of [`mixed_types`] give. An untagged enum is written as the value itself.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Mixed {
    Text(String),
    Number(i64),
    Object { k: String },
}

/// 8-4: branches share one output type; an enum lets each give its own.
async fn mixed_types(_event: Value, ctx: DurableContext) -> Result<Vec<Mixed>, BoxError> {
    let branches = [
        Branch::new("text", |_| async { Ok(Mixed::Text("hello".to_owned())) }),
        Branch::new("number", |_| async { Ok(Mixed::Number(42)) }),
        Branch::new("object", |_| async { Ok(Mixed::Object { k: "v".to_owned() }) }),
    ];
    Ok(ctx.parallel(branches).name("hetero").max_concurrency(1).await?)
}

/// 8-5: without branches the operation succeeds at once.
async fn empty(_event: Value, ctx: DurableContext) -> Result<Vec<String>, BoxError> {
    Ok(ctx.parallel([]).name("empty").await?)
}

/// 8-11: results keep the order of the branches, whichever ends first.
async fn concurrent(_event: Value, ctx: DurableContext) -> Result<Vec<String>, BoxError> {
    let branches = [returns("first", "r0"), returns("second", "r1"), returns("third", "r2")];
    Ok(ctx.parallel(branches).name("concurrent").max_concurrency(2).await?)
}

/// 8-12: flat branches have no context of their own in the history.
async fn flat(_event: Value, ctx: DurableContext) -> Result<Vec<String>, BoxError> {
    let branches = [steps("first", "fa"), steps("second", "fb")];
    let flat = ctx.parallel(branches).name("flat").max_concurrency(1).nesting(NestingMode::Flat);
    Ok(flat.await?)
}

/// 8-14: after the wait of the second branch the first one is read back, not run again.
async fn replay(_event: Value, ctx: DurableContext) -> Result<Vec<String>, BoxError> {
    let branches = [
        steps("first", "b0"),
        Branch::new("second", |child: DurableContext| async move {
            child.wait(Duration::from_secs(2)).await?;
            Ok("b1".to_owned())
        }),
    ];
    Ok(ctx.parallel(branches).name("replay").max_concurrency(1).await?)
}

/// The payload `{"wrapped": value}`.
struct Envelope;

#[derive(Serialize, Deserialize)]
struct Wrapped {
    wrapped: String,
}

impl Serdes<String> for Envelope {
    async fn serialize(&self, value: String, _ctx: SerdesContext) -> Result<String, BoxError> {
        Ok(serde_json::to_string(&Wrapped { wrapped: value })?)
    }

    async fn deserialize(&self, wire: String, _ctx: SerdesContext) -> Result<String, BoxError> {
        Ok(serde_json::from_str::<Wrapped>(&wire)?.wrapped)
    }
}

/// 8-15: results of branches are recorded in a format of the handler's own.
async fn branch_serdes(_event: Value, ctx: DurableContext) -> Result<Vec<String>, BoxError> {
    let branches = [returns("first", "x"), returns("second", "y")];
    Ok(ctx.parallel(branches).name("serde").max_concurrency(1).serdes(Envelope).await?)
}

/// 8-19: a concurrency of 0 is refused before anything is recorded.
async fn no_concurrency(_event: Value, ctx: DurableContext) -> Result<Vec<String>, BoxError> {
    let branches = [returns("first", "one"), returns("second", "two")];
    Ok(ctx.parallel(branches).name("bad-concurrency").max_concurrency(0).await?)
}

/// 8-21: a branch that runs branches.
async fn nested(_event: Value, ctx: DurableContext) -> Result<Vec<Vec<String>>, BoxError> {
    let outer = [Branch::new("only", |child: DurableContext| async move {
        let inner = [steps("first", "i1"), steps("second", "i2")];
        Ok(child.parallel(inner).name("inner").max_concurrency(1).await?)
    })];
    Ok(ctx.parallel(outer).name("outer").max_concurrency(1).await?)
}
