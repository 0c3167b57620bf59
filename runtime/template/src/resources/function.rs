//! Functions, in CloudFormation's spelling and in SAM's.

use std::collections::BTreeMap;

use super::code::Finder;
use super::{fields, unused};
use crate::bounds::{
    DESCRIPTION_CHARS_MAX, ENVIRONMENT_BYTES_MAX, EXECUTION_TIMEOUT_SECONDS_MAX, HANDLER_CHARS_MAX,
    MANAGED_TIMEOUT_SECONDS_MAX, MAX_CONCURRENCY_MAX, MEMORY_MB_MAX, RESERVED_VARIABLES,
    RETENTION_DAYS_MAX, STORAGE_MB_MAX, TIMEOUT_SECONDS_MAX,
};
use crate::fields::Fields;
use crate::intrinsics::Scope;
use crate::inventory::{Entry, Kind};
use crate::node::Node;
use crate::stack::{DurableConfig, Function, LoggingConfig};
use crate::text::Text;

/// Lambda's defaults.
const TIMEOUT_SECONDS: u32 = 3;
const MEMORY_MB: u32 = 128;
const STORAGE_MB: u32 = 512;

/// Where CloudFormation keeps the settings of managed instances.
const MANAGED: &str = "LambdaManagedInstancesCapacityProviderConfig";

/// Properties that both spellings have, of which something is made.
const USED: [&str; 17] = [
    "Architectures",
    "CapacityProviderConfig",
    "Description",
    "DurableConfig",
    "Environment",
    "EphemeralStorage",
    "FunctionName",
    "Handler",
    "LoggingConfig",
    "MemorySize",
    "PackageType",
    "ReservedConcurrentExecutions",
    "Role",
    "Runtime",
    "Tags",
    "TenancyConfig",
    "Timeout",
];
const USED_CLOUDFORMATION: [&str; 1] = ["Code"];
const USED_SERVERLESS: [&str; 7] = [
    "AutoPublishAlias",
    "AutoPublishAliasAllProperties",
    "AutoPublishCodeSha256",
    "CodeUri",
    "ImageUri",
    "InlineCode",
    "VersionDescription",
];

/// What SAM would make on AWS for this resource, as logical id and type. Outputs like to refer to it.
pub(crate) fn implied(logical_id: &str, entry: &Entry<'_>) -> Vec<(String, &'static str)> {
    if entry.kind != Kind::ServerlessFunction {
        return Vec::new();
    }
    let mut implied = Vec::new();
    if !entry.properties.contains_key("Role") {
        implied.push((format!("{logical_id}Role"), "AWS::IAM::Role"));
    }
    if entry.properties.contains_key("FunctionUrlConfig") {
        implied.push((format!("{logical_id}Url"), "AWS::Lambda::Url"));
    }
    let events = entry.properties.get("Events").and_then(Node::as_map);
    for (name, event) in events.into_iter().flatten() {
        let kind = event.as_map().and_then(|map| map.get("Type")).and_then(Node::as_text);
        match kind {
            Some("Api") => implied.extend([
                ("ServerlessRestApi".to_owned(), "AWS::ApiGateway::RestApi"),
                ("ServerlessRestApiProdStage".to_owned(), "AWS::ApiGateway::Stage"),
            ]),
            Some("HttpApi") => implied.extend([
                ("ServerlessHttpApi".to_owned(), "AWS::ApiGatewayV2::Api"),
                ("ServerlessHttpApiApiGatewayDefaultStage".to_owned(), "AWS::ApiGatewayV2::Stage"),
            ]),
            Some("SQS" | "Kinesis" | "DynamoDB" | "MSK" | "MQ" | "SelfManagedKafka") => {
                implied.push((format!("{logical_id}{name}"), "AWS::Lambda::EventSourceMapping"));
            }
            Some(_) => implied.push((format!("{logical_id}{name}"), "AWS::Events::Rule")),
            None => {}
        }
    }
    implied
}

/// The name in a function's name or ARN, without a version.
pub(crate) fn name_of(name_or_arn: &str) -> &str {
    let mut parts = name_or_arn.split(':');
    match parts.next() {
        Some("arn") => parts.nth(5).unwrap_or(name_or_arn),
        Some(name) => name,
        None => name_or_arn,
    }
}

/// A function; `None` if something is wrong with it that was reported.
pub(crate) fn read(
    scope: &Scope<'_>,
    logical_id: &str,
    entry: &Entry<'_>,
    code: &Finder,
) -> Option<Function> {
    let fields = fields(scope, logical_id, entry);
    let serverless = entry.kind == Kind::ServerlessFunction;
    check_keys(&fields, serverless);
    let max_concurrency = max_concurrency(&fields, serverless);
    let managed = fields.has("CapacityProviderConfig");
    let timeout_max = if managed { MANAGED_TIMEOUT_SECONDS_MAX } else { TIMEOUT_SECONDS_MAX };
    let runtime = runtime(&fields);
    let handler = bounded(&fields, "Handler", HANDLER_CHARS_MAX);
    let needs_handler = runtime.as_ref().is_some_and(|runtime| !runtime.starts_with("provided"));
    if needs_handler && !fields.has("Handler") {
        fields.report("Handler", "it is missing; it says what to call, such as index.handler");
    }
    let code = code.find(&fields, entry, serverless, runtime.as_deref());
    let function = Function {
        logical_id: logical_id.to_owned(),
        name: scope.name(logical_id).ok()?,
        timeout_seconds: fields.integer("Timeout", 1..=timeout_max).unwrap_or(TIMEOUT_SECONDS),
        memory_mb: fields.integer("MemorySize", 128..=MEMORY_MB_MAX).unwrap_or(MEMORY_MB),
        description: bounded(&fields, "Description", DESCRIPTION_CHARS_MAX).unwrap_or_default(),
        handler: handler.unwrap_or_default(),
        environment: environment(&fields),
        role: fields.text("Role"),
        durable: durable(&fields),
        tenant_isolation_mode: fields.nested("TenancyConfig").and_then(|tenancy| {
            tenancy.check(&["TenantIsolationMode"], "TenancyConfig");
            tenancy.one_of("TenantIsolationMode", &["PER_TENANT"])
        }),
        logging: fields.nested("LoggingConfig").map(|logging| log_settings(&logging)),
        reserved_concurrency: fields.integer("ReservedConcurrentExecutions", 0..=u32::MAX),
        architectures: architectures(&fields),
        ephemeral_storage_mb: fields
            .nested("EphemeralStorage")
            .and_then(|storage| {
                storage.check(&["Size"], "EphemeralStorage");
                storage.integer("Size", STORAGE_MB..=STORAGE_MB_MAX)
            })
            .unwrap_or(STORAGE_MB),
        tags: fields.tags("Tags"),
        max_concurrency,
        runtime: runtime?,
        code: code?,
    };
    Some(function)
}

fn check_keys(fields: &Fields<'_, '_>, serverless: bool) {
    let own: &[&str] = if serverless { &USED_SERVERLESS } else { &USED_CLOUDFORMATION };
    let what = if serverless { "AWS::Serverless::Function" } else { "AWS::Lambda::Function" };
    let mut known: Vec<&str> = USED.iter().chain(own).copied().collect();
    known.extend(unused::names(&unused::FUNCTION));
    match serverless {
        true => known.extend(unused::names(&unused::SERVERLESS_FUNCTION)),
        false => known.extend(unused::names(&unused::PLAIN_FUNCTION)),
    }
    fields.check(&known, what);
}

fn runtime(fields: &Fields<'_, '_>) -> Option<String> {
    let image = fields.text("PackageType").is_some_and(|kind| kind == "Image");
    if image || fields.has("ImageUri") {
        let key = if image { "PackageType" } else { "ImageUri" };
        let message = "container images are not run here; give the function a Runtime, a Handler and its code \
                       as a directory or zip file";
        fields.report(key, message);
        return None;
    }
    fields.required(
        "Runtime",
        "; it says what runs the code, such as nodejs22.x, python3.13 or provided.al2023",
    )
}

/// A text of bounded length.
fn bounded(fields: &Fields<'_, '_>, key: &str, most: usize) -> Option<String> {
    let text = fields.text(key)?;
    if text.chars().count() > most {
        fields.report(key, format!("it has more than {most} characters"));
    }
    Some(text)
}

fn environment(fields: &Fields<'_, '_>) -> BTreeMap<String, Text> {
    let mut variables = BTreeMap::new();
    let Some(environment) = fields.nested("Environment") else { return variables };
    environment.check(&["Variables"], "Environment");
    let Some(named) = environment.nested("Variables") else { return variables };
    for name in named.keys() {
        if !is_variable_name(name) {
            let message = "the name of a variable begins with a letter, followed by letters, digits and _, \
                           at least one";
            named.report(name, message);
        } else if RESERVED_VARIABLES.contains(&name.as_str()) {
            named.report(
                name,
                "Lambda sets this variable itself and lets nobody else; choose another name",
            );
        } else if let Some(value) = named.later(name) {
            variables.insert(name.clone(), value);
        }
    }
    let bytes: usize = variables.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > ENVIRONMENT_BYTES_MAX {
        fields.report(
            "Environment",
            format!("the variables have {bytes} bytes; Lambda allows {ENVIRONMENT_BYTES_MAX}"),
        );
    }
    variables
}

fn is_variable_name(name: &str) -> bool {
    name.len() >= 2
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
}

fn durable(fields: &Fields<'_, '_>) -> Option<DurableConfig> {
    let durable = fields.nested("DurableConfig")?;
    durable.check(&["ExecutionTimeout", "RetentionPeriodInDays", "KMSKeyArn"], "DurableConfig");
    Some(DurableConfig {
        execution_timeout_seconds: durable
            .integer("ExecutionTimeout", 1..=EXECUTION_TIMEOUT_SECONDS_MAX),
        retention_days: durable.integer("RetentionPeriodInDays", 1..=RETENTION_DAYS_MAX),
    })
}

fn log_settings(logging: &Fields<'_, '_>) -> LoggingConfig {
    let known = ["LogFormat", "ApplicationLogLevel", "SystemLogLevel", "LogGroup"];
    logging.check(&known, "LoggingConfig");
    let levels = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
    let config = LoggingConfig {
        format: logging.one_of("LogFormat", &["Text", "JSON"]),
        application_level: logging.one_of("ApplicationLogLevel", &levels),
        system_level: logging.one_of("SystemLogLevel", &["DEBUG", "INFO", "WARN"]),
        group: logging.text("LogGroup"),
    };
    if config.format.as_deref() != Some("JSON") {
        for key in ["ApplicationLogLevel", "SystemLogLevel"].iter().filter(|key| logging.has(key)) {
            logging.report(key, "log levels need LogFormat: JSON");
        }
    }
    config
}

fn architectures(fields: &Fields<'_, '_>) -> Vec<String> {
    let architectures = fields.texts("Architectures").unwrap_or_default();
    let known = ["x86_64", "arm64"];
    if architectures.len() > 1 || architectures.iter().any(|it| !known.contains(&it.as_str())) {
        fields.report("Architectures", "it must be a list of one: x86_64 or arm64");
    }
    architectures
}

/// CloudFormation has it one level deeper than SAM.
fn max_concurrency(fields: &Fields<'_, '_>, serverless: bool) -> Option<u32> {
    let config = fields.nested("CapacityProviderConfig")?;
    let (config, provider) = if serverless {
        (config, "Arn")
    } else {
        config.check(&[MANAGED], "CapacityProviderConfig");
        (config.nested(MANAGED)?, "CapacityProviderArn")
    };
    let known =
        [provider, "PerExecutionEnvironmentMaxConcurrency", "ExecutionEnvironmentMemoryGiBPerVCpu"];
    config.check(&known, "CapacityProviderConfig");
    config.integer("PerExecutionEnvironmentMaxConcurrency", 1..=MAX_CONCURRENCY_MAX)
}
