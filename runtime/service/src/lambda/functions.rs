//! GetFunction, GetFunctionConfiguration, ListFunctions.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::functions::{Function, LATEST};
use crate::lambda::Call;
use crate::wire::error::AwsError;
use crate::wire::function_ref::FunctionRef;
use crate::wire::query::max_items;
use crate::wire::response::{Answer, json};

pub(super) fn get(call: &Call, name: &str) -> Answer {
    let configuration = configuration_of(call, name)?;
    let code = json!({ "RepositoryType": "InProcess" });
    json(StatusCode::OK, &json!({ "Configuration": configuration, "Code": code }))
}

pub(super) fn get_configuration(call: &Call, name: &str) -> Answer {
    json(StatusCode::OK, &configuration_of(call, name)?)
}

pub(super) fn list(call: &Call) -> Answer {
    let items_max = max_items(&call.query)?;
    let marker = call.query.non_empty("Marker").unwrap_or_default();
    let mut functions =
        call.engine.functions.all().filter(|function| function.spec.name.as_str() > marker);
    let page: Vec<_> = functions.by_ref().take(items_max).collect();
    let mut members = Map::new();
    if let (Some(last), Some(_)) = (page.last(), functions.next()) {
        members.insert("NextMarker".to_owned(), last.spec.name.clone().into());
    }
    let listed = page.into_iter().map(|function| configuration(call, function, None)).collect();
    members.insert("Functions".to_owned(), Value::Array(listed));
    json(StatusCode::OK, &Value::Object(members))
}

fn configuration_of(call: &Call, name: &str) -> Result<Value, AwsError> {
    let function = FunctionRef::parse(name, call.query.non_empty("Qualifier"), &call.engine.home)?;
    let found = resolve(call, &function)?;
    Ok(configuration(call, found, function.qualifier.as_deref()))
}

/// The function that a reference means.
///
/// # Errors
/// `ResourceNotFoundException` when there is none, or not in this version.
pub(super) fn resolve<'a>(
    call: &'a Call,
    reference: &FunctionRef,
) -> Result<&'a std::sync::Arc<Function>, AwsError> {
    let home = &call.engine.home;
    let qualifier = reference.qualifier.as_deref();
    let arn = match qualifier {
        Some(qualifier) => home.version_arn(&reference.name, qualifier),
        None => home.function_arn(&reference.name),
    };
    call.engine
        .functions
        .get(&reference.name)
        .filter(|_| qualifier.is_none_or(|qualifier| qualifier == LATEST))
        .ok_or_else(|| AwsError::function_not_found(&arn))
}

fn configuration(call: &Call, function: &Function, qualifier: Option<&str>) -> Value {
    let spec = &function.spec;
    let home = &call.engine.home;
    let arn = match qualifier {
        Some(qualifier) => home.version_arn(&spec.name, qualifier),
        None => home.function_arn(&spec.name),
    };
    let mut configuration = json!({
        "FunctionName": spec.name,
        "FunctionArn": arn,
        "Runtime": "provided.al2023",
        "Role": format!("arn:aws:iam::{}:role/local", home.account),
        "Handler": "bootstrap",
        "CodeSize": 0,
        "Description": spec.description,
        "Timeout": spec.timeout.as_secs(),
        "MemorySize": spec.memory_mb,
        "LastModified": function.modified,
        "CodeSha256": "",
        "Version": LATEST,
        "TracingConfig": { "Mode": "PassThrough" },
        "RevisionId": function.modified,
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": [if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" }],
        "EphemeralStorage": { "Size": 512 },
        "Environment": { "Variables": spec.environment },
    });
    if let (Some(durable), Some(members)) = (&spec.durable, configuration.as_object_mut()) {
        members.insert(
            "DurableConfig".to_owned(),
            json!({
                "ExecutionTimeout": durable.execution_timeout_seconds,
                "RetentionPeriodInDays": durable.retention_days,
            }),
        );
    }
    configuration
}
