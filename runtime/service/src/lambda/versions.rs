//! PublishVersion and ListVersionsByFunction.

use durable_template::bounds::DESCRIPTION_CHARS_MAX;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::deploy::Code;
use crate::functions::LATEST;
use crate::lambda::{Call, configuration, functions, unsupported};
use crate::wire::constraints::Constraints;
use crate::wire::error::AwsError;
use crate::wire::object;
use crate::wire::query::list_items;
use crate::wire::response::{Answer, json};

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireRequest {
    code_sha256: Option<String>,
    description: Option<String>,
    revision_id: Option<String>,
}

pub(super) async fn publish(call: &Call, name: &str) -> Answer {
    let name = functions::unqualified(call, name)?;
    let mut request = WireRequest::default();
    if !call.body().is_empty() {
        request = object::read(call.body())?;
        unsupported::refuse(call.body())?;
    }
    let mut constraints = Constraints::default();
    if let Some(description) = &request.description {
        constraints.length(description, "description", 0, DESCRIPTION_CHARS_MAX);
    }
    constraints.check()?;
    let deployer = &call.engine.deployer;
    let change = deployer.begin(&name).await?;
    let before = change.before();
    functions::check_revision(request.revision_id.as_deref(), &before.latest.revision)?;
    check_code(request.code_sha256.as_deref(), before.latest.code.as_ref())?;
    let description = request.description.filter(|text| !text.is_empty());
    let (after, version) = deployer.with_version(before, description).await?;
    let function = change.commit(after).await?;
    configuration::answer(call, StatusCode::CREATED, &function, &version, None)
}

/// The caller may say which code it means to publish.
fn check_code(given: Option<&str>, code: Option<&Code>) -> Result<(), AwsError> {
    let latest = match code {
        Some(Code::Stored { sha256, .. }) => sha256,
        _ => "",
    };
    match given.filter(|given| !given.is_empty() && *given != latest) {
        None => Ok(()),
        Some(given) => Err(AwsError::invalid_parameter(format!(
            "CodeSHA256 ({given}) is different from current CodeSHA256 in $LATEST ({latest}). Please try again with \
             the CodeSHA256 in $LATEST."
        ))),
    }
}

pub(super) fn list(call: &Call, name: &str) -> Answer {
    let items_max = list_items(&call.query)?;
    let name = functions::unqualified(call, name)?;
    let function = functions::existing(call, &name)?;
    let after = call.query.non_empty("Marker").map(functions::read_marker).transpose()?;
    let mut versions = function.versions().filter(|version| {
        let number = if version.number == LATEST { Some(0) } else { version.number.parse().ok() };
        after.is_none_or(|after| number.is_some_and(|number| number > after))
    });
    let page: Vec<_> = versions.by_ref().take(items_max).collect();
    let home = &call.engine.home;
    let shown = page.iter().map(|version| {
        configuration::configuration(home, &function, version, Some(&version.number))
    });
    let mut members = Map::new();
    members.insert("Versions".to_owned(), Value::Array(shown.collect()));
    if let Some(last) = page.last().filter(|_| versions.next().is_some()) {
        let marker = if last.number == LATEST { "0" } else { &last.number };
        members.insert("NextMarker".to_owned(), marker.into());
    }
    json(StatusCode::OK, &Value::Object(members))
}
