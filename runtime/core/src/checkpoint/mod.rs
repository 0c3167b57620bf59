//! Deciding one `CheckpointDurableExecution` batch.
//!
//! The updates are checked one after another against a draft, so that a START and its SUCCEED may share a batch; if any
//! is refused, the whole batch is, and nothing has changed. The order of the checks and their texts are those of the
//! service (specification section 4.6 and 4.7), one file per operation type.

mod callback;
mod chained;
mod context;
mod draft;
mod execution;
mod step;
mod update;
mod wait;

pub use update::{
    Action, CallbackOptions, ChainedInvokeOptions, OperationUpdate, Resolution, Resolver,
    StepOptions, WaitOptions,
};

use crate::checkpoint::draft::Draft;
use crate::execution::{Execution, StoredReply};
use crate::fact::Record;
use crate::limits::Limits;
use crate::token::CheckpointToken;
use crate::types::{Millis, OperationType, Rejection};

/// The text that every SDK recognises as "somebody else has taken over".
const STALE_TOKEN: &str = "Invalid checkpoint token";

/// What an accepted checkpoint leads to.
#[derive(Debug)]
pub struct CheckpointDecision {
    /// To be written before the answer is given; without facts there is nothing to write.
    pub record: Record,
}

impl Execution {
    /// The stored answer, if this request repeats the last accepted one: same token in, same client token.
    pub fn replayed_reply(&self, token: &str, client_token: Option<&str>) -> Option<&StoredReply> {
        let reply = self.last_reply.as_ref()?;
        (reply.token == token && Some(reply.client_token.as_str()) == client_token).then_some(reply)
    }

    /// Keeps an answer for a client that repeats its request.
    pub fn store_reply(&mut self, reply: Option<StoredReply>) {
        self.last_reply = reply;
    }

    /// Whether this token may write now.
    pub fn check_token(&self, token: &str) -> Result<(), Rejection> {
        self.check_token_of_invocation(token)?;
        let current = self.current_token().map(|token| token.to_string());
        if current.as_deref() == Some(token) {
            Ok(())
        } else {
            Err(Rejection::invalid(STALE_TOKEN))
        }
    }

    /// Whether this token belongs to the invocation in flight, be it the newest or not: enough for reading.
    pub fn check_token_of_invocation(&self, token: &str) -> Result<(), Rejection> {
        let stale = || Rejection::invalid(STALE_TOKEN);
        let token = CheckpointToken::parse(token).ok_or_else(stale)?;
        if !token.is_for(&self.start.id) {
            return Err(Rejection::wrong_arn());
        }
        let current = self.current_token().ok_or_else(stale)?;
        if current.invocation == token.invocation { Ok(()) } else { Err(stale()) }
    }

    /// The token that the invocation in flight must present next; none once the execution is closed.
    pub fn current_token(&self) -> Option<CheckpointToken> {
        let invocation = self.invocation.as_ref().filter(|_| self.status.is_open())?;
        Some(CheckpointToken::new(&self.start.id, &invocation.id, invocation.sequence))
    }

    /// The token that the answer to a checkpoint carries. A pause withholds it, though the old one stays good: an SDK
    /// that goes on with it is heard, and gets a token once the execution is resumed.
    pub fn reply_token(&self) -> Option<CheckpointToken> {
        self.current_token().filter(|_| !self.is_paused())
    }

    /// Decides a batch. The token has been checked; `nonce` gives a fresh UUID for each callback and each child
    /// execution, `resolver` tells what a chained invocation leads to.
    ///
    /// Timers that are due are completed first, so that a handler which polls sees them at once.
    ///
    /// # Errors
    /// The first rule that the batch breaks, with AWS's text; then nothing has changed.
    pub fn decide_checkpoint(
        &self,
        updates: &[OperationUpdate],
        now: Millis,
        limits: &Limits,
        nonce: &mut dyn FnMut() -> String,
        resolver: &Resolver<'_>,
    ) -> Result<CheckpointDecision, Rejection> {
        // The execution timeout wins over whatever else is due, so it also wins when its timer has not run yet.
        if !self.status.is_open() || self.deadline() <= now {
            return Err(Rejection::invalid(STALE_TOKEN));
        }
        let mut draft = Draft::new(self, now, limits, nonce, resolver);
        draft.extend(self.due_facts(now));
        check_batch(updates)?;
        for update in updates {
            draft.check_parent(update)?;
            draft.check_consistency(update)?;
            match update.kind {
                OperationType::Execution => execution::decide(&mut draft, update)?,
                OperationType::Context => context::decide(&mut draft, update)?,
                OperationType::Step => step::decide(&mut draft, update)?,
                OperationType::Wait => wait::decide(&mut draft, update)?,
                OperationType::Callback => callback::decide(&mut draft, update)?,
                OperationType::ChainedInvoke => chained::decide(&mut draft, update)?,
            }
        }
        draft.close_if_over_quota();
        draft.pause_if_pausing();
        let invocation = self.invocation.as_ref().map(|invocation| invocation.id.clone());
        Ok(CheckpointDecision { record: Record { at: now, invocation, facts: draft.into_facts() } })
    }
}

/// Rules 1 to 3: those that only the whole batch can break.
fn check_batch(updates: &[OperationUpdate]) -> Result<(), Rejection> {
    let is_execution = |update: &&OperationUpdate| update.kind == OperationType::Execution;
    if updates.iter().filter(is_execution).count() > 1 {
        return Err(Rejection::invalid("Cannot checkpoint multiple EXECUTION updates."));
    }
    if updates.iter().rev().skip(1).any(|update| is_execution(&update)) {
        return Err(Rejection::invalid("EXECUTION checkpoint must be the last update."));
    }
    let mut seen = std::collections::HashMap::new();
    for update in updates.iter().filter(|update| !is_execution(update)) {
        let times = seen.entry(update.op.id.as_str()).or_insert_with(Vec::new);
        times.push(update);
        let allowed = match times.as_slice() {
            [_] => true,
            [first, second] => {
                matches!(second.kind, OperationType::Step | OperationType::Context)
                    && first.kind == second.kind
                    && first.action == Action::Start
                    && second.action != Action::Start
            }
            _ => false,
        };
        if !allowed {
            return Err(Rejection::invalid(
                "Cannot update the same operation twice in a single request.",
            ));
        }
    }
    Ok(())
}
