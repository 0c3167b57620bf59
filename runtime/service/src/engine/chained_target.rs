//! The targets of chained invocations: what a name leads to, starting it, and how it ended (specification section 8).

use std::sync::Arc;

use bytes::Bytes;
use durable_core::{
    ChainedOutcome, ChainedTarget, ErrorObject, ExecutionStarted, ExecutionStatus, Limits,
    ParentLink, Rejection, Resolution,
};
use durable_store::{ChainedRow, QueuedInvocation};
use uuid::Uuid;

use crate::engine::invocation::error_object;
use crate::engine::queries::Ending;
use crate::engine::{Engine, to_the_end};
use crate::functions::{Function, LATEST};
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
        if spelling.account.is_some_and(|account| account != self.home.account) {
            return refused(
                "Cannot start a CHAINED_INVOKE on a function in another account.".into(),
            );
        }
        if spelling.region.is_some_and(|region| region != self.home.region) {
            return refused(
                "Cannot start a CHAINED_INVOKE on a function in another region.".into(),
            );
        }
        let version = spelling.qualifier.unwrap_or(LATEST);
        let found = self.functions.get(spelling.name).filter(|_| version == LATEST);
        let Some(function) = found else {
            return Ok(Resolution::Unavailable(self.no_function(spelling.name, version)));
        };
        let (function, durable) = (function.spec.name.clone(), function.spec.durable.is_some());
        let version = version.to_owned();
        if !durable {
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
        let config = self.functions.get(&function).and_then(|function| function.spec.durable);
        let Some(config) = config else {
            return Ok(Some(ChainedOutcome::Failed(self.no_function(&function, &version))));
        };
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

    /// Runs a plain function once.
    pub(crate) async fn run_plain(
        &self,
        name: &str,
        version: &str,
        request: Request,
    ) -> ChainedOutcome {
        let Some(function) = self.functions.get(name).filter(|it| it.spec.durable.is_none()) else {
            return ChainedOutcome::Failed(self.no_function(name, version));
        };
        match self.invoke_once(function, request).await {
            Ok(output) => outcome_of_output(output, self.limits.payload_bytes_max),
            Err(error) => ChainedOutcome::Failed(error),
        }
    }

    async fn invoke_once(
        &self,
        function: &Arc<Function>,
        request: Request,
    ) -> Result<Bytes, ErrorObject> {
        if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(&request.input) {
            let text = format!("Could not parse request body into json: {error}");
            return Err(ErrorObject::new("InvalidRequestContentException", text));
        }
        let _place = function
            .places
            .try_acquire()
            .map_err(|_| ErrorObject::new("TooManyRequestsException", "Rate Exceeded."))?;
        let invocation = QueuedInvocation {
            key: 0,
            request_id: Uuid::new_v4().to_string(),
            function: function.spec.name.clone(),
            payload: request.input.into_bytes(),
            trace_header: request.trace_header,
            tenant_id: request.tenant_id,
            client_context: None,
            attempts: 0,
            due: 0,
        };
        self.invoke_plain(function, invocation).await.map_err(error_object)
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
