//! The socket in front of the door.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::response::Response;
use bytes::Bytes;
use durable_functions::Door;
use http::StatusCode;
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::wire::error::AwsError;
use crate::wire::response::with_header;
use crate::{guard, lambda};

/// The largest body that is read of any request but an upload of code: DynamoDB's limit. Each operation has its own below
/// it.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How long requests in flight have after the signal to stop. A caller that waits for an order may wait longer than
/// that, and one that sends half a request might wait for ever.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

/// Serves until `shutdown` resolves, and then until the requests in flight are answered or their time is up.
pub(crate) async fn serve(
    listener: TcpListener,
    door: Arc<dyn Door>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let router = Router::new().fallback(answer).layer(DefaultBodyLimit::disable()).with_state(door);
    let (stopping, stopped) = tokio::sync::oneshot::channel();
    let shutdown = async move {
        shutdown.await;
        // The receiver is gone only if the server has ended already.
        let _ = stopping.send(());
    };
    let grace_over = async {
        match stopped.await {
            Ok(()) => tokio::time::sleep(SHUTDOWN_GRACE).await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        served = axum::serve(listener, router).with_graceful_shutdown(shutdown) => served,
        () = grace_over => Ok(()),
    }
}

async fn answer(State(door): State<Arc<dyn Door>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if let Err(error) = guard::check(&parts.headers) {
        return refuse(&error).map(Body::from);
    }
    let bytes_max =
        lambda::body_bytes_max(&parts.method, parts.uri.path()).unwrap_or(BODY_BYTES_MAX);
    let response = match axum::body::to_bytes(body, bytes_max).await {
        Ok(body) => door.answer(Request::from_parts(parts, body)).await,
        Err(_) => {
            let message = format!("The request body is larger than {bytes_max} bytes.");
            refuse(&AwsError::too_large(message))
        }
    };
    let mut response = response.map(Body::from);
    if response.status() == StatusCode::PAYLOAD_TOO_LARGE {
        // The rest of the body was not read, so the connection cannot be used again.
        let close = http::HeaderValue::from_static("close");
        response.headers_mut().insert(http::header::CONNECTION, close);
    }
    response
}

/// What did not come as far as the door.
fn refuse(error: &AwsError) -> http::Response<Bytes> {
    with_header(error.response(), "x-amzn-requestid", &Uuid::new_v4().to_string())
}
