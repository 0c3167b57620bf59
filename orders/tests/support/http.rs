//! An HTTP client for AWS SDKs whose server is a function.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;

pub type Answer = Pin<Box<dyn Future<Output = HttpResponse> + Send>>;

#[derive(Clone)]
struct FnConnector(Arc<dyn Fn(HttpRequest) -> Answer + Send + Sync>);

impl fmt::Debug for FnConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FnConnector")
    }
}

impl HttpConnector for FnConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let answer = (self.0)(request);
        HttpConnectorFuture::new(async move { Ok(answer.await) })
    }
}

pub fn client(server: impl Fn(HttpRequest) -> Answer + Send + Sync + 'static) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(FnConnector(Arc::new(server)));
    http_client_fn(move |_, _| connector.clone())
}

pub fn response(status: u16, body: impl Into<SdkBody>) -> HttpResponse {
    HttpResponse::new(status.try_into().unwrap(), body.into())
}
