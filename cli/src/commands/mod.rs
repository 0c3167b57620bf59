//! The commands, one a file.

pub mod catalog;
pub mod demo;
pub mod order;
