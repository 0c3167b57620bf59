//! The functions that this server knows, and their versions and aliases (specification section 1.1).
//!
//! Two kinds of functions are here. One is given by whoever opens the service and runs in the server's process
//! ([`FunctionSpec`]); it is not stored, and has no versions. The other is deployed, from a template or through the Lambda
//! API: its configuration, its versions and its aliases are in the store, its code is on disk, and it runs in processes.
//!
//! | file | job |
//! |---|---|
//! | `config` | a function's configuration, in AWS's words |
//! | `spec` | a function in the server's process |
//! | `registry` | what is known now, and what a name and a qualifier lead to |
//! | `hosting` | where a deployed version runs |
//! | `tenants` | processes that no two tenants share |

mod config;
mod hosting;
mod registry;
mod spec;
mod tenants;

pub use config::{
    DurableConfig, Environment, EphemeralStorage, FunctionConfig, LoggingConfig, TenancyConfig,
    TracingConfig,
};
pub(crate) use hosting::Hosting;
pub use hosting::RuntimeCommands;
pub(crate) use registry::{Alias, Function, Functions, Origin, Resolved, Version, last_modified};
pub use spec::FunctionSpec;
pub(crate) use tenants::TENANT_MISSING;

/// The unpublished version: the head that changes.
pub(crate) const LATEST: &str = "$LATEST";
