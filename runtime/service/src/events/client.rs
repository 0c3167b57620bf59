//! One request to the receiver.

use std::time::Duration;

use bytes::Bytes;
use durable_store::StatusChange;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client as Http, ResponseFuture};
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::receiver::SENDING_MAX;
use super::webhook::{StatusWebhook, WebhookError};

/// Of an answer, what is read so that the connection can be used again; the text itself means nothing.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// For that.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(1);
/// A connection that is not used is closed.
const IDLE_MAX: Duration = Duration::from_secs(30);
const AGENT: &str = concat!("durable-orders/", env!("CARGO_PKG_VERSION"));

/// Why an event was not taken, for the log.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error("it answered {0}")]
    Status(StatusCode),
    #[error("it did not answer within {0:?}")]
    Time(Duration),
    #[error("it cannot be reached, or does not speak HTTP: {0}")]
    Connection(String),
    #[error("the message cannot be sent: {0}")]
    Message(#[from] http::Error),
}

enum Connector {
    Plain(Http<HttpConnector, Full<Bytes>>),
    Tls(Http<HttpsConnector<HttpConnector>, Full<Bytes>>),
}

pub(super) struct Client {
    webhook: StatusWebhook,
    connector: Connector,
}

impl Client {
    /// # Errors
    /// [`WebhookError::Certificates`].
    pub(super) fn new(webhook: StatusWebhook) -> Result<Self, WebhookError> {
        let mut builder = Http::builder(TokioExecutor::new());
        builder
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_MAX)
            .pool_max_idle_per_host(SENDING_MAX);
        let connector = if webhook.is_tls() {
            let provider = rustls::crypto::aws_lc_rs::default_provider();
            let roots = HttpsConnectorBuilder::new().with_provider_and_native_roots(provider);
            let roots = roots.map_err(|error| WebhookError::Certificates(error.to_string()))?;
            Connector::Tls(builder.build(roots.https_only().enable_http1().build()))
        } else {
            Connector::Plain(builder.build(HttpConnector::new()))
        };
        Ok(Self { webhook, connector })
    }

    /// Sends an event. `Ok` when the receiver has answered with 2xx; a redirect is not followed, so it is a refusal.
    pub(super) async fn send(&self, change: StatusChange, seconds: i64) -> Result<(), Refusal> {
        let longest = self.webhook.patience.request;
        let request = self.request(change, seconds)?;
        let answer = match tokio::time::timeout(longest, self.begin(request)).await {
            Err(_) => return Err(Refusal::Time(longest)),
            Ok(answer) => answer.map_err(|error| {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                Refusal::Connection(cause.unwrap_or_else(|| error.to_string()))
            })?,
        };
        let status = answer.status();
        // The status says all. What does not end, or is too long, costs the connection and nothing else.
        let rest = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect();
        let _ = tokio::time::timeout(ANSWER_TIME_MAX, rest).await;
        if status.is_success() { Ok(()) } else { Err(Refusal::Status(status)) }
    }

    fn begin(&self, request: Request<Full<Bytes>>) -> ResponseFuture {
        match &self.connector {
            Connector::Plain(http) => http.request(request),
            Connector::Tls(http) => http.request(request),
        }
    }

    fn request(
        &self,
        change: StatusChange,
        seconds: i64,
    ) -> Result<Request<Full<Bytes>>, http::Error> {
        let timestamp = seconds.to_string();
        let mut request = Request::post(self.webhook.url.clone())
            .header("webhook-id", &change.id)
            .header("webhook-timestamp", &timestamp);
        if let Some(signer) = &self.webhook.signer {
            let signature = signer.sign(&change.id, &timestamp, &change.body);
            request = request.header("webhook-signature", signature);
        }
        let mut request = request.body(Full::new(Bytes::from(change.body)))?;
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if !self.webhook.headers.contains_key(USER_AGENT) {
            headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        }
        for (name, value) in &self.webhook.headers {
            headers.append(name, value.clone());
        }
        Ok(request)
    }
}
