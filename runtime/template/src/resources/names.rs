//! What resources are called: the name that the template gives, or one that is made of the stack's name and the logical
//! id. AWS adds random characters; here the name is the same at every start.

use sha2::{Digest as _, Sha256};

use super::{fields, ignored};
use crate::error::Reported;
use crate::intrinsics::Scope;
use crate::inventory::{Entry, Kind};

/// AWS's bounds.
const FUNCTION_NAME_MAX: usize = 64;
const TABLE_NAME_MAX: usize = 255;
const LOG_GROUP_NAME_MAX: usize = 512;
/// Hexadecimal digits that tell apart names which were cut.
const DIGITS: usize = 8;

/// The name of a resource.
///
/// # Errors
/// [`Reported`] if the template gives one and it cannot be used.
pub(crate) fn of(
    scope: &Scope<'_>,
    logical_id: &str,
    entry: &Entry<'_>,
) -> Result<String, Reported> {
    let (property, most, least) = match entry.kind {
        Kind::Function | Kind::ServerlessFunction => ("FunctionName", FUNCTION_NAME_MAX, 1),
        Kind::Table | Kind::GlobalTable | Kind::SimpleTable => ("TableName", TABLE_NAME_MAX, 3),
        Kind::LogGroup => ("LogGroupName", LOG_GROUP_NAME_MAX, 1),
        Kind::Version | Kind::Alias | Kind::Ignored => {
            let made = made(scope, logical_id, TABLE_NAME_MAX);
            return ignored::name(scope, logical_id, entry, made);
        }
    };
    let fields = fields(scope, logical_id, entry);
    if !fields.has(property) {
        return Ok(made(scope, logical_id, most));
    }
    // NoValue is the same as no property.
    let place = fields.place().at(property);
    let Some(value) =
        fields.raw(property).map(|node| scope.evaluate(node, &place)).transpose()?.flatten()
    else {
        return Ok(made(scope, logical_id, most));
    };
    let Some(name) = value.as_text() else {
        return Err(scope.report(
            &value,
            &place,
            format!("a name must be a text, not {}", value.kind()),
        ));
    };
    let allowed = match entry.kind {
        Kind::Function | Kind::ServerlessFunction => "-_",
        Kind::LogGroup => "-_./#",
        _ => "-_.",
    };
    let fits = (least..=most).contains(&name.len())
        && name.chars().all(|char| char.is_ascii_alphanumeric() || allowed.contains(char));
    if !fits {
        let message = format!(
            "\"{name}\" cannot be a name here; use {least} to {most} letters, digits and any of {allowed}"
        );
        return Err(scope.report(&value, &place, message));
    }
    Ok(name.to_owned())
}

/// `<stack>-<logical id>`, cut to what AWS allows; what is cut is replaced by digits that depend on all of it.
fn made(scope: &Scope<'_>, logical_id: &str, most: usize) -> String {
    let whole = format!("{}-{logical_id}", scope.options.stack_name);
    if whole.len() <= most {
        return whole;
    }
    let digest = Sha256::digest(&whole);
    let digits: String = digest.iter().take(DIGITS / 2).map(|byte| format!("{byte:02x}")).collect();
    let kept: String = whole.chars().take(most - DIGITS - 1).collect();
    format!("{kept}-{digits}")
}
