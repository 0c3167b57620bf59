//! The three workers behind an in-memory Lambda Invoke API, with failures on demand.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use aws_sdk_lambda::Client;
use aws_sdk_lambda::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use lambda_runtime::Diagnostic;
use orders::{
    PaymentGateway, SimulatedGateway, WorkerError, allocate_inventory, authorize_payment,
    fulfill_order,
};
use serde::Serialize;
use serde_json::Value;

use super::{event, http, tables::Tables};

/// How an invocation goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub enum Failure {
    /// The worker never runs.
    NotReached,
    /// The worker runs and its answer is lost.
    AnswerLost,
    /// The worker fails with this error type.
    Type(&'static str),
}

/// Workers, named like the functions: `AuthorizePayment`; an action follows: `AuthorizePayment:void`.
#[derive(Clone, Default)]
pub struct Workers {
    plan: Arc<Mutex<HashMap<String, (Failure, u32)>>>,
    calls: Arc<Mutex<Vec<String>>>,
    gateway: Option<Arc<dyn PaymentGateway>>,
}

impl Workers {
    /// Workers with a real payment gateway.
    pub fn paid_through(gateway: Arc<dyn PaymentGateway>) -> Self {
        Self { gateway: Some(gateway), ..Self::default() }
    }

    /// Makes the next `times` invocations of `worker` fail.
    pub fn fail(&self, worker: &str, failure: Failure, times: u32) {
        self.plan.lock().unwrap().insert(worker.to_owned(), (failure, times));
    }

    /// The invocations so far.
    pub fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }

    /// A Lambda client that reaches these workers.
    pub fn client(&self, tables: &Tables) -> Client {
        let (workers, tables) = (self.clone(), tables.clone());
        let http_client = http::client(move |request| {
            let function = request.uri().split("/functions/").nth(1).unwrap();
            let function = function.split('/').next().unwrap().to_owned();
            let body = String::from_utf8(request.body().bytes().unwrap().to_vec()).unwrap();
            let (workers, tables) = (workers.clone(), tables.clone());
            Box::pin(async move { workers.invoke(&tables, &function, &body).await })
        });
        let config = aws_sdk_lambda::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-west-2"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .http_client(http_client)
            .build();
        Client::from_conf(config)
    }

    async fn invoke(&self, tables: &Tables, function: &str, body: &str) -> HttpResponse {
        let request: Value = serde_json::from_str(body).unwrap();
        let name = match request.get("action").and_then(Value::as_str) {
            Some(action) => format!("{function}:{action}"),
            None => function.to_owned(),
        };
        self.calls.lock().unwrap().push(name.clone());
        let failure = self.next_failure(&name);
        match failure {
            Some(Failure::NotReached) => return failed("Unreachable", "the worker did not run"),
            Some(Failure::Type(kind)) => return failed(kind, "as planned"),
            Some(Failure::AnswerLost) | None => {}
        }
        let event = event(body);
        let answer = match function {
            "AuthorizePayment" => {
                let simulated = || {
                    let limit = tables.settings.payment_limit;
                    Arc::new(SimulatedGateway::new(limit)) as Arc<dyn PaymentGateway>
                };
                let gateway = self.gateway.clone().unwrap_or_else(simulated);
                answer(authorize_payment(gateway)(event).await)
            }
            "AllocateInventory" => {
                answer(allocate_inventory(tables.client.clone(), &tables.settings)(event).await)
            }
            "FulfillOrder" => answer(fulfill_order()(event).await),
            other => panic!("there is no function {other}"),
        };
        match failure {
            Some(_) => failed("Lost", "the answer was lost"),
            None => answer,
        }
    }

    fn next_failure(&self, name: &str) -> Option<Failure> {
        let mut plan = self.plan.lock().unwrap();
        let (failure, times) = plan.get_mut(name)?;
        *times = times.checked_sub(1)?;
        Some(failure.clone())
    }
}

fn answer<A: Serialize>(result: Result<A, WorkerError>) -> HttpResponse {
    match result {
        Ok(answer) => http::response(200, serde_json::to_string(&answer).unwrap()),
        Err(error) => {
            let Diagnostic { error_type, error_message } = error.into();
            failed(&error_type, &error_message)
        }
    }
}

fn failed(error_type: &str, message: &str) -> HttpResponse {
    let body = serde_json::json!({ "errorType": error_type, "errorMessage": message });
    let mut response = http::response(200, body.to_string());
    response.headers_mut().insert("X-Amz-Function-Error", "Unhandled");
    response
}
