//! `durable-orders`: the order system on the embedded runtime, and the commands that speak to it.
//!
//! | file | job |
//! |---|---|
//! | `args` | the command line |
//! | `embedded` | the four functions and their tables inside one service |
//! | `serve` | the server: listen, report, shut down |
//! | `template` | the template that `serve` deploys instead of the order system |
//! | `webhook` | who `serve` tells of status changes |
//! | `commands/` | the other commands, one a file |
//! | `client/` | the AWS clients, and which server they speak to |
//! | `order/` | placing, finding, waiting for and describing orders |
//! | `catalog/` | reading and writing products |
//! | `logs/` | reading logs, and staying with them |
//! | `execution/` | durable executions of any function |
//! | `format` | `--output` |
//! | `exit` | exit codes, and failures as people read them |
//! | `input`, `interrupt` | files and stdin; Ctrl-C |
//! | `output`, `table`, `json`, `time` | how things are printed |
//! | `own_lines` | what the order functions log, on its way to their log groups |
//! | `when` | moments as people write them |
//! | `redact` | card numbers out of everything that is shown |
//!
//! The commands know the server by AWS's API only: they work the same against AWS. Nothing of an
//! order is printed before it went through `redact`.
//!
//! The library is what the binary is made of; tests and benchmarks use it too.

pub mod args;
pub mod catalog;
pub mod client;
pub mod commands;
pub mod embedded;
pub mod execution;
pub mod exit;
pub mod format;
pub mod input;
pub mod interrupt;
pub mod json;
pub mod logs;
pub mod order;
pub mod output;
pub mod own_lines;
pub mod redact;
pub mod serve;
pub mod table;
pub mod template;
pub mod time;
pub mod webhook;
pub mod when;
