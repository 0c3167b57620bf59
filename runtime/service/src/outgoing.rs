//! The HTTP client for what this server sends on its own account: status changes, traces.
//!
//! The TLS stack is the one that AWS's SDKs link already, and the roots are the machine's.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, ResponseFuture};
use hyper_util::rt::{TokioExecutor, TokioTimer};

/// A connection that is not used is closed.
const IDLE_MAX: Duration = Duration::from_secs(30);
/// How this program calls itself.
pub(crate) const AGENT: &str = concat!("durable-orders/", env!("CARGO_PKG_VERSION"));

/// Connections to one receiver.
pub(crate) enum Outgoing {
    Plain(Client<HttpConnector, Full<Bytes>>),
    Tls(Client<HttpsConnector<HttpConnector>, Full<Bytes>>),
}

impl Outgoing {
    /// Connections with TLS or without; up to so many wait for their next request.
    ///
    /// # Errors
    /// When this machine has no certificates to check the receiver with.
    pub(crate) fn new(tls: bool, idle_max: usize) -> std::io::Result<Self> {
        let mut builder = Client::builder(TokioExecutor::new());
        builder
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_MAX)
            .pool_max_idle_per_host(idle_max);
        if !tls {
            return Ok(Self::Plain(builder.build(HttpConnector::new())));
        }
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let roots = HttpsConnectorBuilder::new().with_provider_and_native_roots(provider)?;
        Ok(Self::Tls(builder.build(roots.https_only().enable_http1().build())))
    }

    /// Begins a request. Redirects are not followed.
    pub(crate) fn request(&self, request: Request<Full<Bytes>>) -> ResponseFuture {
        match self {
            Self::Plain(client) => client.request(request),
            Self::Tls(client) => client.request(request),
        }
    }
}
