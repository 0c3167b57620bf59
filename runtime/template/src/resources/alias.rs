//! Aliases.

use super::fields;
use crate::fields::Fields;
use crate::intrinsics::Scope;
use crate::inventory::{Entry, Origin};
use crate::resources::version;
use crate::stack::{Alias, AliasVersion};
use crate::text::{Text, TextPart};

const KNOWN: [&str; 6] = [
    "FunctionName",
    "FunctionVersion",
    "Name",
    "Description",
    "RoutingConfig",
    "ProvisionedConcurrencyConfig",
];
const NAME_CHARS_MAX: usize = 128;

/// An alias; `None` if something is wrong with it that was reported.
pub(crate) fn read(scope: &Scope<'_>, logical_id: &str, entry: &Entry<'_>) -> Option<Alias> {
    if let Origin::AliasOf { function, version, name } = &entry.origin {
        return Some(Alias {
            logical_id: logical_id.to_owned(),
            name: name.clone(),
            function_name: scope.name(function).ok()?,
            version: AliasVersion::OfVersion(version.clone()),
            routing: Vec::new(),
            description: String::new(),
        });
    }
    let fields = fields(scope, logical_id, entry);
    fields.check(&KNOWN, "AWS::Lambda::Alias");
    let (function_name, name) = names(scope, logical_id, entry)?;
    Some(Alias {
        logical_id: logical_id.to_owned(),
        name,
        function_name,
        version: version_field(&fields)?,
        routing: routing(&fields),
        description: fields.text("Description").unwrap_or_default(),
    })
}

/// The names of the function and of the alias.
pub(crate) fn names(
    scope: &Scope<'_>,
    logical_id: &str,
    entry: &Entry<'_>,
) -> Option<(String, String)> {
    let fields = fields(scope, logical_id, entry);
    let function = version::function_name(scope, logical_id, entry);
    let name = fields.required("Name", "; an alias needs one")?;
    let fits = (1..=NAME_CHARS_MAX).contains(&name.len())
        && name.chars().all(|char| char.is_ascii_alphanumeric() || "-_".contains(char))
        // A number would be a version.
        && !name.chars().all(|char| char.is_ascii_digit());
    if !fits {
        let message = format!(
            "\"{name}\" cannot be the name of an alias; use 1 to {NAME_CHARS_MAX} letters, digits, \
             - and _, not only digits"
        );
        fields.report("Name", message);
        return None;
    }
    Some((function?, name))
}

fn version_field(fields: &Fields<'_, '_>) -> Option<AliasVersion> {
    if !fields.has("FunctionVersion") {
        fields.report("FunctionVersion", "it is missing; it is usually !GetAtt VERSION.Version");
    }
    let text = fields.later("FunctionVersion")?;
    let version = version_of(&text);
    if version.is_none() {
        fields.report(
            "FunctionVersion",
            format!("{text} is no version; it is usually !GetAtt VERSION.Version"),
        );
    }
    version
}

fn version_of(text: &Text) -> Option<AliasVersion> {
    match (text.parts(), text.complete()) {
        ([TextPart::VersionNumber(logical_id)], _) => {
            Some(AliasVersion::OfVersion(logical_id.clone()))
        }
        (_, Some("$LATEST")) => Some(AliasVersion::Latest),
        (_, Some(number)) => {
            number.parse().ok().filter(|number| *number > 0).map(AliasVersion::Number)
        }
        _ => None,
    }
}

fn routing(fields: &Fields<'_, '_>) -> Vec<(AliasVersion, f64)> {
    let Some(config) = fields.nested("RoutingConfig") else { return Vec::new() };
    config.check(&["AdditionalVersionWeights"], "RoutingConfig");
    let mut routing = Vec::new();
    for weight in config.maps("AdditionalVersionWeights") {
        weight.check(&["FunctionVersion", "FunctionWeight"], "a version's weight");
        let Some(version) = version_field(&weight) else { continue };
        let share = weight.required("FunctionWeight", "; it is a number from 0 to 1");
        match share.and_then(|share| share.parse::<f64>().ok()) {
            Some(share) if (0.0..=1.0).contains(&share) => routing.push((version, share)),
            _ => weight.report("FunctionWeight", "it must be a number from 0 to 1"),
        }
    }
    routing
}
