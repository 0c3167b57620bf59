//! Requests of AWS's JSON and query protocols, signed, for services whose SDK crate would be larger than the few operations that
//! are needed of it.
//!
//! They go through the HTTP connector of the SDK's own clients: the same TLS, the same proxies.

use std::time::{Duration, SystemTime};

use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Connector, tls};
use aws_smithy_runtime_api::client::http::{HttpConnector as _, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use http::{Request, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A server that takes longer does not answer.
const ANSWER_PATIENCE: Duration = Duration::from_secs(30);
const JSON: &str = "application/x-amz-json-1.1";
const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

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

/// The query protocol's.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct XmlRefusal {
    error: XmlError,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct XmlError {
    code: String,
    #[serde(default)]
    message: String,
}

/// A connector as the SDK's clients have it.
pub(super) fn connector() -> SharedHttpConnector {
    let cryptography = tls::Provider::Rustls(CryptoMode::AwsLc);
    let builder = Connector::builder().proxy_config(ProxyConfig::from_env());
    SharedHttpConnector::new(builder.tls_provider(cryptography).build())
}

impl SignedClient {
    /// One operation of a service in the JSON protocol. `target` is its name there, `service` in signatures.
    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        service: &str,
        target: &str,
        request: &Value,
    ) -> Result<T, CallError> {
        let headers = [(header::CONTENT_TYPE.as_str(), JSON), ("x-amz-target", target)];
        let (status, body) = self.send(service, &headers, request.to_string()).await?;
        if status >= 300 {
            return Err(refused(status, &body));
        }
        serde_json::from_slice(&body)
            .map_err(|error| CallError::Stranger(format!("its answer is no such JSON: {error}")))
    }

    /// One operation of a service in the query protocol: a form goes out, and XML comes back.
    pub(super) async fn query<T: DeserializeOwned>(
        &self,
        service: &str,
        form: &[(&str, &str)],
    ) -> Result<T, CallError> {
        let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
        let pairs = form.iter().map(|(name, value)| format!("{name}={}", encoded(value)));
        let form = pairs.collect::<Vec<_>>().join("&");
        let headers = [(header::CONTENT_TYPE.as_str(), FORM)];
        let (status, body) = self.send(service, &headers, form).await?;
        let body = String::from_utf8_lossy(&body);
        if status >= 300 {
            return Err(refused_in_xml(status, &body));
        }
        quick_xml::de::from_str(&body)
            .map_err(|error| CallError::Stranger(format!("its answer is no such XML: {error}")))
    }

    async fn send(
        &self,
        service: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Result<(u16, Vec<u8>), CallError> {
        let request = self.request(service, headers, body).await?;
        let sent = self.connector.call(request);
        let response = tokio::time::timeout(ANSWER_PATIENCE, async {
            let response = sent.await.map_err(|error| unsent(&error))?;
            let status = response.status().as_u16();
            let body = http_body(response.into_body()).await?;
            Ok((status, body))
        });
        response.await.map_err(|_| CallError::Unreachable("it does not answer in time"))?
    }

    async fn request(
        &self,
        service: &str,
        headers: &[(&str, &str)],
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
        let signable = SignableRequest::new(
            "POST",
            url.as_str(),
            headers.iter().copied(),
            SignableBody::Bytes(body.as_bytes()),
        );
        let signed = sign(signable.map_err(|error| unsent(&error))?, &parameters);
        let (instructions, _signature) = signed.map_err(|error| unsent(&error))?.into_parts();
        let mut request = headers
            .iter()
            .copied()
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

fn refused_in_xml(status: u16, body: &str) -> CallError {
    match quick_xml::de::from_str::<XmlRefusal>(body) {
        Ok(XmlRefusal { error: XmlError { code, message } }) => {
            CallError::Refused { status, code, message }
        }
        Err(_) => CallError::Stranger(format!("HTTP status {status}")),
    }
}
