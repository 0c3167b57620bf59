//! Whoever places orders, answers callbacks and asks for outcomes: clients that try again while the server is dead.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_lambda::Client;
use aws_sdk_lambda::config::retry::RetryConfig;
use aws_sdk_lambda::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_lambda::operation::send_durable_execution_callback_success::SendDurableExecutionCallbackSuccessError;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{Event, ExecutionStatus, InvocationType};
use serde_json::json;

use crate::effects;
use crate::order::{Order, Outcome, result_of};
use crate::server::Address;

/// How long anything may take with all deaths in between. Only a failure takes that long.
const DEADLINE: Duration = Duration::from_secs(120);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(15);

/// An order that was accepted and has ended.
#[derive(Debug)]
pub struct Ended {
    pub arn: String,
    pub outcome: Outcome,
}

/// Takes an order to its end: places it, answers its callback, waits for its outcome.
pub async fn see_through(order: Order, address: Arc<Address>, stage: PathBuf) -> Ended {
    let arn = place(&order, &address).await;
    notify(&order.name, &address).await;
    answer(&order.name, &address, stage).await;
    let outcome = outcome(&arn, &address).await;
    Ended { arn, outcome }
}

/// A client of the server that lives now, once there is one.
pub async fn client(address: &Address) -> Client {
    let mut receiver = address.subscribe();
    let living = tokio::time::timeout(DEADLINE, receiver.wait_for(Option::is_some)).await;
    let address = living.expect("a server in time").expect("an address");
    client_at(address.expect("an address"))
}

fn client_at(address: SocketAddr) -> Client {
    let config = aws_sdk_lambda::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(format!("http://{address}"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .build();
    Client::from_conf(config)
}

/// Places it until a server accepts it; its name makes it one execution. Gives its ARN.
async fn place(order: &Order, address: &Address) -> String {
    let begun = Instant::now();
    loop {
        let answer = client(address)
            .await
            .invoke()
            .function_name("Order")
            .qualifier("$LATEST")
            .invocation_type(InvocationType::Event)
            .durable_execution_name(&order.name)
            .payload(Blob::new(json!(order).to_string()))
            .send()
            .await;
        match answer {
            Ok(answer) => {
                assert_eq!(answer.status_code(), 202, "{} is accepted", order.name);
                return answer.durable_execution_arn().expect("an ARN").to_owned();
            }
            Err(error) => wait_for_next_life(&error, begun).await,
        }
    }
}

/// Sends an asynchronous invocation of a plain function until a server accepts it.
async fn notify(about: &str, address: &Address) {
    let begun = Instant::now();
    loop {
        let answer = client(address)
            .await
            .invoke()
            .function_name("Notice")
            .invocation_type(InvocationType::Event)
            .payload(Blob::new(json!({ "about": about }).to_string()))
            .send()
            .await;
        match answer {
            Ok(answer) => return assert_eq!(answer.status_code(), 202, "{about} is accepted"),
            Err(error) => wait_for_next_life(&error, begun).await,
        }
    }
}

/// Answers the order's callback once its id is known; a second answer is refused.
async fn answer(order: &str, address: &Address, stage: PathBuf) {
    let begun = Instant::now();
    let id = loop {
        let effects = effects::read(&stage);
        let ids = effects.into_iter().filter_map(|effect| effect.callback);
        if let Some((_, id)) = ids.into_iter().find(|(owner, _)| owner == order) {
            break id;
        }
        assert!(begun.elapsed() < DEADLINE, "{order} asks for an answer");
        tokio::time::sleep(PAUSE).await;
    };
    let mut accepted = false;
    let mut unheard = false;
    loop {
        let result = json!(result_of("confirm", order)).to_string();
        let answer = client(address)
            .await
            .send_durable_execution_callback_success()
            .callback_id(&id)
            .result(Blob::new(result))
            .send()
            .await;
        match answer {
            Ok(_) => {
                assert!(!accepted, "the callback of {order} takes one answer");
                accepted = true;
            }
            Err(error) => match error.as_service_error() {
                Some(SendDurableExecutionCallbackSuccessError::CallbackTimeoutException(_)) => {
                    assert!(accepted || unheard, "the callback of {order} takes an answer");
                    return;
                }
                _ => {
                    unheard = true;
                    wait_for_next_life(&error, begun).await;
                }
            },
        }
    }
}

/// Waits until the execution has ended, and gives its result.
async fn outcome(arn: &str, address: &Address) -> Outcome {
    let begun = Instant::now();
    loop {
        let request = client(address).await.get_durable_execution().durable_execution_arn(arn);
        match request.send().await {
            Ok(execution) if *execution.status() == ExecutionStatus::Running => {}
            Ok(execution) => {
                let (status, error) = (execution.status(), execution.error());
                assert_eq!(*status, ExecutionStatus::Succeeded, "{arn}: {error:?}");
                let result = execution.result().expect("a result");
                return serde_json::from_str(result).expect("an outcome");
            }
            Err(error) => wait_for_next_life(&error, begun).await,
        }
        assert!(begun.elapsed() < DEADLINE, "{arn} does not end");
        tokio::time::sleep(PAUSE).await;
    }
}

/// The whole history of an execution.
pub async fn history(arn: &str, address: &Address) -> Vec<Event> {
    let mut events = Vec::new();
    let mut marker = None;
    loop {
        let page = client(address)
            .await
            .get_durable_execution_history()
            .durable_execution_arn(arn)
            .include_execution_data(true)
            .max_items(10)
            .set_marker(marker)
            .send()
            .await
            .expect("a page of history");
        marker = page.next_marker;
        events.extend(page.events);
        if marker.is_none() {
            return events;
        }
    }
}

/// No answer is what a dying server gives. Any other error is a failure.
async fn wait_for_next_life<E: std::fmt::Debug>(
    error: &aws_sdk_lambda::error::SdkError<E>,
    begun: Instant,
) {
    assert!(error.as_service_error().is_none(), "the server refuses: {error:?}");
    assert!(begun.elapsed() < DEADLINE, "no server answers: {error:?}");
    tokio::time::sleep(PAUSE).await;
}
