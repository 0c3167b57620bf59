//! What functions print: a bounded store of log events, in a file of its own.
//!
//! Logs are not orders. Whoever puts an event never waits: it goes into a bounded queue, and one thread writes what
//! collects there, ten times a second or as soon as somebody reads. If the queue is full, events are dropped and counted,
//! and a later event of the stream says how many. What is written survives the end of the process, but the last moments
//! before the machine loses power may be missing.
//!
//! ```text
//!   put ───► queue (bounded) ──┐
//!                              ├──► thread ──► logs.db ──► read connections ──► filter, events, groups, streams
//!   create, delete, write ─────┘    also deletes what is too old or too much
//! ```
//!
//! Every call but [`Logs::put`] may block for a moment, so an async program calls it where it may.
//!
//! | file | job |
//! |---|---|
//! | `logs` | the handle |
//! | `model` | what is put and read |
//! | `pending` | what waits for the thread, and what is dropped |
//! | `keeper` | the thread |
//! | `database` | writing: events, groups, streams |
//! | `retention` | deleting, in small pieces |
//! | `reader` | pages of events |
//! | `directory` | pages of groups and streams |
//! | `schema` | tables and indexes |
//! | `pattern/` | CloudWatch's filter patterns |
//! | `error` | what can go wrong |

mod database;
mod directory;
mod error;
mod keeper;
mod logs;
mod model;
mod pattern;
mod pending;
mod reader;
mod retention;
mod schema;

pub use durable_sidefile::OpenError;
pub use error::LogsError;
pub use logs::{Clock, Logs, Options};
pub use model::{
    Event, EventsPage, EventsQuery, FilterPage, FilterQuery, Group, GroupsQuery, MESSAGE_BYTES_MAX,
    Position, Stream, StreamName, StreamOrder, Streams, StreamsQuery,
};
pub use pattern::{InvalidPattern, PATTERN_LEN_MAX, Pattern};
