//! CloudFormation, as far as the commands need it: what a stack says of itself.

use serde::Deserialize;

use super::Target;
use super::fault::{stranger, unreachable, unsent_for};
use super::signed::{CallError, SignedClient};
use crate::exit::{Failure, FailureKind};
use crate::redact;

/// The protocol's version.
const VERSION: &str = "2010-05-15";
/// What the service is called in signatures.
const SERVICE: &str = "cloudformation";
/// Of statuses of a stack that is going or gone.
const DELETED: &str = "DELETE_";
/// The way around a stack.
const NAME_THEM: &str = "name what the command needs with --function or --table";

/// Looks at stacks. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct StackClient(pub(super) SignedClient);

/// What a stack tells its users.
#[derive(Clone, Debug)]
pub(super) struct Outputs {
    stack: String,
    status: String,
    outputs: Vec<Output>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    describe_stacks_result: Described,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Described {
    #[serde(default)]
    stacks: List<Stack>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Stack {
    stack_status: String,
    #[serde(default)]
    outputs: List<Output>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    output_key: String,
    output_value: String,
}

/// A list as the protocol writes it.
#[derive(Deserialize)]
struct List<T> {
    #[serde(default = "Vec::new")]
    member: Vec<T>,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { member: Vec::new() }
    }
}

impl StackClient {
    /// The outputs of a stack: one request.
    ///
    /// # Errors
    /// When the stack is not there or is going, and what keeps the server from answering.
    pub(super) async fn outputs(&self, target: &Target, stack: &str) -> Result<Outputs, Failure> {
        let doing = format!("look at the stack {stack}");
        if self.0.region.is_empty() {
            return Err(Failure::new(format!("cannot {doing}: no region is set"))
                .with_hint("name it with --region or AWS_REGION"));
        }
        let form = [("Action", "DescribeStacks"), ("Version", VERSION), ("StackName", stack)];
        let answer = self.0.query::<Answer>(SERVICE, &form).await;
        let answer = answer.map_err(|error| self.failure(target, stack, &doing, error))?;
        let found = answer.describe_stacks_result.stacks.member.into_iter().next();
        let Stack { stack_status: status, outputs } =
            found.ok_or_else(|| self.missing(target, stack))?;
        if status.starts_with(DELETED) {
            let going = format!("the stack {stack} is deleted or about to be: {status}");
            return Err(Failure::new(going).with_hint(format!("deploy it again, or {NAME_THEM}")));
        }
        Ok(Outputs { stack: stack.to_owned(), status, outputs: outputs.member })
    }

    fn failure(&self, target: &Target, stack: &str, doing: &str, error: CallError) -> Failure {
        match error {
            CallError::Unsent(why) => unsent_for(target, doing, &why),
            CallError::Unreachable(why) => unreachable(target, why),
            CallError::Stranger(detail) => stranger(target, &detail),
            CallError::Refused { code, message, .. }
                if code == "ValidationError" && message.ends_with("does not exist") =>
            {
                self.missing(target, stack)
            }
            CallError::Refused { status, code, message } => {
                let said = if message.is_empty() { &code } else { &message };
                let failure = Failure::new(format!("cannot {doing}: {}", redact::text(said)));
                match (status, code.as_str()) {
                    (_, "AccessDenied" | "AccessDeniedException") => failure
                        .with_hint(format!("allow cloudformation:DescribeStacks, or {NAME_THEM}")),
                    (_, "Throttling") | (500 | 502.., _) => failure.with_kind(FailureKind::Passing),
                    _ => failure,
                }
            }
        }
    }

    fn missing(&self, target: &Target, stack: &str) -> Failure {
        let (region, server) = (&self.0.region, target.name());
        Failure::new(format!("there is no stack {stack} in {region} at {server}"))
            .with_kind(FailureKind::Missing)
            .with_hint(format!("name another with --stack or --region, or {NAME_THEM}"))
    }
}

impl Outputs {
    /// The value of an output, if it is there.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        let found = self.outputs.iter().find(|output| output.output_key == key);
        found.map(|output| output.output_value.as_str())
    }

    /// The value of an output that a command needs; `option` would name it instead.
    ///
    /// # Errors
    /// When the stack does not have it.
    pub(super) fn need(&self, key: &str, option: &str) -> Result<&str, Failure> {
        self.get(key).ok_or_else(|| {
            let Self { stack, status, .. } = self;
            Failure::new(format!("the stack {stack} has no output {key}: {status}"))
                .with_hint(format!("name another stack with --stack, or use {option}"))
        })
    }
}
