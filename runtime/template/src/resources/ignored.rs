//! What the template asks for and nobody does: types without a counterpart here, and properties without effect.
//!
//! Others may refer to a resource that is not there: an environment variable with the URL of a queue, an output with
//! the ARN of a role. They get a value of the form that AWS gives, made of the stack's name and the logical id.

use super::shapes::{SHAPES, Shape};
use super::{fields, unused};
use crate::error::Reported;
use crate::intrinsics::Scope;
use crate::inventory::{Entry, Kind};
use crate::node::{Map, Node};
use crate::stack::Ignored;

fn shape(type_name: &str) -> Option<&'static Shape> {
    SHAPES.iter().find(|shape| shape.type_name == type_name)
}

fn fill(scope: &Scope<'_>, text: &str, name: &str) -> String {
    text.replace("{region}", &scope.options.region)
        .replace("{account}", &scope.options.account)
        .replace("{name}", name)
}

/// The name of such a resource: its own, or the one that is made for it.
pub(crate) fn name(
    scope: &Scope<'_>,
    logical_id: &str,
    entry: &Entry<'_>,
    made: String,
) -> Result<String, Reported> {
    // Names of buckets are in small letters.
    let made = if entry.type_name == "AWS::S3::Bucket" { made.to_lowercase() } else { made };
    let Some(shape) = shape(&entry.type_name) else { return Ok(made) };
    let fields = fields(scope, logical_id, entry);
    match fields.has(shape.name) {
        true => fields.text(shape.name).ok_or(Reported),
        false => Ok(made),
    }
}

/// What `!Ref` gives.
pub(crate) fn reference(scope: &Scope<'_>, type_name: &str, name: &str) -> String {
    shape(type_name).map_or_else(|| name.to_owned(), |shape| fill(scope, shape.reference, name))
}

/// What `!GetAtt` gives, if it is known.
pub(crate) fn attribute(
    scope: &Scope<'_>,
    type_name: &str,
    name: &str,
    attribute: &str,
) -> Option<String> {
    let known = shape(type_name)
        .and_then(|shape| shape.attributes.iter().find(|(known, _)| *known == attribute));
    if let Some((_, text)) = known {
        return Some(fill(scope, text, name));
    }
    // Most ARNs have this form.
    let service = type_name.strip_prefix("AWS::")?.split("::").next()?.to_lowercase();
    (attribute == "Arn" && shape(type_name).is_none()).then(|| scope.arn(&service, name))
}

/// Why a type has no counterpart here.
pub(super) fn why(type_name: &str) -> &'static str {
    match type_name {
        _ if type_name.starts_with("AWS::IAM::") => "permissions are not checked here",
        "AWS::Lambda::Permission" => "permissions are not checked here",
        "AWS::Lambda::EventSourceMapping" => "no event source calls functions here",
        _ if type_name.starts_with("AWS::Events::")
            || type_name.starts_with("AWS::Scheduler::") =>
        {
            "no event source calls functions here"
        }
        "AWS::CDK::Metadata" => "it describes the template to AWS",
        _ => "this server has no such resource",
    }
}

/// The properties of a resource that have no effect.
pub(super) fn properties(logical_id: &str, entry: &Entry<'_>) -> Vec<Ignored> {
    let table: Vec<(&str, &str)> = match entry.kind {
        Kind::Function => unused::FUNCTION.iter().chain(&unused::PLAIN_FUNCTION).copied().collect(),
        Kind::ServerlessFunction => {
            unused::FUNCTION.iter().chain(&unused::SERVERLESS_FUNCTION).copied().collect()
        }
        Kind::Table | Kind::SimpleTable => unused::TABLE.to_vec(),
        Kind::GlobalTable => unused::TABLE.iter().chain(&unused::GLOBAL_TABLE).copied().collect(),
        Kind::Version | Kind::Alias => unused::VERSION.to_vec(),
        Kind::LogGroup => unused::LOG_GROUP.to_vec(),
        Kind::Ignored => Vec::new(),
    };
    table
        .into_iter()
        .filter(|(property, _)| has(&entry.properties, property))
        .map(|(property, why)| Ignored {
            logical_id: logical_id.to_owned(),
            kind: entry.type_name.clone().into_owned(),
            property: Some(property.to_owned()),
            why: why.to_owned(),
        })
        .collect()
}

/// Whether there is a property, or one inside of another: `DurableConfig.KMSKeyArn`.
fn has(map: &Map, path: &str) -> bool {
    match path.split_once('.') {
        None => map.contains_key(path),
        Some((outer, inner)) => {
            map.get(outer).and_then(Node::as_map).is_some_and(|map| has(map, inner))
        }
    }
}
