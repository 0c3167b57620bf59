//! A server in miniature: it does with an execution what the service does, with a vector for a journal.
//!
//! Every record goes through its JSON form on its way into the journal and is applied as it was read back, so that all
//! tests also test the disk format.

#![allow(dead_code)] // each test binary uses its own part
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use durable_core::{
    Action, CallbackCompletion, CallbackOptions, ChainedInvokeOptions, ChainedOutcome,
    ChainedTarget, Details, ErrorObject, Execution, ExecutionStarted, ExecutionStatus, Fact,
    InvocationOutcome, Limits, Millis, Operation, OperationStatus, OperationType, OperationUpdate,
    PauseRequest, Record, Rejection, Resolution, ResumeRequest, RetryPolicy, StepOptions,
    WaitOptions,
};

/// When every execution starts: 2026-01-01T00:00:00Z.
pub(crate) const T0: Millis = 1_767_225_600_000;

/// The id of every execution.
pub(crate) const EXECUTION_ID: &str = "9f7d84c9-ea3d-3ffc-b3e5-5ec51c34ffc9";

pub(crate) struct Server {
    pub(crate) execution: Execution,
    pub(crate) journal: Vec<Record>,
    pub(crate) limits: Limits,
    pub(crate) policy: RetryPolicy,
    ids: u32,
}

/// The answer to a checkpoint.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) token: Option<String>,
    pub(crate) changed: Vec<Operation>,
}

impl Reply {
    pub(crate) fn ids(&self) -> Vec<&str> {
        self.changed.iter().map(|operation| operation.op.id.as_str()).collect()
    }
}

pub(crate) fn start() -> ExecutionStarted {
    ExecutionStarted {
        id: EXECUTION_ID.into(),
        name: "order-42".into(),
        function: "orders".into(),
        version: "1".into(),
        input: "{\"orderId\":42}".into(),
        timeout_seconds: 300,
        retention_days: 14,
        result_bytes_max: Limits::RESULT_BYTES_SYNC,
        trace_header: None,
        tenant_id: None,
        parent: None,
    }
}

impl Server {
    /// An accepted Invoke; the function has not been called yet.
    pub(crate) fn accept(start: ExecutionStarted) -> Self {
        let first = stored(&Record::new(T0, vec![Fact::ExecutionStarted(start)]));
        Self {
            execution: Execution::begin(&first).expect("a start"),
            journal: vec![first],
            limits: Limits::default(),
            policy: RetryPolicy::default(),
            ids: 0,
        }
    }

    /// An execution whose first invocation has just begun.
    pub(crate) fn running() -> Self {
        let mut server = Self::accept(start());
        server.invoke(T0);
        server
    }

    /// The same, after these updates at `T0`.
    pub(crate) fn after(updates: Vec<OperationUpdate>) -> Self {
        let mut server = Self::running();
        server.checkpoint(updates, T0).expect("a valid set-up");
        server
    }

    pub(crate) fn uuid(&mut self) -> String {
        self.ids += 1;
        format!("0b7d84c9-ea3d-4ffc-b3e5-{:012x}", self.ids)
    }

    pub(crate) fn write(&mut self, record: &Record) {
        let record = stored(record);
        self.execution.apply(&record);
        self.journal.push(record);
    }

    /// Writes facts that no checkpoint brought; nothing if there are none.
    pub(crate) fn write_facts(&mut self, facts: Vec<Fact>, now: Millis) {
        if !facts.is_empty() {
            self.write(&Record::new(now, facts));
        }
    }

    /// Begins an invocation, which must be wanted. Returns the ids of the changed operations.
    pub(crate) fn invoke(&mut self, now: Millis) -> Vec<String> {
        assert!(self.execution.wants_invocation(now), "no invocation is wanted");
        let id = self.uuid();
        self.execution.begin_invocation(id, now)
    }

    pub(crate) fn invocation_id(&self) -> String {
        self.execution.invocation().expect("an invocation").id.clone()
    }

    pub(crate) fn token(&self) -> String {
        self.execution.current_token().expect("a token").to_string()
    }

    /// A checkpoint with the current token.
    pub(crate) fn checkpoint(
        &mut self,
        updates: Vec<OperationUpdate>,
        now: Millis,
    ) -> Result<Reply, Rejection> {
        let token = self.token();
        self.checkpoint_with(&token, updates, now)
    }

    pub(crate) fn checkpoint_with(
        &mut self,
        token: &str,
        updates: Vec<OperationUpdate>,
        now: Millis,
    ) -> Result<Reply, Rejection> {
        self.execution.check_token(token)?;
        let mut ids = self.ids;
        let mut nonce = || {
            ids += 1;
            format!("c0ffee00-ea3d-4ffc-b3e5-{ids:012x}")
        };
        let decision =
            self.execution.decide_checkpoint(&updates, now, &self.limits, &mut nonce, &resolve)?;
        self.ids = ids;
        if !decision.record.facts.is_empty() {
            self.write(&decision.record);
        }
        let changed = self.execution.rotate_token().into_iter().cloned().collect();
        let token = self.execution.reply_token().map(|token| token.to_string());
        Ok(Reply { token, changed })
    }

    /// Ends the invocation in flight.
    pub(crate) fn end(&mut self, outcome: &InvocationOutcome, now: Millis) {
        let id = self.invocation_id();
        assert!(self.end_of(&id, outcome, now), "it is in flight");
    }

    /// The end of this invocation; `false` if it is not the one in flight.
    pub(crate) fn end_of(&mut self, id: &str, outcome: &InvocationOutcome, now: Millis) -> bool {
        let facts = self.execution.decide_invocation_end(id, outcome, now, &self.policy);
        let is_current = facts.is_some();
        self.write_facts(facts.unwrap_or_default(), now);
        is_current
    }

    pub(crate) fn suspend(&mut self, now: Millis) {
        self.end(&output(r#"{"Status":"PENDING"}"#), now);
    }

    /// Lets the clock do its work.
    pub(crate) fn tick(&mut self, now: Millis) {
        self.write_facts(self.execution.decide_due(now), now);
    }

    pub(crate) fn stop(&mut self, error: ErrorObject, now: Millis) {
        self.write_facts(self.execution.decide_stop(error), now);
    }

    pub(crate) fn answer(
        &mut self,
        id: &str,
        completion: CallbackCompletion,
        now: Millis,
    ) -> Result<(), Rejection> {
        let callback = self.callback_id(id);
        let facts = self.execution.decide_callback(&callback, completion, now, &self.limits)?;
        self.write_facts(facts, now);
        Ok(())
    }

    pub(crate) fn pause(&mut self, request: PauseRequest) -> Result<(), Rejection> {
        let now = request.requested;
        let facts = self.execution.decide_pause(request)?;
        self.write_facts(facts, now);
        Ok(())
    }

    pub(crate) fn resume(&mut self, now: Millis) -> Result<(), Rejection> {
        let request = ResumeRequest { requested: now, reason: None, client_token: None };
        let facts = self.execution.decide_resume(request)?;
        self.write_facts(facts, now);
        Ok(())
    }

    /// The target of a chained invocation ends.
    pub(crate) fn report(&mut self, id: &str, outcome: ChainedOutcome, now: Millis) {
        self.write_facts(self.execution.decide_chained_outcome(id, outcome, now), now);
    }

    pub(crate) fn heartbeat(&mut self, id: &str, now: Millis) -> Result<(), Rejection> {
        let facts = self.execution.decide_heartbeat(&self.callback_id(id), now)?;
        self.write_facts(facts, now);
        Ok(())
    }

    /// The process dies; another one finds the journal.
    pub(crate) fn crash(&mut self) {
        self.execution = Execution::fold(&self.journal).expect("a start");
    }

    pub(crate) fn op(&self, id: &str) -> &Operation {
        self.execution.operation(id).unwrap_or_else(|| panic!("no operation {id}"))
    }

    pub(crate) fn status(&self, id: &str) -> OperationStatus {
        self.op(id).status
    }

    pub(crate) fn attempt(&self, id: &str) -> u32 {
        match self.op(id).details {
            Details::Step { attempt, .. } => attempt,
            _ => panic!("{id} is not a step"),
        }
    }

    pub(crate) fn callback_id(&self, id: &str) -> String {
        match &self.op(id).details {
            Details::Callback { callback_id, .. } => callback_id.clone(),
            _ => panic!("{id} is not a callback"),
        }
    }

    /// What the execution failed with.
    pub(crate) fn failure(&self) -> (&str, &str) {
        assert_eq!(self.execution.status, ExecutionStatus::Failed);
        let error = self.execution.error.as_ref().expect("an error");
        (error.error_type.as_deref().unwrap_or(""), error.error_message.as_deref().unwrap_or(""))
    }

    /// The facts of the last record.
    pub(crate) fn last_facts(&self) -> &[Fact] {
        &self.journal.last().expect("a record").facts
    }
}

/// The functions of these tests: `child:1` is durable, `plain` is not, another account has nothing for us.
pub(crate) fn resolve(
    function_name: &str,
    nonce: &mut dyn FnMut() -> String,
) -> Result<Resolution, Rejection> {
    let version = "1".to_owned();
    Ok(match function_name {
        "child:1" => {
            let (execution_name, execution_id) = (nonce(), nonce());
            Resolution::Target(ChainedTarget::Durable {
                function: "child".into(),
                version,
                execution_arn: format!("child/{execution_name}/{execution_id}"),
                execution_name,
                execution_id,
            })
        }
        "plain" => Resolution::Target(ChainedTarget::Plain { function: "plain".into(), version }),
        "elsewhere" => {
            let text = "Cannot start a CHAINED_INVOKE on a function in another account.";
            return Err(Rejection::InvalidParameter(text.into()));
        }
        name => Resolution::Unavailable(error("ResourceNotFoundException", name)),
    })
}

/// The record as a restart reads it.
pub(crate) fn stored(record: &Record) -> Record {
    serde_json::from_slice(&serde_json::to_vec(record).unwrap()).unwrap()
}

pub(crate) fn seconds(count: i64) -> Millis {
    T0 + count * 1_000
}

pub(crate) fn error(kind: &str, message: &str) -> ErrorObject {
    ErrorObject::new(kind, message)
}

pub(crate) fn output(body: &str) -> InvocationOutcome {
    InvocationOutcome::Output(body.as_bytes().to_vec())
}

pub(crate) fn succeeded(result: &str) -> InvocationOutcome {
    output(&serde_json::json!({"Status": "SUCCEEDED", "Result": result}).to_string())
}

pub(crate) fn crashed(kind: &str) -> InvocationOutcome {
    InvocationOutcome::Failed(error(kind, "it broke"))
}

pub(crate) fn text(rejection: &Rejection) -> String {
    rejection.to_string()
}

pub(crate) fn step(id: &str, action: Action) -> OperationUpdate {
    OperationUpdate::new(id, OperationType::Step, action)
}

pub(crate) fn context(id: &str, action: Action) -> OperationUpdate {
    OperationUpdate::new(id, OperationType::Context, action)
}

pub(crate) fn execution(action: Action) -> OperationUpdate {
    OperationUpdate::new("end", OperationType::Execution, action)
}

/// A step's RETRY.
pub(crate) fn retry(id: &str, seconds: u32) -> OperationUpdate {
    step(id, Action::Retry).delayed(seconds)
}

/// A wait's START.
pub(crate) fn wait(id: &str, seconds: u32) -> OperationUpdate {
    OperationUpdate {
        wait_options: Some(WaitOptions { wait_seconds: seconds }),
        ..OperationUpdate::new(id, OperationType::Wait, Action::Start)
    }
}

pub(crate) fn cancel(id: &str) -> OperationUpdate {
    OperationUpdate::new(id, OperationType::Wait, Action::Cancel)
}

/// A callback's START; 0 for no timeout.
pub(crate) fn callback(id: &str, timeout: u32, heartbeat: u32) -> OperationUpdate {
    OperationUpdate {
        callback_options: Some(CallbackOptions {
            timeout_seconds: Some(timeout),
            heartbeat_timeout_seconds: Some(heartbeat),
        }),
        ..OperationUpdate::new(id, OperationType::Callback, Action::Start)
    }
}

/// A chained invocation's START.
pub(crate) fn chained(id: &str, function_name: &str) -> OperationUpdate {
    OperationUpdate {
        chained_invoke_options: Some(ChainedInvokeOptions {
            function_name: function_name.into(),
            ..ChainedInvokeOptions::default()
        }),
        ..OperationUpdate::new(id, OperationType::ChainedInvoke, Action::Start)
    }
}

/// A request to pause, with the execution timeout standing still.
pub(crate) fn pause_at(now: Millis) -> PauseRequest {
    PauseRequest { requested: now, reason: None, timeout_paused: true, client_token: None }
}

/// What an update may carry beside its id, type and action.
pub(crate) trait With: Sized {
    fn payload(self, payload: &str) -> Self;
    fn failing(self, kind: &str, message: &str) -> Self;
    fn delayed(self, seconds: u32) -> Self;
    fn within(self, parent: &str) -> Self;
    fn named(self, name: &str) -> Self;
    fn labelled(self, sub_type: &str) -> Self;
    fn replaying_children(self) -> Self;
}

impl With for OperationUpdate {
    fn payload(mut self, payload: &str) -> Self {
        self.payload = Some(payload.into());
        self
    }

    fn failing(mut self, kind: &str, message: &str) -> Self {
        self.error = Some(error(kind, message));
        self
    }

    fn delayed(mut self, seconds: u32) -> Self {
        self.step_options = Some(StepOptions { next_attempt_delay_seconds: Some(seconds) });
        self
    }

    fn within(mut self, parent: &str) -> Self {
        self.op.parent = Some(parent.into());
        self
    }

    fn named(mut self, name: &str) -> Self {
        self.op.name = Some(name.into());
        self
    }

    fn labelled(mut self, sub_type: &str) -> Self {
        self.op.sub_type = Some(sub_type.into());
        self
    }

    fn replaying_children(mut self) -> Self {
        self.replay_children = true;
        self
    }
}
