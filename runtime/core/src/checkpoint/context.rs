//! CONTEXT: START, SUCCEED, FAIL.

use crate::checkpoint::draft::{Draft, invalid_action, without_error, without_payload};
use crate::checkpoint::update::{Action, OperationUpdate};
use crate::fact::Fact;
use crate::types::{OperationStatus, Rejection};

pub(super) fn decide(draft: &mut Draft<'_>, update: &OperationUpdate) -> Result<(), Rejection> {
    draft.check_sizes(update)?;
    let op = draft.op_ref(update);
    let replay_children = update.replay_children;
    let fact = match update.action {
        Action::Start => {
            if draft.get(&update.op.id).is_some() {
                return Err(Rejection::invalid("Cannot start a CONTEXT that already exist."));
            }
            Fact::ContextStarted { op }
        }
        Action::Succeed => {
            check_closable(draft, update)?;
            without_error(update)?;
            Fact::ContextSucceeded { op, result: update.payload.clone(), replay_children }
        }
        Action::Fail => {
            check_closable(draft, update)?;
            without_payload(update)?;
            let error = update.error.clone().unwrap_or_default();
            Fact::ContextFailed { op, error, replay_children }
        }
        Action::Retry | Action::Cancel => return Err(invalid_action()),
    };
    draft.push(fact);
    Ok(())
}

/// A context may be closed without having been started, as both of AWS's emulators accept.
fn check_closable(draft: &Draft<'_>, update: &OperationUpdate) -> Result<(), Rejection> {
    match draft.get(&update.op.id).map(|context| context.status) {
        None | Some(OperationStatus::Started) => Ok(()),
        Some(_) => Err(Rejection::invalid("Invalid current CONTEXT state to close.")),
    }
}
