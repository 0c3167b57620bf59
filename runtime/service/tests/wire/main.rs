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

mod aliases;
mod arns;
mod chained;
mod checkpoint;
mod clock;
mod cloudformation;
mod cloudwatch;
mod delete;
mod deleted_stacks;
mod deleting;
mod dynamodb;
mod execution_lines;
mod executions;
mod faults;
mod functions;
mod history;
mod invoke;
mod logs;
mod pages;
mod pause;
mod plain_functions;
mod prometheus;
mod quotas;
mod recovery;
mod retention;
mod sdk;
mod shutdown;
mod sizes;
mod spellings;
mod stacks;
mod status_changes;
mod support;
mod tenants;
mod timers;
mod traces;
mod versions;
