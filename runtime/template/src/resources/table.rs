//! DynamoDB tables: from CloudFormation's properties to the request that creates the table.

use serde_json::{Map, Value, json};

use super::{fields, unused};
use crate::fields::Fields;
use crate::intrinsics::Scope;
use crate::inventory::{Entry, Kind};
use crate::stack::Table;

/// Properties of which something is made.
const USED: [&str; 13] = [
    "TableName",
    "AttributeDefinitions",
    "KeySchema",
    "BillingMode",
    "ProvisionedThroughput",
    "GlobalSecondaryIndexes",
    "LocalSecondaryIndexes",
    "StreamSpecification",
    "SSESpecification",
    "Tags",
    "TableClass",
    "DeletionProtectionEnabled",
    "TimeToLiveSpecification",
];
/// DynamoDB's bounds.
const GLOBAL_INDEXES_MAX: usize = 20;
const LOCAL_INDEXES_MAX: usize = 5;
const STREAM_VIEWS: [&str; 4] = ["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"];
/// What a provisioned table gets if a global table does not say.
const CAPACITY_UNITS: u32 = 5;

/// A table; `None` if something is wrong with it that was reported.
pub(crate) fn read(scope: &Scope<'_>, logical_id: &str, entry: &Entry<'_>) -> Option<Table> {
    let fields = fields(scope, logical_id, entry);
    let global = entry.kind == Kind::GlobalTable;
    let mut known: Vec<&str> = USED.iter().copied().chain(unused::names(&unused::TABLE)).collect();
    if global {
        known.extend(unused::names(&unused::GLOBAL_TABLE));
    }
    fields.check(&known, &entry.type_name);
    let name = scope.name(logical_id).ok()?;
    let mut request = json!({"TableName": name});
    let defined = attribute_definitions(&fields, &mut request);
    keys(&fields, &defined, &mut request);
    let provisioned = billing(&fields, global, &mut request);
    indexes(&fields, "GlobalSecondaryIndexes", &defined, provisioned, &mut request);
    indexes(&fields, "LocalSecondaryIndexes", &defined, false, &mut request);
    stream(&fields, &mut request);
    encryption(&fields, &mut request);
    put(&mut request, "Tags", tags(&fields));
    let class = fields.one_of("TableClass", &["STANDARD", "STANDARD_INFREQUENT_ACCESS"]);
    put(&mut request, "TableClass", class.map(Value::from));
    let protected = fields.boolean("DeletionProtectionEnabled");
    put(&mut request, "DeletionProtectionEnabled", protected.map(Value::from));
    Some(Table {
        logical_id: logical_id.to_owned(),
        name,
        create_table: request,
        time_to_live_attribute: time_to_live(&fields),
    })
}

/// Adds a member to a request.
pub(super) fn put(request: &mut Value, key: &str, value: Option<Value>) {
    if let (Some(object), Some(value)) = (request.as_object_mut(), value) {
        object.insert(key.to_owned(), value);
    }
}

/// The attributes that are keys of something. Returns their names.
fn attribute_definitions(fields: &Fields<'_, '_>, request: &mut Value) -> Vec<String> {
    let mut names = Vec::new();
    let mut definitions = Vec::new();
    if !fields.has("AttributeDefinitions") {
        fields.report(
            "AttributeDefinitions",
            "it is missing; it gives the types of the key attributes",
        );
    }
    for definition in fields.maps("AttributeDefinitions") {
        definition.check(&["AttributeName", "AttributeType"], "an attribute definition");
        let name = definition.required("AttributeName", "");
        let kind = definition.one_of("AttributeType", &["S", "N", "B"]);
        if !definition.has("AttributeType") {
            definition.report("AttributeType", "it is missing; it is S, N or B");
        }
        if let (Some(name), Some(kind)) = (name, kind) {
            definitions.push(json!({"AttributeName": name, "AttributeType": kind}));
            names.push(name);
        }
    }
    put(request, "AttributeDefinitions", Some(Value::Array(definitions)));
    names
}

/// The key schema of a table or an index.
fn keys(fields: &Fields<'_, '_>, defined: &[String], request: &mut Value) {
    if !fields.has("KeySchema") {
        fields.report("KeySchema", "it is missing; it names the attributes of the key");
    }
    let mut schema = Vec::new();
    for key in fields.maps("KeySchema") {
        key.check(&["AttributeName", "KeyType"], "a part of a key");
        let name = key.required("AttributeName", "");
        if !key.has("KeyType") {
            key.report("KeyType", "it is missing; it is HASH or RANGE");
        }
        let kind = key.one_of("KeyType", &["HASH", "RANGE"]);
        if let Some(name) = name.as_ref().filter(|name| !defined.contains(name)) {
            key.report("AttributeName", format!("\"{name}\" is not in AttributeDefinitions"));
        }
        if let (Some(name), Some(kind)) = (name, kind) {
            schema.push(json!({"AttributeName": name, "KeyType": kind}));
        }
    }
    put(request, "KeySchema", Some(Value::Array(schema)));
}

/// The billing mode. Returns whether capacity is provisioned.
fn billing(fields: &Fields<'_, '_>, global: bool, request: &mut Value) -> bool {
    let mode = fields.one_of("BillingMode", &["PROVISIONED", "PAY_PER_REQUEST"]);
    let provisioned = mode.as_deref() != Some("PAY_PER_REQUEST");
    put(request, "BillingMode", mode.map(Value::from));
    if !provisioned {
        return false;
    }
    let throughput = match fields.nested("ProvisionedThroughput") {
        Some(given) => throughput(&given),
        // A global table has its capacity in other properties, for several regions.
        None if global => Some(default_throughput()),
        None => {
            if !fields.has("ProvisionedThroughput") {
                fields.report(
                    "ProvisionedThroughput",
                    "it is missing; give it, or BillingMode: PAY_PER_REQUEST",
                );
            }
            None
        }
    };
    put(request, "ProvisionedThroughput", throughput);
    true
}

fn default_throughput() -> Value {
    json!({"ReadCapacityUnits": CAPACITY_UNITS, "WriteCapacityUnits": CAPACITY_UNITS})
}

/// Capacity units.
pub(super) fn throughput(fields: &Fields<'_, '_>) -> Option<Value> {
    fields.check(&["ReadCapacityUnits", "WriteCapacityUnits"], "ProvisionedThroughput");
    let units = |key: &str| {
        if !fields.has(key) {
            fields.report(key, "it is missing");
        }
        fields.integer(key, 1..=u32::MAX)
    };
    let (read, write) = (units("ReadCapacityUnits"), units("WriteCapacityUnits"));
    Some(json!({"ReadCapacityUnits": read?, "WriteCapacityUnits": write?}))
}

fn indexes(
    fields: &Fields<'_, '_>,
    key: &str,
    defined: &[String],
    provisioned: bool,
    request: &mut Value,
) {
    let maps = fields.maps(key);
    let most = if key.starts_with("Local") { LOCAL_INDEXES_MAX } else { GLOBAL_INDEXES_MAX };
    if maps.len() > most {
        fields.report(key, format!("there are {}; DynamoDB allows {most}", maps.len()));
    }
    let made: Vec<Value> =
        maps.iter().map(|index| one_index(index, defined, provisioned)).collect();
    put(request, key, (!made.is_empty()).then_some(Value::Array(made)));
}

fn one_index(index: &Fields<'_, '_>, defined: &[String], provisioned: bool) -> Value {
    let known = [
        "IndexName",
        "KeySchema",
        "Projection",
        "ProvisionedThroughput",
        // Without effect on a table on this machine.
        "ContributorInsightsSpecification",
        "OnDemandThroughput",
        "WarmThroughput",
        "ReadOnDemandThroughputSettings",
        "ReadProvisionedThroughputSettings",
        "WriteOnDemandThroughputSettings",
        "WriteProvisionedThroughputSettings",
    ];
    index.check(&known, "an index");
    let mut made = json!({"IndexName": index.required("IndexName", "").unwrap_or_default()});
    keys(index, defined, &mut made);
    put(&mut made, "Projection", projection(index));
    if provisioned {
        let given = index.nested("ProvisionedThroughput").and_then(|given| throughput(&given));
        put(&mut made, "ProvisionedThroughput", given.or_else(|| Some(default_throughput())));
    }
    made
}

fn projection(index: &Fields<'_, '_>) -> Option<Value> {
    if !index.has("Projection") {
        index.report("Projection", "it is missing; ProjectionType: ALL is the usual one");
    }
    let projection = index.nested("Projection")?;
    projection.check(&["ProjectionType", "NonKeyAttributes"], "Projection");
    let mut made = Map::new();
    if let Some(kind) = projection.one_of("ProjectionType", &["ALL", "KEYS_ONLY", "INCLUDE"]) {
        made.insert("ProjectionType".to_owned(), kind.into());
    }
    if let Some(attributes) = projection.texts("NonKeyAttributes") {
        made.insert("NonKeyAttributes".to_owned(), attributes.into());
    }
    Some(Value::Object(made))
}

fn stream(fields: &Fields<'_, '_>, request: &mut Value) {
    let Some(stream) = fields.nested("StreamSpecification") else { return };
    stream.check(&["StreamViewType", "ResourcePolicy"], "StreamSpecification");
    let view = stream.one_of("StreamViewType", &STREAM_VIEWS);
    let made = view.map(|view| json!({"StreamEnabled": true, "StreamViewType": view}));
    put(request, "StreamSpecification", made);
}

/// CloudFormation says `SSEEnabled` where the API says `Enabled`.
pub(super) fn encryption(fields: &Fields<'_, '_>, request: &mut Value) {
    let Some(given) = fields.nested("SSESpecification") else { return };
    given.check(&["SSEEnabled", "SSEType", "KMSMasterKeyId"], "SSESpecification");
    let mut made = json!({"Enabled": given.boolean("SSEEnabled").unwrap_or(false)});
    put(&mut made, "SSEType", given.text("SSEType").map(Value::from));
    put(&mut made, "KMSMasterKeyId", given.text("KMSMasterKeyId").map(Value::from));
    put(request, "SSESpecification", Some(made));
}

/// Tags as a request has them.
pub(super) fn tags(fields: &Fields<'_, '_>) -> Option<Value> {
    let tags = fields.tags("Tags");
    let list: Vec<Value> =
        tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    (!list.is_empty()).then_some(Value::Array(list))
}

fn time_to_live(fields: &Fields<'_, '_>) -> Option<String> {
    let given = fields.nested("TimeToLiveSpecification")?;
    given.check(&["AttributeName", "Enabled"], "TimeToLiveSpecification");
    if !given.has("Enabled") {
        given.report("Enabled", "it is missing; it is true or false");
    }
    let enabled = given.boolean("Enabled")?;
    if !enabled {
        return None;
    }
    given.required("AttributeName", "; it names the attribute with the time")
}
