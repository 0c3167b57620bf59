//! Whether resources fit together: names that are used twice, versions of functions that are not there.

use std::collections::BTreeMap;

use super::place_of;
use crate::intrinsics::Scope;
use crate::inventory::Kind;
use crate::stack::{Alias, AliasVersion, Stack};

/// Reports what does not fit.
pub(super) fn check(scope: &Scope<'_>, stack: &Stack) {
    check_names(scope);
    let functions: Vec<String> = scope
        .inventory
        .iter()
        .filter(|(_, entry)| matches!(entry.kind, Kind::Function | Kind::ServerlessFunction))
        .filter_map(|(logical_id, _)| scope.name(logical_id).ok())
        .collect();
    let versions = stack.versions.iter().map(|it| (&it.logical_id, &it.function_name));
    let aliases = stack.aliases.iter().map(|it| (&it.logical_id, &it.function_name));
    for (logical_id, function) in versions.chain(aliases) {
        if !functions.contains(function) {
            let message = format!("\"{function}\" is no function of this template");
            report(scope, logical_id, "FunctionName", message);
        }
    }
    for alias in &stack.aliases {
        check_alias(scope, stack, alias);
    }
}

fn report(scope: &Scope<'_>, logical_id: &str, property: &str, message: String) {
    let Some(entry) = scope.inventory.get(logical_id) else { return };
    let node = entry.properties.get(property).unwrap_or(entry.node);
    scope.report(node, &place_of(logical_id).at(property), message);
}

/// Two resources of a kind cannot have one name.
fn check_names(scope: &Scope<'_>) {
    let mut owners: BTreeMap<(&str, String), &str> = BTreeMap::new();
    for (logical_id, entry) in scope.inventory.iter() {
        let (kind, property) = match entry.kind {
            Kind::Function | Kind::ServerlessFunction => ("function", "FunctionName"),
            Kind::Table | Kind::GlobalTable | Kind::SimpleTable => ("table", "TableName"),
            Kind::LogGroup => ("log group", "LogGroupName"),
            Kind::Version | Kind::Alias | Kind::Ignored => continue,
        };
        let Ok(name) = scope.name(logical_id) else { continue };
        if let Some(owner) = owners.insert((kind, name.clone()), logical_id) {
            let message = format!("{owner} is a {kind} with the name \"{name}\" too");
            report(scope, logical_id, property, message);
        }
    }
}

fn check_alias(scope: &Scope<'_>, stack: &Stack, alias: &Alias) {
    let all = alias.routing.iter().map(|(version, _)| version).chain([&alias.version]);
    for version in all {
        let AliasVersion::OfVersion(version) = version else { continue };
        let found = stack.versions.iter().find(|it| it.logical_id == *version);
        if let Some(found) = found.filter(|it| it.function_name != alias.function_name) {
            let message = format!(
                "{version} is a version of {}, and the alias is one of {}",
                found.function_name, alias.function_name
            );
            report(scope, &alias.logical_id, "FunctionVersion", message);
        }
    }
}
