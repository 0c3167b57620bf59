//! Log groups.

use super::fields;
use crate::intrinsics::Scope;
use crate::inventory::Entry;
use crate::stack::LogGroup;

const KNOWN: [&str; 9] = [
    "LogGroupName",
    "RetentionInDays",
    "Tags",
    "KmsKeyId",
    "LogGroupClass",
    "DataProtectionPolicy",
    "FieldIndexPolicies",
    "ResourcePolicyDocument",
    "DeletionProtectionEnabled",
];
/// The only ones that CloudWatch Logs has.
const RETENTION_DAYS: [&str; 22] = [
    "1", "3", "5", "7", "14", "30", "60", "90", "120", "150", "180", "365", "400", "545", "731",
    "1096", "1827", "2192", "2557", "2922", "3288", "3653",
];

/// A log group; `None` if something is wrong with it that was reported.
pub(crate) fn read(scope: &Scope<'_>, logical_id: &str, entry: &Entry<'_>) -> Option<LogGroup> {
    let fields = fields(scope, logical_id, entry);
    fields.check(&KNOWN, "AWS::Logs::LogGroup");
    Some(LogGroup {
        logical_id: logical_id.to_owned(),
        name: scope.name(logical_id).ok()?,
        retention_days: fields
            .one_of("RetentionInDays", &RETENTION_DAYS)
            .and_then(|it| it.parse().ok()),
        tags: fields.tags("Tags"),
    })
}
