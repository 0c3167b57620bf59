//! CHAINED_INVOKE: START. It is ended by its target.

use crate::checkpoint::draft::{Draft, invalid_action};
use crate::checkpoint::update::{Action, OperationUpdate, Resolution};
use crate::fact::Fact;
use crate::types::Rejection;

const TENANT_LEN_MAX: usize = 256;

pub(super) fn decide(draft: &mut Draft<'_>, update: &OperationUpdate) -> Result<(), Rejection> {
    let bytes_max = draft.limits.payload_bytes_max;
    if update.payload.as_ref().is_some_and(|input| input.len() > bytes_max) {
        return Err(Rejection::invalid(format!(
            "CHAINED_INVOKE input payload size must be less than or equal to {bytes_max} bytes."
        )));
    }
    draft.check_error_size(update)?;
    if update.action != Action::Start {
        return Err(invalid_action());
    }
    let Some(options) = &update.chained_invoke_options else {
        return Err(Rejection::invalid(
            "Update for CHAINED_INVOKE operation requires ChainedInvokeOptions.",
        ));
    };
    if draft.get(&update.op.id).is_some() {
        return Err(Rejection::invalid(
            "Cannot start a CHAINED_INVOKE operation that already exists.",
        ));
    }
    if options.tenant_id.as_ref().is_some_and(|tenant| !is_tenant(tenant)) {
        return Err(Rejection::invalid(
            "TenantId must be 1 to 256 characters matching [a-zA-Z0-9._:/=+-@ ].",
        ));
    }
    let op = draft.op_ref(update);
    let (function_name, tenant_id) = (options.function_name.clone(), options.tenant_id.clone());
    match draft.resolve(&function_name)? {
        Resolution::Target(target) => {
            let inherited = &draft.base.start.trace_header;
            draft.push(Fact::ChainedInvokeStarted {
                op,
                function_name,
                tenant_id,
                trace_header: options.trace_header.as_ref().or(inherited.as_ref()).cloned(),
                input: update.payload.clone(),
                target: Some(target),
            });
        }
        // The input of something that never ran is not kept.
        Resolution::Unavailable(error) => {
            draft.push(Fact::ChainedInvokeStarted {
                op: op.clone(),
                function_name,
                tenant_id,
                trace_header: None,
                input: None,
                target: None,
            });
            draft.push(Fact::ChainedInvokeFailed { op, error });
        }
    }
    Ok(())
}

fn is_tenant(tenant: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._:/=+-@ ".contains(c);
    (1..=TENANT_LEN_MAX).contains(&tenant.len()) && tenant.chars().all(allowed)
}
