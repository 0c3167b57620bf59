//! Which fact counts as which status of which operation.
//!
//! The words are AWS's, as in a history and in GetDurableExecutionState.

use durable_core::{Fact, OperationStatus, OperationType};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

type Change = (OperationType, OperationStatus);

/// Every change that there is: each has its counter from the start, so that the first one shows as a rise.
const CHANGES: [Change; 20] = {
    use OperationStatus::{
        Cancelled, Failed, Pending, Ready, Started, Stopped, Succeeded, TimedOut,
    };
    use OperationType::{Callback, ChainedInvoke, Context, Step, Wait};
    [
        (Step, Started),
        (Step, Pending),
        (Step, Ready),
        (Step, Succeeded),
        (Step, Failed),
        (Wait, Started),
        (Wait, Succeeded),
        (Wait, Cancelled),
        (Callback, Started),
        (Callback, Succeeded),
        (Callback, Failed),
        (Callback, TimedOut),
        (Context, Started),
        (Context, Succeeded),
        (Context, Failed),
        (ChainedInvoke, Started),
        (ChainedInvoke, Succeeded),
        (ChainedInvoke, Failed),
        (ChainedInvoke, TimedOut),
        (ChainedInvoke, Stopped),
    ]
};

/// `durable_operations_total`, with the counter of each change at hand.
pub(super) struct OperationCounts([(Change, Counter); CHANGES.len()]);

impl OperationCounts {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let family = Family::<[(&str, &str); 2], Counter>::default();
        let help = "Changes of operations, by the status that each got";
        registry.register("operations", help, family.clone());
        Self(CHANGES.map(|(kind, status)| {
            let labels = [("type", kind.as_str()), ("status", status.as_str())];
            ((kind, status), family.get_or_create_owned(&labels))
        }))
    }

    /// Counts the fact, if it gives an operation a status.
    pub(super) fn count(&self, fact: &Fact) {
        let Some(change) = change(fact) else { return };
        // Twenty pairs of two bytes each: quicker to walk than to hash.
        if let Some((_, counter)) = self.0.iter().find(|(known, _)| *known == change) {
            counter.inc();
        }
    }
}

/// What the fact does to an operation.
fn change(fact: &Fact) -> Option<Change> {
    use OperationStatus::{
        Cancelled, Failed, Pending, Ready, Started, Stopped, Succeeded, TimedOut,
    };
    use OperationType::{Callback, ChainedInvoke, Context, Step, Wait};
    Some(match fact {
        Fact::StepStarted { .. } => (Step, Started),
        // A poll asks for its next attempt with a success, a step with a failure.
        Fact::StepSucceeded { retry: Some(_), .. } | Fact::StepFailed { retry: Some(_), .. } => {
            (Step, Pending)
        }
        Fact::StepReady { .. } => (Step, Ready),
        Fact::StepSucceeded { retry: None, .. } => (Step, Succeeded),
        Fact::StepFailed { retry: None, .. } => (Step, Failed),
        Fact::WaitStarted { .. } => (Wait, Started),
        Fact::WaitSucceeded { .. } => (Wait, Succeeded),
        Fact::WaitCancelled { .. } => (Wait, Cancelled),
        Fact::CallbackStarted { .. } => (Callback, Started),
        Fact::CallbackSucceeded { .. } => (Callback, Succeeded),
        Fact::CallbackFailed { .. } => (Callback, Failed),
        Fact::CallbackTimedOut { .. } => (Callback, TimedOut),
        Fact::ContextStarted { .. } => (Context, Started),
        Fact::ContextSucceeded { .. } => (Context, Succeeded),
        Fact::ContextFailed { .. } => (Context, Failed),
        Fact::ChainedInvokeStarted { .. } => (ChainedInvoke, Started),
        Fact::ChainedInvokeSucceeded { .. } => (ChainedInvoke, Succeeded),
        Fact::ChainedInvokeFailed { .. } => (ChainedInvoke, Failed),
        Fact::ChainedInvokeTimedOut { .. } => (ChainedInvoke, TimedOut),
        Fact::ChainedInvokeStopped { .. } => (ChainedInvoke, Stopped),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use durable_core::{ErrorObject, OpRef, RetryDelay};
    use prometheus_client::encoding::text;

    use super::*;

    fn failed(retry: Option<RetryDelay>) -> Fact {
        let op = OpRef { id: "1".to_owned(), parent: None, name: None, sub_type: None };
        Fact::StepFailed { op, attempt: 1, error: ErrorObject::default(), retry }
    }

    #[test]
    fn a_failure_that_is_tried_again_leaves_the_step_pending() {
        let mut registry = Registry::default();
        let counts = OperationCounts::register(&mut registry);
        counts.count(&failed(Some(RetryDelay { seconds: 1, due: 1_000 })));
        counts.count(&failed(Some(RetryDelay { seconds: 1, due: 2_000 })));
        counts.count(&failed(None));
        let mut written = String::new();
        text::encode(&mut written, &registry).unwrap();
        for line in [
            r#"operations_total{type="STEP",status="PENDING"} 2"#,
            r#"operations_total{type="STEP",status="FAILED"} 1"#,
            r#"operations_total{type="CHAINED_INVOKE",status="STOPPED"} 0"#,
        ] {
            assert!(written.contains(line), "{line} in {written}");
        }
    }
}
