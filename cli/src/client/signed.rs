//! Requests of AWS's JSON protocol, signed, for services whose SDK crate would be larger than the few operations that
//! are needed of it.
//!
//! They go through the HTTP connector of the SDK's own clients: the same TLS, the same proxies.

use std::time::{Duration, SystemTime};

use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::http::{
    HttpConnector as _, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use http::{Request, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A server that takes longer does not answer.
const ANSWER_PATIENCE: Duration = Duration::from_secs(30);
const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// Who asks, and where.
#[derive(Clone, Debug)]
pub(super) struct SignedClient {
    /// Scheme and host.
    pub(super) endpoint: String,
    pub(super) region: String,
    pub(super) credentials: SharedCredentialsProvider,
    pub(super) connector: SharedHttpConnector,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum CallError {
    /// It could not be sent, as without credentials.
    Unsent(String),
    /// The server does not answer.
    Unreachable(&'static str),
    /// What answers is not AWS's API.
    Stranger(String),
    /// The server's no.
    Refused { status: u16, code: String, message: String },
}

/// AWS's error body.
#[derive(Deserialize)]
struct Refusal {
    #[serde(rename = "__type")]
    kind: String,
    #[serde(alias = "Message", default)]
    message: String,
}

/// A connector that the SDK's clients would use too.
pub(super) fn connector() -> Option<SharedHttpConnector> {
    aws_smithy_http_client::default_connector(&HttpConnectorSettings::builder().build(), None)
}

impl SignedClient {
    /// One operation of a service. `target` is its name in the protocol, `service` in signatures.
    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        service: &str,
        target: &str,
        request: &Value,
    ) -> Result<T, CallError> {
        let request = self.request(service, target, request.to_string()).await?;
        let sent = self.connector.call(request);
        let response = tokio::time::timeout(ANSWER_PATIENCE, async {
            let response = sent.await.map_err(|error| unsent(&error))?;
            let status = response.status().as_u16();
            let body = http_body(response.into_body()).await?;
            Ok((status, body))
        });
        let (status, body) =
            response.await.map_err(|_| CallError::Unreachable("it does not answer in time"))??;
        if status >= 300 {
            return Err(refused(status, &body));
        }
        serde_json::from_slice(&body)
            .map_err(|error| CallError::Stranger(format!("its answer is no such JSON: {error}")))
    }

    async fn request(
        &self,
        service: &str,
        target: &str,
        body: String,
    ) -> Result<HttpRequest, CallError> {
        let unsent = |error: &dyn std::error::Error| CallError::Unsent(error.to_string());
        let credentials =
            self.credentials.provide_credentials().await.map_err(|error| unsent(&error))?;
        let identity = credentials.into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(service)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| unsent(&error))?
            .into();
        let url = format!("{}/", self.endpoint.trim_end_matches('/'));
        let headers = [(header::CONTENT_TYPE.as_str(), CONTENT_TYPE), ("x-amz-target", target)];
        let signable = SignableRequest::new(
            "POST",
            url.as_str(),
            headers.into_iter(),
            SignableBody::Bytes(body.as_bytes()),
        );
        let signed = sign(signable.map_err(|error| unsent(&error))?, &parameters);
        let (instructions, _signature) = signed.map_err(|error| unsent(&error))?.into_parts();
        let mut request = headers
            .into_iter()
            .fold(Request::post(&url), |request, (name, value)| request.header(name, value))
            .body(SdkBody::from(body))
            .map_err(|error| unsent(&error))?;
        instructions.apply_to_request_http1x(&mut request);
        HttpRequest::try_from(request).map_err(|error| unsent(&error))
    }
}

async fn http_body(body: SdkBody) -> Result<Vec<u8>, CallError> {
    use http_body_util::BodyExt as _;
    let collected = body.collect().await;
    let collected = collected.map_err(|_| CallError::Unreachable("it closed the connection"))?;
    Ok(collected.to_bytes().to_vec())
}

fn unsent(error: &ConnectorError) -> CallError {
    if error.is_timeout() {
        CallError::Unreachable("it does not answer in time")
    } else if error.is_io() {
        CallError::Unreachable("it does not take the connection")
    } else if error.as_other().is_some() {
        CallError::Unreachable("it closed the connection")
    } else {
        CallError::Stranger(error.to_string())
    }
}

fn refused(status: u16, body: &[u8]) -> CallError {
    match serde_json::from_slice::<Refusal>(body) {
        Ok(refusal) => {
            // A server may put a namespace before the name.
            let code = refusal.kind.rsplit('#').next().unwrap_or_default().to_owned();
            CallError::Refused { status, code, message: refusal.message }
        }
        Err(_) => CallError::Stranger(format!("HTTP status {status}")),
    }
}
