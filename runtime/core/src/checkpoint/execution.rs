//! EXECUTION: SUCCEED, FAIL. A handler whose result does not fit its response closes the execution this way.

use crate::checkpoint::draft::{Draft, invalid_action, without_error, without_payload};
use crate::checkpoint::update::{Action, OperationUpdate};
use crate::fact::Fact;
use crate::types::Rejection;

pub(super) fn decide(draft: &mut Draft<'_>, update: &OperationUpdate) -> Result<(), Rejection> {
    draft.check_error_size(update)?;
    let fact = match update.action {
        Action::Succeed => {
            let bytes_max = draft.base.start.result_bytes_max;
            if update.payload.as_ref().is_some_and(|result| result.len() > bytes_max) {
                return Err(Rejection::invalid(format!(
                    "Execution output payload size must be less than or equal to {bytes_max} bytes."
                )));
            }
            without_error(update)?;
            Fact::ExecutionSucceeded { result: update.payload.clone() }
        }
        Action::Fail => {
            without_payload(update)?;
            Fact::ExecutionFailed { error: update.error.clone().unwrap_or_default() }
        }
        Action::Start | Action::Retry | Action::Cancel => return Err(invalid_action()),
    };
    draft.push(fact);
    Ok(())
}
