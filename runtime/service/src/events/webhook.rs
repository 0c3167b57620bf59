//! Where events go, and how.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use durable_core::ExecutionStatus;
use http::uri::Scheme;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};

use super::event::TOLD;
use super::signature::Signer;

/// Headers that a webhook may be given.
const HEADERS_MAX: usize = 16;
/// Headers that every message has by itself.
const OWN_HEADERS: [&str; 7] = [
    "host",
    "content-length",
    "content-type",
    "transfer-encoding",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
];

/// A receiver of status changes. Neither its headers nor its secret are ever shown.
#[derive(Clone)]
pub struct StatusWebhook {
    pub(super) url: Uri,
    pub(super) headers: HeaderMap,
    pub(super) signer: Option<Signer>,
    statuses: Arc<[ExecutionStatus]>,
    /// When to try again, and when to give up.
    pub patience: Patience,
}

/// How long a receiver may take, and how often it is asked.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For one request, from the connection to the answer's status.
    pub request: Duration,
    /// Before an event is sent for the second time; each further time twice as long.
    pub delay_first: Duration,
    /// Before an event is sent again, at most.
    pub delay_max: Duration,
    /// While the receiver takes nothing: between two requests, at most.
    pub pause_max: Duration,
    /// How often an event is sent, at most. Counted by each server that sends it.
    pub tries_max: u32,
    /// How old an event may become.
    pub age_max: Duration,
}

/// As long as an order takes with a slow shop, and short enough that a receiver that hangs is noticed.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(10);
const DELAY_FIRST: Duration = Duration::from_secs(1);
/// 185 times this are the 24 hours.
const DELAY_MAX: Duration = Duration::from_secs(480);
/// A receiver that comes back is noticed after this time at the latest, if something new is to tell.
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// EventBridge's.
const TRIES_MAX: u32 = 185;
/// EventBridge's.
const AGE_MAX: Duration = Duration::from_secs(24 * 60 * 60);

impl Default for Patience {
    fn default() -> Self {
        Self {
            request: REQUEST_TIME_MAX,
            delay_first: DELAY_FIRST,
            delay_max: DELAY_MAX,
            pause_max: PAUSE_MAX,
            tries_max: TRIES_MAX,
            age_max: AGE_MAX,
        }
    }
}

/// What is wrong with a webhook.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// The address.
    #[error("a webhook's URL is http://HOST[:PORT]/PATH or https://..., without a user")]
    Url,
    /// A header.
    #[error(
        "a webhook's header is written NAME: VALUE; {0} is not, or is one that each message has by itself"
    )]
    Header(String),
    /// Too many of them.
    #[error("a webhook has at most {HEADERS_MAX} headers")]
    Headers,
    /// The secret.
    #[error(
        "a webhook's secret is whsec_ and the base64 of 24 to 64 random bytes; this one is not"
    )]
    Secret,
    /// A status.
    #[error(
        "{0} is no status that is told; those are RUNNING, SUCCEEDED, FAILED, STOPPED and TIMED_OUT"
    )]
    Status(String),
    /// The certificates of the system.
    #[error("the system's certificates cannot be read, which https needs: {0}")]
    Certificates(String),
}

impl StatusWebhook {
    /// A receiver of all status changes.
    ///
    /// # Errors
    /// [`WebhookError::Url`].
    pub fn new(url: &str) -> Result<Self, WebhookError> {
        let url: Uri = url.parse().map_err(|_| WebhookError::Url)?;
        let known = [Scheme::HTTP, Scheme::HTTPS].iter().any(|it| url.scheme() == Some(it));
        let named = url.authority().is_some_and(|it| !it.as_str().contains('@'));
        if !known || !named {
            return Err(WebhookError::Url);
        }
        let statuses = Arc::from(TOLD);
        let patience = Patience::default();
        Ok(Self { url, headers: HeaderMap::new(), signer: None, statuses, patience })
    }

    /// With a header on each message, such as `Authorization: Bearer ...`.
    ///
    /// # Errors
    /// [`WebhookError::Header`] and [`WebhookError::Headers`].
    pub fn header(mut self, line: &str) -> Result<Self, WebhookError> {
        // The value may be a secret, so it is not repeated; nor is what may be one.
        let no_name = || WebhookError::Header("the one without a colon".to_owned());
        let (name, value) = line.split_once(':').ok_or_else(no_name)?;
        let name = name.trim();
        let wrong = || WebhookError::Header(name.to_owned());
        let header: HeaderName = name.parse().map_err(|_| wrong())?;
        let mut value: HeaderValue = value.trim().parse().map_err(|_| wrong())?;
        if OWN_HEADERS.contains(&header.as_str()) {
            return Err(wrong());
        }
        if self.headers.len() >= HEADERS_MAX {
            return Err(WebhookError::Headers);
        }
        value.set_sensitive(true);
        self.headers.append(header, value);
        Ok(self)
    }

    /// With a signature on each message.
    ///
    /// # Errors
    /// [`WebhookError::Secret`].
    pub fn secret(self, secret: &str) -> Result<Self, WebhookError> {
        Ok(Self { signer: Some(Signer::parse(secret)?), ..self })
    }

    /// Only changes to these statuses.
    ///
    /// # Errors
    /// [`WebhookError::Status`].
    pub fn only<'a>(
        self,
        statuses: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, WebhookError> {
        let read = |name: &'a str| {
            let status = ExecutionStatus::parse(name).filter(|status| TOLD.contains(status));
            status.ok_or_else(|| WebhookError::Status(name.to_owned()))
        };
        Ok(Self { statuses: statuses.into_iter().map(read).collect::<Result<_, _>>()?, ..self })
    }

    /// The statuses whose changes it wants.
    pub(crate) fn statuses(&self) -> Arc<[ExecutionStatus]> {
        Arc::clone(&self.statuses)
    }

    /// The URL without its query, which may hold a secret.
    pub(super) fn shown(&self) -> String {
        let scheme = self.url.scheme_str().unwrap_or_default();
        let host = self.url.authority().map_or("", |it| it.as_str());
        format!("{scheme}://{host}{}", self.url.path())
    }

    pub(super) fn is_tls(&self) -> bool {
        self.url.scheme() == Some(&Scheme::HTTPS)
    }
}

impl fmt::Debug for StatusWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatusWebhook").field("url", &self.shown()).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_host_and_no_user() {
        for url in ["http://127.0.0.1:8000", "https://shop.example/hooks?token=secret"] {
            assert!(StatusWebhook::new(url).is_ok(), "{url}");
        }
        for url in ["", "shop", "/hooks", "ftp://shop.example/", "http://me:pass@shop.example/"] {
            assert_eq!(StatusWebhook::new(url).err(), Some(WebhookError::Url), "{url}");
        }
    }

    #[test]
    fn nothing_secret_is_shown() {
        let webhook = StatusWebhook::new("https://shop.example/hooks?token=hidden")
            .and_then(|it| it.header("Authorization: Bearer hidden"))
            .and_then(|it| it.secret("whsec_aGlkZGVuaGlkZGVuaGlkZGVuaGlkZGVu"))
            .unwrap();
        let shown = format!("{webhook:?}");
        assert_eq!(shown, r#"StatusWebhook { url: "https://shop.example/hooks", .. }"#);
        let wrong = webhook.clone().header("Content-Type: hidden").unwrap_err().to_string();
        assert!(wrong.contains("Content-Type") && !wrong.contains("hidden"), "{wrong}");
    }

    #[test]
    fn only_what_is_told_can_be_asked_for() {
        let webhook = || StatusWebhook::new("http://shop.example/").unwrap();
        let two = webhook().only(["SUCCEEDED", "TIMED_OUT"]).unwrap();
        assert_eq!(*two.statuses, [ExecutionStatus::Succeeded, ExecutionStatus::TimedOut]);
        assert_eq!(
            webhook().only(["PAUSED"]).err(),
            Some(WebhookError::Status("PAUSED".to_owned()))
        );
    }
}
