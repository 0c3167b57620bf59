//! What is measured: one-minute points, in a file of their own.
//!
//! Metrics are not orders. Whoever records a value never waits for a disk: it is added to the current minute of a
//! [`Meter`] in memory, and once a second one thread writes what has changed, or as soon as somebody reads. A server
//! that measures nothing writes nothing. What is written survives the end of the process; a crash loses the last second.
//!
//! ```text
//!   Meter::record ──► the minute, in memory ──► list of changed meters ──┐
//!                                                                        ├──► thread ──► metrics.db ──► read connections
//!   Metrics::put ──────────────────────────────► commands (bounded) ─────┘    also deletes what is too old or too much
//! ```
//!
//! A point keeps count, sum, minimum and maximum of its minute, and how often values of each size came, from which
//! percentiles are read. Points of one minute, and of several, are merged without loss.
//!
//! Every call but [`Meter::record`] may block for a moment, so an async program calls it where it may.
//!
//! | file | job |
//! |---|---|
//! | `metrics` | the handle |
//! | `model` | what a series is; what is asked and answered |
//! | `meter` | where values are recorded |
//! | `summary` | what is known of many values; percentiles |
//! | `changed` | which meters the thread has to see |
//! | `keeper` | the thread |
//! | `database` | writing: series and points |
//! | `retention` | deleting, in small pieces |
//! | `reader` | lists and points |
//! | `schema` | tables and indexes |
//! | `error` | what can go wrong |

mod changed;
mod database;
mod error;
mod keeper;
mod meter;
mod metrics;
mod model;
mod reader;
mod retention;
mod schema;
mod summary;

pub use durable_sidefile::OpenError;
pub use error::MetricsError;
pub use meter::Meter;
pub use metrics::{Clock, Metrics, Options};
pub use model::{
    DimensionFilter, ListQuery, MINUTE_MS, MetricId, Minute, Point, PointsQuery, SeriesId,
    SeriesPoints,
};
pub use summary::Summary;
