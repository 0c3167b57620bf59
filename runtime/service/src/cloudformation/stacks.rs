//! DescribeStacks and ListStacks.

use serde::Serialize;

use super::stack::Stack;
use super::xml::{List, Refusal};
use super::{CloudFormation, page, time};
use crate::wire::query::Query;

/// What a filter may ask for.
const STATUSES: [&str; 23] = [
    "CREATE_IN_PROGRESS",
    "CREATE_FAILED",
    "CREATE_COMPLETE",
    "ROLLBACK_IN_PROGRESS",
    "ROLLBACK_FAILED",
    "ROLLBACK_COMPLETE",
    "DELETE_IN_PROGRESS",
    "DELETE_FAILED",
    "DELETE_COMPLETE",
    "UPDATE_IN_PROGRESS",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_COMPLETE",
    "UPDATE_FAILED",
    "UPDATE_ROLLBACK_IN_PROGRESS",
    "UPDATE_ROLLBACK_FAILED",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE",
    "REVIEW_IN_PROGRESS",
    "IMPORT_IN_PROGRESS",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_IN_PROGRESS",
    "IMPORT_ROLLBACK_FAILED",
    "IMPORT_ROLLBACK_COMPLETE",
];

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DescribedStacks<'a> {
    stacks: List<Described<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Described<'a> {
    stack_id: &'a str,
    stack_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    parameters: List<Parameter<'a>>,
    creation_time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    deletion_time: Option<String>,
    rollback_configuration: (),
    stack_status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    stack_status_reason: Option<String>,
    disable_rollback: bool,
    #[serde(rename = "NotificationARNs")]
    notification_arns: List<&'a str>,
    capabilities: List<&'a str>,
    outputs: List<Output<'a>>,
    tags: List<Tag<'a>>,
    enable_termination_protection: bool,
    drift_information: Drift,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Parameter<'a> {
    parameter_key: &'a str,
    parameter_value: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    output_key: &'a str,
    output_value: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    export_name: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Tag<'a> {
    key: &'a str,
    value: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Drift {
    stack_drift_status: &'static str,
}

const NO_DRIFT: Drift = Drift { stack_drift_status: "NOT_CHECKED" };

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListedStacks<'a> {
    stack_summaries: List<Summary<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Summary<'a> {
    stack_id: &'a str,
    stack_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    template_description: Option<&'a str>,
    creation_time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    deletion_time: Option<String>,
    stack_status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    stack_status_reason: Option<String>,
    drift_information: Drift,
}

impl CloudFormation {
    pub(super) fn describe_stacks(&self, form: &Query) -> Result<DescribedStacks<'_>, Refusal> {
        let stacks: Vec<&Stack> = match form.non_empty("StackName") {
            Some(name) => vec![self.find(name).ok_or_else(|| Refusal::no_such_stack(name))?],
            None => self.stacks().filter(|stack| !stack.is_gone()).collect(),
        };
        let (page, next_token) = page(&stacks, form)?;
        Ok(DescribedStacks { stacks: page.into_iter().map(described).collect(), next_token })
    }

    pub(super) fn list_stacks(&self, form: &Query) -> Result<ListedStacks<'_>, Refusal> {
        let filter: Vec<&str> = form.with_prefix("StackStatusFilter.member.").collect();
        if let Some(unknown) = filter.iter().find(|status| !STATUSES.contains(*status)) {
            return Err(Refusal::validation(format!(
                "1 validation error detected: Value '[{unknown}]' at 'stackStatusFilter' failed to \
                 satisfy constraint: Member must satisfy constraint: [Member must satisfy enum \
                 value set: [{}]]",
                STATUSES.join(", ")
            )));
        }
        let wanted =
            |stack: &&Stack| filter.is_empty() || filter.contains(&stack.state().status.name());
        let stacks: Vec<&Stack> = self.stacks().filter(wanted).collect();
        let (page, next_token) = page(&stacks, form)?;
        Ok(ListedStacks { stack_summaries: page.into_iter().map(summary).collect(), next_token })
    }
}

fn described(stack: &Stack) -> Described<'_> {
    let (spec, state) = (&stack.spec, stack.state());
    Described {
        stack_id: &stack.id,
        stack_name: &spec.name,
        description: spec.description.as_deref(),
        parameters: spec
            .parameters
            .iter()
            .map(|it| Parameter { parameter_key: &it.key, parameter_value: &it.value })
            .collect(),
        creation_time: time(stack.created),
        deletion_time: state.deleted.map(time),
        rollback_configuration: (),
        stack_status: state.status.name(),
        stack_status_reason: state.reason,
        disable_rollback: false,
        notification_arns: List::from_iter([]),
        capabilities: List::from_iter([]),
        outputs: spec
            .outputs
            .iter()
            .map(|it| Output {
                output_key: &it.key,
                output_value: &it.value,
                description: it.description.as_deref(),
                export_name: it.export_name.as_deref(),
            })
            .collect(),
        tags: spec.tags.iter().map(|(key, value)| Tag { key, value }).collect(),
        enable_termination_protection: false,
        drift_information: NO_DRIFT,
    }
}

fn summary(stack: &Stack) -> Summary<'_> {
    let state = stack.state();
    Summary {
        stack_id: &stack.id,
        stack_name: &stack.spec.name,
        template_description: stack.spec.description.as_deref(),
        creation_time: time(stack.created),
        deletion_time: state.deleted.map(time),
        stack_status: state.status.name(),
        stack_status_reason: state.reason,
        drift_information: NO_DRIFT,
    }
}
