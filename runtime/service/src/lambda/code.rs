//! The code in a request: a zip file in base64. Its body may be larger than that of every other operation.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde::Deserialize;

use crate::deploy::Code;
use crate::lambda::{Call, FUNCTIONS};
use crate::wire::error::AwsError;

/// The largest body of CreateFunction and UpdateFunctionCode, as on AWS: a zip file of 50 MB in base64.
const UPLOAD_BYTES_MAX: usize = 70_167_211;

/// The bytes of a body that are read for this request, if there may be more than for others.
pub(crate) fn body_bytes_max(method: &Method, path: &str) -> Option<usize> {
    let rest = path.strip_prefix(FUNCTIONS)?;
    let creates = *method == Method::POST && matches!(rest, "" | "/");
    let updates = *method == Method::PUT && rest.starts_with('/') && rest.ends_with("/code");
    (creates || updates).then_some(UPLOAD_BYTES_MAX)
}

/// Where a request says that the code is.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WireCode {
    zip_file: Option<String>,
    s3_bucket: Option<String>,
    s3_key: Option<String>,
    image_uri: Option<String>,
}

/// A client in this process has no socket that would have refused it.
pub(super) fn check_size(call: &Call, operation: &str) -> Result<(), AwsError> {
    if call.body().len() > UPLOAD_BYTES_MAX {
        return Err(AwsError::entity_too_large(format!(
            "Request must be smaller than {UPLOAD_BYTES_MAX} bytes for the {operation} operation"
        )));
    }
    Ok(())
}

/// Stores the code.
///
/// # Errors
/// `InvalidParameterValueException` for code that is elsewhere, or is no usable zip file.
pub(super) async fn store(call: &Call, code: WireCode) -> Result<Code, AwsError> {
    if code.s3_bucket.is_some() || code.s3_key.is_some() {
        return Err(AwsError::invalid_parameter(
            "Code in S3 is not supported by this server: give it as ZipFile.",
        ));
    }
    if code.image_uri.is_some() {
        return Err(AwsError::invalid_parameter(
            "Container images are not supported by this server: give a zip file as ZipFile.",
        ));
    }
    let Some(encoded) = code.zip_file else {
        return Err(AwsError::invalid_parameter("Please provide a source for function code."));
    };
    let zip = STANDARD
        .decode(encoded)
        .map_err(|error| AwsError::serialization(format!("ZipFile is not in base64: {error}")))?;
    call.engine.deployer.store_zip(zip).await
}
