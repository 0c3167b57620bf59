//! The log store as its users see it: what is put can be read, found, and is bounded.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    unreachable_pub
)]

mod crash;
mod directory;
mod dropping;
mod patterns;
mod reading;
mod retention;
mod support;
