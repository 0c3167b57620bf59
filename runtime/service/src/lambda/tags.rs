//! ListTags, TagResource, UntagResource: the tags of functions, which mean nothing to this server.

use std::collections::BTreeMap;

use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use crate::deploy::Settings;
use crate::lambda::{Call, functions};
use crate::wire::constraints::Constraints;
use crate::wire::error::AwsError;
use crate::wire::object;
use crate::wire::response::{Answer, empty, json};

/// Tags of one function, as on AWS.
const TAGS_MAX: usize = 50;
/// Characters of a tag's key and of its value.
const KEY_LEN_MAX: usize = 128;
const VALUE_LEN_MAX: usize = 256;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireRequest {
    tags: Option<BTreeMap<String, String>>,
}

pub(super) fn list(call: &Call, arn: &str) -> Answer {
    let name = functions::unqualified(call, arn)?;
    let function = functions::existing(call, &name)?;
    json(StatusCode::OK, &json!({ "Tags": function.tags }))
}

pub(super) async fn tag(call: &Call, arn: &str) -> Answer {
    let name = functions::unqualified(call, arn)?;
    let request: WireRequest = object::read(call.body())?;
    let mut constraints = Constraints::default();
    match &request.tags {
        None => constraints.required("tags"),
        Some(tags) => check(tags, &mut constraints),
    }
    constraints.check()?;
    let new = request.tags.unwrap_or_default();
    change(call, &name, |tags| tags.extend(new)).await
}

pub(super) async fn untag(call: &Call, arn: &str) -> Answer {
    let name = functions::unqualified(call, arn)?;
    let keys: Vec<&str> = call.query.all("tagKeys").collect();
    if keys.is_empty() {
        let mut constraints = Constraints::default();
        constraints.required("tagKeys");
        constraints.check()?;
    }
    change(call, &name, |tags| tags.retain(|key, _| !keys.contains(&key.as_str()))).await
}

async fn change(
    call: &Call,
    name: &str,
    change_tags: impl FnOnce(&mut BTreeMap<String, String>),
) -> Answer {
    let deployer = &call.engine.deployer;
    let change = deployer.begin(name).await?;
    let before = change.before();
    let mut settings: Settings = before.settings();
    change_tags(&mut settings.tags);
    check_number(settings.tags.len())?;
    let after = deployer.with_settings(before, settings);
    change.commit(after).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// Notes keys and values that break the service model.
pub(super) fn check(tags: &BTreeMap<String, String>, constraints: &mut Constraints) {
    for (key, value) in tags {
        constraints.length(key, "tags.key", 1, KEY_LEN_MAX);
        constraints.length(value, &format!("tags.{key}"), 0, VALUE_LEN_MAX);
    }
}

/// # Errors
/// `InvalidParameterValueException` for too many tags.
pub(super) fn check_number(tags: usize) -> Result<(), AwsError> {
    if tags > TAGS_MAX {
        let text = format!("A function cannot have more than {TAGS_MAX} tags.");
        return Err(AwsError::invalid_parameter(text));
    }
    Ok(())
}
