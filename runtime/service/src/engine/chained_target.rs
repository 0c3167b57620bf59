//! The targets of chained invocations: what a name leads to, starting it, and how it ended (specification section 8).

use std::sync::Arc;

use bytes::Bytes;
use durable_core::{
    ChainedOutcome, ChainedTarget, ErrorObject, ExecutionStarted, ExecutionStatus, Limits,
    ParentLink, Rejection, Resolution,
};
use durable_functions::FunctionError;
use durable_store::{ChainedRow, QueuedInvocation};
use uuid::Uuid;

use crate::engine::invocation::error_object;
use crate::engine::queries::Ending;
use crate::engine::{Engine, to_the_end};
use crate::functions::{LATEST, Resolved, TENANT_MISSING};
use crate::wire::error::AwsError;
use crate::wire::function_ref::Spelling;

const NOT_FOUND: &str = "ResourceNotFoundException";
const INVALID: &str = "InvalidParameterValueException";
const UNQUALIFIED: &str = "You cannot invoke a durable function using an unqualified ARN.";

/// What a parent's record says about the operation.
pub(crate) struct Request {
    pub(crate) target: ChainedTarget,
    pub(crate) input: String,
    pub(crate) trace_header: Option<String>,
    pub(crate) tenant_id: Option<String>,
}

impl Engine {
    /// What a function's name in a checkpoint leads to.
    pub(crate) fn resolve(
        &self,
        function_name: &str,
        nonce: &mut dyn FnMut() -> String,
    ) -> Result<Resolution, Rejection> {
        let refused = |text: String| Err(Rejection::InvalidParameter(text));
        let Some(spelling) = Spelling::read(function_name) else {
            return refused(format!("Invalid function ARN '{function_name}'"));
        };
        if !spelling.is_account(&self.home) {
            return refused(
                "Cannot start a CHAINED_INVOKE on a function in another account.".into(),
            );
        }
        if !spelling.is_region(&self.home) {
            return refused(
                "Cannot start a CHAINED_INVOKE on a function in another region.".into(),
            );
        }
        let found = self.functions.resolve(spelling.name, spelling.qualifier);
        let Some(target) = found.filter(|target| !target.function.deleting) else {
            let version = spelling.qualifier.unwrap_or(LATEST);
            return Ok(Resolution::Unavailable(self.no_function(spelling.name, version)));
        };
        let (function, version) = (target.function.name.clone(), target.version.number.clone());
        if target.durable().is_none() {
            return Ok(Resolution::Target(ChainedTarget::Plain { function, version }));
        }
        if spelling.qualifier.is_none() {
            return Ok(Resolution::Unavailable(ErrorObject::new(INVALID, UNQUALIFIED)));
        }
        let (execution_name, execution_id) = (nonce(), nonce());
        Ok(Resolution::Target(ChainedTarget::Durable {
            execution_arn: self.home.execution_arn(
                &function,
                &version,
                &execution_name,
                &execution_id,
            ),
            function,
            version,
            execution_name,
            execution_id,
        }))
    }

    fn no_function(&self, name: &str, version: &str) -> ErrorObject {
        let arn = self.home.version_arn(name, version);
        ErrorObject::new(NOT_FOUND, format!("Function not found: {arn}"))
    }

    /// Starts the child; what became of the operation if that is not possible.
    pub(crate) async fn start_child(
        self: &Arc<Self>,
        row: &ChainedRow,
        request: Request,
    ) -> Result<Option<ChainedOutcome>, AwsError> {
        let ChainedTarget::Durable { function, version, execution_name, execution_id, .. } =
            request.target
        else {
            return Ok(None);
        };
        // A restart may have brought other functions.
        let found = self.functions.resolve(&function, Some(&version));
        let Some((found, config)) = found.and_then(|it| it.durable().map(|config| (it, config)))
        else {
            return Ok(Some(ChainedOutcome::Failed(self.no_function(&function, &version))));
        };
        if found.version.config.tenancy_config.is_some() && request.tenant_id.is_none() {
            let error = ErrorObject::new(INVALID, TENANT_MISSING);
            return Ok(Some(ChainedOutcome::Failed(error)));
        }
        let start = ExecutionStarted {
            id: execution_id,
            name: execution_name,
            function,
            version,
            input: request.input,
            timeout_seconds: config.execution_timeout_seconds,
            retention_days: config.retention_days,
            result_bytes_max: Limits::RESULT_BYTES_ASYNC,
            trace_header: request.trace_header,
            tenant_id: request.tenant_id,
            parent: Some(ParentLink {
                execution: row.parent.clone(),
                operation: row.operation.clone(),
            }),
        };
        let engine = Arc::clone(self);
        let begun = to_the_end(async move { engine.begin_execution(start).await }).await?;
        if begun {
            return Ok(None);
        }
        // Only if two random UUIDs were the same.
        let error =
            ErrorObject::new("ServiceException", "The name of the child execution is taken.");
        Ok(Some(ChainedOutcome::Failed(error)))
    }

    /// Runs a plain function once; `None` if the end of the server has cut it off.
    pub(crate) async fn run_plain(
        &self,
        name: &str,
        version: &str,
        request: Request,
    ) -> Option<ChainedOutcome> {
        let Some(function) = self.functions.resolve(name, Some(version)) else {
            return Some(ChainedOutcome::Failed(self.no_function(name, version)));
        };
        match self.invoke_once(&function, request).await {
            Ok(output) => Some(outcome_of_output(output, self.limits.payload_bytes_max)),
            Err(error) if self.has_cut_off(&error) => None,
            Err(error) => Some(ChainedOutcome::Failed(error_object(error))),
        }
    }

    async fn invoke_once(
        &self,
        function: &Resolved,
        request: Request,
    ) -> Result<Bytes, FunctionError> {
        if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(&request.input) {
            let text = format!("Could not parse request body into json: {error}");
            return Err(FunctionError::new("InvalidRequestContentException", text));
        }
        let invocation = QueuedInvocation {
            key: 0,
            request_id: Uuid::new_v4().to_string(),
            function: function.function.name.clone(),
            version: function.version.number.clone(),
            payload: request.input.into_bytes(),
            trace_header: request.trace_header,
            tenant_id: request.tenant_id,
            client_context: None,
            attempts: 0,
            due: 0,
        };
        self.invoke_in_place(function, invocation).await
    }

    /// How a closed child ended, in the parent's words.
    pub(crate) async fn outcome_of_child(
        &self,
        target: &ChainedTarget,
    ) -> Result<ChainedOutcome, AwsError> {
        let id = target.execution_id().unwrap_or_default();
        let Some(row) = self.store.execution(id).await? else {
            let error = ErrorObject::new(NOT_FOUND, AwsError::no_such_execution().message);
            return Ok(ChainedOutcome::Failed(error));
        };
        let Ending { result, error } = self.ending_of(&row).await?;
        let error = error.unwrap_or_default();
        Ok(match row.status {
            ExecutionStatus::Succeeded => ChainedOutcome::Succeeded(result),
            ExecutionStatus::Stopped => ChainedOutcome::Stopped(error),
            ExecutionStatus::TimedOut => {
                let seconds = self.start_of(&row).await?.timeout_seconds;
                let text = format!("CHAINED_INVOKE timed out after {seconds} seconds.");
                ChainedOutcome::TimedOut(ErrorObject::new("ChainedInvoke.Timeout", text))
            }
            _ => ChainedOutcome::Failed(error),
        })
    }
}

/// A plain function's answer becomes the operation's result as text.
fn outcome_of_output(output: Bytes, bytes_max: usize) -> ChainedOutcome {
    if output.len() > bytes_max {
        let text = format!(
            "CHAINED_INVOKE output payload size must be less than or equal to {bytes_max} bytes."
        );
        return ChainedOutcome::Failed(ErrorObject::new(INVALID, text));
    }
    match String::from_utf8(output.to_vec()) {
        Ok(text) => ChainedOutcome::Succeeded(Some(text)),
        Err(_) => {
            let text = "CHAINED_INVOKE response could not be decoded as UTF-8.";
            ChainedOutcome::Failed(ErrorObject::new(INVALID, text))
        }
    }
}
