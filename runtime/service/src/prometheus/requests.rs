//! Requests that came to the door, from a socket or from clients in this process.

use std::collections::HashMap;
use std::sync::OnceLock;

use bytes::Bytes;
use http::{Request, StatusCode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tokio::time::Instant;

use super::names::OTHER;
use crate::cloudformation::CloudFormation;
use crate::dynamodb::{self, DynamoDb};
use crate::lambda;

/// Seconds, the waiting for the thread that owns the tables included.
const DURATIONS: [f64; 11] =
    [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.25, 1.0, 5.0];

/// Who is asked, by the target that a request names.
const TARGETS: [(&str, &str); 4] = [
    ("DynamoDB", "dynamodb"),
    ("Logs_", "logs"),
    ("GraniteService", "cloudwatch"),
    ("CloudFormation", "cloudformation"),
];
/// Every API, as labels.
const APIS: [&str; 7] =
    ["lambda", "dynamodb", "logs", "cloudwatch", "cloudformation", "server", OTHER];
/// Classes of statuses, as labels.
const CODES: [&str; 3] = ["2xx", "4xx", "5xx"];

/// The API that a request is for.
fn api_of(request: &Request<Bytes>) -> &'static str {
    let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok());
    if let Some(target) = target {
        let known = TARGETS.iter().find(|(prefix, _)| target.starts_with(prefix));
        return known.map_or(OTHER, |(_, api)| api);
    }
    match request.uri().path() {
        "/healthz" | "/readyz" | "/metrics" => "server",
        path if lambda::owns(path) => "lambda",
        _ if CloudFormation::owns(request) => "cloudformation",
        _ => OTHER,
    }
}

fn code_of(status: StatusCode) -> &'static str {
    match status.as_u16() {
        ..400 => "2xx",
        400..500 => "4xx",
        _ => "5xx",
    }
}

/// What is counted of one operation of DynamoDB. The counters of an operation that nobody asks for are never made.
struct OfOperation {
    codes: [(&'static str, Counter); CODES.len()],
    durations: Histogram,
}

/// A label that the server chose.
type Label = (&'static str, &'static str);

/// Counts requests.
pub(super) struct RequestCounts {
    apis: Vec<(&'static str, [(&'static str, Counter); CODES.len()])>,
    operations: HashMap<&'static str, OnceLock<OfOperation>>,
    operation_codes: Family<[Label; 2], Counter>,
    operation_durations: Family<[Label; 1], Histogram, fn() -> Histogram>,
}

impl RequestCounts {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let requests = Family::<[(&str, &str); 2], Counter>::default();
        let help = "Requests that came as far as the door, by API and class of status";
        registry.register("http_requests", help, requests.clone());
        let of_api = |api: &'static str| {
            let counter =
                |code| (code, requests.get_or_create_owned(&[("api", api), ("code", code)]));
            (api, CODES.map(counter))
        };
        let counts = Self {
            apis: APIS.into_iter().map(of_api).collect(),
            operations: dynamodb::OPERATIONS
                .into_iter()
                .chain([OTHER])
                .map(|name| (name, OnceLock::new()))
                .collect(),
            operation_codes: Family::default(),
            operation_durations: Family::new_with_constructor(|| Histogram::new(DURATIONS)),
        };
        let help = "Requests to the tables, by operation and class of status";
        registry.register("dynamodb_requests", help, counts.operation_codes.clone());
        let help = "How long a request to the tables took";
        let durations = counts.operation_durations.clone();
        registry.register("dynamodb_request_duration_seconds", help, durations);
        counts
    }

    /// A request has come.
    pub(super) fn requested(&self, request: &Request<Bytes>) -> Requested {
        let api = api_of(request);
        let operation = DynamoDb::operation_name(request).and_then(|name| {
            let known = self.operations.get_key_value(name);
            known.or_else(|| self.operations.get_key_value(OTHER)).map(|(name, _)| *name)
        });
        Requested { api, operation, at: Instant::now() }
    }

    /// It was answered.
    pub(super) fn answered(&self, requested: &Requested, status: StatusCode) {
        let code = code_of(status);
        let api = self.apis.iter().find(|(api, _)| *api == requested.api);
        count(api.map(|(_, codes)| codes), code);
        let Some(name) = requested.operation else { return };
        let Some(operation) = self.operations.get(name) else { return };
        let operation = operation.get_or_init(|| self.operation(name));
        operation.durations.observe(requested.at.elapsed().as_secs_f64());
        count(Some(&operation.codes), code);
    }

    fn operation(&self, name: &'static str) -> OfOperation {
        let counter = |code| {
            let labels = [("operation", name), ("code", code)];
            (code, self.operation_codes.get_or_create_owned(&labels))
        };
        OfOperation {
            codes: CODES.map(counter),
            durations: self.operation_durations.get_or_create_owned(&[("operation", name)]),
        }
    }
}

fn count(codes: Option<&[(&'static str, Counter); CODES.len()]>, code: &str) {
    let found = codes.and_then(|codes| codes.iter().find(|(known, _)| *known == code));
    if let Some((_, counter)) = found {
        counter.inc();
    }
}

/// A request that is not answered yet.
pub(crate) struct Requested {
    api: &'static str,
    operation: Option<&'static str>,
    at: Instant,
}
