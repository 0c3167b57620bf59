//! The state as it would be if the updates read so far were accepted.

use indexmap::IndexMap;

use crate::checkpoint::update::{OperationUpdate, Resolution, Resolver};
use crate::execution::Execution;
use crate::fact::{Fact, Metered};
use crate::limits::Limits;
use crate::operation::{OpRef, Operation};
use crate::transition::next_operation;
use crate::types::{ErrorObject, Millis, OperationType, Rejection};

/// Only touched operations are copied, so a checkpoint costs what its batch costs, however long the history is.
pub(crate) struct Draft<'a> {
    pub(crate) base: &'a Execution,
    pub(crate) now: Millis,
    pub(crate) limits: &'a Limits,
    nonce: &'a mut dyn FnMut() -> String,
    resolver: &'a Resolver<'a>,
    touched: IndexMap<String, Operation>,
    facts: Vec<Fact>,
    metered: Metered,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(
        base: &'a Execution,
        now: Millis,
        limits: &'a Limits,
        nonce: &'a mut dyn FnMut() -> String,
        resolver: &'a Resolver<'a>,
    ) -> Self {
        let (touched, facts) = (IndexMap::new(), Vec::new());
        Self { base, now, limits, nonce, resolver, touched, facts, metered: base.metered }
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Operation> {
        self.touched.get(id).or_else(|| self.base.operation(id))
    }

    pub(crate) fn push(&mut self, fact: Fact) {
        let current = fact.operation_id().and_then(|id| self.get(id));
        let metered = fact.metered(current.is_none());
        if let Some(next) = next_operation(&fact, current, self.now) {
            self.touched.insert(next.op.id.clone(), next);
        }
        self.metered += metered;
        self.facts.push(fact);
    }

    /// Ends the execution if the batch takes it over a quota and does not end it anyway.
    pub(crate) fn close_if_over_quota(&mut self) {
        let Limits { operations_max, written_bytes_max, .. } = self.limits;
        let quota = if self.metered.operations > *operations_max {
            format!("{operations_max} operations per durable execution")
        } else if self.metered.bytes > *written_bytes_max {
            format!("{written_bytes_max} bytes written per durable execution")
        } else {
            return;
        };
        if self.facts.iter().any(Fact::is_closing) {
            return;
        }
        let message = format!("The durable execution exceeded the quota of {quota}.");
        self.push(Fact::ExecutionFailed {
            error: ErrorObject::new("ServiceQuotaExceededException", message),
        });
    }

    /// A pause takes hold with the checkpoint, unless that ends the execution.
    pub(crate) fn pause_if_pausing(&mut self) {
        if !self.facts.iter().any(Fact::is_closing) {
            let invocation = self.base.invocation.as_ref().map(|invocation| invocation.id.clone());
            self.facts.extend(self.base.pause_takes_hold(invocation));
        }
    }

    pub(crate) fn extend(&mut self, facts: Vec<Fact>) {
        for fact in facts {
            self.push(fact);
        }
    }

    pub(crate) fn into_facts(self) -> Vec<Fact> {
        self.facts
    }

    pub(crate) fn nonce(&mut self) -> String {
        (self.nonce)()
    }

    /// What a function's name leads to.
    pub(crate) fn resolve(&mut self, function_name: &str) -> Result<Resolution, Rejection> {
        (self.resolver)(function_name, &mut *self.nonce)
    }

    /// The operation's full name in facts: what is recorded of it, or else what the update says.
    pub(crate) fn op_ref(&self, update: &OperationUpdate) -> OpRef {
        self.get(&update.op.id).map_or_else(|| update.op.clone(), |operation| operation.op.clone())
    }

    /// Rule 4. A closed context is still accepted.
    pub(crate) fn check_parent(&self, update: &OperationUpdate) -> Result<(), Rejection> {
        let Some(parent) = &update.op.parent else {
            return Ok(());
        };
        match self.get(parent) {
            Some(context) if context.kind() == OperationType::Context => Ok(()),
            _ => Err(Rejection::invalid("Invalid parent operation id.")),
        }
    }

    /// Rule 5. An EXECUTION update may carry any id; the execution's own id is taken.
    pub(crate) fn check_consistency(&self, update: &OperationUpdate) -> Result<(), Rejection> {
        if update.kind == OperationType::Execution {
            return Ok(());
        }
        if update.op.id == self.base.start.id {
            return Err(Rejection::invalid("Inconsistent operation type."));
        }
        let Some(existing) = self.get(&update.op.id) else {
            return Ok(());
        };
        let differs = |given: &Option<String>, recorded: &Option<String>| {
            given.is_some() && given != recorded
        };
        let complaint = if update.kind != existing.kind() {
            "Inconsistent operation type."
        } else if differs(&update.op.sub_type, &existing.op.sub_type) {
            "Inconsistent operation subtype."
        } else if differs(&update.op.name, &existing.op.name) {
            "Inconsistent operation name."
        } else if differs(&update.op.parent, &existing.op.parent) {
            "Inconsistent parent operation id."
        } else {
            return Ok(());
        };
        Err(Rejection::invalid(complaint))
    }

    /// Rule 6 for everything but the execution's own result.
    pub(crate) fn check_sizes(&self, update: &OperationUpdate) -> Result<(), Rejection> {
        let payload_max = self.limits.payload_bytes_max;
        if update.payload.as_ref().is_some_and(|payload| payload.len() > payload_max) {
            return Err(Rejection::invalid(format!(
                "{} payload size must be less than or equal to {payload_max} bytes.",
                update.kind.as_str()
            )));
        }
        self.check_error_size(update)
    }

    pub(crate) fn check_error_size(&self, update: &OperationUpdate) -> Result<(), Rejection> {
        update.error.as_ref().map_or(Ok(()), |error| self.limits.check_error(error))
    }
}

pub(crate) fn invalid_action() -> Rejection {
    Rejection::invalid("Invalid action for the given operation type.")
}

/// A success carries no error.
pub(crate) fn without_error(update: &OperationUpdate) -> Result<(), Rejection> {
    match update.error {
        Some(_) => Err(Rejection::invalid("Cannot provide an Error for SUCCEED action.")),
        None => Ok(()),
    }
}

/// A failure carries no payload.
pub(crate) fn without_payload(update: &OperationUpdate) -> Result<(), Rejection> {
    match update.payload {
        Some(_) => Err(Rejection::invalid("Cannot provide a Payload for FAIL action.")),
        None => Ok(()),
    }
}
