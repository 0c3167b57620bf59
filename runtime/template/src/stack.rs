//! What a template comes to: the parts of a stack, ready to be created.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::text::Text;

/// A stack. Lists are in an order in which things can be created: what something needs comes before it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stack {
    /// Its name.
    pub name: String,
    /// What the template says about itself.
    pub description: Option<String>,
    /// The functions. When each is created together with its versions before the next one, every number that an
    /// environment needs is known in time.
    pub functions: Vec<Function>,
    /// The tables.
    pub tables: Vec<Table>,
    /// The versions to publish.
    pub versions: Vec<Version>,
    /// The aliases.
    pub aliases: Vec<Alias>,
    /// The log groups.
    pub log_groups: Vec<LogGroup>,
    /// What the stack tells its users, in the order of the template.
    pub outputs: Vec<Output>,
    /// What it was made with, in the order of the template.
    pub parameters: Vec<Parameter>,
    /// Every resource that is created.
    pub resources: Vec<Resource>,
    /// What the template asks for and nobody does.
    pub ignored: Vec<Ignored>,
}

/// A Lambda function.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Its name in the template.
    pub logical_id: String,
    /// Its name.
    pub name: String,
    /// Such as `nodejs22.x`.
    pub runtime: String,
    /// What of the code is called. May be empty where the runtime needs none.
    pub handler: String,
    /// Where its code is.
    pub code: Code,
    /// Seconds for one invocation.
    pub timeout_seconds: u32,
    /// Memory in megabytes.
    pub memory_mb: u32,
    /// For people.
    pub description: String,
    /// Its environment variables. A value that needs the number of a version is complete only when that is published.
    pub environment: BTreeMap<String, Text>,
    /// The ARN of its role, if the template has one. SAM makes one otherwise.
    pub role: Option<String>,
    /// Set for a durable function.
    pub durable: Option<DurableConfig>,
    /// `PER_TENANT` if tenants must not share processes.
    pub tenant_isolation_mode: Option<String>,
    /// How it logs.
    pub logging: Option<LoggingConfig>,
    /// Invocations at one time.
    pub reserved_concurrency: Option<u32>,
    /// `x86_64` or `arm64`; empty if the template does not say.
    pub architectures: Vec<String>,
    /// The size of its `/tmp`.
    pub ephemeral_storage_mb: u32,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Invocations that one process may have at one time.
    pub max_concurrency: Option<u32>,
}

/// Where the code of a function is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Code {
    /// In a directory, which exists.
    Directory(PathBuf),
    /// In a zip file, which exists.
    Zip(PathBuf),
    /// In the template.
    Inline {
        /// The name that the file must have, such as `index.js`.
        file_name: String,
        /// What is in it.
        text: String,
    },
    /// In the program that has the template too.
    BuiltIn,
}

/// What makes a function durable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DurableConfig {
    /// Seconds after which an execution times out.
    pub execution_timeout_seconds: Option<u32>,
    /// Days for which a closed execution is kept.
    pub retention_days: Option<u32>,
}

/// How a function logs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoggingConfig {
    /// `Text` or `JSON`.
    pub format: Option<String>,
    /// What of the function's own lines is kept.
    pub application_level: Option<String>,
    /// What of the platform's lines is kept.
    pub system_level: Option<String>,
    /// The log group.
    pub group: Option<String>,
}

/// A DynamoDB table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Its name in the template.
    pub logical_id: String,
    /// Its name.
    pub name: String,
    /// The request that creates it, as CreateTable takes it.
    pub create_table: serde_json::Value,
    /// The attribute with the time at which an item expires, if that is switched on.
    pub time_to_live_attribute: Option<String>,
}

/// A version that is to be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its name in the template, or the one that SAM gives it.
    pub logical_id: String,
    /// Of which function: its name.
    pub function_name: String,
    /// For people.
    pub description: String,
}

/// An alias.
#[derive(Clone, Debug, PartialEq)]
pub struct Alias {
    /// Its name in the template, or the one that SAM gives it.
    pub logical_id: String,
    /// Its name.
    pub name: String,
    /// Of which function: its name.
    pub function_name: String,
    /// Which version it means.
    pub version: AliasVersion,
    /// Further versions and their share of the invocations, from 0 to 1.
    pub routing: Vec<(AliasVersion, f64)>,
    /// For people.
    pub description: String,
}

/// Which version an alias means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AliasVersion {
    /// `$LATEST`.
    Latest,
    /// The one with this number.
    Number(u64),
    /// The one that is published for the version with this logical id.
    OfVersion(String),
}

/// A log group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogGroup {
    /// Its name in the template.
    pub logical_id: String,
    /// Its name.
    pub name: String,
    /// Days for which lines are kept; without end if `None`.
    pub retention_days: Option<u32>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// A value that a stack gives to its users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Its name.
    pub key: String,
    /// The value.
    pub value: Text,
    /// For people.
    pub description: Option<String>,
    /// The name under which other stacks would import it.
    pub export_name: Option<String>,
}

/// A value that a stack was made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub key: String,
    /// The value; asterisks if it is not to be shown.
    pub value: String,
}

/// A resource that is created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Its name in the template.
    pub logical_id: String,
    /// Its type after the transforms, such as `AWS::Lambda::Function`.
    pub kind: String,
    /// What AWS calls its physical id: a name or an ARN. That of a version has its number.
    pub physical_id: Text,
    /// Whether it stays when the stack is deleted.
    pub retained: bool,
}

/// Something in the template that has no effect here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// The resource's name in the template, or the name of a section.
    pub logical_id: String,
    /// Its type as the template has it.
    pub kind: String,
    /// The property; `None` for the whole resource.
    pub property: Option<String>,
    /// One sentence.
    pub why: String,
}
