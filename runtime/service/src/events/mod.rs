//! Telling a webhook of every change of an execution's status, as EventBridge would (specification section 9.3).
//!
//! The event is written with the change, in one transaction (`durable-store`, table `outbox`), so none is lost and none is
//! made up, whatever crashes. One task takes events from there and sends them; a row goes when the receiver has answered
//! with 2xx, or when the event is given up. A crash between the two sends it again with the same id: at least once. Without
//! a webhook nothing is written and nothing runs.
//!
//! ```text
//!   engine ──change + event, one commit──► outbox ──► window ──► client ──POST──► receiver
//!      └──recorded──► signal ──wakes──► delivery ──────┘ ▲          │
//!                                          └── taken: cleared ◄─────┘
//! ```
//!
//! An order never waits for a receiver: the engine hands nothing over but the row, and wakes the task. Events of one
//! execution are sent one after the other; which of them fails holds up only its own execution. A receiver that takes
//! nothing is asked ever more rarely, by one request at a time, however many events wait.
//!
//! | file | job |
//! |---|---|
//! | `webhook` | where to, with which headers, what, how patiently; the part that users configure |
//! | `event` | the event, and which changes have one |
//! | `delivery` | the task: reads, sends, clears |
//! | `window` | the events in memory: who is next, in which order |
//! | `receiver` | whether the receiver takes anything, and when to ask again |
//! | `client` | one request |
//! | `signature` | what a receiver can check |

mod client;
mod delivery;
mod event;
mod receiver;
mod signature;
mod webhook;
mod window;

pub(crate) use delivery::{Deliveries, Telling};
pub(crate) use event::StatusEvents;
pub use webhook::{Patience, StatusWebhook, WebhookError};
