//! Goal: the commands do for people and scripts what their help says.
//!
//! Method: the real binary, run as a process, against a real server on a private port where it needs
//! one. Whatever any of them prints is searched for card numbers (see `support`). Every wait has a
//! deadline.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod callbacks;
mod catalog;
mod completing;
mod demo;
mod deployed;
mod executions;
mod failures;
mod finding;
mod functions;
mod invoking;
mod looking;
mod monitoring;
mod notifying;
mod own_function;
mod paying;
mod placing;
mod reference;
mod serving;
#[path = "../../../orders/tests/support/smtp.rs"]
#[allow(unreachable_pub, dead_code)]
mod smtp;
mod stacks;
mod support;
mod tailing;
mod templates;
mod transcripts;
mod waiting;
