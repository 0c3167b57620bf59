//! CreateAlias, GetAlias, UpdateAlias, DeleteAlias, ListAliases.

use std::collections::BTreeMap;
use std::ops::Bound;

use durable_template::bounds::DESCRIPTION_CHARS_MAX;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::deploy::Deployer;
use crate::functions::{Alias, Function, LATEST};
use crate::lambda::{Call, functions};
use crate::wire::arn::is_name;
use crate::wire::constraints::Constraints;
use crate::wire::error::AwsError;
use crate::wire::object::{self, Object};
use crate::wire::query::list_items;
use crate::wire::response::{Answer, empty, json};

/// Characters of an alias's name.
const NAME_LEN_MAX: usize = 128;
/// Versions besides the first that an alias may lead to, as on AWS.
const WEIGHTS_MAX: usize = 1;

/// The body of CreateAlias and UpdateAlias.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireRequest {
    name: Option<String>,
    function_version: Option<String>,
    description: Option<String>,
    routing_config: Option<Object<WireRouting>>,
    revision_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireRouting {
    additional_version_weights: Option<BTreeMap<String, f64>>,
}

pub(super) async fn create(call: &Call, function_name: &str) -> Answer {
    let function_name = functions::unqualified(call, function_name)?;
    let request: WireRequest = object::read(call.body())?;
    let mut constraints = Constraints::default();
    match &request.name {
        Some(name) => check_name(name, &mut constraints),
        None => constraints.required("name"),
    }
    if request.function_version.is_none() {
        constraints.required("functionVersion");
    }
    check(&request, &mut constraints);
    constraints.check()?;
    functions::existing(call, &function_name)?;
    let change = call.engine.deployer.begin(&function_name).await?;
    let function = change.before();
    let alias = Alias {
        name: request.name.unwrap_or_default(),
        version: request.function_version.unwrap_or_default(),
        description: request.description.unwrap_or_default(),
        weights: weights(request.routing_config).unwrap_or_default(),
        revision: Deployer::revision(),
    };
    if function.aliases.contains_key(&alias.name) {
        let arn = call.engine.home.version_arn(&function_name, &alias.name);
        return Err(AwsError::conflict(format!("Alias already exists: {arn}")));
    }
    check_targets(call, function, &alias)?;
    let shown = shown(call, &function_name, &alias);
    let after = function.with_alias(alias);
    change.commit(after).await?;
    json(StatusCode::CREATED, &shown)
}

pub(super) fn get(call: &Call, function_name: &str, name: &str) -> Answer {
    let function_name = read_names(call, function_name, name)?;
    let function = functions::existing(call, &function_name)?;
    let alias = function.aliases.get(name).ok_or_else(|| no_alias(call, &function_name, name))?;
    json(StatusCode::OK, &shown(call, &function_name, alias))
}

pub(super) async fn update(call: &Call, function_name: &str, name: &str) -> Answer {
    let function_name = read_names(call, function_name, name)?;
    let request: WireRequest = object::read(call.body())?;
    let mut constraints = Constraints::default();
    check(&request, &mut constraints);
    constraints.check()?;
    let change = call.engine.deployer.begin(&function_name).await?;
    let function = change.before();
    let before = function.aliases.get(name).ok_or_else(|| no_alias(call, &function_name, name))?;
    functions::check_revision(request.revision_id.as_deref(), &before.revision)?;
    let alias = Alias {
        name: before.name.clone(),
        version: request.function_version.unwrap_or_else(|| before.version.clone()),
        description: request.description.unwrap_or_else(|| before.description.clone()),
        weights: weights(request.routing_config).unwrap_or_else(|| before.weights.clone()),
        revision: Deployer::revision(),
    };
    check_targets(call, function, &alias)?;
    let shown = shown(call, &function_name, &alias);
    let after = function.with_alias(alias);
    change.commit(after).await?;
    json(StatusCode::OK, &shown)
}

/// An alias that is not there is deleted already.
pub(super) async fn delete(call: &Call, function_name: &str, name: &str) -> Answer {
    let function_name = read_names(call, function_name, name)?;
    let change = call.engine.deployer.begin(&function_name).await?;
    let after = change.before().without_alias(name);
    change.commit(after).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

pub(super) fn list(call: &Call, function_name: &str) -> Answer {
    let items_max = list_items(&call.query)?;
    let function_name = functions::unqualified(call, function_name)?;
    let version = call.query.non_empty("FunctionVersion");
    let mut constraints = Constraints::default();
    check_version(version, &mut constraints);
    constraints.check()?;
    let function = functions::existing(call, &function_name)?;
    let marker = call.query.non_empty("Marker").unwrap_or_default();
    let behind = function.aliases.range::<str, _>((Bound::Excluded(marker), Bound::Unbounded));
    let leads_there = |alias: &&Alias| {
        version
            .is_none_or(|version| alias.version == version || alias.weights.contains_key(version))
    };
    let mut aliases = behind.map(|(_, alias)| alias).filter(leads_there);
    let page: Vec<_> = aliases.by_ref().take(items_max).collect();
    let listed = page.iter().map(|alias| shown(call, &function_name, alias)).collect();
    let mut members = Map::new();
    members.insert("Aliases".to_owned(), Value::Array(listed));
    if let Some(last) = page.last().filter(|_| aliases.next().is_some()) {
        members.insert("NextMarker".to_owned(), last.name.as_str().into());
    }
    json(StatusCode::OK, &Value::Object(members))
}

/// The function's name, once both names are known to be well-formed.
fn read_names(call: &Call, function_name: &str, name: &str) -> Result<String, AwsError> {
    let mut constraints = Constraints::default();
    check_name(name, &mut constraints);
    constraints.check()?;
    functions::unqualified(call, function_name)
}

fn check_name(name: &str, constraints: &mut Constraints) {
    constraints.length(name, "name", 1, NAME_LEN_MAX);
    let matches = is_name(name) && !name.bytes().all(|byte| byte.is_ascii_digit());
    constraints.pattern(matches, name, "name", "(?!^[0-9]+$)([a-zA-Z0-9-_]+)");
}

fn check(request: &WireRequest, constraints: &mut Constraints) {
    check_version(request.function_version.as_deref(), constraints);
    if let Some(description) = &request.description {
        constraints.length(description, "description", 0, DESCRIPTION_CHARS_MAX);
    }
    let Some(Object(routing)) = &request.routing_config else { return };
    let member = "routingConfig.additionalVersionWeights";
    for (version, weight) in routing.additional_version_weights.iter().flatten() {
        let entry = format!("{{{version}={weight}}}");
        if !is_number(version) {
            let constraint = "Map keys must satisfy constraint: [Member must have length less than or equal to 1024, \
                              Member must have length greater than or equal to 1, Member must satisfy regular \
                              expression pattern: [0-9]+, Member must not be null]";
            constraints.violated(&entry, member, constraint);
        }
        if !(0.0..=1.0).contains(weight) {
            let constraint = "Map value must satisfy constraint: [Member must have value less than or equal to 1.0, \
                              Member must have value greater than or equal to 0.0, Member must not be null]";
            constraints.violated(&entry, member, constraint);
        }
    }
}

fn check_version(version: Option<&str>, constraints: &mut Constraints) {
    if let Some(version) = version {
        let matches = version == LATEST || is_number(version);
        constraints.pattern(matches, version, "functionVersion", "(\\$LATEST|[0-9]+)");
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The weights, if some were given: an empty object takes them away.
fn weights(routing: Option<Object<WireRouting>>) -> Option<BTreeMap<String, f64>> {
    routing.map(|Object(routing)| routing.additional_version_weights.unwrap_or_default())
}

/// The versions must be there, and two of them must be two that never change.
fn check_targets(call: &Call, function: &Function, alias: &Alias) -> Result<(), AwsError> {
    for version in std::iter::once(&alias.version).chain(alias.weights.keys()) {
        if function.version(version).is_none() {
            let arn = call.engine.home.version_arn(&function.name, version);
            return Err(AwsError::function_not_found(&arn));
        }
    }
    let version = &alias.version;
    let text = if alias.weights.len() > WEIGHTS_MAX {
        format!("Number of items in AdditionalVersionWeights cannot be greater than {WEIGHTS_MAX}")
    } else if alias.weights.contains_key(version) {
        format!(
            "Invalid function version {version}. Function version {version} is already included in routing \
             configuration."
        )
    } else if !alias.weights.is_empty() && version == LATEST {
        "$LATEST is not supported for an alias pointing to more than 1 version".to_owned()
    } else {
        return Ok(());
    };
    Err(AwsError::invalid_parameter(text))
}

fn no_alias(call: &Call, function_name: &str, name: &str) -> AwsError {
    let arn = call.engine.home.version_arn(function_name, name);
    AwsError::not_found(format!("Cannot find alias arn: {arn}"))
}

fn shown(call: &Call, function_name: &str, alias: &Alias) -> Value {
    let mut shown = json!({
        "AliasArn": call.engine.home.version_arn(function_name, &alias.name),
        "Name": alias.name,
        "FunctionVersion": alias.version,
        "Description": alias.description,
        "RevisionId": alias.revision,
    });
    if let (false, Some(members)) = (alias.weights.is_empty(), shown.as_object_mut()) {
        let routing = json!({ "AdditionalVersionWeights": alias.weights });
        members.insert("RoutingConfig".to_owned(), routing);
    }
    shown
}
