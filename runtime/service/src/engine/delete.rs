//! Deleting a closed execution: journal, index row and name go in one commit.

use std::sync::Arc;

use durable_core::Millis;
use durable_store::{ExecutionRow, Write};

use crate::engine::{Engine, to_the_end};
use crate::wire::arn::ExecutionArn;
use crate::wire::error::AwsError;

impl Engine {
    /// Deletes a closed execution and tells when. Its children are executions of their own and stay.
    ///
    /// # Errors
    /// `ResourceConflictException` while it is open.
    pub(crate) async fn delete(self: &Arc<Self>, arn: ExecutionArn) -> Result<Millis, AwsError> {
        let row = self.row(&arn).await?;
        if row.status.is_open() {
            let text = "The durable execution is open; stop it before it is deleted.";
            return Err(AwsError::conflict(text));
        }
        let engine = Arc::clone(self);
        to_the_end(async move {
            engine.report_before_deletion(&row).await?;
            let write = Write::Delete { keys: vec![row.key] };
            match engine.resident(&row.id) {
                // Its last invocation has not come back yet. What it has to say must not be written any more.
                Some(cell) => {
                    let mut state = cell.state.lock().await;
                    engine.store.write(write).await?;
                    state.deleted = true;
                    engine.forget(&row.id);
                }
                None => {
                    engine.store.write(write).await?;
                }
            }
            Ok(engine.clock.now())
        })
        .await
    }

    /// Its parent, if it has one, must have been told how it ended: afterwards nobody knows.
    async fn report_before_deletion(self: &Arc<Self>, row: &ExecutionRow) -> Result<(), AwsError> {
        let Some(link) = self.start_of(row).await?.parent else { return Ok(()) };
        match self.store.chained_work_of(&link.execution, &link.operation).await? {
            Some(work) => self.report_child(&work).await,
            None => Ok(()),
        }
    }
}
