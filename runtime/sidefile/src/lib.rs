//! What is kept beside the orders: a SQLite file that one thread writes and nobody waits for.
//!
//! Logs and metrics are not orders. Whoever brings something for such a file adds it to what collects in memory and goes
//! on; the thread takes all of it at once, a moment later or as soon as somebody reads. What is written survives the end of
//! the process, but the last moments before the machine loses power may be missing.
//!
//! ```text
//!   Queue::collect ──► what collects (bounded by its keeper) ──┐
//!                                                              ├──► thread: Keeper ──► file ──► read connections
//!   SideFile::run ───► commands (bounded) ─────────────────────┘
//! ```
//!
//! A store implements [`Keeper`]: what collects, how it is written, what is deleted. Every call of [`SideFile`] may block
//! for a moment, so an async program calls it where it may; [`Queue::collect`] never does.
//!
//! | file | job |
//! |---|---|
//! | `keeper` | what a store does on the thread, and when |
//! | `queue` | what waits for the thread |
//! | `side_file` | the handle |
//! | `format` | opening the file: its tables, its version, its pragmas |
//! | `readers` | connections that only read |
//! | `error` | what can go wrong |

mod error;
mod format;
mod keeper;
mod queue;
mod readers;
mod side_file;

pub use error::{CallError, OpenError};
pub use format::{Format, bytes_in_use};
pub use keeper::Keeper;
pub use queue::Queue;
pub use side_file::{SideFile, Start};
