//! Names and ARNs of groups and streams.

use super::refusal::Refusal;
use crate::wire::arn::Home;
use crate::wire::constraints::Constraints;

/// Characters of a name, as on AWS.
const NAME_LEN_MAX: usize = 512;

pub(super) fn group_arn(home: &Home, group: &str) -> String {
    format!("arn:aws:logs:{}:{}:log-group:{group}", home.region, home.account)
}

pub(super) fn stream_arn(home: &Home, group: &str, stream: &str) -> String {
    format!("{}:log-stream:{stream}", group_arn(home, group))
}

/// Checks the name of a group, or the beginning of one.
pub(super) fn check_group(constraints: &mut Constraints, name: Option<&str>, member: &str) {
    let Some(name) = name else { return constraints.required(member) };
    constraints.length(name, member, 1, NAME_LEN_MAX);
    let allowed = |c: char| c.is_ascii_alphanumeric() || ".-_/#".contains(c);
    constraints.pattern(name.chars().all(allowed), name, member, "[\\.\\-_/#A-Za-z0-9]+");
}

/// Checks the name of a stream, or the beginning of one.
pub(super) fn check_stream(constraints: &mut Constraints, name: Option<&str>, member: &str) {
    let Some(name) = name else { return constraints.required(member) };
    constraints.length(name, member, 1, NAME_LEN_MAX);
    constraints.pattern(!name.contains([':', '*']), name, member, "[^:*]*");
}

/// The group that a request means: by its name, or by a name or an ARN as its identifier.
///
/// # Errors
/// `InvalidParameterException` unless there is exactly one of them.
pub(super) fn group(name: Option<String>, identifier: Option<String>) -> Result<String, Refusal> {
    match (name, identifier) {
        (Some(name), None) => Ok(name),
        (None, Some(identifier)) => match identifier.split_once(":log-group:") {
            Some((_, name)) => Ok(name.strip_suffix(":*").unwrap_or(name).to_owned()),
            None => Ok(identifier),
        },
        _ => Err(Refusal::invalid(
            "Exactly one of logGroupName and logGroupIdentifier has to be given.",
        )),
    }
}
