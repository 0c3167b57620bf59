//! One request to the collector.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message as _;

use super::settings::TraceSettings;
use crate::outgoing::{AGENT, Outgoing};

/// What is read of an answer.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Requests follow each other, so one connection is enough.
const CONNECTIONS_MAX: usize = 1;

/// Why spans did not arrive.
#[derive(Debug, thiserror::Error)]
pub(super) enum SendError {
    #[error("the collector at {0} gave no answer: {1}")]
    Unreachable(String, String),
    #[error("the collector at {0} answered with {1}")]
    Refused(String, StatusCode, Option<Duration>),
}

impl SendError {
    /// As OTLP says: these answers, and none at all, ask for a repeat.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable(..) => true,
            Self::Refused(_, status, _) => matches!(status.as_u16(), 429 | 502 | 503 | 504),
        }
    }

    /// For how long the collector wants to be left alone.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(_, _, retry_after) => *retry_after,
            Self::Unreachable(..) => None,
        }
    }
}

pub(super) struct Client {
    connections: Outgoing,
    endpoint: Uri,
    headers: HeaderMap,
    timeout: Duration,
}

impl Client {
    pub(super) fn new(settings: &TraceSettings) -> Result<Self, String> {
        let tls = settings.endpoint.scheme_str() == Some("https");
        let connections = Outgoing::new(tls, CONNECTIONS_MAX).map_err(|error| {
            format!(
                "cannot export traces to {}: this machine has no certificates to check it with ({error}); install them, or \
                 set SSL_CERT_FILE",
                place(&settings.endpoint)
            )
        })?;
        let mut headers = settings.headers.clone();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
        headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(AGENT));
        let (endpoint, timeout) = (settings.endpoint.clone(), settings.timeout);
        Ok(Self { connections, endpoint, headers, timeout })
    }

    /// How many spans the collector rejected for good.
    pub(super) async fn send(&self, body: Bytes) -> Result<i64, SendError> {
        let unreachable = |error: String| SendError::Unreachable(place(&self.endpoint), error);
        match tokio::time::timeout(self.timeout, self.exchange(body)).await {
            Ok(Ok(answer)) => self.read(answer),
            Ok(Err(error)) => Err(unreachable(error)),
            Err(_) => Err(unreachable(format!("none within {:?}", self.timeout))),
        }
    }

    async fn exchange(&self, body: Bytes) -> Result<Response<Bytes>, String> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.endpoint.clone();
        *request.headers_mut() = self.headers.clone();
        let sent = self.connections.request(request).await;
        let (parts, body) = sent.map_err(|error| chain(&error))?.into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
        // Whatever it has to say beyond its status can only be a detail.
        let body = body.map(|body| body.to_bytes()).unwrap_or_default();
        Ok(Response::from_parts(parts, body))
    }

    fn read(&self, answer: Response<Bytes>) -> Result<i64, SendError> {
        if answer.status().is_success() {
            let answer = ExportTraceServiceResponse::decode(answer.into_body()).unwrap_or_default();
            return Ok(answer.partial_success.map_or(0, |partial| partial.rejected_spans));
        }
        let retry_after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after.and_then(|text| text.parse().ok()).map(Duration::from_secs);
        Err(SendError::Refused(place(&self.endpoint), answer.status(), retry_after))
    }
}

/// The address without what may be secret in it.
fn place(endpoint: &Uri) -> String {
    let host = endpoint.host().unwrap_or_default();
    match endpoint.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// An error with its reasons: the outermost alone says only that something failed.
fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
