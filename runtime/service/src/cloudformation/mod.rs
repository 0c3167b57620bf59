//! CloudFormation: the stacks that this server was started with.
//!
//! Requests are forms and answers are XML, as in AWS's query protocol. A stack is what a template has created. To start the
//! server is to deploy its templates: nothing here creates or changes a stack. One that is deleted is gone until the next
//! start, which makes it anew; so what a crash leaves of a deletion needs no memory.
//!
//! | file | job |
//! |---|---|
//! | `stack` | what a stack is made of |
//! | `stacks` | DescribeStacks, ListStacks |
//! | `delete` | DeleteStack |
//! | `resources` | ListStackResources, DescribeStackResource, DescribeStackResources |
//! | `xml` | answers and errors |

mod delete;
mod resources;
mod stack;
mod stacks;
mod xml;

use std::sync::Arc;

use bytes::Bytes;
use durable_core::Millis;
use http::header::CONTENT_TYPE;
use http::{Method, Request, Response};
pub use stack::{StackOutput, StackParameter, StackResource, StackSpec};

use self::stack::Stack;
use self::xml::Refusal;
use crate::dynamodb::DynamoDb;
use crate::engine::Engine;
use crate::logs::CloudWatchLogs;
use crate::wire::query::Query;

const FORM: &str = "application/x-www-form-urlencoded";
const VERSION: &str = "2010-05-15";
/// Stacks or resources on a page, as on AWS.
const PAGE_ITEMS_MAX: usize = 100;
/// What would change a stack.
const CHANGES: [&str; 9] = [
    "CreateStack",
    "UpdateStack",
    "CancelUpdateStack",
    "RollbackStack",
    "ContinueUpdateRollback",
    "CreateChangeSet",
    "ExecuteChangeSet",
    "SetStackPolicy",
    "UpdateTerminationProtection",
];

/// The stacks of this server.
pub(crate) struct CloudFormation {
    stacks: Vec<Arc<Stack>>,
    parts: Parts,
}

/// Where the resources of stacks are.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) engine: Arc<Engine>,
    pub(crate) dynamodb: DynamoDb,
    pub(crate) logs: CloudWatchLogs,
}

impl CloudFormation {
    pub(crate) fn new(stacks: Vec<StackSpec>, parts: Parts) -> Self {
        let (home, now) = (&parts.engine.home, parts.engine.clock.now());
        let stacks = stacks.into_iter().map(|spec| Arc::new(Stack::new(spec, home, now)));
        Self { stacks: stacks.collect(), parts }
    }

    /// Whether this request is in the query protocol. CloudWatch, which speaks it too, has
    /// taken its own before.
    pub(crate) fn owns(request: &Request<Bytes>) -> bool {
        let content_type = request.headers().get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
        request.method() == Method::POST
            && request.uri().path() == "/"
            && content_type.is_some_and(|it| it.to_ascii_lowercase().starts_with(FORM))
    }

    pub(crate) async fn answer(
        &self,
        request: &Request<Bytes>,
        request_id: &str,
    ) -> Response<Bytes> {
        let form = Query::parse(Some(&String::from_utf8_lossy(request.body())));
        let operation = form.get("Action").unwrap_or_default();
        let done = match operation {
            // Its answer has no result.
            "DeleteStack" => self.delete_stack(&form).await.map(|()| String::new()),
            _ => self.run(operation, &form),
        };
        match done {
            Ok(result) => xml::answer(operation, &result, request_id),
            Err(refusal) => xml::refuse(&refusal, request_id),
        }
    }

    fn run(&self, operation: &str, form: &Query) -> Result<String, Refusal> {
        match operation {
            "DescribeStacks" => xml::result(operation, &self.describe_stacks(form)?),
            "ListStacks" => xml::result(operation, &self.list_stacks(form)?),
            "ListStackResources" => xml::result(operation, &self.list_stack_resources(form)?),
            "DescribeStackResource" => xml::result(operation, &self.describe_stack_resource(form)?),
            "DescribeStackResources" => {
                xml::result(operation, &self.describe_stack_resources(form)?)
            }
            change if CHANGES.contains(&change) => Err(Refusal::validation(format!(
                "{change} is not supported by this server: a stack is there as long as the server \
                 runs with its template."
            ))),
            unknown => {
                let version = form.get("Version").unwrap_or(VERSION);
                Err(Refusal {
                    code: "InvalidAction",
                    message: format!("Could not find operation {unknown} for version {version}"),
                })
            }
        }
    }

    fn stacks(&self) -> impl Iterator<Item = &Stack> {
        self.stacks.iter().map(|stack| &**stack)
    }

    fn find(&self, name_or_id: &str) -> Option<&Arc<Stack>> {
        self.stacks.iter().find(|stack| stack.is(name_or_id))
    }
}

/// A page of a list, and the token of the next one. A token is the number of the first item that is left.
///
/// # Errors
/// If the token is none of this server's.
fn page<'a, T>(items: &[&'a T], form: &Query) -> Result<(Vec<&'a T>, Option<String>), Refusal> {
    let begin = match form.non_empty("NextToken") {
        None => 0,
        Some(token) => token
            .parse()
            .ok()
            .filter(|begin| *begin < items.len())
            .ok_or_else(|| Refusal::validation("Invalid NextToken"))?,
    };
    let page: Vec<_> = items.iter().skip(begin).take(PAGE_ITEMS_MAX).copied().collect();
    let end = begin + page.len();
    Ok((page, (end < items.len()).then(|| end.to_string())))
}

/// As CloudFormation writes a time: ISO 8601 with milliseconds.
fn time(at: Millis) -> String {
    let at = jiff::Timestamp::from_millisecond(at).unwrap_or_default();
    format!("{at:.3}")
}
