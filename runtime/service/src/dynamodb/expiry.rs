//! Items whose time to live is over are deleted, some time later, as DynamoDB does it.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::Duration;

use dynoxide::Database;

/// Between two sweeps. DynamoDB promises a few days.
const SWEEP_EVERY: Duration = Duration::from_secs(3600);

/// A thread that sweeps the tables now and then; it ends when this is dropped. The engine lets waiting requests in
/// between the pages of a sweep.
pub(super) struct Expiry {
    _stop: Sender<()>,
}

impl Expiry {
    pub(super) fn spawn(database: Database) -> Result<Self, String> {
        let (stop, stopped) = mpsc::channel::<()>();
        std::thread::Builder::new()
            .name("dynamodb-expiry".to_owned())
            .spawn(move || {
                while stopped.recv_timeout(SWEEP_EVERY) == Err(RecvTimeoutError::Timeout) {
                    match database.sweep_ttl() {
                        Ok(deleted) => tracing::debug!(deleted, "expired items were deleted"),
                        Err(error) => tracing::warn!(%error, "expired items could not be deleted"),
                    }
                }
            })
            .map_err(|error| error.to_string())?;
        Ok(Self { _stop: stop })
    }
}
