//! A checkpoint and its answer.

use std::sync::Arc;

use bytes::Bytes;
use durable_core::StoredReply;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::engine::cells::CellState;
use crate::engine::{Engine, to_the_end};
use crate::wire::arn::ExecutionArn;
use crate::wire::error::AwsError;
use crate::wire::operation::{self, Times};
use crate::wire::update::CheckpointRequest;

impl Engine {
    /// Accepts a batch of updates and answers with what the handler has not been shown yet.
    pub(crate) async fn checkpoint(
        self: &Arc<Self>,
        arn: ExecutionArn,
        request: CheckpointRequest,
    ) -> Result<Bytes, AwsError> {
        let engine = Arc::clone(self);
        to_the_end(async move { engine.checkpoint_to_the_end(&arn, request).await }).await
    }

    async fn checkpoint_to_the_end(
        self: &Arc<Self>,
        arn: &ExecutionArn,
        request: CheckpointRequest,
    ) -> Result<Bytes, AwsError> {
        let stale = || AwsError::invalid_parameter("Invalid checkpoint token");
        let cell = self.cell(&arn.id).await?.ok_or_else(stale)?;
        let mut state = cell.state.lock().await;
        self.check_arn(&state.execution, arn)?;
        let client_token = request.client_token.as_deref();
        if let Some(reply) = state.execution.replayed_reply(&request.token, client_token) {
            return Ok(Bytes::copy_from_slice(&reply.body));
        }
        self.check_writable()?;
        state.execution.check_token(&request.token)?;
        let now = self.clock.now();
        let mut nonce = || Uuid::new_v4().to_string();
        let decision = state.execution.decide_checkpoint(
            &request.updates,
            now,
            &self.limits,
            &mut nonce,
            &|function_name: &str, nonce: &mut dyn FnMut() -> String| {
                self.resolve(function_name, nonce)
            },
        )?;
        // An empty poll has nothing to write: its token lives as long as the invocation, in memory.
        if !decision.record.facts.is_empty() {
            self.commit(&mut state, &decision.record).await?;
        }
        let body = answer(&mut state);
        state.execution.store_reply(request.client_token.map(|client_token| StoredReply {
            token: request.token,
            client_token,
            body: body.clone(),
        }));
        self.follow_up(&cell, &state, now);
        Ok(Bytes::from(body))
    }
}

/// The new token, unless there is none, and every operation that changed.
fn answer(state: &mut CellState) -> Vec<u8> {
    let changed = state.execution.rotate_token();
    let operations: Vec<Value> =
        changed.into_iter().map(|changed| operation::operation(changed, Times::Api)).collect();
    let mut members = Map::new();
    if let Some(token) = state.execution.reply_token() {
        members.insert("CheckpointToken".to_owned(), token.to_string().into());
    }
    members.insert("NewExecutionState".to_owned(), json!({ "Operations": operations }));
    Value::Object(members).to_string().into_bytes()
}
