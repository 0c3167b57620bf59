//! Goal: the quotas on rates and on open executions hold when they are set, hurt nobody else, and are off otherwise.

use std::num::NonZeroU32;

use aws_sdk_lambda::error::ProvideErrorMetadata as _;
use durable_service::{Rated, Rates};
use serde_json::json;
use tempfile::TempDir;

use crate::support::{Setup, eventually, workflow};

fn one_a_second(operation: Rated) -> Rates {
    let mut rates = Rates::default();
    rates.set(operation, NonZeroU32::MIN);
    rates
}

#[tokio::test]
async fn a_rate_refuses_the_call_that_is_one_too_many_and_no_other_operation() {
    let directory = TempDir::new().unwrap();
    let server = Setup::new(directory.path())
        .durable("flow", |turn| workflow::run(turn, |_| {}))
        .with(|setup| setup.config.rates = one_a_second(Rated::Get))
        .open()
        .await;
    let arn = server.plan("flow", json!([{ "callback": "c" }])).await;
    let client = server.lambda();
    let get = || client.get_durable_execution().durable_execution_arn(&arn).send();
    get().await.unwrap();
    // Between two calls there may be a second on a busy machine, but not between all of these.
    let refused = eventually("a call is one too many", async || get().await.err()).await;
    assert_eq!(refused.code(), Some("TooManyRequestsException"));
    let answer = refused.raw_response().unwrap();
    assert_eq!(answer.status().as_u16(), 429);
    let reply = server.read(&arn, "/history").await;
    assert_eq!(reply.status, 200);
    eventually("the next second", async || get().await.ok()).await;
    server.close().await;
}

#[tokio::test]
async fn no_execution_is_started_beyond_the_bound_until_one_has_closed_also_after_a_restart() {
    let directory = TempDir::new().unwrap();
    let setup = || {
        Setup::new(directory.path())
            .durable("flow", |turn| workflow::run(turn, |_| {}))
            .with(|setup| setup.config.open_executions_max = Some(2))
    };
    let server = setup().open().await;
    let plan = json!({ "plan": [{ "callback": "c" }] });
    let first = server.start("flow", None, &plan).await;
    server.start("flow", None, &plan).await;
    let refused = server.try_start("flow", None, &plan).await;
    refused.assert_error(429, "TooManyRequestsException", "Rate Exceeded.");
    server.close().await;

    let server = setup().open().await;
    let refused = server.try_start("flow", None, &plan).await;
    refused.assert_error(429, "TooManyRequestsException", "Rate Exceeded.");
    server.stop(&first, "{}").await.ok();
    server.start("flow", None, &plan).await;
    server.close().await;
}
