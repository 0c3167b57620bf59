//! `function list`: the functions of the server.

use clap::Args;

use super::VersionDocument;
use crate::client::Clients;
use crate::exit::{Exit, Failure};
use crate::format::Format;
use crate::output::note;
use crate::table::{Column, cell, table};

/// Functions that are listed.
const FUNCTIONS_MAX: usize = 1_000;

/// Options of `function list`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  durable-orders function list
  durable-orders function list --json | jq -r '.[] | select(.durable) | .name'")]
pub struct List {
    #[command(flatten)]
    format: Format,
}

impl List {
    pub(super) async fn run(self, clients: &Clients) -> Result<Exit, Failure> {
        let mut pages = clients.lambda.list_functions().into_paginator().items().send();
        let mut functions = Vec::new();
        while let Some(function) = pages.next().await {
            let function = function.map_err(|error| clients.failure("list functions", &error))?;
            if functions.len() == FUNCTIONS_MAX {
                note(&format!(
                    "there are more than {FUNCTIONS_MAX}, which is the most that is listed"
                ));
                break;
            }
            functions.push(VersionDocument::new(&function));
        }
        self.format.list(&functions, "no functions", shown)?;
        Ok(Exit::Done)
    }
}

fn shown(functions: &[VersionDocument]) -> String {
    let columns = [
        Column::Left("FUNCTION"),
        Column::Left("RUNTIME"),
        Column::Right("MEMORY"),
        Column::Right("TIMEOUT"),
        Column::Right("DURABLE"),
        Column::Left("MODIFIED"),
    ];
    let cells = functions.iter().map(|function| {
        [
            function.name.clone(),
            cell(function.runtime.as_ref()),
            cell(function.memory_shown()),
            cell(function.timeout_shown()),
            cell(function.durable_shown()),
            cell(function.last_modified.as_ref()),
        ]
    });
    table(&columns, cells)
}
