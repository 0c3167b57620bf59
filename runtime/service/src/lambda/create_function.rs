//! CreateFunction.

use std::collections::BTreeMap;

use http::StatusCode;
use serde::Deserialize;

use crate::deploy::{Head, Settings};
use crate::functions::{DurableConfig, FunctionConfig, Origin, TenancyConfig};
use crate::lambda::code::{self, WireCode};
use crate::lambda::function_settings::FunctionSettings;
use crate::lambda::{Call, configuration, functions, tags, unsupported};
use crate::wire::arn::is_name;
use crate::wire::constraints::Constraints;
use crate::wire::error::AwsError;
use crate::wire::function_ref::FunctionRef;
use crate::wire::object::{self, Object};
use crate::wire::response::Answer;

/// Characters of a function's name.
const NAME_LEN_MAX: usize = 64;

/// The members that only this operation has.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireRequest {
    function_name: Option<String>,
    code: Option<Object<WireCode>>,
    publish: Option<bool>,
    package_type: Option<String>,
    architectures: Option<Vec<String>>,
    tenancy_config: Option<Object<WireTenancy>>,
    tags: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireTenancy {
    tenant_isolation_mode: Option<String>,
}

pub(super) async fn answer(call: &Call) -> Answer {
    code::check_size(call, "CreateFunction")?;
    let request: WireRequest = object::read(call.body())?;
    let settings: FunctionSettings = object::read(call.body())?;
    check(&request, &settings)?;
    unsupported::refuse(call.body())?;
    let name = name(call, request.function_name.unwrap_or_default())?;
    if request.package_type.as_deref() == Some("Image") {
        return Err(AwsError::invalid_parameter(
            "Container images are not supported by this server: use the package type Zip.",
        ));
    }
    let (Some(runtime), Some(handler)) = (&settings.runtime, &settings.handler) else {
        return Err(AwsError::invalid_parameter(
            "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
        ));
    };
    let mut config = FunctionConfig::new(name, runtime, handler);
    settings.apply(&mut config)?;
    functions::check_runtime(&config.runtime)?;
    config.durable_config =
        settings.durable_config.map(|Object(durable)| durable.over(DurableConfig::default()));
    config.tenancy_config = request
        .tenancy_config
        .and_then(|Object(tenancy)| tenancy.tenant_isolation_mode)
        .map(|tenant_isolation_mode| TenancyConfig { tenant_isolation_mode });
    if let Some(architectures) = request.architectures {
        config.architectures = architectures;
    }
    let Object(code) = request.code.unwrap_or(Object(WireCode::default()));
    let head = Head { config, code: code::store(call, code).await? };
    let settings = Settings { tags: request.tags.unwrap_or_default(), reserved_concurrency: None };
    let publish = request.publish.unwrap_or(false);
    let function = call.engine.deployer.create(Origin::Api, head, settings, publish).await?;
    let shown = match function.published.values().next() {
        Some(version) if publish => version,
        _ => &function.latest,
    };
    configuration::answer(call, StatusCode::CREATED, &function, shown, None)
}

fn check(request: &WireRequest, settings: &FunctionSettings) -> Result<(), AwsError> {
    let mut constraints = Constraints::default();
    for (missing, member) in [
        (request.function_name.is_none(), "functionName"),
        (settings.role.is_none(), "role"),
        (request.code.is_none(), "code"),
    ] {
        if missing {
            constraints.required(member);
        }
    }
    settings.check(false, &mut constraints);
    if let Some(architectures) = &request.architectures {
        functions::check_architectures(architectures, &mut constraints);
    }
    if let Some(kind) = &request.package_type {
        let known = matches!(kind.as_str(), "Zip" | "Image").then_some(());
        constraints.one_of(kind, "packageType", known, ["Zip", "Image"].into_iter());
    }
    if let Some(Object(tenancy)) = &request.tenancy_config {
        let member = "tenancyConfig.tenantIsolationMode";
        match tenancy.tenant_isolation_mode.as_deref() {
            None => constraints.required(member),
            Some(mode) => {
                let known = (mode == "PER_TENANT").then_some(());
                constraints.one_of(mode, member, known, ["PER_TENANT"].into_iter());
            }
        }
    }
    if let Some(tags) = &request.tags {
        tags::check(tags, &mut constraints);
    }
    constraints.check()?;
    tags::check_number(request.tags.iter().flatten().count())
}

/// The function's own name, however it was spelled.
fn name(call: &Call, given: String) -> Result<String, AwsError> {
    let reference = FunctionRef::parse(&given, None, &call.engine.home)?;
    if reference.qualifier.is_some() {
        return Err(AwsError::invalid_parameter(
            "A function cannot be created with a qualifier. Give its name or an unqualified ARN.",
        ));
    }
    let mut constraints = Constraints::default();
    constraints.length(&reference.name, "functionName", 1, NAME_LEN_MAX);
    let pattern = "[a-zA-Z0-9-_]+";
    constraints.pattern(is_name(&reference.name), &reference.name, "functionName", pattern);
    constraints.check()?;
    Ok(reference.name)
}
