//! The AWS wire: Lambda with durable executions, DynamoDB, CloudFormation, CloudWatch and CloudWatch
//! Logs, at one door.
//!
//! A [`Service`] owns a data directory and knows some functions. Its [`Door`](durable_functions::Door) answers the
//! requests of AWS's SDKs and CLI, from a socket ([`Service::serve`]) or from clients in the same process
//! ([`durable_functions::InMemoryHttp`]).
//!
//! | part | job |
//! |---|---|
//! | `service` | opening, shutting down |
//! | `config` | how a service is set up |
//! | `watchers` | opening and closing whoever is told what happens |
//! | `door` | which API a request is for |
//! | `listener` | the socket |
//! | `guard` | keeps web pages away from the socket |
//! | `lambda/` | one file per Lambda operation |
//! | `dynamodb/` | the tables |
//! | `cloudformation/` | the stacks that the server was started with |
//! | `cloudwatch/` | what is measured, as CloudWatch |
//! | `measures/` | measuring functions and executions |
//! | `logs/` | what functions print, as CloudWatch Logs |
//! | `engine/` | the shell around the state machine in `durable-core` |
//! | `wire/` | spelling: errors, ARNs, timestamps, JSON |
//! | `functions` | the functions that this server knows, their versions and aliases |
//! | `deploy/` | changing them: templates, code, what is stored of them |
//! | `prometheus/` | what Prometheus scrapes |
//! | `events/` | telling a webhook of every change of an execution's status |
//! | `observe` | telling whoever logs and counts what happens |
//! | `traces/` | OpenTelemetry traces, for those who want them |
//! | `outgoing` | the HTTP client for what the server sends by itself |
//! | `rates` | AWS's rate quotas, for those who want them |
//! | `clock` | the only place that reads the time |

mod clock;
mod cloudformation;
mod cloudwatch;
mod config;
mod deploy;
mod door;
mod dynamodb;
mod engine;
mod events;
mod functions;
mod guard;
mod lambda;
mod listener;
mod logs;
mod measures;
mod observe;
mod outgoing;
mod prometheus;
mod rates;
mod service;
mod traces;
mod watchers;
mod wire;

pub use clock::Clock;
pub use cloudformation::{StackOutput, StackParameter, StackResource, StackSpec};
pub use config::ServiceConfig;
pub use dynamodb::TableSpec;
pub use engine::Recovered;
pub use events::{Patience, StatusWebhook, WebhookError};
pub use functions::{
    DurableConfig, Environment, EphemeralStorage, FunctionConfig, FunctionSpec, LoggingConfig,
    RuntimeCommands, TenancyConfig, TracingConfig,
};
pub use rates::{NotRated, Rated, Rates};
pub use service::{OpenError, Service};
pub use traces::{TraceSettings, TraceSettingsError};
