//! The wire's spelling: errors, ARNs, labels, timestamps, and the JSON of operations, events and updates.
//!
//! Nothing here decides anything about an execution.

pub(crate) mod arn;
pub(crate) mod constraints;
pub(crate) mod error;
pub(crate) mod event;
pub(crate) mod function_ref;
pub(crate) mod object;
pub(crate) mod operation;
pub(crate) mod query;
pub(crate) mod response;
pub(crate) mod timestamp;
pub(crate) mod update;
