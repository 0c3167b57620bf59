//! The names of CloudFormation's functions.

use crate::node::Map;

/// The short tags of YAML, without `!`.
pub(crate) const TAGS: [&str; 22] = [
    "Ref",
    "Condition",
    "And",
    "Base64",
    "Cidr",
    "Contains",
    "Equals",
    "FindInMap",
    "GetAtt",
    "GetAZs",
    "If",
    "ImportValue",
    "Join",
    "Length",
    "Not",
    "Or",
    "Select",
    "Split",
    "Sub",
    "ToJsonString",
    "Transform",
    "ForEach",
];

/// What a short tag stands for; `None` if there is no such function.
pub(crate) fn long_name(tag: &str) -> Option<String> {
    match tag {
        "Ref" | "Condition" => Some(tag.to_owned()),
        _ if TAGS.contains(&tag) => Some(format!("Fn::{tag}")),
        _ => None,
    }
}

/// Whether a map is the call of a function, and a map only by its spelling.
pub(crate) fn is_call(map: &Map) -> bool {
    map.len() == 1 && map.keys().any(|key| is_function(key))
}

/// Whether a key is the name of a function, or looks like one.
pub(crate) fn is_function(key: &str) -> bool {
    key == "Ref" || key.starts_with("Fn::")
}
