//! SAM's simple tables: one key.

use serde_json::{Value, json};

use super::{fields, table};
use crate::fields::Fields;
use crate::intrinsics::Scope;
use crate::inventory::Entry;
use crate::stack::Table;

const KNOWN: [&str; 6] = [
    "TableName",
    "PrimaryKey",
    "ProvisionedThroughput",
    "SSESpecification",
    "PointInTimeRecoverySpecification",
    "Tags",
];

/// A table; `None` if something is wrong with it that was reported.
pub(crate) fn read(scope: &Scope<'_>, logical_id: &str, entry: &Entry<'_>) -> Option<Table> {
    let fields = fields(scope, logical_id, entry);
    fields.check(&KNOWN, "AWS::Serverless::SimpleTable");
    let (key, kind) = primary_key(&fields)?;
    let name = scope.name(logical_id).ok()?;
    let mut request = json!({
        "TableName": name,
        "AttributeDefinitions": [{"AttributeName": key, "AttributeType": kind}],
        "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
    });
    match fields.nested("ProvisionedThroughput") {
        Some(throughput) => {
            table::put(&mut request, "ProvisionedThroughput", table::throughput(&throughput));
        }
        None => table::put(&mut request, "BillingMode", Some(json!("PAY_PER_REQUEST"))),
    }
    table::encryption(&fields, &mut request);
    table::put(&mut request, "Tags", table::tags(&fields));
    let logical_id = logical_id.to_owned();
    Some(Table { logical_id, name, create_table: request, time_to_live_attribute: None })
}

/// Name and type; SAM's default is a text called `id`.
fn primary_key(fields: &Fields<'_, '_>) -> Option<(String, Value)> {
    if !fields.has("PrimaryKey") {
        return Some(("id".to_owned(), json!("S")));
    }
    let key = fields.nested("PrimaryKey")?;
    key.check(&["Name", "Type"], "PrimaryKey");
    let name = key.required("Name", "; it is the name of an attribute")?;
    let kind = match key.one_of("Type", &["String", "Number", "Binary"])?.as_str() {
        "Number" => "N",
        "Binary" => "B",
        _ => "S",
    };
    Some((name, json!(kind)))
}
