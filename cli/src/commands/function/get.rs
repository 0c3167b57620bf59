//! `function get`: one function with its versions, its aliases and what it has open.

use std::fmt::Write as _;

use aws_sdk_lambda::types::{AliasConfiguration, ExecutionStatus};
use clap::Args;
use serde::Serialize;

use super::VersionDocument;
use crate::client::Clients;
use crate::exit::{Exit, Failure};
use crate::format::Format;
use crate::table::{Column, cell, clean, table};

/// Versions and aliases that are read, the oldest first.
const VERSIONS_MAX: usize = 1_000;
/// Open executions that are counted.
const OPEN_COUNTED_MAX: i32 = 1_000;
const LATEST: &str = "$LATEST";

/// Options of `function get`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  durable-orders function get ValidateOrder
  durable-orders function get ValidateOrder --json | jq .openExecutions")]
pub struct Get {
    /// The function's name or ARN
    name: String,
    #[command(flatten)]
    format: Format,
}

/// A function for programs. Members are only ever added.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FunctionDocument {
    #[serde(flatten)]
    latest: VersionDocument,
    versions: Vec<VersionDocument>,
    aliases: Vec<AliasDocument>,
    /// Up to `OPEN_COUNTED_MAX`; null for a function that is not durable.
    open_executions: Option<usize>,
    /// Whether there are more than that.
    more_open_executions: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AliasDocument {
    name: String,
    version: String,
    /// Versions that get a share of the calls.
    weights: Vec<(String, f64)>,
    description: Option<String>,
}

impl Get {
    pub(super) async fn run(self, clients: &Clients) -> Result<Exit, Failure> {
        let function = self.read(clients).await?;
        self.format.one(&function, FunctionDocument::shown)?;
        Ok(Exit::Done)
    }

    async fn read(&self, clients: &Clients) -> Result<FunctionDocument, Failure> {
        let mut versions = self.versions(clients).await?;
        let at = versions.iter().position(|version| version.version == LATEST);
        let latest = at.map(|at| versions.remove(at));
        let missing = || Failure::new(format!("{} has no version {LATEST}", self.name));
        let latest = latest.ok_or_else(missing)?;
        let aliases = self.aliases(clients).await?;
        let open = match latest.durable {
            Some(_) => Some(self.open(clients).await?),
            None => None,
        };
        Ok(FunctionDocument {
            latest,
            versions,
            aliases,
            open_executions: open.map(|(count, _)| count),
            more_open_executions: open.is_some_and(|(_, more)| more),
        })
    }

    /// All versions, `$LATEST` among them.
    async fn versions(&self, clients: &Clients) -> Result<Vec<VersionDocument>, Failure> {
        let request = clients.lambda.list_versions_by_function().function_name(&self.name);
        let mut pages = request.into_paginator().items().send();
        let mut versions = Vec::new();
        while let Some(version) = pages.next().await.filter(|_| versions.len() < VERSIONS_MAX) {
            let version = version.map_err(|error| {
                let list = clients.target.command("function list");
                clients
                    .failure(&format!("get function {}", clean(&self.name)), &error)
                    .with_hint(format!("`{list}` shows the functions that are there"))
            })?;
            versions.push(VersionDocument::new(&version));
        }
        Ok(versions)
    }

    async fn aliases(&self, clients: &Clients) -> Result<Vec<AliasDocument>, Failure> {
        let request = clients.lambda.list_aliases().function_name(&self.name);
        let mut pages = request.into_paginator().items().send();
        let mut aliases = Vec::new();
        while let Some(alias) = pages.next().await.filter(|_| aliases.len() < VERSIONS_MAX) {
            let doing = format!("list the aliases of {}", clean(&self.name));
            let alias = alias.map_err(|error| clients.failure(&doing, &error))?;
            aliases.push(AliasDocument::new(&alias));
        }
        Ok(aliases)
    }

    /// How many executions are running, and whether there are more than are counted.
    async fn open(&self, clients: &Clients) -> Result<(usize, bool), Failure> {
        let answer = clients
            .lambda
            .list_durable_executions_by_function()
            .function_name(&self.name)
            .statuses(ExecutionStatus::Running)
            .max_items(OPEN_COUNTED_MAX)
            .send()
            .await;
        let doing = format!("count the executions of {}", clean(&self.name));
        let answer = answer.map_err(|error| clients.failure(&doing, &error))?;
        let more = answer.next_marker().is_some_and(|marker| !marker.is_empty());
        Ok((answer.durable_executions().len(), more))
    }
}

impl AliasDocument {
    fn new(alias: &AliasConfiguration) -> Self {
        let weights = alias.routing_config().and_then(|it| it.additional_version_weights());
        let mut weights: Vec<(String, f64)> = weights
            .into_iter()
            .flatten()
            .map(|(version, weight)| (version.clone(), *weight))
            .collect();
        weights.sort_by(|a, b| a.0.cmp(&b.0));
        let description = alias.description().filter(|text| !text.is_empty());
        Self {
            name: alias.name().unwrap_or_default().to_owned(),
            version: alias.function_version().unwrap_or_default().to_owned(),
            weights,
            description: description.map(str::to_owned),
        }
    }

    /// Where the calls go: `3`, or `3, 10 % to 4`.
    fn leads_to(&self) -> String {
        let shares = self
            .weights
            .iter()
            .map(|(version, share)| format!(", {:.0} % to {version}", share * 100.0));
        format!("{}{}", self.version, shares.collect::<String>())
    }
}

impl FunctionDocument {
    fn shown(&self) -> String {
        let latest = &self.latest;
        let durable = latest.durable.as_ref().map(|durable| {
            let retention = cell(durable.retention_days);
            let timeout = cell(latest.durable_shown());
            format!("executions may take {timeout} and are kept for {retention} days")
        });
        let more = if self.more_open_executions { " or more" } else { "" };
        let facts = [
            ("state", latest.state.clone()),
            ("runtime", latest.runtime.clone()),
            ("handler", latest.handler.clone()),
            ("memory", latest.memory_shown()),
            ("timeout", latest.timeout_shown()),
            ("durable", durable),
            ("open", self.open_executions.map(|count| format!("{count}{more} running"))),
            ("modified", latest.last_modified.clone()),
            ("arn", Some(latest.arn.clone())),
        ];
        let mut out = format!("{}\n\n", clean(&latest.name));
        for (name, value) in facts {
            if let Some(value) = value {
                // Writing to a string cannot fail.
                let _ = writeln!(out, "  {name:<10}  {}", clean(&value));
            }
        }
        if !self.versions.is_empty() {
            let columns = [Column::Left("VERSION"), Column::Left("MODIFIED"), Column::Left("")];
            let rows = self.versions.iter().map(|version| {
                let description = version.description.clone().unwrap_or_default();
                [version.version.clone(), cell(version.last_modified.as_ref()), description]
            });
            let _ = write!(out, "\n{}", table(&columns, rows));
        }
        if !self.aliases.is_empty() {
            let columns = [Column::Left("ALIAS"), Column::Left("VERSION"), Column::Left("")];
            let rows = self.aliases.iter().map(|alias| {
                let description = alias.description.clone().unwrap_or_default();
                [alias.name.clone(), alias.leads_to(), description]
            });
            let _ = write!(out, "\n{}", table(&columns, rows));
        }
        out
    }
}
