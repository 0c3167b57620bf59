//! WAIT: START, CANCEL.

use crate::checkpoint::draft::{Draft, invalid_action};
use crate::checkpoint::update::{Action, OperationUpdate};
use crate::fact::Fact;
use crate::types::{Millis, OperationStatus, Rejection};

pub(super) fn decide(draft: &mut Draft<'_>, update: &OperationUpdate) -> Result<(), Rejection> {
    draft.check_sizes(update)?;
    let existing = draft.get(&update.op.id).map(|wait| wait.status);
    let fact = match update.action {
        Action::Start => {
            let Some(options) = &update.wait_options else {
                return Err(Rejection::invalid("Update for WAIT operation requires WaitOptions."));
            };
            if existing.is_some() {
                return Err(Rejection::invalid("Cannot start a WAIT that already exist."));
            }
            let seconds = options.wait_seconds;
            let due = draft.now + Millis::from(seconds) * 1000;
            Fact::WaitStarted { op: draft.op_ref(update), seconds, due }
        }
        Action::Cancel if existing == Some(OperationStatus::Started) => {
            Fact::WaitCancelled { op: draft.op_ref(update) }
        }
        Action::Cancel => {
            return Err(Rejection::invalid(
                "Cannot cancel a WAIT that does not exist or has already completed.",
            ));
        }
        Action::Succeed | Action::Fail | Action::Retry => return Err(invalid_action()),
    };
    draft.push(fact);
    Ok(())
}
