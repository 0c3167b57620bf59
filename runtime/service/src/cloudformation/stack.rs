//! What a stack is made of.

use durable_core::Millis;
use uuid::Uuid;

use crate::wire::arn::Home;

/// A stack: what a template has created.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StackSpec {
    /// Its name.
    pub name: String,
    /// What the template says about itself.
    pub description: Option<String>,
    /// What it tells its users.
    pub outputs: Vec<StackOutput>,
    /// What it was created with.
    pub parameters: Vec<StackParameter>,
    /// What it consists of.
    pub resources: Vec<StackResource>,
    /// Names and values.
    pub tags: Vec<(String, String)>,
}

/// A value that a stack gives to its users.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StackOutput {
    /// Its name.
    pub key: String,
    /// The value.
    pub value: String,
    /// For people.
    pub description: Option<String>,
    /// The name under which other stacks import it.
    pub export_name: Option<String>,
}

/// A value that a stack was created with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StackParameter {
    /// Its name.
    pub key: String,
    /// The value; asterisks if it is not to be shown.
    pub value: String,
}

/// A part of a stack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StackResource {
    /// Its name in the template.
    pub logical_id: String,
    /// Such as `AWS::Lambda::Function`.
    pub kind: String,
    /// Its name here, such as a function's name.
    pub physical_id: String,
}

/// A stack as this server shows it.
#[derive(Debug)]
pub(super) struct Stack {
    pub(super) id: String,
    pub(super) created: Millis,
    pub(super) spec: StackSpec,
}

impl Stack {
    /// The id is made of the name, so that it stays the same over restarts.
    pub(super) fn new(spec: StackSpec, home: &Home, created: Millis) -> Self {
        let (region, account, name) = (&home.region, &home.account, &spec.name);
        let prefix = format!("arn:aws:cloudformation:{region}:{account}:stack/{name}");
        let unique = Uuid::new_v5(&Uuid::NAMESPACE_URL, prefix.as_bytes());
        Self { id: format!("{prefix}/{unique}"), created, spec }
    }

    /// Whether this name or id means it.
    pub(super) fn is(&self, name_or_id: &str) -> bool {
        self.spec.name == name_or_id || self.id == name_or_id
    }

    pub(super) fn resource(&self, logical_id: &str) -> Option<&StackResource> {
        self.spec.resources.iter().find(|resource| resource.logical_id == logical_id)
    }

    pub(super) fn has_physical(&self, physical_id: &str) -> bool {
        self.spec.resources.iter().any(|resource| resource.physical_id == physical_id)
    }
}
