//! What a restart takes up again: every open execution that had something left to do. The suspended ones stay on disk
//! until the clock or somebody's answer wakes them.

use std::sync::Arc;

use crate::engine::Engine;
use crate::wire::error::AwsError;

/// Index rows read at a time.
const PAGE: usize = 1000;

/// What a start found in the data directory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Open executions, suspended ones included.
    pub open: u64,
    /// Of these, the ones that were taken up again at once.
    pub resumed: u64,
}

impl Engine {
    pub(crate) async fn recover(self: &Arc<Self>) -> Result<Recovered, AwsError> {
        let mut recovered = Recovered { open: self.store.open_count().await?, resumed: 0 };
        self.open.opened(recovered.open);
        let mut after = 0;
        loop {
            let rows = self.store.active(after, PAGE).await?;
            let Some(last) = rows.last() else { return Ok(recovered) };
            after = last.key;
            recovered.resumed += rows.len() as u64;
            for row in rows {
                self.enqueue(&row.function, row.id);
            }
        }
    }
}
