//! The service as its clients see it: real AWS SDKs over a socket, and raw requests where an SDK would refuse to send
//! what has to be tested. One binary, so that the SDKs are linked once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    dead_code
)]

mod chained;
mod checkpoint;
mod delete;
mod dynamodb;
mod executions;
mod faults;
mod history;
mod invoke;
mod pause;
mod plain_functions;
mod recovery;
mod support;
mod timers;
