//! A collector of OpenTelemetry traces: takes OTLP over HTTP, keeps what it gets, and can be difficult.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use bytes::Bytes;
use durable_service::TraceSettings;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use tokio::net::TcpListener;

use super::eventually;

/// How it answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Manner {
    Takes,
    /// Answers with this status and keeps nothing.
    Refuses(u16),
    /// Never answers.
    Hangs,
}

struct Inside {
    manner: Mutex<Manner>,
    requests: AtomicUsize,
    headers: Mutex<HeaderMap>,
    received: Mutex<Vec<ExportTraceServiceRequest>>,
}

#[derive(Clone)]
pub struct Collector {
    pub address: SocketAddr,
    inside: Arc<Inside>,
}

impl Collector {
    pub async fn start(manner: Manner) -> Self {
        let inside = Arc::new(Inside {
            manner: Mutex::new(manner),
            requests: AtomicUsize::new(0),
            headers: Mutex::default(),
            received: Mutex::default(),
        });
        let router = Router::new().route("/v1/traces", post(take)).with_state(Arc::clone(&inside));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, inside }
    }

    /// What makes a service send its traces here, soon.
    pub fn settings(&self) -> Option<TraceSettings> {
        settings(self.address, &[])
    }

    pub fn behave(&self, manner: Manner) {
        *self.inside.manner.lock().unwrap() = manner;
    }

    /// Requests so far, refused ones included.
    pub fn requests(&self) -> usize {
        self.inside.requests.load(Ordering::SeqCst)
    }

    /// The headers of the last request.
    pub fn headers(&self) -> HeaderMap {
        self.inside.headers.lock().unwrap().clone()
    }

    pub fn received(&self) -> Vec<ExportTraceServiceRequest> {
        self.inside.received.lock().unwrap().clone()
    }

    /// Every span so far, in the order of arrival.
    pub fn spans(&self) -> Vec<Seen> {
        let resources = self.received().into_iter().flat_map(|request| request.resource_spans);
        let scopes = resources.flat_map(|resource| resource.scope_spans);
        scopes.flat_map(|scope| scope.spans).map(Seen::of).collect()
    }

    /// The spans once one of this name has arrived.
    pub async fn until(&self, name: &str) -> Vec<Seen> {
        eventually(&format!("the span {name} arrives"), async || {
            let spans = self.spans();
            spans.iter().any(|span| span.name == name).then_some(spans)
        })
        .await
    }
}

/// Settings for a collector there, with more variables.
pub fn settings(address: SocketAddr, more: &[(&str, &str)]) -> Option<TraceSettings> {
    let endpoint = format!("http://{address}");
    TraceSettings::read(|name| {
        let more = more.iter().find(|(known, _)| *known == name);
        match (name, more) {
            (_, Some((_, value))) => Some((*value).to_owned()),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", _) => Some(endpoint.clone()),
            ("OTEL_BSP_SCHEDULE_DELAY", _) => Some("5".to_owned()),
            _ => None,
        }
    })
    .unwrap()
}

async fn take(State(inside): State<Arc<Inside>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    inside.requests.fetch_add(1, Ordering::SeqCst);
    *inside.headers.lock().unwrap() = headers;
    let manner = *inside.manner.lock().unwrap();
    match manner {
        Manner::Takes => {
            let request = ExportTraceServiceRequest::decode(body).unwrap();
            inside.received.lock().unwrap().push(request);
            StatusCode::OK
        }
        Manner::Refuses(status) => StatusCode::from_u16(status).unwrap(),
        Manner::Hangs => std::future::pending().await,
    }
}

/// A span as a test looks at it.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    pub trace: String,
    pub id: String,
    pub parent: String,
    pub name: String,
    pub started: u64,
    pub ended: u64,
    pub failed: bool,
    pub attributes: BTreeMap<String, String>,
}

impl Seen {
    fn of(span: Span) -> Self {
        let message = span.status.as_ref().map_or("", |status| &status.message);
        assert_eq!(message, "", "messages may hold secrets");
        Self {
            trace: hex(&span.trace_id),
            id: hex(&span.span_id),
            parent: hex(&span.parent_span_id),
            name: span.name,
            started: span.start_time_unix_nano,
            ended: span.end_time_unix_nano,
            failed: span.status.is_some_and(|status| status.code == 2),
            attributes: span.attributes.into_iter().map(attribute).collect(),
        }
    }

    pub fn has(&self, key: &str, value: &str) -> bool {
        self.attributes.get(key).is_some_and(|found| found == value)
    }
}

pub fn attribute(pair: KeyValue) -> (String, String) {
    let value = match pair.value.and_then(|value| value.value) {
        Some(Any::StringValue(text)) => text,
        Some(Any::IntValue(number)) => number.to_string(),
        Some(Any::BoolValue(flag)) => flag.to_string(),
        other => panic!("{other:?}"),
    };
    (pair.key, value)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The one span with this name.
pub fn one<'a>(spans: &'a [Seen], name: &str) -> &'a Seen {
    let mut found = spans.iter().filter(|span| span.name == name);
    let first = found.next().unwrap_or_else(|| panic!("no span {name} in {spans:#?}"));
    assert_eq!(found.next(), None, "two spans {name}");
    first
}
