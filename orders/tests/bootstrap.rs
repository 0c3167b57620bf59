//! The bootstrap of AuthorizePayment as Lambda runs it: a process of its own that asks for its work,
//! with a payment gateway from its environment.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::VecDeque;
use std::convert::Infallible;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Method, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use stripe_double::{Status, StripeDouble};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

const KEY: &str = "sk_test_of_a_double_on_lambda";
/// How long the process may take to start and answer.
const DEADLINE: Duration = Duration::from_secs(60);

/// Lambda's side: events to hand out, and where answers go.
#[derive(Clone)]
struct RuntimeApi {
    events: Arc<Mutex<VecDeque<Value>>>,
    answers: mpsc::UnboundedSender<Value>,
}

impl RuntimeApi {
    async fn serve(self, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            let api = self.clone();
            tokio::spawn(async move {
                let service = service_fn(move |request| api.clone().answer(request));
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
    }

    async fn answer(self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        if request.method() == Method::POST {
            let body = request.into_body().collect().await.unwrap().to_bytes();
            self.answers.send(serde_json::from_slice(&body).unwrap()).unwrap();
            return Ok(Response::builder().status(202).body(Full::default()).unwrap());
        }
        let event = self.events.lock().unwrap().pop_front();
        let Some(event) = event else { std::future::pending().await };
        let response = Response::builder()
            .header("lambda-runtime-aws-request-id", "00000000-0000-4000-8000-000000000000")
            .header("lambda-runtime-deadline-ms", "9999999999999")
            .header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:0:function:F");
        Ok(response.body(Full::from(event.to_string())).unwrap())
    }
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn the_bootstrap_of_authorize_payment_takes_a_payment_through_stripe() {
    let stripe = StripeDouble::start(KEY).unwrap();
    let method = json!({ "type": "credit", "token": "pm_card_visa" });
    let events = [
        json!({ "orderId": "O-1", "paymentMethod": method, "amount": "13.50" }),
        json!({ "action": "capture", "orderId": "O-1", "authorizationId": "pi_000001", "amount": "13.50" }),
    ];
    let (answers, mut answered) = mpsc::unbounded_channel();
    let api = RuntimeApi { events: Arc::new(Mutex::new(events.into())), answers };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(api.serve(listener));
    let log = log_file();
    let bootstrap = Command::new(env!("CARGO_BIN_EXE_authorize_payment"))
        .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
        .env("AWS_LAMBDA_FUNCTION_NAME", "AuthorizePayment")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("PAYMENT_GATEWAY", "stripe")
        .env("STRIPE_SECRET_KEY", KEY)
        .env("STRIPE_API_BASE", stripe.base())
        .env("RUST_LOG", "trace")
        .stdout(Stdio::from(std::fs::File::create(&log).unwrap()))
        .spawn()
        .unwrap();
    let process = Process(bootstrap);
    let mut next = async || tokio::time::timeout(DEADLINE, answered.recv()).await.unwrap().unwrap();
    assert_eq!(next().await["authorized"]["authorizationId"], "pi_000001");
    assert_eq!(next().await["captured"]["captureId"], "ch_000001");
    drop(process);
    assert_eq!(stripe.intents()[0].status, Status::Succeeded);
    let logged = std::fs::read_to_string(&log).unwrap();
    assert!(logged.contains("payment captured"), "{logged}");
    assert!(!logged.contains(KEY) && !logged.contains("pm_card"), "{logged}");
}

#[test]
fn a_bootstrap_without_a_key_does_not_start_and_says_which_variable_is_missing() {
    let said = Command::new(env!("CARGO_BIN_EXE_authorize_payment"))
        .env_remove("STRIPE_SECRET_KEY")
        .env("PAYMENT_GATEWAY", "stripe")
        .env("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1")
        .output()
        .unwrap();
    assert!(!said.status.success());
    let text = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(text.contains("STRIPE_SECRET_KEY"), "{text}");
}

/// A file for the log of the process.
fn log_file() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("authorize-payment.log")
}
