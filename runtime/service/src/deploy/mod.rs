//! Deploying functions: from a template when the server starts, and through the Lambda API while it runs.
//!
//! A change is checked, its code is put in place, its documents are committed, and then the registry shows it: what was
//! acknowledged survives a crash, and a crash in between leaves at most code that nobody refers to, which the next start
//! removes.
//!
//! | file | job |
//! |---|---|
//! | `code` | the code of versions, in the data directory |
//! | `unpack` | a zip file from anybody, unpacked |
//! | `copy` | a directory, copied as it is now |
//! | `documents` | functions as the store keeps them |
//! | `deployer` | the changes, one at a time |
//! | `changed` | a function as it is after a change |
//! | `stack` | what a template asks for |

mod changed;
mod code;
mod copy;
mod deployer;
mod documents;
mod stack;
mod unpack;

pub(crate) use code::{Code, CodeStore};
pub(crate) use deployer::{Deployer, Head, Settings};
pub(crate) use stack::tables;
