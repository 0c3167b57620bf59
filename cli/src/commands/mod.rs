//! The commands, one a file.

pub mod callback;
pub mod catalog;
pub mod completions;
pub mod demo;
pub mod execution;
pub mod function;
pub mod invoke;
pub mod logs;
pub mod order;
