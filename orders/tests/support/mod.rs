//! What the tests run against: a real DynamoDB engine in memory, and the workers behind an
//! in-memory Lambda API. Both are reached through the AWS clients, so that the code under test is
//! the code that runs on AWS.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

pub mod http;
pub mod lambda;
pub mod smtp;
pub mod tables;

use lambda_runtime::{Context, LambdaEvent};
use orders::WorkerRequest;

/// An event as the Lambda runtime would hand it to a worker.
pub fn event(request: &str) -> LambdaEvent<WorkerRequest> {
    let payload = serde_json::from_str(request).unwrap();
    LambdaEvent::new(payload, Context::default())
}
