//! Functions as the store keeps them: one document for the head, one for each version, one for each alias.

use std::collections::BTreeMap;

use durable_store::{DeployedItem, DeploymentChange};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::code::Code;
use crate::functions::{Alias, Function, FunctionConfig, Origin, Version};

/// The item with what belongs to no version.
const HEAD: &str = "function";
const VERSION: &str = "version:";
const ALIAS: &str = "alias:";

/// What belongs to no version.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) origin: Origin,
    pub(super) next_version: u64,
    #[serde(default)]
    pub(super) deleting: bool,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) tags: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reserved_concurrency: Option<u32>,
}

/// A version without its host.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct VersionDocument {
    pub(super) number: String,
    pub(super) config: FunctionConfig,
    pub(super) code: Code,
    pub(super) modified: String,
    pub(super) revision: String,
}

impl VersionDocument {
    /// `None` for a version in the server's process, which is not stored.
    pub(super) fn of(version: &Version) -> Option<Self> {
        Some(Self {
            number: version.number.clone(),
            config: version.config.clone(),
            code: version.code.clone()?,
            modified: version.modified.clone(),
            revision: version.revision.clone(),
        })
    }
}

/// Everything that is stored of a function.
pub(super) struct FunctionDocuments {
    pub(super) name: String,
    pub(super) head: Head,
    pub(super) versions: Vec<VersionDocument>,
    pub(super) aliases: BTreeMap<String, Alias>,
}

/// Reads what the store has, in the order of the functions' names.
///
/// # Errors
/// Which document cannot be read.
pub(super) fn read(items: Vec<DeployedItem>) -> Result<Vec<FunctionDocuments>, String> {
    let mut functions: BTreeMap<String, Vec<DeployedItem>> = BTreeMap::new();
    for item in items {
        functions.entry(item.function.clone()).or_default().push(item);
    }
    functions.into_iter().map(|(name, items)| function(name, items)).collect()
}

fn function(name: String, items: Vec<DeployedItem>) -> Result<FunctionDocuments, String> {
    let mut head = None;
    let (mut versions, mut aliases) = (Vec::new(), BTreeMap::new());
    for item in items {
        if item.item == HEAD {
            head = Some(parse(&item)?);
        } else if item.item.starts_with(VERSION) {
            versions.push(parse(&item)?);
        } else if let Some(alias) = item.item.strip_prefix(ALIAS) {
            aliases.insert(alias.to_owned(), parse(&item)?);
        }
    }
    let head = head.ok_or_else(|| format!("the deployed function {name} has no head"))?;
    Ok(FunctionDocuments { name, head, versions, aliases })
}

fn parse<T: DeserializeOwned>(item: &DeployedItem) -> Result<T, String> {
    serde_json::from_slice(&item.body).map_err(|error| {
        format!(
            "what is stored of the function {}, {}, is damaged: {error}",
            item.function, item.item
        )
    })
}

/// What has to be written to get from one state of a function to another.
pub(super) fn changes(before: Option<&Function>, after: &Function) -> Vec<DeploymentChange> {
    let old: BTreeMap<String, Vec<u8>> = before.map(documents).unwrap_or_default();
    let new = documents(after);
    let function = &after.name;
    let removed = old
        .keys()
        .filter(|item| !new.contains_key(*item))
        .map(|item| DeploymentChange::Remove { function: function.clone(), item: item.clone() });
    let removed: Vec<_> = removed.collect();
    let put =
        new.into_iter().filter(|(item, body)| old.get(item) != Some(body)).map(|(item, body)| {
            DeploymentChange::Put(DeployedItem { function: function.clone(), item, body })
        });
    removed.into_iter().chain(put).collect()
}

/// None for a function in the server's process: whoever opens the service brings it.
fn documents(function: &Function) -> BTreeMap<String, Vec<u8>> {
    if function.origin == Origin::Server {
        return BTreeMap::new();
    }
    let head = Head {
        origin: function.origin.clone(),
        next_version: function.next_version,
        deleting: function.deleting,
        tags: function.tags.clone(),
        reserved_concurrency: function.reserved_concurrency,
    };
    let mut documents = BTreeMap::from([(HEAD.to_owned(), encode(&head))]);
    for version in function.versions().filter_map(|version| VersionDocument::of(version)) {
        documents.insert(format!("{VERSION}{}", version.number), encode(&version));
    }
    for alias in function.aliases.values() {
        documents.insert(format!("{ALIAS}{}", alias.name), encode(alias));
    }
    documents
}

/// None of these types can fail to be written.
fn encode(document: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(document).unwrap_or_default()
}

#[cfg(test)]
mod tests;
