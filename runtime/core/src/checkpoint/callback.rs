//! CALLBACK: START. It is ended through the callback operations or by its deadlines.

use crate::checkpoint::draft::{Draft, invalid_action};
use crate::checkpoint::update::{Action, OperationUpdate};
use crate::fact::Fact;
use crate::token::CallbackId;
use crate::types::Rejection;

pub(super) fn decide(draft: &mut Draft<'_>, update: &OperationUpdate) -> Result<(), Rejection> {
    draft.check_sizes(update)?;
    if update.action != Action::Start {
        return Err(invalid_action());
    }
    if draft.get(&update.op.id).is_some() {
        return Err(Rejection::invalid("Cannot start a CALLBACK that already exist."));
    }
    let options = update.callback_options.clone().unwrap_or_default();
    let nonce = draft.nonce();
    let fact = Fact::CallbackStarted {
        op: draft.op_ref(update),
        callback_id: CallbackId::new(&draft.base.start.id, &nonce).to_string(),
        timeout_seconds: options.timeout_seconds.filter(|seconds| *seconds > 0),
        heartbeat_seconds: options.heartbeat_timeout_seconds.filter(|seconds| *seconds > 0),
    };
    draft.push(fact);
    Ok(())
}
