//! Every bound that the state machine enforces, with AWS's published value as the default.

use crate::types::{ErrorObject, Rejection};

/// Bounds on one execution. Sizes are UTF-8 bytes.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Operations of one execution, retries and polls included (metered as AWS documents it).
    pub operations_max: u64,
    /// Data written by one execution, cumulative.
    pub written_bytes_max: u64,
    /// Payload of one step, context or callback.
    pub payload_bytes_max: usize,
    /// All members of one error object together.
    pub error_bytes_max: usize,
}

impl Limits {
    /// Result of an execution that was started with `RequestResponse`.
    pub const RESULT_BYTES_SYNC: usize = 6 * 1024 * 1024;
    /// Result of an execution that was started with `Event`, or by another execution.
    pub const RESULT_BYTES_ASYNC: usize = 1024 * 1024;

    /// Refuses an error that is too large to be recorded.
    ///
    /// # Errors
    /// [`Rejection::InvalidParameter`].
    pub fn check_error(&self, error: &ErrorObject) -> Result<(), Rejection> {
        let bytes_max = self.error_bytes_max;
        if error.len_bytes() <= bytes_max {
            return Ok(());
        }
        Err(Rejection::invalid(format!(
            "Error object size must be less than or equal to {bytes_max} bytes."
        )))
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            operations_max: 3_000,
            written_bytes_max: 100 * 1024 * 1024,
            payload_bytes_max: 1024 * 1024,
            error_bytes_max: 1024 * 1024,
        }
    }
}
