//! A durable function in this process, without an SDK: what is measured is the runtime.

use std::future::Future;
use std::sync::{Arc, OnceLock, Weak};

use bytes::Bytes;
use durable_functions::{BoxFuture, Door, FunctionError, FunctionHost, Invocation};
use http::Request;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The door, once there is one: the functions are made before it.
#[derive(Clone, Default)]
pub(crate) struct DoorSlot(Arc<OnceLock<Weak<dyn Door>>>);

impl DoorSlot {
    pub(crate) fn bind(&self, door: &Arc<dyn Door>) {
        // There is one service, which binds once.
        let _ = self.0.set(Arc::downgrade(door));
    }

    fn door(&self) -> Result<Arc<dyn Door>, FunctionError> {
        let door = self.0.get().and_then(Weak::upgrade);
        door.ok_or_else(|| FunctionError::new("ServerGone", "the server is gone"))
    }
}

/// A closure from a [`Turn`] to an answer, as a function.
pub(crate) struct Function<F> {
    pub(crate) slot: DoorSlot,
    pub(crate) code: F,
}

impl<F, Running> FunctionHost for Function<F>
where
    F: Fn(Turn) -> Running + Send + Sync + 'static,
    Running: Future<Output = Result<Value, FunctionError>> + Send + 'static,
{
    fn invoke(&self, invocation: Invocation) -> BoxFuture<'_, Result<Bytes, FunctionError>> {
        Box::pin(async move {
            let turn = Turn::new(&invocation, self.slot.door()?)?;
            let answer = (self.code)(turn).await?;
            Ok(Bytes::from(answer.to_string()))
        })
    }
}

/// One invocation, and the token that it writes with.
pub(crate) struct Turn {
    arn: String,
    token: String,
    door: Arc<dyn Door>,
    /// The operations that the invocation was given.
    pub(crate) state: State,
}

/// A page of operations.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct State {
    pub(crate) operations: Vec<Operation>,
    /// Where the next page begins; empty on the last one.
    #[serde(default)]
    pub(crate) next_marker: String,
}

/// What a function here wants to know of an operation.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) status: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Envelope {
    durable_execution_arn: String,
    checkpoint_token: String,
    initial_execution_state: State,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Checkpoint<'a> {
    checkpoint_token: &'a str,
    updates: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Accepted {
    checkpoint_token: String,
}

impl Turn {
    fn new(invocation: &Invocation, door: Arc<dyn Door>) -> Result<Self, FunctionError> {
        let envelope: Envelope = read(&invocation.payload)?;
        Ok(Self {
            arn: utf8_percent_encode(&envelope.durable_execution_arn, NON_ALPHANUMERIC).to_string(),
            token: envelope.checkpoint_token,
            door,
            state: envelope.initial_execution_state,
        })
    }

    /// Where an operation stood when the invocation began.
    pub(crate) fn status(&self, id: &str) -> Option<&str> {
        let mut operations = self.state.operations.iter();
        operations.find(|operation| operation.id == id).map(|operation| operation.status.as_str())
    }

    /// Records updates.
    pub(crate) async fn checkpoint(&mut self, updates: Value) -> Result<(), FunctionError> {
        let path = format!("/2025-12-01/durable-executions/{}/checkpoint", self.arn);
        let body = Checkpoint { checkpoint_token: &self.token, updates };
        let body = serde_json::to_vec(&body).map_err(failure)?;
        let accepted: Accepted = self.send(Request::post(path), body.into()).await?;
        self.token = accepted.checkpoint_token;
        Ok(())
    }

    /// The page of operations at this marker.
    pub(crate) async fn state_at(&self, marker: &str) -> Result<State, FunctionError> {
        let (arn, token) = (&self.arn, &self.token);
        let path = format!(
            "/2025-12-01/durable-executions/{arn}/state?CheckpointToken={token}&Marker={marker}&MaxItems=1000"
        );
        self.send(Request::get(path), Bytes::new()).await
    }

    async fn send<T: DeserializeOwned>(
        &self,
        request: http::request::Builder,
        body: Bytes,
    ) -> Result<T, FunctionError> {
        let request = request.body(body).map_err(failure)?;
        let response = Arc::clone(&self.door).answer(request).await;
        let (status, body) = (response.status(), response.into_body());
        if !status.is_success() {
            let text = String::from_utf8_lossy(&body).into_owned();
            return Err(FunctionError::new("Refused", text));
        }
        read(&body)
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, FunctionError> {
    serde_json::from_slice(body).map_err(failure)
}

fn failure(error: impl std::fmt::Display) -> FunctionError {
    FunctionError::new("Unreadable", error.to_string())
}

/// The answer of a function that waits.
pub(crate) fn pending() -> Value {
    json!({ "Status": "PENDING" })
}

/// The answer of a function that is done.
pub(crate) fn succeeded(result: &str) -> Value {
    json!({ "Status": "SUCCEEDED", "Result": result })
}
