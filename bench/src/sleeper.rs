//! The function that suspended executions belong to: it waits for 30 days, and then is done.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use durable_functions::FunctionError;
use durable_service::{DurableConfig, FunctionSpec};
use serde_json::{Value, json};

use crate::turn::{DoorSlot, Function, Turn, pending, succeeded};

/// The function of those that stay suspended.
pub(crate) const SLEEPER: &str = "Sleeper";
/// The same function under another name, for executions that wake during the run.
pub(crate) const ALARM: &str = "Alarm";
/// Its one operation, with an id as long as the ones of AWS's SDKs.
pub(crate) const WAIT_ID: &str = "5f1d2c7b9e8a46308d17c2b6a4f0e935";
pub(crate) const WAIT_NAME: &str = "thirty-days";
pub(crate) const WAIT_SUB_TYPE: &str = "Wait";
pub(crate) const WAIT_SECONDS: u32 = 30 * 24 * 60 * 60;

/// A year.
pub(crate) const DURABLE: DurableConfig =
    DurableConfig { execution_timeout_seconds: 31_536_000, retention_days: 14 };
/// As many as the order system's function.
const INVOCATIONS_AT_ONCE: usize = 256;

/// The function under one of its names.
pub(crate) fn function(name: &str, slot: &DoorSlot) -> FunctionSpec {
    FunctionSpec {
        name: name.to_owned(),
        description: "Sleeps".to_owned(),
        timeout: Duration::from_secs(60),
        memory_mb: 128,
        environment: BTreeMap::new(),
        durable: Some(DURABLE),
        concurrency_max: INVOCATIONS_AT_ONCE,
        host: Arc::new(Function { slot: slot.clone(), code: sleep }),
    }
}

async fn sleep(mut turn: Turn) -> Result<Value, FunctionError> {
    if turn.status(WAIT_ID) == Some("SUCCEEDED") {
        return Ok(succeeded("null"));
    }
    let wait = json!([{
        "Id": WAIT_ID,
        "Name": WAIT_NAME,
        "Type": "WAIT",
        "SubType": WAIT_SUB_TYPE,
        "Action": "START",
        "WaitOptions": { "WaitSeconds": WAIT_SECONDS }
    }]);
    turn.checkpoint(wait).await?;
    Ok(pending())
}
