//! A durable function as a closure from an invocation to an output, which may call the server in between.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, OnceLock, Weak};

use bytes::Bytes;
use durable_functions::{BoxFuture, Door, FunctionError, FunctionHost, Invocation};
use http::Request;
use serde_json::{Value, json};

use super::reply::Reply;
use super::server::encode;

/// What a function answers, or how it fails.
pub type Answer = Result<Value, FunctionError>;

pub fn succeeded(result: impl Into<String>) -> Answer {
    Ok(json!({ "Status": "SUCCEEDED", "Result": result.into() }))
}

pub fn failed(kind: &str, message: &str) -> Answer {
    Ok(json!({ "Status": "FAILED", "Error": { "ErrorType": kind, "ErrorMessage": message } }))
}

pub fn pending() -> Answer {
    Ok(json!({ "Status": "PENDING" }))
}

pub fn crashed(kind: &str) -> Answer {
    Err(FunctionError::new(kind, "it crashed"))
}

/// The door, once there is one.
#[derive(Clone, Default)]
pub struct DoorSlot(Arc<OnceLock<Weak<dyn Door>>>);

impl DoorSlot {
    pub fn bind(&self, door: &Arc<dyn Door>) {
        let _ = self.0.set(Arc::downgrade(door));
    }

    /// Fails the invocation if the server is gone: then nobody reads its output either.
    fn door(&self) -> Result<Arc<dyn Door>, FunctionError> {
        let door = self.0.get().and_then(Weak::upgrade);
        door.ok_or_else(|| FunctionError::new("ServerGone", "the server is gone"))
    }
}

pub struct Script<F> {
    pub slot: DoorSlot,
    pub script: F,
}

impl<F, Running> FunctionHost for Script<F>
where
    F: Fn(Turn) -> Running + Send + Sync + 'static,
    Running: Future<Output = Answer> + Send + 'static,
{
    fn invoke(&self, invocation: Invocation) -> BoxFuture<'_, Result<Bytes, FunctionError>> {
        Box::pin(async move {
            let turn = Turn::new(invocation, self.slot.door()?);
            let answer = (self.script)(turn).await?;
            Ok(Bytes::from(answer.to_string()))
        })
    }
}

/// One invocation, with the operations that it knows and the token that it writes with.
pub struct Turn {
    pub invocation: Invocation,
    pub envelope: Value,
    pub token: String,
    door: Arc<dyn Door>,
    operations: BTreeMap<String, Value>,
}

impl Turn {
    fn new(invocation: Invocation, door: Arc<dyn Door>) -> Self {
        let envelope: Value = serde_json::from_slice(&invocation.payload).unwrap();
        let token = envelope["CheckpointToken"].as_str().unwrap_or_default().to_owned();
        let mut turn = Self { invocation, token, door, operations: BTreeMap::new(), envelope };
        let operations = turn.envelope["InitialExecutionState"]["Operations"].clone();
        turn.learn(&operations);
        turn
    }

    fn learn(&mut self, operations: &Value) {
        for operation in operations.as_array().into_iter().flatten() {
            let id = operation["Id"].as_str().unwrap_or_default().to_owned();
            self.operations.insert(id, operation.clone());
        }
    }

    pub fn arn(&self) -> &str {
        self.envelope["DurableExecutionArn"].as_str().unwrap()
    }

    /// The body of the Invoke call.
    pub fn input(&self) -> Value {
        let execution = &self.envelope["InitialExecutionState"]["Operations"][0];
        let text = execution["ExecutionDetails"]["InputPayload"].as_str().unwrap();
        serde_json::from_str(text).unwrap()
    }

    pub fn operation(&self, id: &str) -> Option<&Value> {
        self.operations.get(id)
    }

    /// Where an operation stands; empty if there is none of this id.
    pub fn status(&self, id: &str) -> &str {
        self.operation(id).and_then(|operation| operation["Status"].as_str()).unwrap_or_default()
    }

    pub fn updated(&self) -> Vec<&str> {
        let ids = self.envelope["UpdatedOperationIds"].as_array().unwrap();
        ids.iter().filter_map(Value::as_str).collect()
    }

    /// Sends a checkpoint body as it is.
    pub async fn send(&self, body: Value) -> Reply {
        let path = format!("/2025-12-01/durable-executions/{}/checkpoint", encode(self.arn()));
        let request = Request::post(path).body(Bytes::from(body.to_string())).unwrap();
        Arc::clone(&self.door).answer(request).await.into()
    }

    /// Reads the state as the SDKs page through it.
    pub async fn state(&self, query: &str) -> Reply {
        let (arn, token) = (encode(self.arn()), &self.token);
        let path =
            format!("/2025-12-01/durable-executions/{arn}/state?CheckpointToken={token}{query}");
        let request = Request::get(path).body(Bytes::new()).unwrap();
        Arc::clone(&self.door).answer(request).await.into()
    }

    /// Sends updates with the newest token; learns what the answer says.
    pub async fn checkpoint(&mut self, updates: Value) -> Reply {
        let reply = self.send(json!({ "CheckpointToken": self.token, "Updates": updates })).await;
        if reply.status == 200 {
            let body = reply.json();
            self.token = body["CheckpointToken"].as_str().unwrap_or_default().to_owned();
            self.learn(&body["NewExecutionState"]["Operations"]);
        }
        reply
    }

    /// As [`checkpoint`](Self::checkpoint), but a refusal fails the invocation, as it does in an SDK.
    pub async fn write(&mut self, updates: Value) -> Result<(), FunctionError> {
        let reply = self.checkpoint(updates).await;
        if reply.status == 200 {
            return Ok(());
        }
        Err(FunctionError::new("CheckpointRefused", reply.text()))
    }
}
