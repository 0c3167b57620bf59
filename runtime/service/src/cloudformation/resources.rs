//! ListStackResources, DescribeStackResource and DescribeStackResources.

use serde::Serialize;

use super::stack::{Stack, StackResource};
use super::xml::{List, Refusal};
use super::{CloudFormation, page, time};
use crate::wire::query::Query;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListedResources<'a> {
    stack_resource_summaries: List<Summary<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DescribedResource<'a> {
    stack_resource_detail: Detail<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DescribedResources<'a> {
    stack_resources: List<Resource<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Summary<'a> {
    logical_resource_id: &'a str,
    physical_resource_id: &'a str,
    resource_type: &'a str,
    last_updated_timestamp: String,
    resource_status: &'static str,
    drift_information: Drift,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Detail<'a> {
    stack_name: &'a str,
    stack_id: &'a str,
    logical_resource_id: &'a str,
    physical_resource_id: &'a str,
    resource_type: &'a str,
    last_updated_timestamp: String,
    resource_status: &'static str,
    metadata: &'static str,
    drift_information: Drift,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Resource<'a> {
    stack_name: &'a str,
    stack_id: &'a str,
    logical_resource_id: &'a str,
    physical_resource_id: &'a str,
    resource_type: &'a str,
    timestamp: String,
    resource_status: &'static str,
    drift_information: Drift,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Drift {
    stack_resource_drift_status: &'static str,
}

const NO_DRIFT: Drift = Drift { stack_resource_drift_status: "NOT_CHECKED" };

impl CloudFormation {
    pub(super) fn list_stack_resources(
        &self,
        form: &Query,
    ) -> Result<ListedResources<'_>, Refusal> {
        let stack = self.named(form, Refusal::no_such_stack)?;
        let resources: Vec<&StackResource> = stack.spec.resources.iter().collect();
        let (page, next_token) = page(&resources, form)?;
        let state = stack.state();
        let summaries = page.into_iter().map(|resource| Summary {
            logical_resource_id: &resource.logical_id,
            physical_resource_id: &resource.physical_id,
            resource_type: &resource.kind,
            last_updated_timestamp: time(stack.created),
            resource_status: state.of(&resource.logical_id),
            drift_information: NO_DRIFT,
        });
        Ok(ListedResources { stack_resource_summaries: summaries.collect(), next_token })
    }

    pub(super) fn describe_stack_resource(
        &self,
        form: &Query,
    ) -> Result<DescribedResource<'_>, Refusal> {
        // The one operation that says it in other words.
        let stack =
            self.named(form, |name| Refusal::validation(format!("Stack '{name}' does not exist")))?;
        let logical_id = form
            .non_empty("LogicalResourceId")
            .ok_or_else(|| Refusal::missing("logicalResourceId"))?;
        let resource = existing(stack, logical_id)?;
        Ok(DescribedResource {
            stack_resource_detail: Detail {
                stack_name: &stack.spec.name,
                stack_id: &stack.id,
                logical_resource_id: &resource.logical_id,
                physical_resource_id: &resource.physical_id,
                resource_type: &resource.kind,
                last_updated_timestamp: time(stack.created),
                resource_status: stack.state().of(logical_id),
                metadata: "{}",
                drift_information: NO_DRIFT,
            },
        })
    }

    pub(super) fn describe_stack_resources(
        &self,
        form: &Query,
    ) -> Result<DescribedResources<'_>, Refusal> {
        let stack = match (form.non_empty("StackName"), form.non_empty("PhysicalResourceId")) {
            (Some(_), None) => self.named(form, Refusal::no_such_stack)?,
            (None, Some(physical_id)) => {
                let stack =
                    self.stacks().find(|stack| !stack.is_gone() && stack.has_physical(physical_id));
                let missing = || format!("Stack for {physical_id} does not exist");
                stack.ok_or_else(|| Refusal::validation(missing()))?
            }
            _ => {
                return Err(Refusal::validation(
                    "You must specify either StackName or PhysicalResourceId, but not both.",
                ));
            }
        };
        let resources: Vec<&StackResource> = match form.non_empty("LogicalResourceId") {
            Some(logical_id) => vec![existing(stack, logical_id)?],
            None => stack.spec.resources.iter().take(super::PAGE_ITEMS_MAX).collect(),
        };
        let state = stack.state();
        let resources = resources.into_iter().map(|resource| Resource {
            stack_name: &stack.spec.name,
            stack_id: &stack.id,
            logical_resource_id: &resource.logical_id,
            physical_resource_id: &resource.physical_id,
            resource_type: &resource.kind,
            timestamp: time(stack.created),
            resource_status: state.of(&resource.logical_id),
            drift_information: NO_DRIFT,
        });
        Ok(DescribedResources { stack_resources: resources.collect() })
    }

    /// The stack that the form names.
    fn named(
        &self,
        form: &Query,
        missing: impl FnOnce(&str) -> Refusal,
    ) -> Result<&Stack, Refusal> {
        let name = form.non_empty("StackName").ok_or_else(|| Refusal::missing("stackName"))?;
        self.find(name).map(|stack| &**stack).ok_or_else(|| missing(name))
    }
}

fn existing<'a>(stack: &'a Stack, logical_id: &str) -> Result<&'a StackResource, Refusal> {
    stack.resource(logical_id).ok_or_else(|| {
        let name = &stack.spec.name;
        Refusal::validation(format!("Resource {logical_id} does not exist for stack {name}"))
    })
}
