//! Goal: the AWS SDK can say everything that the durable operations take, and finds every member of their answers where
//! and as it expects it: names, types, timestamps.
//!
//! Method: `aws-sdk-lambda` over a socket, as a durable execution SDK uses it from inside an invocation and a caller from
//! outside. What the SDK has no operation for yet (pause, resume, delete) is tested raw, in `pause` and `delete`.

use aws_sdk_lambda::Client;
use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_sdk_lambda::operation::checkpoint_durable_execution::{
    CheckpointDurableExecutionError, CheckpointDurableExecutionOutput,
};
use aws_sdk_lambda::primitives::{Blob, DateTime};
use aws_sdk_lambda::types::{
    CallbackOptions, ChainedInvokeOptions, ContextOptions, ErrorObject, Event, EventType,
    ExecutionStatus, InvocationType, LogType, Operation, OperationAction, OperationStatus,
    OperationType, OperationUpdate, StepOptions, WaitOptions,
};
use serde_json::json;
use tempfile::TempDir;

use crate::support::{Held, Server, Setup, pending, succeeded, within, workflow};

/// An SDK inside one invocation: it writes with the newest token.
struct Inside {
    client: Client,
    arn: String,
    token: String,
}

impl Inside {
    async fn checkpoint(
        &mut self,
        updates: Vec<OperationUpdate>,
    ) -> Result<Vec<Operation>, CheckpointDurableExecutionError> {
        let output = self.send(updates, None).await?;
        self.token = output.checkpoint_token().unwrap_or_default().to_owned();
        Ok(output.new_execution_state.and_then(|state| state.operations).unwrap_or_default())
    }

    async fn send(
        &self,
        updates: Vec<OperationUpdate>,
        client_token: Option<&str>,
    ) -> Result<CheckpointDurableExecutionOutput, CheckpointDurableExecutionError> {
        let request = self
            .client
            .checkpoint_durable_execution()
            .durable_execution_arn(&self.arn)
            .checkpoint_token(&self.token)
            .set_client_token(client_token.map(str::to_owned))
            .set_updates(Some(updates));
        within("a checkpoint", request.send()).await.map_err(|error| error.into_service_error())
    }
}

fn update(
    id: &str,
    kind: OperationType,
    action: OperationAction,
) -> aws_sdk_lambda::types::builders::OperationUpdateBuilder {
    let sub_type = if kind == OperationType::Step { "Step" } else { "Other" };
    let named = OperationUpdate::builder().id(id).name(format!("the {id}")).sub_type(sub_type);
    named.r#type(kind).action(action)
}

fn oops() -> ErrorObject {
    ErrorObject::builder()
        .error_type("Oops")
        .error_message("it went wrong")
        .error_data("{\"code\":7}")
        .stack_trace("at a")
        .stack_trace("at b")
        .build()
}

/// Seconds from one time to another, in milliseconds.
fn between(from: &DateTime, to: &DateTime) -> i64 {
    to.to_millis().unwrap() - from.to_millis().unwrap()
}

fn find<'a>(operations: &'a [Operation], id: &str) -> &'a Operation {
    operations.iter().find(|operation| operation.id() == id).unwrap()
}

/// An update of every kind, accepted in one batch.
fn batch() -> Vec<OperationUpdate> {
    use OperationAction::{Fail, Retry, Start, Succeed};
    use OperationType::{Callback, ChainedInvoke, Context, Step, Wait};
    let callback =
        CallbackOptions::builder().timeout_seconds(600).heartbeat_timeout_seconds(300).build();
    let target = ChainedInvokeOptions::builder()
        .function_name("missing")
        .tenant_id("blue")
        .x_amzn_trace_id("Root=1-5-6")
        .build()
        .unwrap();
    let replay = ContextOptions::builder().replay_children(true).build();
    let updates = vec![
        update("c", Context, Start),
        update("s", Step, Succeed).parent_id("c").payload("\"result\""),
        update("f", Step, Fail).parent_id("c").error(oops()),
        update("c", Context, Succeed).payload("\"all\"").context_options(replay),
        update("r", Step, Retry)
            .error(oops())
            .step_options(StepOptions::builder().next_attempt_delay_seconds(500).build()),
        update("w", Wait, Start).wait_options(WaitOptions::builder().wait_seconds(400).build()),
        update("k", Callback, Start).callback_options(callback),
        update("i", ChainedInvoke, Start).payload("{}").chained_invoke_options(target),
    ];
    updates.into_iter().map(|update| update.build().unwrap()).collect()
}

fn assert_shown(operations: &[Operation]) {
    let context = find(operations, "c");
    assert_eq!(
        (context.r#type(), context.status()),
        (&OperationType::Context, &OperationStatus::Succeeded)
    );
    assert_eq!((context.name(), context.sub_type()), (Some("the c"), Some("Other")));
    let details = context.context_details().unwrap();
    assert_eq!((details.result(), details.replay_children()), (Some("\"all\""), Some(true)));
    assert!(between(context.start_timestamp(), context.end_timestamp().unwrap()) >= 0);

    let succeeded = find(operations, "s");
    assert_eq!((succeeded.parent_id(), succeeded.sub_type()), (Some("c"), Some("Step")));
    let details = succeeded.step_details().unwrap();
    assert_eq!((details.attempt(), details.result()), (1, Some("\"result\"")));

    let failed = find(operations, "f");
    assert_eq!(failed.status(), &OperationStatus::Failed);
    assert_eq!(failed.step_details().unwrap().error(), Some(&oops()));

    let retried = find(operations, "r");
    assert_eq!((retried.status(), retried.end_timestamp()), (&OperationStatus::Pending, None));
    let details = retried.step_details().unwrap();
    assert_eq!((details.attempt(), details.error()), (1, Some(&oops())));
    let next = details.next_attempt_timestamp().unwrap();
    assert_eq!(between(retried.start_timestamp(), next), 500_000);

    let wait = find(operations, "w");
    let end = wait.wait_details().unwrap().scheduled_end_timestamp().unwrap();
    assert_eq!(
        (wait.status(), between(wait.start_timestamp(), end)),
        (&OperationStatus::Started, 400_000)
    );

    let callback = find(operations, "k").callback_details().unwrap();
    assert!(!callback.callback_id().unwrap().is_empty());
    assert_eq!((callback.result(), callback.error()), (None, None));

    let chained = find(operations, "i");
    assert_eq!(chained.status(), &OperationStatus::Failed);
    let error = chained.chained_invoke_details().unwrap().error().unwrap();
    assert_eq!(error.error_type(), Some("ResourceNotFoundException"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_sdk_writes_and_reads_the_state_of_its_invocation() {
    let mut held = Held::open().await;
    let (turn, output) = held.start().await;
    let client = held.server.lambda();
    let arn = turn.arn().to_owned();
    let mut inside = Inside { client: client.clone(), arn: arn.clone(), token: turn.token.clone() };
    let operations = inside.checkpoint(batch()).await.unwrap();
    assert_eq!(operations.len(), 7);
    assert_shown(&operations);

    // The state is the same, with the execution in front, in pages of any size.
    for items in [1, 3, 100] {
        let state = client.get_durable_execution_state().durable_execution_arn(&arn);
        let state = state.checkpoint_token(&inside.token).max_items(items);
        let pages = state.into_paginator().items().send().collect::<Result<Vec<_>, _>>();
        let all = within("the state", pages).await.unwrap();
        assert_eq!(all[0].r#type(), &OperationType::Execution);
        assert_eq!(all[0].execution_details().unwrap().input_payload(), Some("{}"));
        assert_eq!(Some(all[0].id()), arn.rsplit('/').next());
        assert_eq!(all[1..], operations, "{items} at once");
    }

    // Callbacks, from outside.
    let id = find(&operations, "k").callback_details().unwrap().callback_id().unwrap();
    let beat = client.send_durable_execution_callback_heartbeat().callback_id(id).send();
    within("a heartbeat", beat).await.unwrap();
    let fail =
        client.send_durable_execution_callback_failure().callback_id(id).error(oops()).send();
    within("a failure", fail).await.unwrap();
    let news = inside.checkpoint(Vec::new()).await.unwrap();
    assert_eq!(news.len(), 1);
    assert_eq!(news[0].status(), &OperationStatus::Failed);
    assert_eq!(news[0].callback_details().unwrap().error(), Some(&oops()));
    let again = client.send_durable_execution_callback_heartbeat().callback_id(id).send();
    let refused = within("a late heartbeat", again).await.unwrap_err().into_service_error();
    assert!(refused.is_callback_timeout_exception(), "{refused:?}");
    let strange = client.send_durable_execution_callback_failure().callback_id("abc").send();
    let refused = within("a strange id", strange).await.unwrap_err().into_service_error();
    assert!(refused.is_invalid_parameter_value_exception(), "{refused:?}");

    output.send(succeeded("1")).unwrap();
    held.server.closed(&arn).await;
    let refused = inside.checkpoint(Vec::new()).await.unwrap_err();
    assert!(refused.is_invalid_parameter_value_exception(), "{refused:?}");
    assert_eq!(refused.message(), Some("Invalid checkpoint token"));
    let state = client.get_durable_execution_state().durable_execution_arn(&arn);
    let refused = within("the state", state.checkpoint_token(&inside.token).send()).await;
    assert!(refused.unwrap_err().into_service_error().is_invalid_parameter_value_exception());
    held.server.close_at_once().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkpoint_that_is_sent_again_with_its_client_token_is_answered_again() {
    let mut held = Held::open().await;
    let (turn, _output) = held.start().await;
    let arn = turn.arn().to_owned();
    let mut inside =
        Inside { client: held.server.lambda(), arn: arn.clone(), token: turn.token.clone() };
    let start = || {
        let callback = update("k", OperationType::Callback, OperationAction::Start);
        vec![callback.build().unwrap()]
    };
    let first = inside.send(start(), Some("mine")).await.unwrap();
    let again = inside.send(start(), Some("mine")).await.unwrap();
    assert_eq!(first.checkpoint_token(), again.checkpoint_token());
    // With the same callback id: it was not started a second time.
    assert_eq!(first.new_execution_state(), again.new_execution_state());
    for other in [Some("yours"), None] {
        let refused = inside.send(start(), other).await.unwrap_err();
        assert_eq!(refused.message(), Some("Invalid checkpoint token"));
    }
    assert_eq!(held.server.event_types(&arn).await, ["ExecutionStarted", "CallbackStarted"]);
    // Once its successor is accepted, nothing is kept of it.
    inside.token = first.checkpoint_token().unwrap().to_owned();
    let before = inside.token.clone();
    inside.checkpoint(Vec::new()).await.unwrap();
    inside.token = before;
    inside.send(start(), Some("mine")).await.unwrap_err();
    held.server.close_at_once().await;
}

async fn events(client: &Client, arn: &str, with_data: bool) -> Vec<Event> {
    let history = client.get_durable_execution_history().durable_execution_arn(arn);
    let history = history.include_execution_data(with_data).max_items(2).into_paginator().items();
    within("the history", history.send().collect::<Result<Vec<_>, _>>()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_sdk_reads_every_kind_of_event() {
    let mut held = Held::open().await;
    let (turn, output) = held.start().await;
    let client = held.server.lambda();
    let arn = turn.arn().to_owned();
    let mut inside = Inside { client: client.clone(), arn: arn.clone(), token: turn.token.clone() };
    inside.checkpoint(batch()).await.unwrap();
    output.send(pending()).unwrap();
    held.server.history_until(&arn, "InvocationCompleted").await;
    let stop = client.stop_durable_execution().durable_execution_arn(&arn).error(oops()).send();
    let stopped = within("the stop", stop).await.unwrap();

    let shown = events(&client, &arn, true).await;
    let kinds: Vec<_> = shown.iter().map(|event| event.event_type().unwrap().as_str()).collect();
    assert_eq!(
        kinds,
        [
            "ExecutionStarted",
            "ContextStarted",
            "StepSucceeded",
            "StepFailed",
            "ContextSucceeded",
            "StepFailed",
            "WaitStarted",
            "CallbackStarted",
            "ChainedInvokeStarted",
            "ChainedInvokeFailed",
            "InvocationCompleted",
            "ExecutionStopped"
        ]
    );
    let started = shown[0].execution_started_details().unwrap();
    assert_eq!(started.input().unwrap().payload(), Some("{}"));
    assert_eq!(started.execution_timeout(), 300);
    assert_eq!(shown[0].name(), arn.rsplit('/').nth(1));
    let step = &shown[2];
    assert_eq!((step.event_id(), step.id(), step.parent_id()), (3, Some("s"), Some("c")));
    assert_eq!((step.name(), step.sub_type()), (Some("the s"), Some("Step")));
    let details = step.step_succeeded_details().unwrap();
    assert_eq!(details.result().unwrap().payload(), Some("\"result\""));
    assert_eq!(details.result().unwrap().truncated(), Some(false));
    assert_eq!(details.retry_details().unwrap().current_attempt(), 1);
    let details = shown[3].step_failed_details().unwrap();
    assert_eq!(details.error().unwrap().payload(), Some(&oops()));
    assert_eq!(details.retry_details().unwrap().next_attempt_delay_seconds(), None);
    let details = shown[5].step_failed_details().unwrap();
    assert_eq!(details.retry_details().unwrap().next_attempt_delay_seconds(), Some(500));
    let wait = shown[6].wait_started_details().unwrap();
    let begun = shown[6].event_timestamp().unwrap();
    assert_eq!((wait.duration(), between(begun, wait.scheduled_end_timestamp())), (400, 400_000));
    let callback = shown[7].callback_started_details().unwrap();
    assert_eq!((callback.timeout(), callback.heartbeat_timeout()), (Some(600), Some(300)));
    let chained = shown[8].chained_invoke_started_details().unwrap();
    assert_eq!((chained.function_name(), chained.tenant_id()), ("missing", Some("blue")));
    let completed = shown[10].invocation_completed_details().unwrap();
    assert!(between(completed.start_timestamp(), completed.end_timestamp()) >= 0);
    assert_eq!(completed.request_id(), turn.invocation.request_id);
    assert_eq!((shown[10].id(), shown[10].name()), (None, None));
    let details = shown[11].execution_stopped_details().unwrap();
    assert_eq!(details.error().unwrap().payload(), Some(&oops()));
    assert_eq!(shown[11].event_timestamp(), Some(stopped.stop_timestamp()));

    let bare = events(&client, &arn, false).await;
    assert_eq!(bare.len(), shown.len());
    let hidden = bare[2].step_succeeded_details().unwrap().result().unwrap();
    assert_eq!((hidden.payload(), hidden.truncated()), (None, Some(true)));
    let newest = client.get_durable_execution_history().durable_execution_arn(&arn);
    let newest = within("the end", newest.reverse_order(true).max_items(1).send()).await.unwrap();
    assert_eq!(newest.events()[0].event_type(), Some(&EventType::ExecutionStopped));
    held.server.close_at_once().await;
}

async fn refused_by_all(server: &Server, arn: &str, code: &str) {
    let client = server.lambda();
    let get = client.get_durable_execution().durable_execution_arn(arn).send();
    assert_eq!(within("get", get).await.unwrap_err().code(), Some(code), "{arn}");
    let history = client.get_durable_execution_history().durable_execution_arn(arn).send();
    assert_eq!(within("history", history).await.unwrap_err().code(), Some(code), "{arn}");
    let stop = client.stop_durable_execution().durable_execution_arn(arn).send();
    assert_eq!(within("stop", stop).await.unwrap_err().code(), Some(code), "{arn}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_sees_an_execution_from_its_start_to_its_end() {
    let directory = TempDir::new().unwrap();
    let server = Setup::new(directory.path())
        .durable("flow", |turn| workflow::run(turn, |_| {}))
        .open()
        .await;
    let client = server.lambda();
    let input = json!({ "plan": [{ "callback": "k" }], "result": "\"fine\"" }).to_string();
    let invoke = client.invoke().function_name("flow").qualifier("$LATEST");
    let invoke = invoke.invocation_type(InvocationType::Event).durable_execution_name("order-1");
    let started = within("invoke", invoke.payload(Blob::new(input.clone())).send()).await.unwrap();
    assert_eq!((started.status_code(), started.executed_version()), (202, None));
    let arn = started.durable_execution_arn().unwrap().to_owned();

    let get = || client.get_durable_execution().durable_execution_arn(&arn);
    let open = within("get", get().send()).await.unwrap();
    assert_eq!((open.status(), open.end_timestamp()), (&ExecutionStatus::Running, None));
    assert_eq!((open.durable_execution_name(), open.version()), ("order-1", Some("$LATEST")));
    assert_eq!(open.input_payload(), Some(input.as_str()));
    let config = open.durable_config().unwrap();
    assert_eq!(
        (config.execution_timeout(), config.retention_period_in_days()),
        (Some(300), Some(14))
    );

    let id = server.callback_id(&arn, "k").await;
    let answer = client.send_durable_execution_callback_success().callback_id(&id);
    within("the answer", answer.result(Blob::new("7")).send()).await.unwrap();
    server.closed(&arn).await;
    let shown = within("get", get().send()).await.unwrap();
    assert_eq!((shown.status(), shown.result()), (&ExecutionStatus::Succeeded, Some("\"fine\"")));
    let bare = within("get", get().include_execution_data(false).send()).await.unwrap();
    assert_eq!((bare.input_payload(), bare.result()), (None, None));
    assert_eq!(
        (bare.execution_data_included(), shown.execution_data_included()),
        (Some(false), Some(true))
    );

    // The list, with every filter at once.
    let start = shown.start_timestamp();
    let list = |after: i64, before: i64| {
        let at = |offset: i64| DateTime::from_millis(start.to_millis().unwrap() + offset);
        client
            .list_durable_executions_by_function()
            .function_name("flow")
            .qualifier("$LATEST")
            .durable_execution_name("order-1")
            .statuses(ExecutionStatus::Succeeded)
            .started_after(at(after))
            .started_before(at(before))
            .reverse_order(true)
            .max_items(10)
    };
    let listed = within("list", list(-1000, 1000).send()).await.unwrap();
    let [execution] = listed.durable_executions() else { panic!("{listed:?}") };
    assert_eq!(execution.durable_execution_arn(), arn);
    assert_eq!(execution.durable_execution_name(), "order-1");
    assert_eq!(execution.function_arn(), shown.function_arn());
    assert_eq!(execution.status(), &ExecutionStatus::Succeeded);
    assert_eq!(execution.start_timestamp(), start);
    assert_eq!((execution.end_timestamp(), execution.kms_key_arn()), (shown.end_timestamp(), None));
    for (after, before) in [(1000, 2000), (-2000, -1000)] {
        let listed = within("list", list(after, before).send()).await.unwrap();
        assert_eq!(listed.durable_executions().len(), 0);
    }

    // Who comes back waits for nothing. An execution has no log of its own, and no client context.
    let invoke = client.invoke().function_name("flow:$LATEST").durable_execution_name("order-1");
    let invoke = invoke.log_type(LogType::Tail).client_context("e30=").payload(Blob::new(input));
    let output = within("invoke again", invoke.send()).await.unwrap();
    assert_eq!(output.payload().unwrap().as_ref(), b"\"fine\"");
    assert_eq!((output.status_code(), output.executed_version()), (200, Some("$LATEST")));
    assert_eq!((output.log_result(), output.function_error()), (None, None));
    assert_eq!(output.durable_execution_arn(), Some(arn.as_str()));
    let invoke = client.invoke().function_name("flow:$LATEST").client_context("nope").send();
    let refused = within("a refusal", invoke).await.unwrap_err().into_service_error();
    assert!(refused.is_invalid_request_content_exception(), "{refused:?}");

    let (head, _) = arn.rsplit_once('/').unwrap();
    refused_by_all(&server, &format!("{head}/other"), "ResourceNotFoundException").await;
    refused_by_all(&server, "nonsense", "ValidationException").await;
    server.close().await;
}
