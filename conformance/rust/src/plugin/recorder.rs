//! The plugins: one that writes down what it hears, and one that also panics each time.

use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::hooks::{Hook, Plugin};

/// Writes a JSON object to stdout for each hook: those of invocations and those of steps.
pub(super) struct Recorder {
    name: &'static str,
    /// The execution at hand. Lambda gives a process one invocation at a time.
    arn: Mutex<String>,
}

impl Recorder {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, arn: Mutex::default() }
    }
}

impl Plugin for Recorder {
    fn on(&self, hook: &Hook<'_>) {
        let mut current = self.arn.lock().unwrap_or_else(PoisonError::into_inner);
        if let Hook::InvocationStart { arn, .. } = hook {
            (*arn).clone_into(&mut current);
        }
        if let Some(mut record) = record(hook) {
            record["plugin"] = self.name.into();
            record["durableExecutionArn"] = current.as_str().into();
            println!("{record}");
        }
    }
}

/// What is written for a hook; nothing for an operation that is no step.
fn record(hook: &Hook<'_>) -> Option<Value> {
    Some(match hook {
        Hook::InvocationStart { first, .. } => {
            json!({ "hook": "invocation-start", "first": first })
        }
        Hook::InvocationEnd { status } => json!({ "hook": "invocation-end", "status": status }),
        Hook::OperationStart { id, kind: "Step" } => json!({ "hook": "operation-start", "op": id }),
        Hook::OperationEnd { id, kind: "Step", status } => {
            json!({ "hook": "operation-end", "op": id, "status": status })
        }
        Hook::AttemptStart { id, number } => {
            json!({ "hook": "attempt-start", "op": id, "n": number })
        }
        Hook::AttemptEnd { id, number, outcome } => {
            json!({ "hook": "attempt-end", "op": id, "n": number, "outcome": outcome })
        }
        Hook::OperationStart { .. } | Hook::OperationEnd { .. } => return None,
    })
}

/// Writes down what it hears and panics.
pub(super) struct Faulty(Recorder);

impl Faulty {
    pub(super) fn new(name: &'static str) -> Self {
        Self(Recorder::new(name))
    }
}

impl Plugin for Faulty {
    fn on(&self, hook: &Hook<'_>) {
        self.0.on(hook);
        panic!("this plugin always fails");
    }
}
