//! Templates from their files to stacks, as the server reads them.
//!
//! | file | about |
//! |---|---|
//! | `whole` | whole templates: SAM, CloudFormation, CDK |
//! | `functions_of_cloudformation` | Ref, GetAtt, Sub and the others; conditions |
//! | `parameters` | parameters |
//! | `properties` | properties of functions, tables, versions and aliases |
//! | `code` | where the code of functions is |
//! | `names` | what things are called |
//! | `syntax` | YAML and JSON, and their bounds |
//! | `problems` | what a user is told |
//! | `any_text` | whatever a file holds, nothing panics |
//! | `support` | templates written by a test |

// The lints know tests by their attribute, which helpers do not have.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod any_text;
mod code;
mod functions_of_cloudformation;
mod kept;
mod names;
mod parameters;
mod problems;
mod properties;
mod support;
mod syntax;
mod whole;
