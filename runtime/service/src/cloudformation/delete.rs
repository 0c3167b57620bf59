//! DeleteStack.
//!
//! The answer comes when the deletion has ended: AWS answers when it has begun, and its clients wait for the end. They find it
//! reached. What is open decides first, and nothing is changed by a refusal.

use std::sync::Arc;

use durable_core::ErrorObject;

use super::stack::{Stack, StackResource, Status};
use super::xml::Refusal;
use super::{CloudFormation, Parts};
use crate::engine::{Open, to_the_end};
use crate::wire::constraints::Constraints;
use crate::wire::query::Query;

const FORCE: &str = "FORCE_DELETE_STACK";
const MODES: [(&str, Mode); 2] = [("STANDARD", Mode::Standard), (FORCE, Mode::Force)];
/// CloudFormation's bounds.
const TOKEN_CHARS_MAX: usize = 128;
const ROLE_CHARS_MIN: usize = 20;
const ROLE_CHARS_MAX: usize = 2048;

/// What is done about open executions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// They keep the stack from being deleted.
    Standard,
    /// They are stopped.
    Force,
}

/// What DeleteStack is told, besides the stack. A role and a token are checked and not needed: nobody's permissions
/// count here, and to delete twice is to delete once.
struct Request {
    mode: Mode,
    /// Logical ids.
    retain: Vec<String>,
}

impl Request {
    fn read(form: &Query) -> Result<Self, Refusal> {
        let mut constraints = Constraints::default();
        let mode = form.non_empty("DeletionMode").unwrap_or("STANDARD");
        let parsed = MODES.iter().find(|(name, _)| *name == mode).map(|(_, mode)| *mode);
        let names = MODES.iter().map(|(name, _)| *name);
        let mode = constraints.one_of(mode, "deletionMode", parsed, names);
        if let Some(role) = form.non_empty("RoleARN") {
            constraints.length(role, "roleARN", ROLE_CHARS_MIN, ROLE_CHARS_MAX);
        }
        if let Some(token) = form.non_empty("ClientRequestToken") {
            let name = "clientRequestToken";
            constraints.length(token, name, 1, TOKEN_CHARS_MAX);
            let matches = token.starts_with(|first: char| first.is_ascii_alphanumeric())
                && token.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
            constraints.pattern(matches, token, name, "[a-zA-Z0-9][-a-zA-Z0-9]*");
        }
        let mode = constraints.checked(mode).map_err(|error| Refusal::validation(error.message))?;
        let retain = form.with_prefix("RetainResources.member.").map(str::to_owned).collect();
        Ok(Self { mode, retain })
    }

    /// As on AWS, a resource is left behind by wish only if it could not be deleted before.
    fn check_retained(&self, stack: &Stack) -> Result<(), Refusal> {
        if self.retain.is_empty() {
            return Ok(());
        }
        let id = &stack.id;
        if stack.state().status != Status::DeleteFailed {
            return Err(Refusal::validation(format!(
                "Invalid operation on stack [{id}]. RetainResources can be given only for a stack in the state \
                 DELETE_FAILED."
            )));
        }
        match self.retain.iter().find(|logical_id| stack.resource(logical_id).is_none()) {
            Some(unknown) => Err(Refusal::validation(format!(
                "The stack [{id}] has no resource {unknown} that could be retained."
            ))),
            None => Ok(()),
        }
    }
}

impl CloudFormation {
    /// Deletes a stack; one that is not there is deleted already.
    pub(super) async fn delete_stack(&self, form: &Query) -> Result<(), Refusal> {
        let name = form.non_empty("StackName").ok_or_else(|| Refusal::missing("stackName"))?;
        let request = Request::read(form)?;
        let Some(stack) = self.find(name) else { return Ok(()) };
        let deletion = Deletion { stack: Arc::clone(stack), parts: self.parts.clone(), request };
        let done = to_the_end(async move { Ok(deletion.run().await) }).await;
        done.unwrap_or_else(|error| Err(Refusal::validation(error.message)))
    }
}

struct Deletion {
    stack: Arc<Stack>,
    parts: Parts,
    request: Request,
}

impl Deletion {
    /// Whatever goes wrong after the look at what is open is the state of the stack, not of the request.
    async fn run(&self) -> Result<(), Refusal> {
        let _alone = self.stack.deleting.lock().await;
        if self.stack.is_gone() {
            return Ok(());
        }
        self.request.check_retained(&self.stack)?;
        let before = self.stack.state();
        let now = self.parts.engine.clock.now();
        self.stack.change(|state| {
            (state.status, state.reason, state.deleted) = (Status::Deleting, None, Some(now));
        });
        let mut problems = Vec::new();
        match self.functions().await {
            Ok(None) => {}
            Ok(Some(open)) => {
                self.stack.change(|state| *state = before);
                return Err(self.has_open(&open));
            }
            Err(problem) => problems.push(problem),
        }
        self.tables_and_log_groups(&mut problems).await;
        self.stack.change(|state| {
            let failed = !problems.is_empty();
            state.status = if failed { Status::DeleteFailed } else { Status::Deleted };
            state.reason = failed.then(|| problems.join(" "));
        });
        Ok(())
    }

    /// The resources of a type that are to go.
    fn of_type(&self, kind: &str) -> impl Iterator<Item = &StackResource> {
        let goes = move |it: &&StackResource| {
            it.kind == kind && !it.retained && !self.request.retain.contains(&it.logical_id)
        };
        self.stack.spec.resources.iter().filter(goes)
    }

    async fn functions(&self) -> Result<Option<Open>, String> {
        let functions = self.of_type("AWS::Lambda::Function");
        let names: Vec<String> = functions.map(|it| it.physical_id.clone()).collect();
        let name = &self.stack.spec.name;
        let reason =
            ErrorObject::new("StackDeleted", format!("The stack {name} was deleted by force."));
        let stop = (self.request.mode == Mode::Force).then_some(reason);
        let retired = self.parts.engine.retire(&names, stop).await;
        match retired {
            Ok(Some(open)) => return Ok(Some(open)),
            Ok(None) => {}
            Err(error) => {
                return Err(format!("The functions cannot be deleted: {}", error.message));
            }
        }
        // Versions and aliases go with their function.
        for kind in ["AWS::Lambda::Function", "AWS::Lambda::Version", "AWS::Lambda::Alias"] {
            self.of_type(kind).for_each(|resource| self.gone(resource));
        }
        Ok(None)
    }

    async fn tables_and_log_groups(&self, problems: &mut Vec<String>) {
        let mut note = |resource: &StackResource, done: Result<(), String>| match done {
            Ok(()) => self.gone(resource),
            Err(problem) => problems.push(format!("{}: {problem}", resource.logical_id)),
        };
        for kind in ["AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"] {
            for table in self.of_type(kind) {
                note(table, self.parts.dynamodb.remove(&table.physical_id).await);
            }
        }
        for group in self.of_type("AWS::Logs::LogGroup") {
            note(group, self.parts.logs.remove_group(group.physical_id.clone()).await);
        }
    }

    fn gone(&self, resource: &StackResource) {
        self.stack.change(|state| {
            state.gone.insert(resource.logical_id.clone());
        });
    }

    fn has_open(&self, open: &Open) -> Refusal {
        let (count, name) = (open.count, &self.stack.spec.name);
        let executions = if count == 1 { "execution" } else { "executions" };
        let first = open.first.join(", ");
        let more = if count > open.first.len() as u64 { ", ..." } else { "" };
        Refusal::validation(format!(
            "Stack [{name}] cannot be deleted: {count} durable {executions} of its functions are open ({first}{more}). \
             Wait until they have ended, stop them with stop-durable-execution, or delete the stack with \
             --deletion-mode {FORCE}, which stops them."
        ))
    }
}
