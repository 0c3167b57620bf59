//! UpdateFunctionCode.

use http::StatusCode;
use serde::Deserialize;

use crate::deploy::Head;
use crate::lambda::code::{self, WireCode};
use crate::lambda::{Call, configuration, functions, unsupported};
use crate::wire::constraints::Constraints;
use crate::wire::object;
use crate::wire::response::Answer;

/// The members besides those that say where the code is.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireRequest {
    architectures: Option<Vec<String>>,
    publish: Option<bool>,
    dry_run: Option<bool>,
    revision_id: Option<String>,
}

pub(super) async fn answer(call: &Call, name: &str) -> Answer {
    code::check_size(call, "UpdateFunctionCode")?;
    let name = functions::unqualified(call, name)?;
    let request: WireRequest = object::read(call.body())?;
    let code: WireCode = object::read(call.body())?;
    let mut constraints = Constraints::default();
    if let Some(architectures) = &request.architectures {
        functions::check_architectures(architectures, &mut constraints);
    }
    constraints.check()?;
    unsupported::refuse(call.body())?;
    let deployer = &call.engine.deployer;
    functions::existing(call, &name)?;
    let code = code::store(call, code).await?;
    let change = deployer.begin(&name).await?;
    let before = change.before();
    functions::check_revision(request.revision_id.as_deref(), &before.latest.revision)?;
    let mut config = before.latest.config.clone();
    if let Some(architectures) = request.architectures {
        config.architectures = architectures;
    }
    let mut after = deployer.with_head(before, Head { config, code })?;
    if request.dry_run.unwrap_or(false) {
        return configuration::answer(call, StatusCode::OK, &after, &after.latest, None);
    }
    let mut published = None;
    if request.publish.unwrap_or(false) {
        let (with_version, version) = deployer.with_version(&after, None).await?;
        (after, published) = (with_version, Some(version));
    }
    let function = change.commit(after).await?;
    let shown = published.as_ref().unwrap_or(&function.latest);
    configuration::answer(call, StatusCode::OK, &function, shown, None)
}
