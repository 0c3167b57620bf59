//! The front door: which API a request is for; health and metrics.

use std::sync::Arc;

use bytes::Bytes;
use durable_functions::{BoxFuture, Door};
use http::{Method, Request, Response, StatusCode};
use uuid::Uuid;

use crate::cloudformation::CloudFormation;
use crate::cloudwatch::CloudWatch;
use crate::dynamodb::DynamoDb;
use crate::engine::Engine;
use crate::lambda;
use crate::logs::CloudWatchLogs;
use crate::prometheus::Prometheus;
use crate::wire::error::AwsError;
use crate::wire::response::with_header;

/// Answers every request of this server.
pub(crate) struct FrontDoor {
    pub(crate) engine: Arc<Engine>,
    pub(crate) dynamodb: DynamoDb,
    pub(crate) cloudformation: CloudFormation,
    pub(crate) logs: CloudWatchLogs,
    pub(crate) prometheus: Arc<Prometheus>,
    pub(crate) cloudwatch: CloudWatch,
}

impl Door for FrontDoor {
    fn answer(self: Arc<Self>, request: Request<Bytes>) -> BoxFuture<'static, Response<Bytes>> {
        Box::pin(async move {
            let request_id = Uuid::new_v4().to_string();
            let requested = self.prometheus.requested(&request);
            let response = self.route(request, &request_id).await;
            self.prometheus.answered(&requested, response.status());
            with_header(response, "x-amzn-requestid", &request_id)
        })
    }
}

impl FrontDoor {
    async fn route(&self, request: Request<Bytes>, request_id: &str) -> Response<Bytes> {
        if let Some(operation) = DynamoDb::operation(&request) {
            return self.dynamodb.answer(&operation, request).await;
        }
        if let Some(operation) = CloudWatchLogs::operation(&request) {
            return self.logs.answer(&operation, request).await;
        }
        // Before CloudFormation: both take forms, and only CloudWatch looks at their version.
        if let Some(asked) = CloudWatch::operation(&request) {
            return self.cloudwatch.answer(asked, request, request_id).await;
        }
        if CloudFormation::owns(&request) {
            return self.cloudformation.answer(&request, request_id).await;
        }
        let path = request.uri().path();
        if lambda::owns(path) {
            let engine = Arc::clone(&self.engine);
            return match lambda::answer(engine, self.logs.clone(), request).await {
                Ok(response) => response,
                Err(error) => error.response(),
            };
        }
        match (request.method(), path) {
            (&Method::GET, "/healthz") => text(StatusCode::OK, "ok\n"),
            (&Method::GET, "/readyz") => self.ready(),
            (&Method::GET, "/metrics") => {
                self.prometheus.answer(&self.engine, &self.logs, request.headers()).await
            }
            _ => AwsError::unknown_operation().response(),
        }
    }

    /// Ready means that writes are taken.
    fn ready(&self) -> Response<Bytes> {
        match self.engine.store.poisoned() {
            None => text(StatusCode::OK, "ready\n"),
            Some(reason) => {
                let sentence = format!("not ready: the store refuses writes: {reason}\n");
                text(StatusCode::SERVICE_UNAVAILABLE, &sentence)
            }
        }
    }
}

fn text(status: StatusCode, body: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::copy_from_slice(body.as_bytes()));
    *response.status_mut() = status;
    with_header(response, "content-type", "text/plain; charset=utf-8")
}
