//! CloudWatch: what is measured here and what clients measure, at the same door.
//!
//! The store is `durable-metrics`. Current clients speak three protocols with CloudWatch: forms answered in XML (old
//! SDKs and AWS CLI 1), JSON, and CBOR (current SDKs and AWS CLI 2). An operation knows none of them: it is given an
//! [`Input`](input::Input) and gives a [`Shape`](shape::Shape).
//!
//! ```text
//!   form ─┐                               ┌─► XML
//!   JSON ─┼─► Input ──► operation ──► Shape ──► JSON
//!   CBOR ─┘               │               └─► CBOR
//!                         └──► durable-metrics
//! ```
//!
//! | file | job |
//! |---|---|
//! | `protocol` | which protocol a request is in; reading bodies, writing answers and errors |
//! | `form`, `cbor` | two of the codecs; the third is `serde_json` |
//! | `input` | members of a request, checked |
//! | `shape` | an answer, and how it is written |
//! | `refusal` | errors |
//! | `statistic` | `Average`, `p99` and the like |
//! | `list_metrics`, `get_metric_statistics`, `get_metric_data`, `put_metric_data` | the operations |

mod cbor;
mod form;
mod get_metric_data;
mod get_metric_statistics;
mod input;
mod list_metrics;
mod protocol;
mod put_metric_data;
mod refusal;
mod shape;
mod statistic;

use std::any::Any;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use durable_core::Millis;
use durable_metrics::{Metrics, Options};
use http::{Request, Response};
use tokio::sync::Semaphore;

use self::input::Input;
use self::protocol::Asked;
use self::refusal::Refusal;
use self::shape::Shape;
use crate::clock::Clock;

/// Requests that are worked on at one time; further callers wait. A large query keeps a core busy.
const REQUESTS_AT_ONCE_MAX: usize = 2;

/// The metrics of this server; cheap to clone.
#[derive(Clone)]
pub(crate) struct CloudWatch(Arc<Shared>);

struct Shared {
    store: Metrics,
    clock: Clock,
    places: Semaphore,
}

/// What an operation is given besides its input.
struct Call<'a> {
    store: &'a Metrics,
    now: Millis,
}

/// An operation without an output gives nothing.
type Answer = Result<Option<Shape>, Refusal>;

impl CloudWatch {
    /// Opens the metrics in this directory, which is held until they are closed.
    ///
    /// # Errors
    /// A sentence that says what cannot be used.
    pub(crate) fn open(
        directory: &Path,
        clock: Clock,
        hold: impl Any + Send,
    ) -> Result<Self, String> {
        let time = clock.clone();
        let store = Metrics::open(Options {
            hold: Some(Box::new(hold)),
            ..Options::new(directory, Arc::new(move || time.now()))
        })
        .map_err(|error| error.to_string())?;
        let places = Semaphore::new(REQUESTS_AT_ONCE_MAX);
        Ok(Self(Arc::new(Shared { store, clock, places })))
    }

    /// What is recorded into.
    pub(crate) fn store(&self) -> &Metrics {
        &self.0.store
    }

    /// Writes what waits and closes the file.
    pub(crate) async fn close(&self) {
        let store = self.0.store.clone();
        // An error means that the runtime is shutting down; then dropping the store closes it.
        let _ = tokio::task::spawn_blocking(move || store.close()).await;
    }

    /// What is asked, if this request is for CloudWatch.
    pub(crate) fn operation(request: &Request<Bytes>) -> Option<Asked> {
        Asked::of(request)
    }

    pub(crate) async fn answer(
        &self,
        asked: Asked,
        request: Request<Bytes>,
        request_id: &str,
    ) -> Response<Bytes> {
        let shared = Arc::clone(&self.0);
        // It fails only if it is closed, which never happens.
        let _place = self.0.places.acquire().await;
        let request_id = request_id.to_owned();
        let work = move || {
            let answer = asked.read(&request).and_then(|body| {
                let call = Call { store: &shared.store, now: shared.clock.now() };
                run(asked.operation(), &call, &Input::new(&body)?)
            });
            asked.write(answer, &request_id)
        };
        tokio::task::spawn_blocking(work).await.unwrap_or_else(|failure| {
            crate::wire::error::AwsError::service(failure.to_string()).response()
        })
    }
}

fn run(operation: &str, call: &Call<'_>, input: &Input<'_>) -> Answer {
    match operation {
        "ListMetrics" => list_metrics::run(call, input).map(Some),
        "GetMetricStatistics" => get_metric_statistics::run(call, input).map(Some),
        "GetMetricData" => get_metric_data::run(call, input).map(Some),
        "PutMetricData" => put_metric_data::run(call, input).map(|()| None),
        unknown => Err(Refusal::unknown_operation(unknown)),
    }
}
