//! `--output`: how a command prints what it found.

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::exit::Failure;
use crate::output::{note, print, print_json};

/// The option, for every command that prints data.
#[derive(Args, Clone, Copy, Debug)]
pub struct Format {
    /// How to print it: for people, as one JSON document, or as one JSON object per line
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        env = "DURABLE_ORDERS_OUTPUT",
        hide_env_values = true,
        default_value_t
    )]
    output: Output,
    /// The same as --output json
    #[arg(long)]
    json: bool,
}

/// The members of JSON are only ever added to; a table is for people and may change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people
    #[default]
    Table,
    /// One JSON document
    Json,
    /// One JSON object per line
    Jsonl,
}

impl Format {
    fn output(self) -> Output {
        if self.json { Output::Json } else { self.output }
    }

    /// Whether a program reads it.
    #[must_use]
    pub fn is_json(self) -> bool {
        self.output() != Output::Table
    }

    /// Whether each thing is a line of its own.
    #[must_use]
    pub fn is_lines(self) -> bool {
        self.output() == Output::Jsonl
    }

    /// Prints several things; `nothing` says to people that there are none.
    ///
    /// # Errors
    /// When stdout does not take it.
    pub fn list<T: Serialize>(
        self,
        rows: &[T],
        nothing: &str,
        table: impl FnOnce(&[T]) -> String,
    ) -> Result<(), Failure> {
        match self.output() {
            Output::Table if rows.is_empty() => {
                note(nothing);
                Ok(())
            }
            Output::Table => print(&table(rows)),
            Output::Json => print_json(&rows),
            Output::Jsonl => rows.iter().try_for_each(line),
        }
    }

    /// Prints one thing.
    ///
    /// # Errors
    /// When stdout does not take it.
    pub fn one<T: Serialize>(
        self,
        thing: &T,
        text: impl FnOnce(&T) -> String,
    ) -> Result<(), Failure> {
        match self.output() {
            Output::Table => print(&text(thing)),
            Output::Json => print_json(thing),
            Output::Jsonl => line(thing),
        }
    }
}

/// One JSON object on a line of its own.
///
/// # Errors
/// When stdout does not take it.
pub fn line<T: Serialize>(thing: &T) -> Result<(), Failure> {
    let text = serde_json::to_string(thing);
    let text = text.map_err(|error| Failure::new(format!("cannot write JSON: {error}")))?;
    print(&format!("{text}\n"))
}
