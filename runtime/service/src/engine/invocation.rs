//! One invocation of a durable function, from envelope to outcome (specification section 3).

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use durable_core::{ErrorObject, Execution, Fact, InvocationOutcome, Millis};
use durable_functions::{FunctionError, Invocation};
use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use crate::engine::Engine;
use crate::engine::cells::Cell;
use crate::functions::Resolved;
use crate::observe::{Caller, ExecutionRun, Run, RunEnd};
use crate::wire::error::AwsError;
use crate::wire::operation::{self, Times};

/// Where an envelope's list of operations is cut: the invocation's payload limit is 6 MB.
const ENVELOPE_BYTES_MAX: usize = 5 * 1024 * 1024;

/// An invocation that is to run now.
struct Begun {
    function: Resolved,
    invocation: Invocation,
    /// The name of the execution.
    name: String,
    /// How many operations the execution has.
    operations: usize,
    at: Millis,
}

impl Engine {
    /// Invokes an execution's function, if it still wants that, and records what came of it.
    pub(crate) async fn run_invocation(self: &Arc<Self>, id: &str) -> Result<(), AwsError> {
        let Some(cell) = self.cell(id).await? else { return Ok(()) };
        let Some(begun) = self.begin(&cell).await? else { return Ok(()) };
        let Begun { function, invocation, name, operations, at } = begun;
        let request_id = invocation.request_id.clone();
        let run = Run {
            function: &function.function,
            version: &function.version,
            request_id: &request_id,
            at,
            execution: Some(ExecutionRun { id, name: &name, operations }),
        };
        let outcome = match self.run(&run, invocation).await {
            Ok(output) => InvocationOutcome::Output(output.to_vec()),
            // As after a crash: the next start finds it in flight.
            Err(error) if self.has_cut_off(&error) => return Ok(()),
            Err(error) => InvocationOutcome::Failed(error_object(error)),
        };
        self.end(&cell, &request_id, &outcome).await
    }

    /// Has a function run, and tells the observers.
    pub(super) async fn run(
        &self,
        run: &Run<'_>,
        invocation: Invocation,
    ) -> Result<Bytes, FunctionError> {
        self.observers.begins(run);
        let trace_header = invocation.trace_header.clone();
        let begun = Instant::now();
        let outcome = run.version.host.invoke(invocation).await;
        let end = RunEnd {
            duration: begun.elapsed(),
            outcome: outcome.as_ref(),
            trace_header: trace_header.as_deref(),
        };
        self.observers.ended(run, &end);
        outcome
    }

    async fn begin(self: &Arc<Self>, cell: &Arc<Cell>) -> Result<Option<Begun>, AwsError> {
        let mut state = cell.state.lock().await;
        cell.queued.store(false, Ordering::Release);
        let now = self.clock.now();
        if let Some(fact) = state.execution.decide_orphaned_pause() {
            self.commit_facts(cell, &mut state, vec![fact], now).await?;
        }
        // A function whose work cannot be recorded is better not run.
        if !state.execution.wants_invocation(now) || self.check_writable().is_err() {
            return Ok(None);
        }
        let start = &state.execution.start;
        let version_arn = self.home.version_arn(&start.function, &start.version);
        let Some(function) = self.functions.resolve(&start.function, Some(&start.version)) else {
            let message = format!("Function not found: {version_arn}");
            let error = ErrorObject::new("ResourceNotFoundException", message);
            let facts = vec![Fact::ExecutionFailed { error }];
            self.commit_facts(cell, &mut state, facts, now).await?;
            return Ok(None);
        };
        let request_id = Uuid::new_v4().to_string();
        let updated = state.execution.begin_invocation(request_id.clone(), now);
        let start = &state.execution.start;
        let trace_header =
            self.observers.trace_header(&state.execution, Caller::Invocation(&request_id));
        let timeout = function.version.timeout;
        let invocation = Invocation {
            request_id,
            function_name: start.function.clone(),
            version: start.version.clone(),
            function_arn: version_arn,
            deadline_ms: now.unsigned_abs() + timeout.as_millis() as u64,
            timeout,
            payload: self.envelope(&state.execution, &updated),
            trace_header: trace_header.or_else(|| start.trace_header.clone()),
            tenant_id: start.tenant_id.clone(),
            client_context: None,
        };
        let (name, operations) = (start.name.clone(), state.execution.operation_count());
        Ok(Some(Begun { function, invocation, name, operations, at: now }))
    }

    async fn end(
        self: &Arc<Self>,
        cell: &Arc<Cell>,
        request_id: &str,
        outcome: &InvocationOutcome,
    ) -> Result<(), AwsError> {
        let mut state = cell.state.lock().await;
        let now = self.clock.now();
        let facts = state.execution.decide_invocation_end(request_id, outcome, now, &self.retry);
        self.commit_facts(cell, &mut state, facts.unwrap_or_default(), now).await
    }

    /// What the function is given. The EXECUTION operation always comes first; what does not fit is fetched with
    /// GetDurableExecutionState from the marker on.
    fn envelope(&self, execution: &Execution, updated: &[String]) -> Bytes {
        let mut operations = vec![operation::execution(execution, Times::Envelope)];
        let mut bytes = execution.start.input.len();
        let mut marker = String::new();
        for place in 0..execution.operation_count() {
            let Some(next) = execution.operation_at(place) else { break };
            if execution.is_hidden(next) {
                continue;
            }
            let shown = operation::operation(next, Times::Envelope);
            bytes += payload_len(next) + 256;
            if bytes > ENVELOPE_BYTES_MAX {
                marker = state_marker(place);
                break;
            }
            operations.push(shown);
        }
        let start = &execution.start;
        let arn = self.home.execution_arn(&start.function, &start.version, &start.name, &start.id);
        let token = execution.current_token().map(|token| token.to_string()).unwrap_or_default();
        let envelope: Value = json!({
            "DurableExecutionArn": arn,
            "CheckpointToken": token,
            "InitialExecutionState": { "Operations": operations, "NextMarker": marker },
            "UpdatedOperationIds": updated,
        });
        Bytes::from(envelope.to_string())
    }
}

/// The bytes of an operation that count towards the size of a page.
pub(crate) fn payload_len(operation: &durable_core::Operation) -> usize {
    operation.result.as_ref().map_or(0, String::len)
        + operation.error.as_ref().map_or(0, ErrorObject::len_bytes)
}

/// A marker of GetDurableExecutionState: the place of the next operation in the order of creation. It stays valid while
/// the list grows.
pub(crate) fn state_marker(place: usize) -> String {
    format!("o{place}")
}

/// The place that a marker stands for.
pub(crate) fn read_state_marker(marker: &str) -> Option<usize> {
    marker.strip_prefix('o')?.parse().ok()
}

/// A function's error as an execution records it.
pub(crate) fn error_object(error: FunctionError) -> ErrorObject {
    ErrorObject {
        error_message: Some(error.error_message),
        error_type: Some(error.error_type),
        error_data: error.error_data,
        stack_trace: error.stack_trace,
    }
}
