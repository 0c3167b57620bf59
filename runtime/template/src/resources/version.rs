//! Versions.

use super::fields;
use crate::intrinsics::Scope;
use crate::inventory::{Entry, Origin};
use crate::resources::function;
use crate::stack::Version;

const KNOWN: [&str; 6] = [
    "FunctionName",
    "Description",
    "CodeSha256",
    "ProvisionedConcurrencyConfig",
    "RuntimePolicy",
    "FunctionScalingConfig",
];

/// A version; `None` if something is wrong with it that was reported.
pub(crate) fn read(scope: &Scope<'_>, logical_id: &str, entry: &Entry<'_>) -> Option<Version> {
    let logical_id = logical_id.to_owned();
    if let Origin::VersionOf(function) = &entry.origin {
        let of = scope.inventory.get(function)?;
        let description = fields(scope, function, of).text("VersionDescription");
        let function_name = scope.name(function).ok()?;
        return Some(Version {
            logical_id,
            function_name,
            description: description.unwrap_or_default(),
        });
    }
    let fields = fields(scope, &logical_id, entry);
    fields.check(&KNOWN, "AWS::Lambda::Version");
    let description = fields.text("Description").unwrap_or_default();
    Some(Version {
        function_name: function_name(scope, &logical_id, entry)?,
        logical_id,
        description,
    })
}

/// The name of the function that a version or an alias belongs to.
pub(crate) fn function_name(
    scope: &Scope<'_>,
    logical_id: &str,
    entry: &Entry<'_>,
) -> Option<String> {
    let fields = fields(scope, logical_id, entry);
    let name = fields.required("FunctionName", "; it is usually a !Ref of the function")?;
    Some(function::name_of(&name).to_owned())
}
