//! Members of requests that would change what a function does on AWS and that this server does not do: they are refused,
//! so that nobody relies on them. Values that mean "nothing" are taken.

use serde::Deserialize;
use serde_json::Value;

use crate::wire::error::AwsError;
use crate::wire::object;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Unsupported {
    accelerator_config: Option<Value>,
    code_signing_config_arn: Option<Value>,
    dead_letter_config: Option<Value>,
    file_system_configs: Option<Value>,
    image_config: Option<Value>,
    #[serde(rename = "KMSKeyArn")]
    kms_key_arn: Option<Value>,
    layers: Option<Value>,
    publish_to: Option<Value>,
    runtime_config: Option<Value>,
    snap_start: Option<Value>,
    #[serde(rename = "SourceKMSKeyArn")]
    source_kms_key_arn: Option<Value>,
    vpc_config: Option<Value>,
}

/// Refuses a body that asks for any of them.
///
/// # Errors
/// `InvalidParameterValueException` with all of them, `SerializationException` for what is no object.
pub(super) fn refuse(body: &[u8]) -> Result<(), AwsError> {
    let given: Unsupported = object::read(body)?;
    let members = [
        ("AcceleratorConfig", given.accelerator_config),
        ("CodeSigningConfigArn", given.code_signing_config_arn),
        ("DeadLetterConfig", given.dead_letter_config),
        ("FileSystemConfigs", given.file_system_configs),
        ("ImageConfig", given.image_config),
        ("KMSKeyArn", given.kms_key_arn),
        ("Layers", given.layers),
        ("PublishTo", given.publish_to),
        ("RuntimeConfig", given.runtime_config),
        ("SnapStart", given.snap_start),
        ("SourceKMSKeyArn", given.source_kms_key_arn),
        ("VpcConfig", given.vpc_config),
    ];
    let asked =
        members.into_iter().filter(|(_, value)| value.as_ref().is_some_and(means_something));
    let names: Vec<&str> = asked.map(|(name, _)| name).collect();
    if names.is_empty() {
        return Ok(());
    }
    let text = format!("Not supported by this server: {}. Leave it out.", names.join(", "));
    Err(AwsError::invalid_parameter(text))
}

fn means_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty() && text != "None",
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => members.values().any(means_something),
        Value::Bool(true) | Value::Number(_) => true,
    }
}
