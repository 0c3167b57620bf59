//! The contract of the store: what a caller may rely on, whatever the backend does.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    unreachable_pub
)]

mod chained;
mod faults;
mod observing;
mod opening;
mod outbox;
mod queries;
mod support;
mod upgrades;
mod writes;
