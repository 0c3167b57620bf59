//! OpenTelemetry traces: one for each execution, told to a collector by OTLP.
//!
//! A span is made when what it describes has ended, from the state of the execution alone, and its ids follow from the
//! execution's ARN. So nothing has to be remembered across a restart, and what was sent before a crash and after it
//! fits together. Making one is a few copies and a hash; sending is the job of one task, behind a queue that drops what
//! does not fit.
//!
//! | file | job |
//! |---|---|
//! | `settings` | the variables that OpenTelemetry has for it |
//! | `context` | which trace: derived, or continued from an X-Ray header; span ids; sampling |
//! | `spans` | what a span says |
//! | `observer` | which facts end a span |
//! | `exporter` | the queue, batches, repeats, the flush at the end |
//! | `client` | one request to the collector |

mod client;
mod context;
mod exporter;
mod observer;
mod settings;
mod spans;

pub(crate) use exporter::Exporter;
pub use settings::{TraceSettings, TraceSettingsError};
