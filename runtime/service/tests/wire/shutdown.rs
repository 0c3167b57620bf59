//! Goal: that the server ends is no failure of a function. An invocation that is cut off stands in no history, and the
//! next start runs it again.
//!
//! Method: a host that does as processes do: closing it ends what runs in it. The same directory is opened again with one
//! that answers.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use durable_functions::{BoxFuture, FunctionError, FunctionHost, Invocation};
use durable_service::DurableConfig;
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::Semaphore;

use crate::support::workflow::run;
use crate::support::{Server, Setup, Turn, spec, within};

/// Runs until it is closed, or answers at once.
struct Host {
    answer: Option<&'static str>,
    begun: Arc<Semaphore>,
    closed: Semaphore,
}

impl FunctionHost for Host {
    fn invoke(&self, invocation: Invocation) -> BoxFuture<'_, Result<Bytes, FunctionError>> {
        Box::pin(async move {
            self.begun.add_permits(1);
            match self.answer {
                Some(answer) => Ok(Bytes::from_static(answer.as_bytes())),
                None => {
                    let _closed = self.closed.acquire().await.unwrap();
                    Err(FunctionError::cut_off(&invocation.request_id))
                }
            }
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.closed.add_permits(Semaphore::MAX_PERMITS >> 1);
        Box::pin(std::future::ready(()))
    }
}

/// A durable function, or a plain one with a durable one that invokes it.
async fn open(
    directory: &Path,
    durable: bool,
    answer: Option<&'static str>,
) -> (Server, Arc<Semaphore>) {
    let begun = Arc::new(Semaphore::new(0));
    let host = Host { answer, begun: Arc::clone(&begun), closed: Semaphore::new(0) };
    let config = DurableConfig { execution_timeout_seconds: 300, retention_days: 14 };
    let setup = Setup::new(directory).with(|setup| {
        setup.functions.push(spec("held", durable.then_some(config), Arc::new(host)))
    });
    (setup.durable("parent", |turn: Turn| run(turn, |_| {})).open().await, begun)
}

async fn begins(begun: &Semaphore) {
    within("the function runs", begun.acquire()).await.unwrap().forget();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invocation_that_the_end_of_the_server_cuts_off_stands_in_no_history() {
    let directory = TempDir::new().unwrap();
    let (server, begun) = open(directory.path(), true, None).await;
    let arn = server.start("held", None, &json!({})).await;
    begins(&begun).await;
    server.close_at_once().await;

    let answer = r#"{"Status":"SUCCEEDED","Result":"1"}"#;
    let (server, _) = open(directory.path(), true, Some(answer)).await;
    assert_eq!(server.closed(&arn).await["Status"], "SUCCEEDED");
    let expected = ["ExecutionStarted", "InvocationCompleted", "ExecutionSucceeded"];
    assert_eq!(server.event_types(&arn).await, expected);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chained_plain_function_that_the_end_of_the_server_cuts_off_runs_again() {
    let directory = TempDir::new().unwrap();
    let (server, begun) = open(directory.path(), false, None).await;
    let plan = json!([{ "invoke": "i", "function": "held", "input": "{}" }]);
    let arn = server.plan("parent", plan).await;
    begins(&begun).await;
    server.close_at_once().await;

    let (server, _) = open(directory.path(), false, Some("1")).await;
    assert_eq!(server.closed(&arn).await["Status"], "SUCCEEDED");
    let types = server.event_types(&arn).await;
    assert_eq!(
        types.iter().filter(|kind| *kind == "ChainedInvokeSucceeded").count(),
        1,
        "{types:?}"
    );
    assert!(!types.iter().any(|kind| kind == "ChainedInvokeFailed"), "{types:?}");
    server.close().await;
}
