//! One request to the receiver.

use std::time::Duration;

use bytes::Bytes;
use durable_store::StatusChange;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};

use super::receiver::SENDING_MAX;
use super::webhook::{StatusWebhook, WebhookError};
use crate::outgoing::{AGENT, Outgoing};

/// Of an answer, what is read so that the connection can be used again; the text itself means nothing.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// For that.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(1);

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

pub(super) struct Client {
    webhook: StatusWebhook,
    connections: Outgoing,
}

impl Client {
    /// # Errors
    /// [`WebhookError::Certificates`].
    pub(super) fn new(webhook: StatusWebhook) -> Result<Self, WebhookError> {
        let connections = Outgoing::new(webhook.is_tls(), SENDING_MAX)
            .map_err(|error| WebhookError::Certificates(error.to_string()))?;
        Ok(Self { webhook, connections })
    }

    /// Sends an event. `Ok` when the receiver has answered with 2xx; a redirect is not followed, so it is a refusal.
    pub(super) async fn send(&self, change: StatusChange, seconds: i64) -> Result<(), Refusal> {
        let longest = self.webhook.patience.request;
        let request = self.request(change, seconds)?;
        let answer = match tokio::time::timeout(longest, self.connections.request(request)).await {
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
