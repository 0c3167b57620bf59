//! Orders survive the death of the server, wherever it strikes, and each other.
//!
//! Goal: whatever was accepted reaches its one outcome; stock is taken once, a payment is authorized once, a completed
//! step is not run again, and stock plus reservations always add up.
//!
//! Method: real processes die for real. `at_every_point` runs the server inside a child of this test program that kills
//! itself with SIGKILL at an exact place: before or after the n-th commit of the journal, before or after a worker's
//! work. `at_random` kills the shipped binary from outside at seeded random times. After each death the data directory is
//! opened by the next life; between lives the journal is read behind the server's back. `at_once` places many orders together.
//! `status_changes` kills it at random, too, while a receiver outside is told of every order. `payments` kills it in the
//! middle of calls of a payment gateway and at random, and asks a double of the gateway where the money is.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub
)]

mod at_every_point;
mod at_once;
mod at_random;
mod child;
mod journal;
mod orders;
mod payments;
mod process;
mod receiver;
mod status_changes;
