//! Functions as child processes: real processes, the real `lambda_runtime`, real signals.
//!
//! The functions of these tests are this very program, started again (`bootstrap`), so that nothing else has to be
//! compiled. No test asserts how long anything took; every wait has a deadline, after which the test fails.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    unreachable_pub
)]

mod bootstrap;
mod clients;
mod crashes;
mod endings;
mod environment;
mod init;
mod invocations;
mod logs;
mod pool;
mod raw;
mod support;
mod timeouts;
