//! The socket in front of the door.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use durable_functions::Door;
use http::StatusCode;
use http_body_util::BodyExt as _;
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::wire::error::AwsError;
use crate::wire::response::with_header;
use crate::{guard, lambda};

/// The largest body that is read of any request but an upload of code: DynamoDB's limit. Each operation has its own below
/// it.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What is read and thrown away of a body that is too large.
const DISCARDED_BYTES_MAX: usize = 64 * 1024 * 1024;

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
    let response = match read(body, bytes_max).await {
        Some(body) => door.answer(Request::from_parts(parts, body)).await,
        None => {
            let message = format!("The request body is larger than {bytes_max} bytes.");
            refuse(&AwsError::too_large(message))
        }
    };
    let mut response = response.map(Body::from);
    if response.status() == StatusCode::PAYLOAD_TOO_LARGE {
        // Some of the body may be unread still, so the connection cannot be used again.
        let close = http::HeaderValue::from_static("close");
        response.headers_mut().insert(http::header::CONNECTION, close);
    }
    response
}

/// The body; `None` if it is larger than this, or breaks off. Of one that is too large some more is read and thrown away: most
/// clients look for an answer only when they have sent everything, and never see it if the connection is closed before.
async fn read(mut body: Body, bytes_max: usize) -> Option<Bytes> {
    let mut read = BytesMut::new();
    let mut discarded = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.ok()?.into_data() else { continue };
        if discarded > 0 || read.len() + data.len() > bytes_max {
            discarded += data.len();
        } else {
            read.extend_from_slice(&data);
        }
        if discarded > DISCARDED_BYTES_MAX {
            return None;
        }
    }
    (discarded == 0).then(|| read.freeze())
}

/// What did not come as far as the door.
fn refuse(error: &AwsError) -> http::Response<Bytes> {
    with_header(error.response(), "x-amzn-requestid", &Uuid::new_v4().to_string())
}
