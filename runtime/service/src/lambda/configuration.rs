//! A version of a function as the Lambda API shows it.

use http::StatusCode;
use serde_json::{Value, json};

use crate::deploy::Code;
use crate::functions::{Function, LATEST, Version};
use crate::lambda::Call;
use crate::wire::arn::Home;
use crate::wire::response::{Answer, json};

/// An answer that is one configuration.
pub(super) fn answer(
    call: &Call,
    status: StatusCode,
    function: &Function,
    version: &Version,
    qualifier: Option<&str>,
) -> Answer {
    json(status, &configuration(&call.engine.home, function, version, qualifier))
}

/// A version as the Lambda API shows it. `qualifier` is what the caller asked by: it stands in the ARN.
pub(super) fn configuration(
    home: &Home,
    function: &Function,
    version: &Version,
    qualifier: Option<&str>,
) -> Value {
    let qualifier = qualifier.or(Some(version.number.as_str()).filter(|it| *it != LATEST));
    let arn = match qualifier {
        Some(qualifier) => home.version_arn(&function.name, qualifier),
        None => home.function_arn(&function.name),
    };
    let (sha256, size) = match &version.code {
        Some(Code::Stored { sha256, size, .. }) => (sha256.as_str(), *size),
        _ => ("", 0),
    };
    let group = format!("/aws/lambda/{}", function.name);
    let mut configuration = serde_json::to_value(&version.config).unwrap_or_default();
    let Some(members) = configuration.as_object_mut() else { return configuration };
    // What the template or the caller did not say, and what only this server knows.
    let max_concurrency = members.remove("MaxConcurrency");
    let provider = members.remove("CapacityProviderArn");
    if let Some(provider) = provider {
        let mut instances = json!({ "CapacityProviderArn": provider });
        if let (Some(most), Some(instances)) = (max_concurrency, instances.as_object_mut()) {
            instances.insert("PerExecutionEnvironmentMaxConcurrency".to_owned(), most);
        }
        let shown = json!({ "LambdaManagedInstancesCapacityProviderConfig": instances });
        members.insert("CapacityProviderConfig".to_owned(), shown);
    }
    if version.config.environment.variables.is_empty() {
        members.remove("Environment");
    }
    if version.config.role.is_empty() {
        let role = format!("arn:aws:iam::{}:role/local", home.account);
        members.insert("Role".to_owned(), role.into());
    }
    if version.config.logging_config.log_group.is_none() {
        let logging = members.get_mut("LoggingConfig").and_then(Value::as_object_mut);
        logging.map(|logging| logging.insert("LogGroup".to_owned(), group.into()));
    }
    let state = if function.deleting { "Deleting" } else { "Active" };
    let Value::Object(more) = json!({
        "FunctionArn": arn,
        "CodeSize": size,
        "CodeSha256": sha256,
        "LastModified": version.modified,
        "Version": version.number,
        "RevisionId": version.revision,
        "State": state,
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "SnapStart": { "ApplyOn": "None", "OptimizationStatus": "Off" },
    }) else {
        return configuration;
    };
    members.extend(more);
    if function.deleting {
        members.insert("StateReasonCode".to_owned(), "DrainingDurableExecutions".into());
        members.insert(
            "StateReason".to_owned(),
            "The function is deleted once its durable executions have ended.".into(),
        );
    }
    configuration
}
