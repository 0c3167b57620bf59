//! STEP: START, SUCCEED, FAIL, RETRY.

use crate::checkpoint::draft::{Draft, invalid_action, without_error, without_payload};
use crate::checkpoint::update::{Action, OperationUpdate};
use crate::fact::{Fact, RetryDelay};
use crate::operation::Details;
use crate::types::{Millis, OperationStatus, Rejection};

pub(super) fn decide(draft: &mut Draft<'_>, update: &OperationUpdate) -> Result<(), Rejection> {
    draft.check_sizes(update)?;
    let delay = update.step_options.as_ref().and_then(|options| options.next_attempt_delay_seconds);
    if delay.is_some() && !matches!(update.action, Action::Retry | Action::Cancel) {
        return Err(Rejection::invalid("Invalid StepOptions for the given action."));
    }
    let fact = match update.action {
        Action::Start => {
            check_startable(draft, update)?;
            Fact::StepStarted { op: draft.op_ref(update) }
        }
        Action::Succeed => {
            let attempt = ended_attempt(draft, update, "Invalid current STEP state to close.")?;
            without_error(update)?;
            let result = update.payload.clone();
            Fact::StepSucceeded { op: draft.op_ref(update), attempt, result, retry: None }
        }
        Action::Fail => {
            let attempt = ended_attempt(draft, update, "Invalid current STEP state to close.")?;
            without_payload(update)?;
            let error = update.error.clone().unwrap_or_default();
            Fact::StepFailed { op: draft.op_ref(update), attempt, error, retry: None }
        }
        Action::Retry => retry(draft, update, delay)?,
        Action::Cancel => return Err(invalid_action()),
    };
    draft.push(fact);
    Ok(())
}

fn check_startable(draft: &Draft<'_>, update: &OperationUpdate) -> Result<(), Rejection> {
    match draft.get(&update.op.id).map(|step| step.status) {
        None | Some(OperationStatus::Ready) => Ok(()),
        Some(_) => Err(Rejection::invalid("Invalid current STEP state to start.")),
    }
}

/// The number of the attempt that ends now, counted from 1. An attempt may end without having been started: an
/// at-least-once step may report only its end.
fn ended_attempt(
    draft: &Draft<'_>,
    update: &OperationUpdate,
    complaint: &str,
) -> Result<u32, Rejection> {
    let Some(step) = draft.get(&update.op.id) else {
        return Ok(1);
    };
    let attempt = match step.details {
        Details::Step { attempt, .. } => attempt,
        _ => 0,
    };
    match step.status {
        OperationStatus::Started | OperationStatus::Ready => Ok(attempt + 1),
        _ => Err(Rejection::invalid(complaint)),
    }
}

fn retry(
    draft: &Draft<'_>,
    update: &OperationUpdate,
    delay: Option<u32>,
) -> Result<Fact, Rejection> {
    let attempt = ended_attempt(draft, update, "Invalid current STEP state to re-attempt.")?;
    let Some(seconds) = delay else {
        return Err(Rejection::invalid("Invalid StepOptions for the given action."));
    };
    if update.error.is_some() && update.payload.is_some() {
        return Err(Rejection::invalid("Cannot provide both error and payload to RETRY a STEP."));
    }
    let retry = Some(RetryDelay { seconds, due: draft.now + Millis::from(seconds) * 1000 });
    let op = draft.op_ref(update);
    Ok(match &update.error {
        Some(error) => Fact::StepFailed { op, attempt, error: error.clone(), retry },
        None => Fact::StepSucceeded { op, attempt, result: update.payload.clone(), retry },
    })
}
