//! What a stack is made of.

use std::collections::BTreeSet;
use std::sync::{PoisonError, RwLock};

use durable_core::Millis;
use tokio::sync::Mutex;
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
    /// Whether it stays when the stack is deleted.
    pub retained: bool,
}

/// A stack as this server shows it.
#[derive(Debug)]
pub(super) struct Stack {
    pub(super) id: String,
    pub(super) created: Millis,
    pub(super) spec: StackSpec,
    /// Held by the deletion that goes on.
    pub(super) deleting: Mutex<()>,
    state: RwLock<State>,
}

/// What has become of a stack since the server was started.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub(super) status: Status,
    /// Why it is in this status, for people.
    pub(super) reason: Option<String>,
    /// When its deletion was begun.
    pub(super) deleted: Option<Millis>,
    /// The logical ids of what is deleted.
    pub(super) gone: BTreeSet<String>,
}

/// How far a stack is: what is in a template exists before the server answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Status {
    #[default]
    Created,
    Deleting,
    /// Something of it could not be deleted.
    DeleteFailed,
    Deleted,
}

impl Status {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Created => "CREATE_COMPLETE",
            Self::Deleting => "DELETE_IN_PROGRESS",
            Self::DeleteFailed => "DELETE_FAILED",
            Self::Deleted => "DELETE_COMPLETE",
        }
    }
}

impl State {
    /// The status of a resource. What is not gone with a deletion was kept, or could not be deleted.
    pub(super) fn of(&self, logical_id: &str) -> &'static str {
        match self.status {
            Status::Created => Status::Created.name(),
            _ if self.gone.contains(logical_id) => Status::Deleted.name(),
            Status::Deleted => "DELETE_SKIPPED",
            status => status.name(),
        }
    }
}

impl Stack {
    /// The id is made of the name, so that it stays the same over restarts.
    pub(super) fn new(spec: StackSpec, home: &Home, created: Millis) -> Self {
        let (region, account, name) = (&home.region, &home.account, &spec.name);
        let prefix = format!("arn:aws:cloudformation:{region}:{account}:stack/{name}");
        let unique = Uuid::new_v5(&Uuid::NAMESPACE_URL, prefix.as_bytes());
        let id = format!("{prefix}/{unique}");
        Self { id, created, spec, deleting: Mutex::default(), state: RwLock::default() }
    }

    pub(super) fn state(&self) -> State {
        self.state.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.write().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn is_gone(&self) -> bool {
        self.state().status == Status::Deleted
    }

    /// Whether this name or id means it. Once it is deleted its name is free, and only its id still means it.
    pub(super) fn is(&self, name_or_id: &str) -> bool {
        self.id == name_or_id || (self.spec.name == name_or_id && !self.is_gone())
    }

    pub(super) fn resource(&self, logical_id: &str) -> Option<&StackResource> {
        self.spec.resources.iter().find(|resource| resource.logical_id == logical_id)
    }

    pub(super) fn has_physical(&self, physical_id: &str) -> bool {
        self.spec.resources.iter().any(|resource| resource.physical_id == physical_id)
    }
}
