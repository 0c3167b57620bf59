//! DeleteFunction: a function with everything, or one version.

use http::StatusCode;

use crate::functions::{Function, LATEST};
use crate::lambda::{Call, functions};
use crate::wire::error::AwsError;
use crate::wire::function_ref::FunctionRef;
use crate::wire::response::{Answer, empty};

pub(super) async fn answer(call: &Call, name: &str) -> Answer {
    let reference = FunctionRef::parse(name, call.query.non_empty("Qualifier"), &call.engine.home)?;
    match reference.qualifier.as_deref() {
        None => call.engine.deployer.delete_function(&reference.name).await?,
        Some(LATEST) => {
            return Err(AwsError::invalid_parameter(
                "$LATEST version cannot be deleted without deleting the function.",
            ));
        }
        Some(qualifier) => {
            let number = qualifier.parse().map_err(|_| {
                AwsError::invalid_parameter("Deletion of aliases is not currently supported.")
            })?;
            delete_version(call, &reference.name, number).await?;
        }
    }
    // The newest model says 200; older clients expect what the service has always answered, and newer ones take it.
    Ok(empty(StatusCode::NO_CONTENT))
}

/// A version that is not there is deleted already.
async fn delete_version(call: &Call, name: &str, number: u64) -> Result<(), AwsError> {
    functions::existing(call, name)?;
    let deployer = &call.engine.deployer;
    let change = deployer.begin(name).await?;
    let function = change.before();
    if !function.published.contains_key(&number) {
        return Ok(());
    }
    let version = number.to_string();
    let aliases = aliases_of(function, &version);
    if !aliases.is_empty() {
        let aliases = aliases.join(", ");
        return Err(AwsError::conflict(format!(
            "Unable to delete version because the following aliases reference it: [{aliases}]"
        )));
    }
    if deployer.is_in_use(name, &version).await? {
        return Err(AwsError::conflict(
            "Unable to delete version because durable executions run on it. Stop them or wait until they have ended.",
        ));
    }
    let after = function.without_version(number);
    change.commit(after).await.map(drop)
}

/// The aliases that lead to a version, be it with a weight of 0.
fn aliases_of<'a>(function: &'a Function, version: &str) -> Vec<&'a str> {
    let aliases = function.aliases.values();
    let leading =
        aliases.filter(|alias| alias.version == version || alias.weights.contains_key(version));
    leading.map(|alias| alias.name.as_str()).collect()
}
