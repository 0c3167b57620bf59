//! Executions survive the death of the processes that run them, of the server, and of both.
//!
//! Goal: whatever was accepted ends with its one right result. No recorded step is run again, no attempt of an
//! at-most-once step is run twice, every chained target is started once, every callback is answered once, and no process
//! outlives its server.
//!
//! Method: the shipped binary serves a template whose functions are this very program, started again. A seed decides
//! what is placed and who dies when (`plan`): processes and servers are killed with SIGKILL from outside at random moments
//! (`run`), and from inside at marked places of the handlers (`marks`), where few random deaths would strike. Each body of
//! a step notes that it ran (`effects`). After each death of a server its journal is read behind its back (`journal`), and
//! at the end everything is compared: the results and the histories on the wire, the journal, the notes (`checks`).
//!
//! `KILL_TEST_SEED` repeats the run of one seed, and `KILL_TEST_RUNS` sets the number of runs of each test, from that seed
//! on. A run that fails leaves its directory behind and says where.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub
)]

mod checks;
mod clients;
mod deaths;
mod effects;
mod functions;
mod journal;
mod marks;
mod order;
mod plan;
mod proc;
mod run;
mod server;
mod stage;
