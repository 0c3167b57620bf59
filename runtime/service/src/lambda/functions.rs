//! GetFunction, GetFunctionConfiguration, ListFunctions, and how a request finds a function.

use std::sync::Arc;

use durable_functions::Runtime;
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::deploy::Code;
use crate::functions::{Function, LATEST, Resolved, Version};
use crate::lambda::Call;
use crate::lambda::configuration::configuration;
use crate::wire::constraints::Constraints;
use crate::wire::error::AwsError;
use crate::wire::function_ref::FunctionRef;
use crate::wire::query::list_items;
use crate::wire::response::{Answer, json};

pub(super) fn get(call: &Call, name: &str) -> Answer {
    let (found, qualifier) = find(call, name)?;
    let code = match &found.version.code {
        None => json!({ "RepositoryType": "InProcess" }),
        Some(Code::InPlace { path }) => location(path),
        Some(code) => location(&call.engine.deployer.directory_of(code)),
    };
    let home = &call.engine.home;
    let Resolved { function, version } = &found;
    let mut body = json!({
        "Configuration": configuration(home, function, version, qualifier.as_deref()),
        "Code": code,
    });
    if let Some(members) = body.as_object_mut() {
        if !function.tags.is_empty() {
            members.insert("Tags".to_owned(), json!(function.tags));
        }
        if let Some(reserved) = function.reserved_concurrency {
            let concurrency = json!({ "ReservedConcurrentExecutions": reserved });
            members.insert("Concurrency".to_owned(), concurrency);
        }
    }
    json(StatusCode::OK, &body)
}

/// AWS gives a link to a zip file; here it is where the code lies.
fn location(path: &std::path::Path) -> Value {
    json!({ "RepositoryType": "File", "Location": format!("file://{}", path.display()) })
}

pub(super) fn get_configuration(call: &Call, name: &str) -> Answer {
    let (found, qualifier) = find(call, name)?;
    let home = &call.engine.home;
    json(
        StatusCode::OK,
        &configuration(home, &found.function, &found.version, qualifier.as_deref()),
    )
}

pub(super) fn list(call: &Call) -> Answer {
    let items_max = list_items(&call.query)?;
    let versions_too = match call.query.non_empty("FunctionVersion") {
        None => false,
        Some(given) => {
            let mut constraints = Constraints::default();
            let known = (given == "ALL").then_some(());
            constraints.one_of(given, "functionVersion", known, ["ALL"].into_iter());
            constraints.check()?;
            true
        }
    };
    let after = call.query.non_empty("Marker").map(Place::read).transpose()?;
    let functions = call.engine.functions.all();
    let mut versions = functions
        .iter()
        .flat_map(|function| function.versions().map(move |version| (function, version)))
        .filter(|(_, version)| versions_too || version.number == LATEST)
        .filter(|(function, version)| {
            after.as_ref().is_none_or(|after| Place::of(function, version) > *after)
        });
    let page: Vec<_> = versions.by_ref().take(items_max).collect();
    let home = &call.engine.home;
    let listed = page.iter().map(|(function, version)| {
        let qualifier = versions_too.then_some(version.number.as_str());
        configuration(home, function, version, qualifier)
    });
    let mut members = Map::new();
    members.insert("Functions".to_owned(), Value::Array(listed.collect()));
    if let Some((function, version)) = page.last().filter(|_| versions.next().is_some()) {
        members.insert("NextMarker".to_owned(), Place::of(function, version).marker().into());
    }
    json(StatusCode::OK, &Value::Object(members))
}

/// Where a version stands in the list of all: by the name of its function, then by its number, the head first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    function: String,
    number: u64,
}

impl Place {
    fn of(function: &Function, version: &Version) -> Self {
        let number = version.number.parse().unwrap_or(0);
        Self { function: function.name.clone(), number }
    }

    fn marker(&self) -> String {
        format!("{}:{}", self.function, self.number)
    }

    fn read(marker: &str) -> Result<Self, AwsError> {
        let (function, number) = marker.split_once(':').unwrap_or((marker, "0"));
        Ok(Self { function: function.to_owned(), number: read_marker(number)? })
    }
}

/// A marker that is the number of a version.
pub(super) fn read_marker(marker: &str) -> Result<u64, AwsError> {
    marker.parse().map_err(|_| AwsError::invalid_parameter("Invalid Marker"))
}

fn find(call: &Call, name: &str) -> Result<(Resolved, Option<String>), AwsError> {
    let reference = FunctionRef::parse(name, call.query.non_empty("Qualifier"), &call.engine.home)?;
    let found = resolve(call, &reference)?;
    Ok((found, reference.qualifier))
}

/// The function that a reference means.
///
/// # Errors
/// `ResourceNotFoundException` when there is none, or no such version or alias of it.
pub(super) fn resolve(call: &Call, reference: &FunctionRef) -> Result<Resolved, AwsError> {
    let home = &call.engine.home;
    let qualifier = reference.qualifier.as_deref();
    call.engine.functions.resolve(&reference.name, qualifier).ok_or_else(|| {
        AwsError::function_not_found(&match qualifier {
            Some(qualifier) => home.version_arn(&reference.name, qualifier),
            None => home.function_arn(&reference.name),
        })
    })
}

/// The function's name in a request to an operation that works on functions only.
///
/// # Errors
/// `InvalidParameterValueException` for a reference to a version or an alias.
pub(super) fn unqualified(call: &Call, name: &str) -> Result<String, AwsError> {
    let reference = FunctionRef::parse(name, None, &call.engine.home)?;
    match reference.qualifier.as_deref() {
        None | Some(LATEST) => Ok(reference.name),
        Some(_) => Err(AwsError::invalid_parameter(
            "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. \
             Please specify either a function name or an unqualified function ARN.",
        )),
    }
}

/// The function of this name.
///
/// # Errors
/// `ResourceNotFoundException`.
pub(super) fn existing(call: &Call, name: &str) -> Result<Arc<Function>, AwsError> {
    let found = call.engine.functions.get(name);
    found.ok_or_else(|| AwsError::function_not_found(&call.engine.home.function_arn(name)))
}

/// Whether a change is made to what its caller has seen.
///
/// # Errors
/// `PreconditionFailedException`.
pub(super) fn check_revision(given: Option<&str>, latest: &str) -> Result<(), AwsError> {
    match given {
        Some(given) if !given.is_empty() && given != latest => Err(AwsError::stale_revision()),
        _ => Ok(()),
    }
}

/// # Errors
/// `InvalidParameterValueException` for a runtime that this server cannot run.
pub(super) fn check_runtime(name: &str) -> Result<(), AwsError> {
    let runtime: Result<Runtime, _> = name.parse();
    runtime.map(drop).map_err(|unknown| AwsError::invalid_parameter(unknown.to_string()))
}

/// Notes what is no architecture.
pub(super) fn check_architectures(given: &[String], constraints: &mut Constraints) {
    let all = ["x86_64", "arm64"];
    for (index, architecture) in given.iter().enumerate() {
        let known = all.contains(&architecture.as_str()).then_some(());
        let member = format!("architectures.{}.member", index + 1);
        constraints.one_of(architecture, &member, known, all.into_iter());
    }
    if given.len() != 1 {
        let list = given.join(", ");
        let constraint = "Member must have length between 1 and 1";
        constraints.violated(format!("[{list}]"), "architectures", constraint);
    }
}
