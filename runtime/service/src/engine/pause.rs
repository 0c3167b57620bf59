//! Pausing and resuming.

use std::sync::Arc;

use durable_core::{Execution, Fact, PauseRequest, Rejection, ResumeRequest};

use crate::engine::{Engine, to_the_end};
use crate::wire::arn::ExecutionArn;
use crate::wire::error::AwsError;

impl Engine {
    /// Keeps an execution from being invoked.
    pub(crate) async fn pause(
        self: &Arc<Self>,
        arn: ExecutionArn,
        request: PauseRequest,
    ) -> Result<(), AwsError> {
        self.change_pause(arn, |execution| execution.decide_pause(request)).await
    }

    /// Lets it be invoked again.
    pub(crate) async fn resume(
        self: &Arc<Self>,
        arn: ExecutionArn,
        request: ResumeRequest,
    ) -> Result<(), AwsError> {
        self.change_pause(arn, |execution| execution.decide_resume(request)).await
    }

    async fn change_pause(
        self: &Arc<Self>,
        arn: ExecutionArn,
        decide: impl FnOnce(&Execution) -> Result<Vec<Fact>, Rejection> + Send + 'static,
    ) -> Result<(), AwsError> {
        let row = self.row(&arn).await?;
        let engine = Arc::clone(self);
        to_the_end(async move {
            let closed = || AwsError::conflict("The durable execution is closed.");
            let cell = engine.cell(&row.id).await?.ok_or_else(closed)?;
            let mut state = cell.state.lock().await;
            engine.check_writable()?;
            let now = engine.clock.now();
            let facts = decide(&state.execution)?;
            engine.commit_facts(&cell, &mut state, facts, now).await
        })
        .await
    }
}
