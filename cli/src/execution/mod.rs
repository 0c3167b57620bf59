//! Durable executions: finding them, reading them, changing them.
//!
//! | file | job |
//! |---|---|
//! | `reference` | from what a person writes to one execution |
//! | `select` | many at once, and asking before anything happens to them |
//! | `document` | an execution as it is shown |
//! | `operations` | its operations, put together from its history |
//! | `control` | pause, resume and delete, which the SDK does not have yet |

pub mod control;
pub mod document;
pub mod operations;
pub mod reference;
pub mod select;
