//! Sending spans: a bounded queue, and one task that empties it.
//!
//! The engine never waits for a collector. What does not fit into the queue is dropped and counted; a request that fails
//! in a way that may pass is repeated a few times, and then its spans are dropped too.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message as _;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::client::{Client, SendError};
use super::observer::Traces;
use super::settings::TraceSettings;
use super::spans::text;
use crate::wire::arn::Home;

/// Repeats of a request that failed in a way that may pass; between them 1, 2 and 4 seconds.
const REPEATS_MAX: u32 = 3;
const REPEAT_DELAY: Duration = Duration::from_secs(1);
/// The longest that a collector may ask to be left alone.
const REPEAT_DELAY_MAX: Duration = Duration::from_secs(30);
/// Between two warnings about spans that were lost.
const WARNING_PERIOD: Duration = Duration::from_secs(60);
/// What a shutdown gives the last spans.
const FLUSH_PATIENCE: Duration = Duration::from_secs(3);
const SCOPE: &str = "durable-orders";

/// Where spans are left to be sent.
pub(super) struct Queue {
    sender: mpsc::Sender<Span>,
    dropped: Arc<AtomicU64>,
}

impl Queue {
    /// Leaves a span; one too many is dropped.
    pub(super) fn push(&self, span: Span) {
        if self.sender.try_send(span).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The task that sends. Dropped without [`close`](Self::close), it stops where it is.
pub(crate) struct Exporter {
    stop: watch::Sender<bool>,
    task: Option<JoinHandle<()>>,
}

impl Exporter {
    /// Starts it, and gives the observer that feeds it.
    ///
    /// # Errors
    /// One sentence, when the machine has no certificates to check the collector with.
    pub(crate) fn start(
        settings: TraceSettings,
        home: Home,
    ) -> Result<(Self, Arc<Traces>), String> {
        let (sender, receiver) = mpsc::channel(settings.queue_max);
        let (stop, stopped) = watch::channel(false);
        let dropped = Arc::new(AtomicU64::new(0));
        let queue = Arc::new(Queue { sender, dropped: Arc::clone(&dropped) });
        let sending = Sending {
            resource: resource(&settings, &home),
            client: Client::new(&settings)?,
            batch_max: settings.batch_max,
            batch_delay: settings.batch_delay,
            receiver,
            stopped,
            dropped,
            warned: None,
        };
        let traces = Traces::new(home, settings.sampler, queue);
        let task = Some(tokio::spawn(sending.run()));
        Ok((Self { stop, task }, Arc::new(traces)))
    }

    /// Sends what is left, without repeats and not for ever.
    pub(crate) async fn close(mut self) {
        self.stop.send_replace(true);
        if let Some(task) = self.task.as_mut() {
            // Past the patience it is aborted by the drop.
            let _ = timeout(FLUSH_PATIENCE, task).await;
        }
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

fn resource(settings: &TraceSettings, home: &Home) -> Resource {
    let mut attributes: Vec<_> =
        settings.resource.iter().map(|(key, value)| text(key, value)).collect();
    let place = [
        ("cloud.provider", "aws"),
        ("cloud.region", home.region.as_str()),
        ("cloud.account.id", home.account.as_str()),
    ];
    for (key, value) in place {
        if !attributes.iter().any(|known| known.key == key) {
            attributes.push(text(key, value));
        }
    }
    Resource { attributes, ..Resource::default() }
}

struct Sending {
    client: Client,
    resource: Resource,
    batch_max: usize,
    batch_delay: Duration,
    receiver: mpsc::Receiver<Span>,
    stopped: watch::Receiver<bool>,
    dropped: Arc<AtomicU64>,
    warned: Option<Instant>,
}

impl Sending {
    async fn run(mut self) {
        loop {
            let batch = self.next_batch().await;
            if batch.is_empty() {
                return;
            }
            self.export(batch).await;
            self.warn_of_dropped();
        }
    }

    /// Waits for spans, and then a little for more. None when the end has come.
    async fn next_batch(&mut self) -> Vec<Span> {
        let mut batch = Vec::new();
        let mut deadline = None;
        while batch.len() < self.batch_max {
            let stopping = self.is_stopping();
            if stopping {
                self.receiver.close();
            }
            let next = async {
                match deadline {
                    Some(deadline) => {
                        timeout_at(deadline, self.receiver.recv()).await.ok().flatten()
                    }
                    None => self.receiver.recv().await,
                }
            };
            tokio::select! {
                biased;
                _ = self.stopped.changed(), if !stopping => {}
                span = next => match span {
                    Some(span) => {
                        batch.push(span);
                        deadline.get_or_insert_with(|| Instant::now() + self.batch_delay);
                    }
                    None => break,
                },
            }
        }
        batch
    }

    fn is_stopping(&self) -> bool {
        // Nobody can say anything any more once the sender is gone.
        *self.stopped.borrow() || self.stopped.has_changed().is_err()
    }

    async fn export(&mut self, spans: Vec<Span>) {
        let count = spans.len();
        let body = Bytes::from(self.request(spans).encode_to_vec());
        let mut repeats = 0;
        loop {
            let error = match self.client.send(body.clone()).await {
                Ok(0) => return,
                Ok(rejected) => {
                    self.warn(format_args!("the collector rejected {rejected} spans"));
                    return;
                }
                Err(error) => error,
            };
            if !error.may_pass() || repeats == REPEATS_MAX || self.is_stopping() {
                self.warn(format_args!("{count} spans are lost: {error}"));
                return;
            }
            self.pause(repeats, &error).await;
            repeats += 1;
        }
    }

    /// Ends early when the end has come.
    async fn pause(&mut self, repeats: u32, error: &SendError) {
        let delay = REPEAT_DELAY * 2_u32.saturating_pow(repeats);
        let delay = error.retry_after().unwrap_or(delay).min(REPEAT_DELAY_MAX);
        tokio::select! {
            () = sleep(delay) => {}
            _ = self.stopped.changed() => {}
        }
    }

    fn request(&self, spans: Vec<Span>) -> ExportTraceServiceRequest {
        let scope = InstrumentationScope {
            name: SCOPE.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ..InstrumentationScope::default()
        };
        let scope_spans = vec![ScopeSpans { scope: Some(scope), spans, ..ScopeSpans::default() }];
        ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans {
                resource: Some(self.resource.clone()),
                scope_spans,
                ..ResourceSpans::default()
            }],
        }
    }

    fn warn_of_dropped(&mut self) {
        let dropped = self.dropped.load(Ordering::Relaxed);
        if dropped > 0 && self.warn(format_args!("{dropped} spans found no place in the queue")) {
            self.dropped.fetch_sub(dropped, Ordering::Relaxed);
        }
    }

    /// At most once in a period; whether it was said.
    fn warn(&mut self, what: std::fmt::Arguments<'_>) -> bool {
        let now = Instant::now();
        let quiet = self.warned.is_some_and(|warned| now < warned + WARNING_PERIOD);
        if !quiet {
            self.warned = Some(now);
            tracing::warn!("traces: {what}");
        }
        !quiet
    }
}
