//! Goal: Invoke of a durable function does what AWS's does, as far as a client can tell: which references and bodies
//! are refused and how, what comes back for each invocation type, and that a name is one execution.
//!
//! Method: the real `aws-sdk-lambda` over a real socket, with its typed errors; a raw request where the SDK would
//! refuse to send what has to be refused by the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_sdk_lambda::operation::invoke::{InvokeError, InvokeOutput};
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{
    CapacityProviderConfig, InvocationType, LambdaManagedInstancesCapacityProviderConfig,
};
use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::support::{Server, Setup, eventually, failed, package, succeeded, within, workflow};

const UNQUALIFIED: &str = "You cannot invoke a durable function using an unqualified ARN.";

async fn server(directory: &TempDir) -> Server {
    Setup::new(directory.path())
        .durable("echo", |turn| async move { succeeded(turn.input().to_string()) })
        .durable("broken", |_| async { failed("Broken", "it is broken") })
        .durable("flow", |turn| workflow::run(turn, |_| {}))
        .durable("silent", |_| async { Ok(json!({ "Status": "SUCCEEDED" })) })
        .durable_for("slow", 901, |_| async { succeeded("1") })
        .durable_for("just-in-time", 900, |_| async { succeeded("1") })
        .open()
        .await
}

struct Ask<'a> {
    server: &'a Server,
    client: aws_sdk_lambda::Client,
}

impl Ask<'_> {
    async fn invoke(
        &self,
        function: &str,
        qualifier: Option<&str>,
        kind: InvocationType,
        name: Option<&str>,
        payload: &str,
    ) -> Result<InvokeOutput, InvokeError> {
        let request = self
            .client
            .invoke()
            .function_name(function)
            .set_qualifier(qualifier.map(str::to_owned))
            .set_durable_execution_name(name.map(str::to_owned))
            .invocation_type(kind)
            .payload(Blob::new(payload));
        let answer = within(&format!("Invoke of {function}"), request.send()).await;
        answer.map_err(|error| error.into_service_error())
    }

    async fn sync(&self, function: &str, payload: &str) -> InvokeOutput {
        let latest = Some("$LATEST");
        self.invoke(function, latest, InvocationType::RequestResponse, None, payload).await.unwrap()
    }
}

fn ask(server: &Server) -> Ask<'_> {
    Ask { server, client: server.lambda() }
}

fn body(output: &InvokeOutput) -> String {
    let bytes = output.payload().map(|blob| blob.as_ref().to_vec()).unwrap_or_default();
    String::from_utf8(bytes).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_waits_gets_the_result_itself_and_the_execution_s_arn() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let output = ask(&server).sync("echo", "{\"a\": 1}").await;
    assert_eq!(output.status_code(), 200);
    assert_eq!(body(&output), "{\"a\":1}");
    assert_eq!(output.function_error(), None);
    assert_eq!(output.executed_version(), Some("$LATEST"));
    let arn = output.durable_execution_arn().unwrap();
    let start = "arn:aws:lambda:us-east-1:000000000000:function:echo:$LATEST/durable-execution/";
    assert!(arn.starts_with(start), "{arn}");
    assert_eq!(server.execution(arn).await["InputPayload"], "{\"a\": 1}");

    let output = ask(&server).sync("silent", "{}").await;
    assert_eq!((body(&output).as_str(), output.function_error()), ("null", None));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_waits_gets_the_error_of_a_failed_and_of_a_stopped_execution() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let output = ask(&server).sync("broken", "{}").await;
    assert_eq!((output.status_code(), output.function_error()), (200, Some("Unhandled")));
    let expected = json!({ "errorMessage": "it is broken", "errorType": "Broken" });
    assert_eq!(serde_json::from_str::<Value>(&body(&output)).unwrap(), expected);
    assert!(output.durable_execution_arn().is_some());

    // Stopped while its caller waits: the caller learns it from the connection that it holds.
    let plan = json!({ "plan": [{ "callback": "never" }] }).to_string();
    let asking = ask(&server);
    let waiting = async { asking.sync("flow", &plan).await };
    let stopping = async {
        let list = "/2025-12-01/functions/flow/durable-executions";
        let arn = crate::support::eventually("the execution is listed", async || {
            let listed = server.get(list).await.ok();
            let arn = &listed["DurableExecutions"][0]["DurableExecutionArn"];
            arn.as_str().map(str::to_owned)
        })
        .await;
        server.callback_id(&arn, "never").await;
        server.stop(&arn, r#"{"ErrorType":"Cancelled"}"#).await.ok();
    };
    let (output, ()) = tokio::join!(waiting, stopping);
    assert_eq!(output.function_error(), Some("Unhandled"));
    assert_eq!(body(&output), r#"{"errorType":"Cancelled"}"#);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_waits_is_told_that_the_execution_timed_out() {
    let directory = TempDir::new().unwrap();
    let setup = Setup::new(directory.path());
    let setup = setup.durable_for("brief", 1, |turn| workflow::run(turn, |_| {}));
    let server = setup.open().await;
    let output = ask(&server).sync("brief", r#"{"plan":[{"callback":"c"}]}"#).await;
    assert_eq!((output.status_code(), output.function_error()), (200, Some("Unhandled")));
    assert_eq!(body(&output), r#"{"errorMessage":"Execution timed out after 1 seconds."}"#);
    let arn = output.durable_execution_arn().unwrap();
    assert_eq!(server.status(arn).await, "TIMED_OUT");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_waits_over_suspensions_and_may_come_back_to_what_it_started() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let asking = ask(&server);
    let latest = Some("$LATEST");
    let payload = json!({ "plan": [{ "callback": "c" }], "result": "42" }).to_string();
    let event = asking.invoke("flow", latest, InvocationType::Event, Some("once"), &payload);
    let event = event.await.unwrap();
    assert_eq!((event.status_code(), body(&event).as_str()), (202, ""));
    let arn = event.durable_execution_arn().unwrap();
    // It exists at once.
    assert_eq!(server.status(arn).await, "RUNNING");

    let sync = InvocationType::RequestResponse;
    let waiting = asking.invoke("flow", latest, sync.clone(), Some("once"), &payload);
    let answering = async {
        let id = server.callback_id(arn, "c").await;
        server.callback(&id, "succeed", "\"yes\"").await.ok();
    };
    let (waited, ()) = tokio::join!(waiting, answering);
    let waited = waited.unwrap();
    assert_eq!(waited.durable_execution_arn(), Some(arn));
    assert_eq!(body(&waited), "42");

    // Closed: the stored result, at once; other text of the same JSON is another payload.
    let again = asking.invoke("flow", latest, sync.clone(), Some("once"), &payload).await.unwrap();
    assert_eq!((again.durable_execution_arn(), body(&again).as_str()), (Some(arn), "42"));
    let again = asking.invoke("flow", latest, InvocationType::Event, Some("once"), &payload).await;
    assert_eq!(again.unwrap().durable_execution_arn(), Some(arn));
    let spaced = format!("{payload} ");
    let refused = asking.invoke("flow", latest, sync, Some("once"), &spaced).await.unwrap_err();
    assert!(refused.is_durable_execution_already_started_exception(), "{refused:?}");
    assert_eq!(refused.message(), Some(format!("Execution already started: {arn}").as_str()));
    assert_eq!(server.event_types(arn).await.last().unwrap(), "ExecutionSucceeded");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_payload_is_refused_while_the_execution_is_open_and_a_name_belongs_to_its_function()
{
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let open = json!({ "plan": [{ "callback": "never" }] });
    let arn = server.start("flow", Some("taken"), &open).await;
    let refused = server.try_start("flow", Some("taken"), &json!({ "plan": [] })).await;
    let code = "DurableExecutionAlreadyStartedException";
    refused.assert_error(409, code, &format!("Execution already started: {arn}"));
    assert_ne!(server.start("echo", Some("taken"), &open).await, arn);
    assert_ne!(server.start("flow", None, &open).await, server.start("flow", None, &open).await);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_callers_with_one_name_get_one_execution() {
    let directory = TempDir::new().unwrap();
    let runs = Arc::new(AtomicU32::new(0));
    let gate = Arc::new(Semaphore::new(0));
    let (counted, closed_gate) = (Arc::clone(&runs), Arc::clone(&gate));
    let setup = Setup::new(directory.path()).durable("counted", move |_| {
        let (runs, gate) = (Arc::clone(&counted), Arc::clone(&closed_gate));
        async move {
            runs.fetch_add(1, Ordering::SeqCst);
            gate.acquire().await.unwrap().forget();
            succeeded("7")
        }
    });
    let server = Arc::new(setup.open().await);
    let client = server.lambda();
    let mut callers = JoinSet::new();
    for caller in 0..50 {
        // Half of them wait, so that attaching is raced as well as starting.
        let kind = [InvocationType::Event, InvocationType::RequestResponse][caller % 2].clone();
        let request = client
            .invoke()
            .function_name("counted:$LATEST")
            .durable_execution_name("one")
            .invocation_type(kind)
            .payload(Blob::new("{}"));
        callers.spawn(async move { within("one of fifty callers", request.send()).await.unwrap() });
    }
    gate.add_permits(1);
    let outputs = within("fifty callers", callers.join_all()).await;
    let first = outputs[0].durable_execution_arn().unwrap();
    for output in &outputs {
        assert_eq!(output.durable_execution_arn(), Some(first));
        let expected = if output.status_code() == 202 { "" } else { "7" };
        assert_eq!(body(output), expected);
    }
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    let types = server.history_until(first, "ExecutionSucceeded").await;
    assert_eq!(types.len(), 3);
    Arc::into_inner(server).unwrap().close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn callers_who_race_for_many_names_all_get_their_results() {
    let directory = TempDir::new().unwrap();
    let server = Arc::new(server(&directory).await);
    let mut callers = JoinSet::new();
    // The second caller of a name attaches in the moment in which the first has started it and nobody has it in memory.
    for caller in 0..1200 {
        let server = Arc::clone(&server);
        callers.spawn(async move {
            let request = Request::post("/2015-03-31/functions/echo/invocations?Qualifier=$LATEST")
                .header("X-Amz-Durable-Execution-Name", format!("n{}", caller / 4))
                .body(Bytes::from_static(b"{}"))
                .unwrap();
            let reply = server.send(request).await;
            assert_eq!((reply.status, reply.text().as_str()), (200, "{}"));
            reply.header("x-amz-durable-execution-arn").unwrap().to_owned()
        });
    }
    let arns = within("all callers", callers.join_all()).await;
    let distinct: std::collections::HashSet<_> = arns.iter().collect();
    assert_eq!(distinct.len(), 300);
    Arc::into_inner(server).unwrap().close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_spelling_of_a_function_is_understood_if_it_is_qualified() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let asking = ask(&server);
    let bases = [
        "echo",
        "000000000000:function:echo",
        "arn:aws:lambda:us-east-1:000000000000:function:echo",
    ];
    let kinds = [InvocationType::RequestResponse, InvocationType::Event, InvocationType::DryRun];
    for (base, kind) in bases.iter().flat_map(|base| kinds.iter().map(move |kind| (base, kind))) {
        let invoke = |function: String, qualifier: Option<&'static str>| {
            let (asking, kind) = (&asking, kind.clone());
            async move { asking.invoke(&function, qualifier, kind, None, "{}").await }
        };
        let refused = invoke((*base).to_owned(), None).await.unwrap_err();
        assert!(refused.is_invalid_parameter_value_exception(), "{base} {kind}: {refused:?}");
        assert_eq!(refused.message(), Some(UNQUALIFIED));

        let status = match kind {
            InvocationType::RequestResponse => 200,
            InvocationType::Event => 202,
            _ => 204,
        };
        let suffixed = format!("{base}:$LATEST");
        for (function, qualifier) in [
            ((*base).to_owned(), Some("$LATEST")),
            (suffixed.clone(), None),
            (suffixed.clone(), Some("$LATEST")),
        ] {
            let output = invoke(function, qualifier).await.unwrap();
            assert_eq!(output.status_code(), status, "{base} {kind} {qualifier:?}");
        }
        let differing = invoke(suffixed, Some("1")).await.unwrap_err();
        assert!(differing.is_invalid_parameter_value_exception(), "{differing:?}");
    }
    // A dry run starts nothing.
    let listed = server.get("/2025-12-01/functions/echo/durable-executions").await.ok();
    assert_eq!(listed["DurableExecutions"].as_array().unwrap().len(), 3 * 2 * 3);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_or_version_that_is_not_there_is_not_found() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let asking = ask(&server);
    let home = "arn:aws:lambda:us-east-1:000000000000:function:";
    for (function, qualifier, named) in [
        ("missing", Some("$LATEST"), format!("{home}missing:$LATEST")),
        ("missing", None, format!("{home}missing")),
        ("echo", Some("7"), format!("{home}echo:7")),
        ("echo", Some("live"), format!("{home}echo:live")),
        (
            "arn:aws:lambda:us-east-1:111111111111:function:echo:$LATEST",
            None,
            "arn:aws:lambda:us-east-1:111111111111:function:echo:$LATEST".to_owned(),
        ),
    ] {
        let refused = asking.invoke(function, qualifier, InvocationType::Event, None, "{}").await;
        let refused = refused.unwrap_err();
        assert!(refused.is_resource_not_found_exception(), "{function}: {refused:?}");
        assert_eq!(refused.message(), Some(format!("Function not found: {named}").as_str()));
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_can_wait_for_a_function_that_may_take_more_than_fifteen_minutes() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let asking = ask(&server);
    let latest = Some("$LATEST");
    let sync = InvocationType::RequestResponse;
    let refused = asking.invoke("slow", latest, sync.clone(), None, "{}").await.unwrap_err();
    assert!(refused.is_invalid_parameter_value_exception(), "{refused:?}");
    let text = "You cannot synchronously invoke a durable function with an executionTimeout \
                greater than 15 minutes.";
    assert_eq!(refused.message(), Some(text));
    // An unqualified reference is the earlier complaint.
    let refused = asking.invoke("slow", None, sync.clone(), None, "{}").await.unwrap_err();
    assert_eq!(refused.message(), Some(UNQUALIFIED));
    for kind in [InvocationType::Event, InvocationType::DryRun] {
        asking.invoke("slow", latest, kind, None, "{}").await.unwrap();
    }
    asking.invoke("just-in-time", latest, sync, None, "{}").await.unwrap();
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_may_wait_for_a_managed_instance_for_ninety_minutes() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let provider = "arn:aws:lambda:us-east-1:000000000000:capacity-provider:p";
    let managed = LambdaManagedInstancesCapacityProviderConfig::builder();
    let managed = managed.capacity_provider_arn(provider).build().unwrap();
    let provider = CapacityProviderConfig::builder();
    let provider = provider.lambda_managed_instances_capacity_provider_config(managed).build();
    for (name, seconds) in [("ninety", 5400), ("longer", 5401)] {
        let request =
            package::function(&server, name, "one").durable_config(package::durable(seconds));
        let request = request.capacity_provider_config(provider.clone());
        within("create", request.send()).await.unwrap();
    }
    let (asking, latest) = (ask(&server), Some("$LATEST"));
    // The function waits for a callback of its own; that it was started is enough here.
    let kind = InvocationType::RequestResponse;
    let refused = asking.invoke("longer", latest, kind, None, "{}").await.unwrap_err();
    let text = "You cannot synchronously invoke a durable function with an executionTimeout \
                greater than 90 minutes.";
    assert_eq!(refused.message(), Some(text));
    let waiting = {
        let client = server.lambda();
        let invoke = client.invoke().function_name("ninety:$LATEST").durable_execution_name("n");
        tokio::spawn(invoke.payload(Blob::new("{}")).send())
    };
    let arn = eventually("it is started", async || {
        let listed = server.get("/2025-12-01/functions/ninety/durable-executions").await.ok();
        listed["DurableExecutions"][0]["DurableExecutionArn"].as_str().map(str::to_owned)
    })
    .await;
    package::finish(&server, &arn).await;
    let output = within("the answer", waiting).await.unwrap().unwrap();
    assert_eq!(output.function_error(), None);
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_must_be_json_and_may_be_empty() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let asking = ask(&server);
    for kind in [InvocationType::RequestResponse, InvocationType::Event] {
        for bad in ["{", "nope", "{} {}", "{\"a\":}"] {
            let refused = asking.invoke("echo", Some("$LATEST"), kind.clone(), None, bad).await;
            let refused = refused.unwrap_err();
            assert!(refused.is_invalid_request_content_exception(), "{bad}: {refused:?}");
        }
    }
    let invocations = "/2015-03-31/functions/echo/invocations?Qualifier=%24LATEST";
    let not_text = server.post(invocations, Bytes::from_static(b"\"\xff\"")).await;
    assert_eq!((not_text.status, not_text.code()), (400, "InvalidRequestContentException"));
    assert_eq!(body(&asking.sync("echo", "").await), "{}");
    assert_eq!(body(&asking.sync("echo", "17").await), "17");
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_may_have_six_mebibytes_if_the_caller_waits_and_one_if_not() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let asking = ask(&server);
    let latest = Some("$LATEST");
    const MIB: usize = 1024 * 1024;
    for (kind, limit) in [(InvocationType::RequestResponse, 6 * MIB), (InvocationType::Event, MIB)]
    {
        let text = |length: usize| format!("\"{}\"", "x".repeat(length - 2));
        let fits = asking.invoke("silent", latest, kind.clone(), None, &text(limit)).await;
        fits.unwrap();
        let refused = asking.invoke("silent", latest, kind, None, &text(limit + 1)).await;
        let refused = refused.unwrap_err();
        assert!(refused.is_request_too_large_exception(), "{refused:?}");
    }
    // Beyond what is read at all, the connection ends with the answer or in the middle of the body.
    let huge = "x".repeat(17 * MIB);
    let refused = asking.invoke("silent", latest, InvocationType::Event, None, &huge).await;
    refused.unwrap_err();
    asking.sync("echo", "{}").await;
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn malformed_headers_are_refused_and_named() {
    let directory = TempDir::new().unwrap();
    let server = server(&directory).await;
    let send = async |headers: &[(&str, &[u8])]| {
        let path = "/2015-03-31/functions/echo/invocations?Qualifier=$LATEST";
        let mut request = Request::post(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        server.send(request.body(Bytes::from_static(b"{}")).unwrap()).await
    };
    let name = "X-Amz-Durable-Execution-Name";
    let long = "n".repeat(65);
    for bad in ["a b", "ä", "a/b", ""] {
        let pattern = "at 'durableExecutionName' failed to satisfy constraint: Member must satisfy \
                       regular expression pattern: [a-zA-Z0-9-_]+";
        let reply = send(&[(name, bad.as_bytes())]).await;
        assert_eq!((reply.status, reply.code()), (400, "ValidationException"), "{bad}");
        assert!(reply.message().contains(pattern), "{}", reply.message());
    }
    let too_long = format!(
        "Value '{long}' at 'durableExecutionName' failed to satisfy constraint: \
                            Member must have length less than or equal to 64"
    );
    send(&[(name, long.as_bytes())]).await.assert_violations(&[&too_long]);
    // Bytes that are no text at all must not pass for "no name given".
    let reply = send(&[(name, b"\xff\xfe")]).await;
    assert_eq!((reply.status, reply.code()), (400, "ValidationException"));
    send(&[("X-Amz-Invocation-Type", b"Later"), (name, b"a b"), ("X-Amz-Tenant-Id", b"#")])
        .await
        .assert_violations(&[
            "Value 'Later' at 'invocationType' failed to satisfy constraint: Member must satisfy \
             enum value set: [Event, RequestResponse, DryRun]",
            "'durableExecutionName'",
            "'tenantId'",
        ]);
    let listed = server.get("/2025-12-01/functions/echo/durable-executions").await.ok();
    assert_eq!(listed["DurableExecutions"], json!([]));
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_trace_header_goes_to_the_function_and_stays_on_the_execution() {
    let directory = TempDir::new().unwrap();
    let setup = Setup::new(directory.path()).durable("traced", |turn| async move {
        let trace = turn.invocation.trace_header.clone().unwrap_or_default();
        succeeded(format!("\"{trace} {}\"", turn.invocation.function_arn))
    });
    let server = setup.open().await;
    let request = Request::post("/2015-03-31/functions/traced:$LATEST/invocations")
        .header("X-Amzn-Trace-Id", "Root=1-2-3")
        .body(Bytes::from_static(b"{}"))
        .unwrap();
    let reply = server.send(request).await;
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:traced:$LATEST";
    assert_eq!(reply.text(), format!("\"Root=1-2-3 {arn}\""));
    assert!(reply.header("x-amzn-requestid").is_some());
    let shown = server.execution(reply.header("x-amz-durable-execution-arn").unwrap()).await;
    assert_eq!(shown["TraceHeader"], json!({ "XAmznTraceId": "Root=1-2-3" }));
    server.close().await;
}
