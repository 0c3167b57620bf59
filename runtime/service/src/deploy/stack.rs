//! Bringing the server to what a template asks for.
//!
//! The functions come in an order in which each finds what it needs: a value that holds the number of a version is complete
//! once the function of that version is deployed.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use durable_template as template;
use template::AliasVersion;

use super::code::Code;
use super::deployer::{Deployer, Head, Settings};
use crate::cloudformation::{StackOutput, StackParameter, StackResource, StackSpec};
use crate::dynamodb::TableSpec;
use crate::functions::{
    Alias, DurableConfig, Environment, EphemeralStorage, Function, FunctionConfig, LATEST,
    LoggingConfig, Origin, TenancyConfig, Version,
};
use crate::wire::error::AwsError;

/// The numbers of published versions, by the names of the versions in the template.
type Numbers = BTreeMap<String, String>;

impl Deployer {
    /// Brings the functions of a stack to what its template says, and says what the stack has become. What is the same
    /// stays as it is; a function of the stack that is not in the template any more is deleted once its executions have
    /// ended.
    ///
    /// # Errors
    /// One sentence that names the function.
    pub(crate) async fn deploy_stack(
        self: &Arc<Self>,
        stack: &template::Stack,
    ) -> Result<StackSpec, String> {
        let mut numbers = Numbers::new();
        for function in &stack.functions {
            let name = &function.name;
            self.deploy_function(stack, function, &mut numbers)
                .await
                .map_err(|error| format!("cannot deploy the function {name}: {}", error.message))?;
        }
        let origin = Origin::Stack(stack.name.clone());
        for function in self.functions.all() {
            let name = &function.name;
            let wanted = stack.functions.iter().any(|it| it.name == *name);
            if function.origin == origin && !wanted && !function.deleting {
                self.delete_function(name).await.map_err(|error| {
                    format!("cannot delete the function {name}: {}", error.message)
                })?;
            }
        }
        Ok(description(stack, &numbers))
    }

    async fn deploy_function(
        self: &Arc<Self>,
        stack: &template::Stack,
        wanted: &template::Function,
        numbers: &mut Numbers,
    ) -> Result<(), AwsError> {
        let origin = Origin::Stack(stack.name.clone());
        let config = config(wanted, numbers)?;
        let Some(code) = self.code(&wanted.code).await? else {
            return self.configure(stack, wanted, config, numbers);
        };
        let head = Head { config, code };
        let settings = Settings {
            tags: wanted.tags.clone(),
            reserved_concurrency: wanted.reserved_concurrency,
        };
        let name = &wanted.name;
        let (change, mut after) = if self.functions.get(name).is_none() {
            let created = self.create(origin, head, settings, false).await?;
            (self.begin(name).await?, created.copy())
        } else {
            let change = self.begin_even_deleted(name).await?;
            check_replaceable(change.before(), &origin, &head.config)?;
            let after = self.replaced(change.before(), head, settings)?;
            (change, after)
        };
        let mut published = Numbers::new();
        for version in stack.versions.iter().filter(|it| it.function_name == *name) {
            let text = Some(version.description.clone()).filter(|text| !text.is_empty());
            let (with_version, version_of) = self.with_version(&after, text).await?;
            published.insert(version.logical_id.clone(), version_of.number.clone());
            after = with_version;
        }
        for alias in stack.aliases.iter().filter(|it| it.function_name == *name) {
            after = with_alias(after, alias, &published)?;
        }
        change.commit(after).await?;
        numbers.append(&mut published);
        Ok(())
    }

    /// A function of a stack with the head and the settings that its template gives it now. One that was being deleted
    /// and is in the template again stays.
    fn replaced(
        &self,
        existing: &Function,
        head: Head,
        settings: Settings,
    ) -> Result<Function, AwsError> {
        let same = existing.latest.config == head.config
            && existing.latest.code.as_ref() == Some(&head.code);
        let after = if same { existing.copy() } else { self.with_head(existing, head)? };
        Ok(Function { deleting: false, ..self.with_settings(&after, settings) })
    }

    /// Gives a function of the server's process what its template says of it. Only its code is not the template's: it
    /// changes with the program, so its versions are those of the template, numbered from one, and run what `$LATEST` runs.
    fn configure(
        &self,
        stack: &template::Stack,
        wanted: &template::Function,
        config: FunctionConfig,
        numbers: &mut Numbers,
    ) -> Result<(), AwsError> {
        let name = &wanted.name;
        let existing = self.functions.get(name).filter(|it| it.origin == Origin::Server);
        let Some(existing) = existing else {
            return Err(AwsError::invalid_parameter("the server has no code for it"));
        };
        let before = &existing.latest;
        let version = |number: String, config: FunctionConfig| {
            Arc::new(Version {
                number,
                timeout: Duration::from_secs(config.timeout.into()),
                config,
                code: None,
                modified: before.modified.clone(),
                revision: Self::revision(),
                host: Arc::clone(&before.host),
            })
        };
        let mut after = Function {
            latest: version(LATEST.to_owned(), config.clone()),
            tags: wanted.tags.clone(),
            ..existing.copy()
        };
        let of_it = stack.versions.iter().filter(|it| it.function_name == *name);
        for (number, published) in (1..).zip(of_it) {
            let config =
                FunctionConfig { description: published.description.clone(), ..config.clone() };
            after.published.insert(number, version(number.to_string(), config));
            after.next_version = number + 1;
            numbers.insert(published.logical_id.clone(), number.to_string());
        }
        for alias in stack.aliases.iter().filter(|it| it.function_name == *name) {
            after = with_alias(after, alias, numbers)?;
        }
        self.functions.put(after);
        Ok(())
    }

    /// Puts the code in its place; `None` for code in the server's process.
    async fn code(&self, code: &template::Code) -> Result<Option<Code>, AwsError> {
        let unusable = |path: &Path, error: std::io::Error| {
            AwsError::invalid_parameter(format!("cannot read {}: {error}", path.display()))
        };
        match code {
            template::Code::Directory(path) => {
                let path = std::fs::canonicalize(path).map_err(|error| unusable(path, error))?;
                Ok(Some(Code::InPlace { path }))
            }
            template::Code::Zip(path) => {
                let zip = tokio::fs::read(path).await.map_err(|error| unusable(path, error))?;
                self.store_zip(zip).await.map(Some)
            }
            template::Code::Inline { file_name, text } => {
                self.store_file(file_name.clone(), text.clone()).await.map(Some)
            }
            template::Code::BuiltIn => Ok(None),
        }
    }
}

/// # Errors
/// `ResourceConflictException` for what no update of a stack can do.
fn check_replaceable(
    existing: &Function,
    origin: &Origin,
    config: &FunctionConfig,
) -> Result<(), AwsError> {
    let text = if existing.origin != *origin {
        "there is a function of this name that does not belong to the stack; delete it, or give one of them another \
         name"
    } else if existing.is_durable() != config.durable_config.is_some() {
        "DurableConfig can neither be added to a function nor taken from it; give it another name"
    } else if existing.latest.config.tenancy_config != config.tenancy_config {
        "TenancyConfig can neither be added to a function nor taken from it; give it another name"
    } else {
        return Ok(());
    };
    Err(AwsError::conflict(text))
}

/// The tables of a template.
pub(crate) fn tables(stack: &template::Stack) -> impl Iterator<Item = TableSpec> {
    stack.tables.iter().map(|table| TableSpec {
        name: table.name.clone(),
        create: table.create_table.clone(),
        time_to_live: table.time_to_live_attribute.clone(),
    })
}

fn config(wanted: &template::Function, numbers: &Numbers) -> Result<FunctionConfig, AwsError> {
    let mut variables = BTreeMap::new();
    for (name, text) in &wanted.environment {
        let value = complete(text, numbers).ok_or_else(|| {
            AwsError::invalid_parameter(format!(
                "its variable {name} needs a version that is published after it: {text}"
            ))
        })?;
        variables.insert(name.clone(), value);
    }
    let defaults = FunctionConfig::new(&wanted.name, &wanted.runtime, &wanted.handler);
    Ok(FunctionConfig {
        role: wanted.role.clone().unwrap_or_default(),
        description: wanted.description.clone(),
        timeout: wanted.timeout_seconds,
        memory_size: wanted.memory_mb,
        environment: Environment { variables },
        architectures: if wanted.architectures.is_empty() {
            defaults.architectures
        } else {
            wanted.architectures.clone()
        },
        ephemeral_storage: EphemeralStorage { size: wanted.ephemeral_storage_mb },
        logging_config: wanted.logging.as_ref().map_or_else(LoggingConfig::default, logging),
        tenancy_config: wanted
            .tenant_isolation_mode
            .clone()
            .map(|tenant_isolation_mode| TenancyConfig { tenant_isolation_mode }),
        durable_config: wanted.durable.map(durable),
        max_concurrency: wanted.max_concurrency,
        ..defaults
    })
}

fn logging(wanted: &template::LoggingConfig) -> LoggingConfig {
    let defaults = LoggingConfig::default();
    LoggingConfig {
        log_format: wanted.format.clone().unwrap_or(defaults.log_format),
        application_log_level: wanted.application_level.clone(),
        system_log_level: wanted.system_level.clone(),
        log_group: wanted.group.clone(),
    }
}

fn durable(wanted: template::DurableConfig) -> DurableConfig {
    let defaults = DurableConfig::default();
    DurableConfig {
        execution_timeout_seconds: wanted
            .execution_timeout_seconds
            .unwrap_or(defaults.execution_timeout_seconds),
        retention_days: wanted.retention_days.unwrap_or(defaults.retention_days),
    }
}

fn with_alias(
    function: Function,
    wanted: &template::Alias,
    numbers: &Numbers,
) -> Result<Function, AwsError> {
    let number = |version: &AliasVersion| {
        let number = match version {
            AliasVersion::Latest => Some(LATEST.to_owned()),
            AliasVersion::Number(number) => Some(number.to_string()),
            AliasVersion::OfVersion(logical_id) => numbers.get(logical_id).cloned(),
        };
        number.filter(|number| function.version(number).is_some()).ok_or_else(|| {
            let text =
                format!("its alias {} leads to a version that it does not have", wanted.name);
            AwsError::invalid_parameter(text)
        })
    };
    let before = function.aliases.get(&wanted.name);
    let weights = wanted.routing.iter().map(|(version, weight)| Ok((number(version)?, *weight)));
    let alias = Alias {
        name: wanted.name.clone(),
        version: number(&wanted.version)?,
        description: wanted.description.clone(),
        weights: weights.collect::<Result<_, AwsError>>()?,
        revision: before.map_or_else(Deployer::revision, |alias| alias.revision.clone()),
    };
    if before == Some(&alias) {
        return Ok(function);
    }
    Ok(function.with_alias(Alias { revision: Deployer::revision(), ..alias }))
}

fn complete(text: &template::Text, numbers: &Numbers) -> Option<String> {
    text.resolve(|logical_id| numbers.get(logical_id).cloned())
}

/// The stack as CloudFormation describes it.
fn description(stack: &template::Stack, numbers: &Numbers) -> StackSpec {
    let shown = |text: &template::Text| complete(text, numbers).unwrap_or_else(|| text.to_string());
    let outputs = stack.outputs.iter().map(|output| StackOutput {
        key: output.key.clone(),
        value: shown(&output.value),
        description: output.description.clone(),
        export_name: output.export_name.clone(),
    });
    let resources = stack.resources.iter().map(|resource| StackResource {
        logical_id: resource.logical_id.clone(),
        kind: resource.kind.clone(),
        physical_id: shown(&resource.physical_id),
        retained: resource.retained,
    });
    let parameters = stack
        .parameters
        .iter()
        .map(|it| StackParameter { key: it.key.clone(), value: it.value.clone() });
    StackSpec {
        name: stack.name.clone(),
        description: stack.description.clone(),
        outputs: outputs.collect(),
        parameters: parameters.collect(),
        resources: resources.collect(),
        ..StackSpec::default()
    }
}
