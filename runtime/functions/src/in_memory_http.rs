//! HTTP without a network, for AWS SDK clients in the same process as the service.

use std::fmt;
use std::sync::{Arc, OnceLock, Weak};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;

use crate::host::BoxFuture;

/// Something that answers HTTP requests.
pub trait Door: Send + Sync + 'static {
    /// Answers one request.
    fn answer(self: Arc<Self>, request: Request<Bytes>) -> BoxFuture<'static, Response<Bytes>>;
}

/// An HTTP client for AWS SDKs that hands every request to a [`Door`] in the same process.
///
/// It exists before its door does, because the functions need clients and the door needs the functions: hand out
/// clones first, then [`bind`](Self::bind). It does not keep the door alive.
#[derive(Clone, Default)]
pub struct InMemoryHttp {
    door: Arc<OnceLock<Weak<dyn Door>>>,
}

impl InMemoryHttp {
    /// A client without a door yet; its requests fail until it has one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends requests to this door from now on. Only the first call counts.
    pub fn bind(&self, door: &Arc<dyn Door>) {
        // A second door would split the clients' view of the world; the first one stays.
        let _ = self.door.set(Arc::downgrade(door));
    }
}

impl fmt::Debug for InMemoryHttp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InMemoryHttp")
    }
}

impl HttpClient for InMemoryHttp {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for InMemoryHttp {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let door = self.door.get().and_then(Weak::upgrade);
        HttpConnectorFuture::new(async move {
            let door = door.ok_or_else(|| {
                ConnectorError::io("the service in this process is not running".into())
            })?;
            let request =
                request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let (parts, body) = request.into_parts();
            let body = collect(body).await?;
            let response = door.answer(Request::from_parts(parts, body)).await;
            HttpResponse::try_from(response.map(SdkBody::from))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

async fn collect(body: SdkBody) -> Result<Bytes, ConnectorError> {
    if let Some(bytes) = body.bytes() {
        return Ok(Bytes::copy_from_slice(bytes));
    }
    let collected = body.collect().await.map_err(ConnectorError::user)?;
    Ok(collected.to_bytes())
}
