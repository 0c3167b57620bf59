//! Orders as the commands see them.
//!
//! | file | job |
//! |---|---|
//! | `id` | order ids, and the ARNs that may stand for them |
//! | `submission` | an order that is about to be placed |
//! | `place` | sending it |
//! | `execution` | reading the durable execution of an order |
//! | `search` | finding orders by customer, status, time and id |
//! | `resolve` | from what a person writes to one order |
//! | `history` | the steps of an execution |
//! | `wait` | until an execution ends |
//! | `result` | the result of an execution, and what it says in words |
//! | `document` | an order as the commands print it |

pub mod document;
pub mod execution;
pub mod history;
pub mod id;
pub mod place;
pub mod resolve;
pub mod result;
pub mod search;
pub mod submission;
pub mod wait;
