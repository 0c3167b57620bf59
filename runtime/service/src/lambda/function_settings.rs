//! The settings of a function as CreateFunction and UpdateFunctionConfiguration give them: checked, and put into its
//! configuration.

use std::collections::BTreeMap;

use durable_template::bounds::{
    DESCRIPTION_CHARS_MAX, ENVIRONMENT_BYTES_MAX, EXECUTION_TIMEOUT_SECONDS_MAX, HANDLER_CHARS_MAX,
    MANAGED_TIMEOUT_SECONDS_MAX, MAX_CONCURRENCY_MAX, MEMORY_MB_MAX, RESERVED_VARIABLES,
    RETENTION_DAYS_MAX, STORAGE_MB_MAX, TIMEOUT_SECONDS_MAX,
};
use serde::Deserialize;

use crate::functions::{DurableConfig, Environment, EphemeralStorage, FunctionConfig};
use crate::wire::constraints::Constraints;
use crate::wire::error::AwsError;
use crate::wire::object::Object;

/// Characters of a log group's name.
const LOG_GROUP_LEN_MAX: usize = 512;

const ROLE_PATTERN: &str = "arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+";

/// The members that both operations have. What is not given stays as it is.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct FunctionSettings {
    pub(super) runtime: Option<String>,
    pub(super) role: Option<String>,
    pub(super) handler: Option<String>,
    description: Option<String>,
    timeout: Option<i64>,
    memory_size: Option<i64>,
    environment: Option<Object<WireEnvironment>>,
    ephemeral_storage: Option<Object<WireStorage>>,
    logging_config: Option<Object<WireLogging>>,
    tracing_config: Option<Object<WireTracing>>,
    capacity_provider_config: Option<Object<WireCapacity>>,
    pub(super) durable_config: Option<Object<WireDurable>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireEnvironment {
    variables: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireStorage {
    size: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireLogging {
    log_format: Option<String>,
    application_log_level: Option<String>,
    system_log_level: Option<String>,
    log_group: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireTracing {
    mode: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireCapacity {
    lambda_managed_instances_capacity_provider_config: Option<Object<WireInstances>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireInstances {
    capacity_provider_arn: Option<String>,
    per_execution_environment_max_concurrency: Option<i64>,
}

/// What makes a function durable.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WireDurable {
    execution_timeout: Option<i64>,
    retention_period_in_days: Option<i64>,
    #[serde(rename = "KMSKeyArn")]
    kms_key_arn: Option<String>,
}

impl WireDurable {
    /// What becomes of a function's present values.
    pub(super) fn over(&self, present: DurableConfig) -> DurableConfig {
        DurableConfig {
            execution_timeout_seconds: or(
                self.execution_timeout,
                present.execution_timeout_seconds,
            ),
            retention_days: or(self.retention_period_in_days, present.retention_days),
        }
    }
}

/// A checked number, or what there is.
fn or(given: Option<i64>, present: u32) -> u32 {
    given.and_then(|number| u32::try_from(number).ok()).unwrap_or(present)
}

impl FunctionSettings {
    /// Notes every member that breaks the service model. `managed` says whether the function has a capacity provider
    /// already.
    pub(super) fn check(&self, managed: bool, constraints: &mut Constraints) {
        let mut range = |given: Option<i64>, member: &str, min, max: u32| {
            if let Some(given) = given {
                constraints.range(given, member, min, max.into());
            }
        };
        let managed = managed || self.capacity_provider_config.is_some();
        let timeout_max = if managed { MANAGED_TIMEOUT_SECONDS_MAX } else { TIMEOUT_SECONDS_MAX };
        range(self.timeout, "timeout", 1, timeout_max);
        range(self.memory_size, "memorySize", 128, MEMORY_MB_MAX);
        if let Some(Object(storage)) = &self.ephemeral_storage {
            range(storage.size, "ephemeralStorage.size", 512, STORAGE_MB_MAX);
        }
        if let Some(Object(durable)) = &self.durable_config {
            let member = "durableConfig.executionTimeout";
            range(durable.execution_timeout, member, 1, EXECUTION_TIMEOUT_SECONDS_MAX);
            let member = "durableConfig.retentionPeriodInDays";
            range(durable.retention_period_in_days, member, 1, RETENTION_DAYS_MAX);
        }
        if let Some(Object(WireStorage { size: None })) = &self.ephemeral_storage {
            constraints.required("ephemeralStorage.size");
        }
        self.check_texts(constraints);
        self.check_logging(constraints);
        self.check_capacity(constraints);
        let mut names = self.variables().flatten().into_iter().flat_map(BTreeMap::keys);
        if names.any(|name| !is_variable(name)) {
            constraints.violated_without_value(
                "environment.variables",
                "Map keys must satisfy constraint: [Member must satisfy regular expression pattern: \
                 [a-zA-Z]([a-zA-Z0-9_])+, Member must not be null]",
            );
        }
    }

    fn check_texts(&self, constraints: &mut Constraints) {
        if let Some(role) = &self.role {
            constraints.pattern(is_role(role), role, "role", ROLE_PATTERN);
        }
        if let Some(handler) = &self.handler {
            constraints.length(handler, "handler", 0, HANDLER_CHARS_MAX);
            let matches = !handler.is_empty() && !handler.contains(char::is_whitespace);
            constraints.pattern(matches, handler, "handler", "[^\\s]+");
        }
        if let Some(description) = &self.description {
            constraints.length(description, "description", 0, DESCRIPTION_CHARS_MAX);
        }
        if let Some(Object(tracing)) = &self.tracing_config
            && let Some(mode) = &tracing.mode
        {
            enumerated(constraints, mode, "tracingConfig.mode", &["Active", "PassThrough"]);
        }
    }

    fn check_logging(&self, constraints: &mut Constraints) {
        let Some(Object(logging)) = &self.logging_config else { return };
        if let Some(format) = &logging.log_format {
            enumerated(constraints, format, "loggingConfig.logFormat", &["JSON", "Text"]);
        }
        if let Some(level) = &logging.application_log_level {
            let levels = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
            enumerated(constraints, level, "loggingConfig.applicationLogLevel", &levels);
        }
        if let Some(level) = &logging.system_log_level {
            let levels = ["DEBUG", "INFO", "WARN"];
            enumerated(constraints, level, "loggingConfig.systemLogLevel", &levels);
        }
        if let Some(group) = &logging.log_group {
            constraints.length(group, "loggingConfig.logGroup", 1, LOG_GROUP_LEN_MAX);
            let allowed = |c: char| c.is_ascii_alphanumeric() || ".-_/#".contains(c);
            let matches = group.chars().all(allowed);
            constraints.pattern(matches, group, "loggingConfig.logGroup", "[\\.\\-_/#A-Za-z0-9]+");
        }
    }

    fn check_capacity(&self, constraints: &mut Constraints) {
        let Some(Object(capacity)) = &self.capacity_provider_config else { return };
        let member = "capacityProviderConfig.lambdaManagedInstancesCapacityProviderConfig";
        let Some(Object(instances)) = &capacity.lambda_managed_instances_capacity_provider_config
        else {
            return constraints.required(member);
        };
        if instances.capacity_provider_arn.is_none() {
            constraints.required(&format!("{member}.capacityProviderArn"));
        }
        if let Some(most) = instances.per_execution_environment_max_concurrency {
            let member = format!("{member}.perExecutionEnvironmentMaxConcurrency");
            constraints.range(most, &member, 1, MAX_CONCURRENCY_MAX.into());
        }
    }

    /// The variables, if some were given; none were if the member is an empty object.
    fn variables(&self) -> Option<Option<&BTreeMap<String, String>>> {
        self.environment.as_ref().map(|Object(environment)| environment.variables.as_ref())
    }

    /// Puts what is given into a configuration, all but what makes it durable.
    ///
    /// # Errors
    /// `InvalidParameterValueException` for what is well-formed and cannot be.
    pub(super) fn apply(&self, config: &mut FunctionConfig) -> Result<(), AwsError> {
        let set = |given: &Option<String>, present: &mut String| {
            if let Some(given) = given {
                present.clone_from(given);
            }
        };
        set(&self.runtime, &mut config.runtime);
        set(&self.role, &mut config.role);
        set(&self.handler, &mut config.handler);
        set(&self.description, &mut config.description);
        config.timeout = or(self.timeout, config.timeout);
        config.memory_size = or(self.memory_size, config.memory_size);
        if let Some(Object(storage)) = &self.ephemeral_storage {
            let size = or(storage.size, config.ephemeral_storage.size);
            config.ephemeral_storage = EphemeralStorage { size };
        }
        if let Some(Object(tracing)) = &self.tracing_config {
            set(&tracing.mode, &mut config.tracing_config.mode);
        }
        if let Some(variables) = self.variables() {
            let variables = variables.cloned().unwrap_or_default();
            check_variables(&variables)?;
            config.environment = Environment { variables };
        }
        if let Some(Object(capacity)) = &self.capacity_provider_config
            && let Some(Object(instances)) =
                &capacity.lambda_managed_instances_capacity_provider_config
        {
            config.capacity_provider_arn.clone_from(&instances.capacity_provider_arn);
            config.max_concurrency = instances
                .per_execution_environment_max_concurrency
                .and_then(|most| u32::try_from(most).ok());
        }
        let encrypted = |Object(durable): &Object<WireDurable>| {
            durable.kms_key_arn.as_ref().is_some_and(|arn| !arn.is_empty())
        };
        if self.durable_config.as_ref().is_some_and(encrypted) {
            return Err(AwsError::invalid_parameter(
                "DurableConfig.KMSKeyArn is not supported by this server: it does not encrypt what it stores.",
            ));
        }
        self.apply_logging(config)
    }

    fn apply_logging(&self, config: &mut FunctionConfig) -> Result<(), AwsError> {
        let Some(Object(given)) = &self.logging_config else { return Ok(()) };
        let logging = &mut config.logging_config;
        if let Some(format) = &given.log_format {
            logging.log_format.clone_from(format);
        }
        if given.log_group.is_some() {
            logging.log_group.clone_from(&given.log_group);
        }
        if logging.log_format == "JSON" {
            let level = |given: &Option<String>, present: &mut Option<String>| {
                let level = given.clone().or(present.take());
                *present = Some(level.unwrap_or_else(|| "INFO".to_owned()));
            };
            level(&given.application_log_level, &mut logging.application_log_level);
            level(&given.system_log_level, &mut logging.system_log_level);
            return Ok(());
        }
        if given.application_log_level.is_some() || given.system_log_level.is_some() {
            return Err(AwsError::invalid_parameter(
                "LogLevel is not supported when LogFormat is set to \"Text\". Remove LogLevel from your request or \
                 change the LogFormat to \"JSON\" and try again.",
            ));
        }
        (logging.application_log_level, logging.system_log_level) = (None, None);
        Ok(())
    }
}

fn enumerated(constraints: &mut Constraints, value: &str, member: &str, all: &[&'static str]) {
    let known = all.contains(&value).then_some(());
    constraints.one_of(value, member, known, all.iter().copied());
}

/// `[a-zA-Z]([a-zA-Z0-9_])+`, or one of the reserved names, which have an answer of their own.
fn is_variable(name: &str) -> bool {
    let begins = name.starts_with(|first: char| first.is_ascii_alphabetic());
    let word = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (begins && word && name.len() > 1) || RESERVED_VARIABLES.contains(&name)
}

fn check_variables(variables: &BTreeMap<String, String>) -> Result<(), AwsError> {
    let names = variables.keys().map(String::as_str);
    let reserved: Vec<&str> = names.filter(|name| RESERVED_VARIABLES.contains(name)).collect();
    if !reserved.is_empty() {
        let names = reserved.join(", ");
        return Err(AwsError::invalid_parameter(format!(
            "Lambda was unable to configure your environment variables because the environment variables you have \
             provided contains reserved keys that are currently not supported for modification. Reserved keys used \
             in this request: {names}"
        )));
    }
    let bytes = serde_json::to_string(variables).map_or(0, |text| text.len());
    if bytes > ENVIRONMENT_BYTES_MAX {
        // AWS repeats the variables here; they may be secrets.
        return Err(AwsError::invalid_parameter(
            "Lambda was unable to configure your environment variables because the environment variables you have \
             provided exceeded the 4KB limit.",
        ));
    }
    Ok(())
}

/// [`ROLE_PATTERN`]
fn is_role(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let ["arn", partition, "iam", "", account, resource] = parts.as_slice() else { return false };
    let Some(name) = resource.strip_prefix("role") else { return false };
    let word = |c: char| c.is_ascii_alphanumeric() || "+=,.@-_/".contains(c);
    let is_partition = partition.is_empty()
        || partition
            .strip_prefix("aws")
            .is_some_and(|rest| rest.chars().all(|c| c.is_ascii_alphabetic() || c == '-'));
    is_partition
        && account.len() == 12
        && account.bytes().all(|byte| byte.is_ascii_digit())
        && name.trim_start_matches('/').chars().next().is_some()
        && name.chars().all(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_an_arn_of_a_role() {
        for role in [
            "arn:aws:iam::000000000000:role/local",
            "arn:aws-cn:iam::000000000000:role/service-role/a.b@c",
        ] {
            assert!(is_role(role), "{role}");
        }
        for role in [
            "",
            "local",
            "arn:aws:iam::1:role/local",
            "arn:aws:iam::000000000000:user/local",
            "arn:aws:iam::000000000000:role/",
            "arn:aws:iam::000000000000:role/a b",
        ] {
            assert!(!is_role(role), "{role}");
        }
    }
}
