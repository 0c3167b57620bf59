//! `durable-orders`: the order system on the embedded runtime, and the commands that speak to it.
//!
//! | file | job |
//! |---|---|
//! | `embedded` | the four functions and their tables inside one service |
//! | `serve` | the server: listen, report, shut down |
//!
//! The library is what the binary is made of; tests and benchmarks use it too.

pub mod embedded;
pub mod serve;
