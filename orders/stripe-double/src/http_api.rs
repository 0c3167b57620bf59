//! The HTTP side: which operation a request is for, and what becomes of its answer.

use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::intents::Form;
use crate::keys::{Answer, Begun, error};
use crate::{Call, Fault, Operation, Shared, State};

/// The connection is closed instead of an answer.
#[derive(Debug)]
struct Lost;

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer is lost")
    }
}

impl std::error::Error for Lost {}

pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                // A task of its own: what was asked is done even if the caller goes away.
                let answered = tokio::spawn(answer(Arc::clone(&shared), request));
                async move { answered.await.unwrap_or(Err(Lost)) }
            });
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Lost> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Lost)?.to_bytes();
    let header = |name: &str| text(&parts.headers, name);
    if header("authorization") != Some(format!("Bearer {}", shared.secret_key)) {
        let message = "Invalid API Key provided: sk_test_****";
        return respond(&shared, (401, error("invalid_request_error", None, message)), false);
    }
    let Some((operation, id)) = operation(&parts.method, parts.uri.path()) else {
        let message = "Unrecognized request URL";
        return respond(&shared, (404, error("invalid_request_error", None, message)), false);
    };
    let key = header("idempotency-key").unwrap_or_default();
    let call = Call {
        operation,
        key: key.clone(),
        version: header("stripe-version"),
        agent: header("user-agent"),
    };
    let fault = {
        let mut state = shared.state();
        state.calls.push(call);
        state.faults.next(operation)
    };
    match fault {
        Some(Fault::NotReached) => return Err(Lost),
        Some(Fault::RateLimited) => {
            let answer = (429, error("invalid_request_error", Some("rate_limit"), "Too many"));
            return respond(&shared, answer, false);
        }
        _ => {}
    }
    let request = format!("{} {}", parts.uri.path(), String::from_utf8_lossy(&body));
    let begun = shared.state().keys.begin(&key, &request);
    let (answer, replayed) = match begun {
        Begun::First => {
            if fault == Some(Fault::HeldBefore) {
                hold(&shared).await;
            }
            let form: Form = form_urlencoded::parse(&body).into_owned().collect();
            (work(&mut shared.state(), operation, &id, &form, &key, fault), false)
        }
        Begun::Replayed(answer) => (answer, true),
        Begun::Refused(answer) => (answer, false),
    };
    match fault {
        Some(Fault::AnswerLost) => return Err(Lost),
        Some(Fault::HeldAfter) => hold(&shared).await,
        Some(Fault::HugeAnswer) => return Ok(Response::new(Full::from(vec![b' '; 1 << 20]))),
        Some(Fault::SlowAnswer(delay)) => tokio::time::sleep(delay).await,
        _ => {}
    }
    respond(&shared, answer, replayed)
}

fn operation(method: &Method, path: &str) -> Option<(Operation, String)> {
    let rest = path.strip_prefix("/v1/payment_intents").filter(|_| method == Method::POST)?;
    if rest.is_empty() {
        return Some((Operation::Create, String::new()));
    }
    let (id, operation) = rest.strip_prefix('/')?.split_once('/')?;
    let operation = match operation {
        "confirm" => Operation::Confirm,
        "capture" => Operation::Capture,
        "cancel" => Operation::Cancel,
        _ => return None,
    };
    Some((operation, id.to_owned()))
}

fn work(
    state: &mut State,
    operation: Operation,
    id: &str,
    form: &Form,
    key: &str,
    fault: Option<Fault>,
) -> Answer {
    let failed = || (500, error("api_error", None, "An error occurred on our side"));
    let mut do_it = || match operation {
        Operation::Create => state.intents.create(form),
        Operation::Confirm => state.intents.confirm(id, form),
        Operation::Capture => state.intents.capture(id, form),
        Operation::Cancel => state.intents.cancel(id, form),
    };
    let answer = match fault {
        Some(Fault::ServerError) => failed(),
        Some(Fault::ServerErrorAfterWork) => {
            do_it();
            failed()
        }
        _ => do_it(),
    };
    let unexpected_state = answer.1["error"].get("payment_intent").is_some();
    if matches!(answer.0, 400 | 404) && !unexpected_state {
        state.keys.abandon(key);
    } else {
        state.keys.finish(key, &answer);
    }
    answer
}

async fn hold(shared: &Shared) {
    let mut released = shared.released.subscribe();
    released.mark_unchanged();
    shared.state().held += 1;
    let _ = released.changed().await;
    shared.state().held -= 1;
}

fn respond(
    shared: &Shared,
    (status, body): Answer,
    replayed: bool,
) -> Result<Response<Full<Bytes>>, Lost> {
    let mut state = shared.state();
    state.requests += 1;
    let mut response = Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .header("request-id", format!("req_{:06}", state.requests));
    if replayed {
        response = response.header("idempotent-replayed", "true");
    }
    response.body(Full::from(body.to_string())).map_err(|_| Lost)
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}
