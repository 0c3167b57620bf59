//! The handlers of the suite `wait_for_condition`: a check runs again and again, with pauses in which nothing runs, until a strategy
//! is content with the state that the check returned.

use std::time::Duration;

use aws_durable_execution_sdk as durable;
use durable::builders::JitterStrategy;
use durable::builders::wait_for_condition::{WaitDecision, WaitStrategy};
use durable::serdes::SerdesContext;
use durable::{
    BoxError, DurableContext, OperationError, OperationErrorKind, Serdes, StepContext,
    WaitForConditionErrorKind,
};
use lambda_runtime::Error;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The pause between two checks, where a test does not ask for another one.
const PAUSE: Duration = Duration::from_secs(1);
/// Checks after which a poll is given up that should have ended long before.
const CHECKS_MAX: u32 = 10;

/// Serves one handler of this suite.
pub(crate) async fn run(name: &str) -> Result<(), Error> {
    match name {
        "threshold" => durable::run(threshold).await,
        "already_met" => durable::run(already_met).await,
        "named" => durable::run(named).await,
        "initial_state" => durable::run(initial_state).await,
        "fixed_delay" => durable::run(fixed_delay).await,
        "never_met" => durable::run(never_met).await,
        "check_fails" => durable::run(check_fails).await,
        "check_failure_caught" => durable::run(check_failure_caught).await,
        "object_state" => durable::run(object_state).await,
        "null_state" => durable::run(null_state).await,
        "state_serdes" => durable::run(state_serdes).await,
        "step_afterwards" => durable::run(step_afterwards).await,
        "two_conditions" => durable::run(two_conditions).await,
        _ => Err(crate::unknown(name)),
    }
}

/// 6-1: polls a counter until it has reached the input.
async fn threshold(threshold: u32, ctx: DurableContext) -> Result<u32, BoxError> {
    Ok(ctx.wait_for_condition(count_up, 0).wait_strategy(until(threshold)).await?)
}

/// 6-2: a condition that holds at the first check costs no pause.
async fn already_met(threshold: u32, ctx: DurableContext) -> Result<u32, BoxError> {
    let unchanged = |_: StepContext, state| async move { Ok(state) };
    Ok(ctx.wait_for_condition(unchanged, 5).wait_strategy(until(threshold)).await?)
}

/// 6-3: the operation's name shows in the history, at every check.
async fn named(threshold: u32, ctx: DurableContext) -> Result<u32, BoxError> {
    let poll = ctx.wait_for_condition(count_up, 0).name("poll-status");
    Ok(poll.wait_strategy(until(threshold)).await?)
}

/// 6-4: the first check gets the initial state, each later one what its predecessor returned.
async fn initial_state(threshold: u32, ctx: DurableContext) -> Result<u32, BoxError> {
    Ok(ctx.wait_for_condition(count_up, 5).wait_strategy(until(threshold)).await?)
}

/// 6-5: all pauses are two seconds long.
async fn fixed_delay(threshold: u32, ctx: DurableContext) -> Result<u32, BoxError> {
    let strategy = every(Duration::from_secs(2), CHECKS_MAX, move |state| *state >= threshold);
    Ok(ctx.wait_for_condition(count_up, 0).wait_strategy(strategy).await?)
}

/// 6-6: a strategy that runs out of attempts fails the operation, and so the execution.
async fn never_met(_event: Value, ctx: DurableContext) -> Result<u32, BoxError> {
    let strategy = every(PAUSE, 3, |_| false);
    Ok(ctx.wait_for_condition(count_up, 0).wait_strategy(strategy).await?)
}

/// 6-7: a check that fails is not tried again; it fails the operation, and so the execution.
async fn check_fails(_event: Value, ctx: DurableContext) -> Result<u32, BoxError> {
    Ok(ctx.wait_for_condition(broken_check, 0).wait_strategy(until(1)).await?)
}

/// 6-8: the handler knows what to do without the state.
async fn check_failure_caught(_event: Value, ctx: DurableContext) -> Result<String, BoxError> {
    let outcome = ctx.wait_for_condition(broken_check, 0).wait_strategy(until(1)).await;
    match outcome {
        Ok(state) => Ok(state.to_string()),
        Err(error) if is_check_failure(&error) => Ok("recovered".to_owned()),
        Err(error) => Err(error.into()),
    }
}

fn is_check_failure(error: &OperationError) -> bool {
    match error.kind() {
        OperationErrorKind::WaitForCondition(error) => {
            matches!(error.kind(), WaitForConditionErrorKind::CheckFailed { .. })
        }
        _ => false,
    }
}

/// What [`object_state`] polls for.
#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Status {
    Pending,
    Done,
}

/// The state of [`object_state`].
#[derive(Clone, Serialize, Deserialize)]
struct Job {
    status: Status,
    attempts: u32,
}

/// 6-9: the state is an object; the second check finds the job done.
async fn object_state(_event: Value, ctx: DurableContext) -> Result<Job, BoxError> {
    let check = |_: StepContext, job: Job| async move {
        let attempts = job.attempts + 1;
        let status = if attempts >= 2 { Status::Done } else { job.status };
        Ok(Job { status, attempts })
    };
    let new = Job { status: Status::Pending, attempts: 0 };
    let strategy = every(PAUSE, CHECKS_MAX, |job: &Job| job.status == Status::Done);
    Ok(ctx.wait_for_condition(check, new).wait_strategy(strategy).await?)
}

/// 6-10: a state may say nothing but that it is there; a strategy may be a function.
async fn null_state(_event: Value, ctx: DurableContext) -> Result<(), BoxError> {
    let check = |_: StepContext, ()| async { Ok(()) };
    let poll = ctx.wait_for_condition(check, ());
    Ok(poll.wait_strategy_fn(|(), _attempt| WaitDecision::complete()).await?)
}

/// 6-11: the state is stored in a format of its own, and read back from it after the pause.
async fn state_serdes(_event: Value, ctx: DurableContext) -> Result<String, BoxError> {
    let check = |_: StepContext, state: String| async move { Ok(state + "x") };
    let strategy = every(PAUSE, CHECKS_MAX, |state: &String| state.len() >= 2);
    let poll = ctx.wait_for_condition(check, String::new());
    Ok(poll.serdes(Versioned).wait_strategy(strategy).await?)
}

/// 6-12: the final state is a step's input.
async fn step_afterwards(threshold: u32, ctx: DurableContext) -> Result<u32, BoxError> {
    let state = ctx.wait_for_condition(count_up, 0).wait_strategy(until(threshold)).await?;
    Ok(ctx.step(move |_| async move { Ok(state * 10) }).await?)
}

/// 6-13: the second poll begins where the first ended.
async fn two_conditions(_event: Value, ctx: DurableContext) -> Result<u32, BoxError> {
    let first = ctx.wait_for_condition(count_up, 0).wait_strategy(until(2)).await?;
    Ok(ctx.wait_for_condition(count_up, first).wait_strategy(until(4)).await?)
}

/// A check that finds the state one further than last time.
async fn count_up(_step: StepContext, state: u32) -> Result<u32, BoxError> {
    Ok(state + 1)
}

/// A check that cannot look.
async fn broken_check(_step: StepContext, _state: u32) -> Result<u32, BoxError> {
    Err("the check failed".into())
}

/// Checks until the counter has reached the threshold.
fn until(threshold: u32) -> WaitStrategy<u32> {
    every(PAUSE, CHECKS_MAX, move |state| *state >= threshold)
}

/// Pauses that are all the same: the SDK's own grow, and vary at random.
fn every<S>(
    pause: Duration,
    checks_max: u32,
    met: impl Fn(&S) -> bool + Send + Sync + 'static,
) -> WaitStrategy<S> {
    WaitStrategy::builder(met)
        .max_attempts(checks_max)
        .initial_delay(pause)
        .backoff_rate(1.0)
        .jitter(JitterStrategy::None)
        .build()
}

/// Stores text behind the version of its format, so that a later format can tell old states from new ones.
struct Versioned;

impl Versioned {
    const PREFIX: &str = "v1:";
}

impl Serdes<String> for Versioned {
    async fn serialize(&self, value: String, _context: SerdesContext) -> Result<String, BoxError> {
        Ok(format!("{}{value}", Self::PREFIX))
    }

    async fn deserialize(&self, wire: String, _context: SerdesContext) -> Result<String, BoxError> {
        match wire.strip_prefix(Self::PREFIX) {
            Some(value) => Ok(value.to_owned()),
            None => Err(format!("not a state of format {}: {wire}", Self::PREFIX).into()),
        }
    }
}
