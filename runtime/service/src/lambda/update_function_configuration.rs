//! UpdateFunctionConfiguration.

use http::StatusCode;
use serde::Deserialize;

use crate::deploy::Head;
use crate::functions::FunctionConfig;
use crate::lambda::function_settings::FunctionSettings;
use crate::lambda::{Call, configuration, functions, unsupported};
use crate::wire::constraints::Constraints;
use crate::wire::error::AwsError;
use crate::wire::object::{self, Object};
use crate::wire::response::Answer;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireRequest {
    revision_id: Option<String>,
}

pub(super) async fn answer(call: &Call, name: &str) -> Answer {
    let name = functions::unqualified(call, name)?;
    let request: WireRequest = object::read(call.body())?;
    let settings: FunctionSettings = object::read(call.body())?;
    let config = &functions::existing(call, &name)?.latest.config;
    let mut constraints = Constraints::default();
    settings.check(config.capacity_provider_arn.is_some(), &mut constraints);
    constraints.check()?;
    unsupported::refuse(call.body())?;
    let deployer = &call.engine.deployer;
    let change = deployer.begin(&name).await?;
    let before = change.before();
    functions::check_revision(request.revision_id.as_deref(), &before.latest.revision)?;
    let mut config = before.latest.config.clone();
    settings.apply(&mut config)?;
    functions::check_runtime(&config.runtime)?;
    apply_durable(&settings, &mut config)?;
    let Some(code) = before.latest.code.clone() else {
        return Err(AwsError::service("The function has no code."));
    };
    let after = deployer.with_head(before, Head { config, code })?;
    let function = change.commit(after).await?;
    call.engine.concurrency_changed(&name);
    configuration::answer(call, StatusCode::OK, &function, &function.latest, None)
}

/// A function is durable from its creation on, or never. Executions keep the values that they were started with.
fn apply_durable(settings: &FunctionSettings, config: &mut FunctionConfig) -> Result<(), AwsError> {
    let Some(Object(durable)) = &settings.durable_config else { return Ok(()) };
    let Some(present) = config.durable_config else {
        return Err(AwsError::invalid_parameter(
            "DurableConfig cannot be added to a function that was created without it. Create another function.",
        ));
    };
    config.durable_config = Some(durable.over(present));
    Ok(())
}
