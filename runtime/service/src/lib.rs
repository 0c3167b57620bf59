//! The AWS wire: Lambda with durable executions, and DynamoDB, at one door.
//!
//! A [`Service`] owns a data directory and knows some functions. Its [`Door`](durable_functions::Door) answers the
//! requests of AWS's SDKs and CLI, from a socket ([`Service::serve`]) or from clients in the same process
//! ([`durable_functions::InMemoryHttp`]).
//!
//! | part | job |
//! |---|---|
//! | `service` | opening, shutting down |
//! | `door` | which API a request is for |
//! | `listener` | the socket |
//! | `guard` | keeps web pages away from the socket |
//! | `lambda/` | one file per Lambda operation |
//! | `dynamodb/` | the tables |
//! | `engine/` | the shell around the state machine in `durable-core` |
//! | `wire/` | spelling: errors, ARNs, timestamps, JSON |
//! | `functions` | the functions that this server knows |
//! | `clock` | the only place that reads the time |

mod clock;
mod door;
mod dynamodb;
mod engine;
mod functions;
mod guard;
mod lambda;
mod listener;
mod service;
mod wire;

pub use dynamodb::TableSpec;
pub use engine::Recovered;
pub use functions::{DurableConfig, FunctionSpec};
pub use service::{OpenError, Service, ServiceConfig};
