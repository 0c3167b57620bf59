//! Functions as child processes on the Lambda Runtime API.
//!
//! ```text
//!   invoke ──► pool ── a slot, or the permission to start ──► supervisor ──► launch ──► process, watchdog
//!                ▲                                               │                         │
//!                │ an open /next is a slot                       ├──► pump ──► LogSink ◄───┤ stdout, stderr
//!                └──────────────── process ◄──── api ◄───────────┘                         │
//!                                  (its state)    ▲────────── /next, /response, /error ────┘
//! ```
//!
//! | file | job |
//! |---|---|
//! | `function` | an invocation's way: a place, the event, the answer or the timeout |
//! | `spec` | what a function is made of, with every default |
//! | `runtime` | which program runs it |
//! | `pool` | how many processes, who waits, who is next |
//! | `process` | one process as the Runtime API sees it |
//! | `slot` | an open `/next` on its way to an invocation |
//! | `supervisor` | a process from its start to its end |
//! | `launch` | starts it so that it cannot outlive the server |
//! | `environment` | what it finds in its environment |
//! | `api`, `event`, `report`, `extensions` | the HTTP of the Runtime API and of the Extensions API |
//! | `logs`, `pump`, `lines` | what it prints |
//! | `platform` | what is added to that: where invocations begin and end |
//! | `failure` | AWS's words for how it failed |
//!
//! What never happens: a process outlives the server; two events for one `/next`; an event for a process that is known
//! to have ended; a slot for a process that is to be stopped; more processes than `processes_max`, counting those that
//! end; a crash that is reported before its last lines are in the log.

mod api;
mod environment;
mod event;
mod extensions;
mod failure;
mod function;
mod launch;
mod lines;
mod logs;
pub(crate) mod platform;
mod pool;
mod process;
mod pump;
mod report;
mod runtime;
mod slot;
mod spec;
mod supervisor;

pub use function::ProcessFunction;
pub use logs::{LogLine, LogSink, LogStream, TracingLog};
pub use platform::stream_name;
pub use runtime::{Client, CommandLine, Runtime, UnknownRuntime};
pub use spec::{Credentials, LogFormat, ProcessSpec};
