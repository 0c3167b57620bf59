//! One call of Stripe's API: a form to a path, under an idempotency key.
//!
//! Nothing is repeated here for its own sake: the workflow's steps are, over minutes and crashes.

use std::time::Duration;

use form_urlencoded::Serializer;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, USER_AGENT};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::answer::{Intent, Problem, read};
use super::{StripeTimeouts, key::SecretKey};

/// The version of the API that this is written for, whatever the account's own is.
const API_VERSION: &str = "2024-06-20";
const AGENT: &str = concat!("durable-orders/", env!("CARGO_PKG_VERSION"));
/// A connection that is not used is closed.
const IDLE_MAX: Duration = Duration::from_secs(30);
/// Bytes of an answer. A PaymentIntent with its card has about five thousand.
const ANSWER_MAX: usize = 256 * 1024;
/// How many keys one call may use up. Stripe keeps a failure of its own under its key, so that the
/// key never leads to anything else; the next one does.
const KEYS_MAX: u32 = 8;

/// Says who asks, for what, and under which key.
pub(super) struct Call<'a> {
    /// As it is called in texts.
    pub(super) name: &'static str,
    pub(super) path: String,
    pub(super) key: String,
    pub(super) form: &'a [(&'a str, &'a str)],
}

/// Connections to Stripe.
pub(super) struct StripeClient {
    http: Connections,
    base: String,
    authorization: HeaderValue,
    timeouts: StripeTimeouts,
}

enum Connections {
    Plain(Client<HttpConnector, Full<Bytes>>),
    Tls(Client<HttpsConnector<HttpConnector>, Full<Bytes>>),
}

impl StripeClient {
    /// # Errors
    /// When this machine has no certificates to check Stripe with.
    pub(super) fn new(
        base: &str,
        key: &SecretKey,
        timeouts: StripeTimeouts,
    ) -> std::io::Result<Self> {
        let mut builder = Client::builder(TokioExecutor::new());
        builder.pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE_MAX);
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(timeouts.connect));
        let http = if base.starts_with("https:") {
            connector.enforce_http(false);
            let provider = rustls::crypto::aws_lc_rs::default_provider();
            let roots = HttpsConnectorBuilder::new().with_provider_and_native_roots(provider)?;
            let connector = roots.https_only().enable_http1().wrap_connector(connector);
            Connections::Tls(builder.build(connector))
        } else {
            Connections::Plain(builder.build(connector))
        };
        Ok(Self { http, base: base.to_owned(), authorization: key.authorization(), timeouts })
    }

    /// Makes a call, once under each key that leads to something.
    pub(super) async fn post(&self, call: Call<'_>) -> Result<Intent, Problem> {
        let body = Serializer::new(String::new()).extend_pairs(call.form).finish();
        for number in 1..=KEYS_MAX {
            // The same keys in the same order for whoever repeats the call, so all find the same.
            let key = match number {
                1 => call.key.clone(),
                _ => format!("{}:{number}", call.key),
            };
            let (parts, answer) = self.send(&call, &key, body.clone()).await?.into_parts();
            let replayed = parts.headers.contains_key("idempotent-replayed");
            if !(replayed && parts.status.is_server_error()) {
                return read(call.name, parts.status, &parts.headers, &answer);
            }
        }
        Err(Problem::Unavailable(format!("{} failed under {KEYS_MAX} keys", call.name)))
    }

    async fn send(
        &self,
        call: &Call<'_>,
        key: &str,
        body: String,
    ) -> Result<Response<Bytes>, Problem> {
        let request = Request::post(format!("{}/v1/{}", self.base, call.path))
            .header(AUTHORIZATION, self.authorization.clone())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(USER_AGENT, AGENT)
            .header("Stripe-Version", API_VERSION)
            .header("Idempotency-Key", key)
            .body(Full::from(body))
            .map_err(|_| Problem::Refused(format!("{} cannot be written", call.name)))?;
        match tokio::time::timeout(self.timeouts.call, self.exchange(request)).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(why)) => Err(Problem::Unavailable(format!("{}: {why}", call.name))),
            Err(_) => Err(Problem::Unavailable(format!("{} is not answered in time", call.name))),
        }
    }

    /// Errors are fixed texts: those of the client may show addresses of proxies and the like.
    async fn exchange(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Bytes>, &'static str> {
        let sent = match &self.http {
            Connections::Plain(client) => client.request(request),
            Connections::Tls(client) => client.request(request),
        };
        let response: Response<Incoming> = sent.await.map_err(|error| {
            if error.is_connect() { "it cannot be connected to" } else { "the connection broke" }
        })?;
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, ANSWER_MAX).collect().await;
        let body = body.map_err(|_| "the answer broke off or is too long")?;
        Ok(Response::from_parts(parts, body.to_bytes()))
    }
}
