//! Goal: what is measured is kept, within bounds, and read back right.
//!
//! Method: a store in a directory of its own with a clock that stands still. A crash is a copy of the files while the
//! store is open: what a killed process leaves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod bounds;
mod percentiles;
mod reading;
mod restarts;
mod support;
