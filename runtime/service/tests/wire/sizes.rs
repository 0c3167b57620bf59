//! Goal: whatever has a size may have exactly that size and not one more; the answer names what was too large.
//!
//! Method: each thing at its bound and one above it. Texts are filled with a character of two bytes where bytes count.

use aws_sdk_lambda::error::ProvideErrorMetadata;
use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Held, Reply, Setup, encode, succeeded, within};

const MIB: usize = 1024 * 1024;
const INVALID: &str = "InvalidParameterValueException";

/// So many bytes, in characters of two bytes as far as possible.
fn text(bytes: usize) -> String {
    "ä".repeat(bytes / 2) + &"x".repeat(bytes % 2)
}

/// An error whose members have so many bytes together, each of them some.
fn error(bytes: usize) -> Value {
    json!({
        "ErrorType": text(100),
        "ErrorMessage": text(bytes - 700),
        "ErrorData": text(300),
        "StackTrace": [text(100), text(200)],
    })
}

#[track_caller]
fn assert_fits(reply: &Reply) {
    assert_eq!(reply.status, 200, "{}", reply.text().get(..500).unwrap_or(&reply.text()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_checkpoint_carries_may_have_a_mebibyte() {
    let mut held = Held::open().await;
    let (mut turn, _output) = held.start().await;
    let payload =
        |kind: &str| format!("{kind} payload size must be less than or equal to 1048576 bytes.");
    let too_large = "Error object size must be less than or equal to 1048576 bytes.".to_owned();
    let chained = "CHAINED_INVOKE input payload size must be less than or equal to 1048576 bytes.";
    let retry = json!({ "NextAttemptDelaySeconds": 1 });
    for (kind, action, member, options, message) in [
        ("STEP", "SUCCEED", "Payload", json!({}), payload("STEP")),
        ("STEP", "FAIL", "Error", json!({}), too_large.clone()),
        ("STEP", "RETRY", "Payload", json!({ "StepOptions": retry }), payload("STEP")),
        ("STEP", "RETRY", "Error", json!({ "StepOptions": retry }), too_large.clone()),
        ("CONTEXT", "SUCCEED", "Payload", json!({}), payload("CONTEXT")),
        ("CONTEXT", "FAIL", "Error", json!({}), too_large.clone()),
        (
            "CHAINED_INVOKE",
            "START",
            "Payload",
            json!({ "ChainedInvokeOptions": { "FunctionName": "missing" } }),
            chained.to_owned(),
        ),
    ] {
        let update = |bytes: usize| {
            let mut update = options.clone();
            update["Id"] = format!("{kind}-{action}-{member}").into();
            update["Type"] = kind.into();
            update["Action"] = action.into();
            update[member] = if member == "Error" { error(bytes) } else { text(bytes).into() };
            json!([update])
        };
        turn.checkpoint(update(MIB + 1)).await.assert_error(400, INVALID, &message);
        assert_fits(&turn.checkpoint(update(MIB)).await);
    }
    held.server.close_at_once().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_answer_to_a_callback_and_the_reason_of_a_stop_may_have_a_mebibyte() {
    let mut held = Held::open().await;
    let (mut turn, _output) = held.start().await;
    let start = |id: &str| json!({ "Id": id, "Type": "CALLBACK", "Action": "START" });
    turn.checkpoint(json!([start("result"), start("error")])).await.ok();
    let server = &held.server;
    let result = server.callback_id(turn.arn(), "result").await;
    let failure = server.callback_id(turn.arn(), "error").await;
    let too_large = "Error object size must be less than or equal to 1048576 bytes.";

    server.callback(&result, "succeed", text(MIB + 1)).await.assert_violations(&[
        "Value at 'result' failed to satisfy constraint: Member must have length less than or equal to 1048576",
    ]);
    assert_fits(&server.callback(&result, "succeed", text(MIB)).await);
    let reply = server.callback(&failure, "fail", error(MIB + 1).to_string()).await;
    reply.assert_error(400, INVALID, too_large);
    assert_fits(&server.callback(&failure, "fail", error(MIB).to_string()).await);
    let reply = turn.checkpoint(json!([])).await.ok();
    let operations = &reply["NewExecutionState"]["Operations"];
    assert_eq!(operations[0]["CallbackDetails"]["Result"].as_str().unwrap().len(), MIB);
    assert_eq!(operations[1]["CallbackDetails"]["Error"], error(MIB));

    let reply = server.stop(turn.arn(), error(MIB + 1).to_string()).await;
    reply.assert_error(400, INVALID, too_large);
    assert_eq!(server.status(turn.arn()).await, "RUNNING");
    assert_fits(&server.stop(turn.arn(), error(MIB).to_string()).await);
    assert_eq!(server.execution(turn.arn()).await["Error"], error(MIB));
    held.server.close_at_once().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_may_have_six_mebibytes_if_its_caller_waits_and_one_if_not() {
    let directory = TempDir::new().unwrap();
    let server = Setup::new(directory.path())
        .durable("gives", |mut turn| async move {
            let bytes = usize::try_from(turn.input()["bytes"].as_u64().unwrap()).unwrap();
            if turn.input()["checkpoint"] != true {
                return succeeded(text(bytes));
            }
            let update = json!({ "Id": "e", "Type": "EXECUTION", "Action": "SUCCEED", "Payload": text(bytes) });
            let reply = turn.checkpoint(json!([update])).await;
            let refused = (reply.status != 200).then(|| reply.message());
            succeeded(refused.unwrap_or_default())
        })
        .open()
        .await;
    for (waits, bytes_max) in [(true, 6 * MIB), (false, MIB)] {
        let text = format!(
            "Execution output payload size must be less than or equal to {bytes_max} bytes."
        );
        for checkpoint in [false, true] {
            let run = async |bytes: usize| {
                let input = json!({ "bytes": bytes, "checkpoint": checkpoint });
                let kind = if waits { "RequestResponse" } else { "Event" };
                let path = "/2015-03-31/functions/gives/invocations?Qualifier=$LATEST";
                let request = Request::post(path).header("X-Amz-Invocation-Type", kind);
                let reply =
                    server.send(request.body(Bytes::from(input.to_string())).unwrap()).await;
                let arn = reply.header("x-amz-durable-execution-arn").unwrap().to_owned();
                (reply.body.len(), server.closed(&arn).await)
            };
            let (answered, shown) = run(bytes_max).await;
            assert_eq!(shown["Result"].as_str().unwrap().len(), bytes_max, "{waits} {checkpoint}");
            assert_eq!(answered, if waits { bytes_max } else { 0 });
            let (_, shown) = run(bytes_max + 1).await;
            if checkpoint {
                // The batch was refused, so that its function could still answer something else.
                assert_eq!(
                    (&shown["Status"], &shown["Result"]),
                    (&json!("SUCCEEDED"), &json!(text))
                );
            } else {
                let error = json!({ "ErrorType": INVALID, "ErrorMessage": text });
                assert_eq!((&shown["Status"], &shown["Error"]), (&json!("FAILED"), &error));
            }
        }
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_input_of_an_execution_is_kept_up_to_its_last_byte() {
    let directory = TempDir::new().unwrap();
    let server = Setup::new(directory.path())
        .durable("measures", |turn| async move {
            let input = turn.envelope["InitialExecutionState"]["Operations"][0].clone();
            let input = input["ExecutionDetails"]["InputPayload"].as_str().unwrap().len();
            succeeded(input.to_string())
        })
        .open()
        .await;
    for (kind, bytes_max) in [("RequestResponse", 6 * MIB), ("Event", MIB)] {
        let invoke = async |bytes: usize| {
            let path = "/2015-03-31/functions/measures/invocations?Qualifier=$LATEST";
            let request = Request::post(path).header("X-Amz-Invocation-Type", kind);
            let body = Bytes::from(format!("\"{}\"", text(bytes - 2)));
            server.send(request.body(body).unwrap()).await
        };
        let reply = invoke(bytes_max).await;
        let arn = reply.header("x-amz-durable-execution-arn").unwrap().to_owned();
        let shown = server.closed(&arn).await;
        assert_eq!(shown["Result"], bytes_max.to_string());
        assert_eq!(shown["InputPayload"].as_str().unwrap().len(), bytes_max);
        let refused = invoke(bytes_max + 1).await;
        let message = format!(
            "Request must be smaller than {bytes_max} bytes for the InvokeFunction operation"
        );
        refused.assert_error(413, "RequestTooLargeException", &message);
    }
    server.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_ids_and_tokens_of_a_checkpoint_have_lengths() {
    let mut held = Held::open().await;
    let (mut turn, _output) = held.start().await;
    let base = json!({ "Id": "parent", "Type": "CONTEXT", "Action": "START" });
    turn.checkpoint(json!([base])).await.ok();
    let context = "p".repeat(64);
    turn.checkpoint(json!([{ "Id": context, "Type": "CONTEXT", "Action": "START" }])).await.ok();
    for (number, (member, length_max)) in
        [("Id", 64), ("Name", 256), ("SubType", 32)].into_iter().enumerate()
    {
        let update = |length: usize| {
            let mut update = json!({ "Id": format!("n{number}"), "Type": "STEP", "Action": "START",
                "ParentId": context });
            update[member] = "n".repeat(length).into();
            json!([update])
        };
        let name = member[..1].to_lowercase() + &member[1..];
        let longer = format!(
            "at 'updates.1.member.{name}' failed to satisfy constraint: Member must have length less \
             than or equal to {length_max}"
        );
        turn.checkpoint(update(length_max + 1)).await.assert_violations(&[&longer]);
        let shorter = format!(
            "Value '' at 'updates.1.member.{name}' failed to satisfy constraint: Member must have \
             length greater than or equal to 1"
        );
        turn.checkpoint(update(0)).await.assert_violations(&[&shorter, "regular expression"]);
        assert_fits(&turn.checkpoint(update(length_max)).await);
    }
    let parent =
        json!([{ "Id": "x", "Type": "STEP", "Action": "START", "ParentId": "p".repeat(65) }]);
    turn.checkpoint(parent).await.assert_violations(&["'updates.1.member.parentId'"]);

    let send = async |token: &str, client_token: &str| {
        let body = json!({ "CheckpointToken": token, "ClientToken": client_token });
        held.server.checkpoint(turn.arn(), body.to_string()).await
    };
    let longest = "t".repeat(64);
    send(&turn.token, &format!("{longest}t")).await.assert_violations(&["'clientToken'"]);
    send(&"0".repeat(2049), &longest).await.assert_violations(&["'checkpointToken'"]);
    let stale = send(&"0".repeat(2048), &longest).await;
    assert_eq!((stale.status, stale.code()), (400, INVALID));
    assert_fits(&send(&turn.token, &longest).await);
    held.server.close_at_once().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_headers_of_an_invocation_and_the_members_of_a_pause_have_lengths() {
    let mut held = Held::open().await;
    let invoke = async |header: &str, value: String| {
        let path = "/2015-03-31/functions/held/invocations?Qualifier=$LATEST";
        let request = Request::post(path).header("X-Amz-Invocation-Type", "DryRun");
        let request = request.header(header, value).body(Bytes::from_static(b"{}")).unwrap();
        held.server.send(request).await
    };
    for (header, member, length_max) in [
        ("X-Amz-Durable-Execution-Name", "durableExecutionName", 64),
        ("X-Amz-Client-Context", "clientContext", 3583),
    ] {
        let reply = invoke(header, "n".repeat(length_max + 1)).await;
        reply.assert_violations(&[&format!(
            "at '{member}' failed to satisfy constraint: Member must have length less than or equal to {length_max}"
        )]);
        assert_eq!(invoke(header, "n".repeat(length_max)).await.status, 204, "{member}");
    }
    // A tenant of the longest length is refused for what the function is and not for its length.
    invoke("X-Amz-Tenant-Id", "t".repeat(257)).await.assert_violations(&["'tenantId'"]);
    let refused = invoke("X-Amz-Tenant-Id", "t".repeat(256)).await;
    assert_eq!((refused.status, refused.code()), (400, INVALID));

    let (turn, _output) = held.start().await;
    let path = format!("/2025-12-01/durable-executions/{}", encode(turn.arn()));
    for operation in ["pause", "resume"] {
        let ask = async |reason: usize, token: usize| {
            let body = json!({ "Reason": "r".repeat(reason), "ClientToken": "t".repeat(token) });
            held.server.post(&format!("{path}/{operation}"), body.to_string()).await
        };
        let longer = "Member must have length less than or equal to";
        ask(1025, 65).await.assert_violations(&[
            &format!("at 'reason' failed to satisfy constraint: {longer} 1024"),
            &format!("at 'clientToken' failed to satisfy constraint: {longer} 64"),
        ]);
        assert_eq!(ask(1024, 64).await.status, 202, "{operation}");
    }
    held.server.close_at_once().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_options_of_a_chained_invocation_have_lengths() {
    let mut held = Held::open().await;
    let (mut turn, _output) = held.start().await;
    let options = |name: usize, tenant: usize, trace: usize| {
        json!([{ "Id": format!("i{name}-{tenant}-{trace}"), "Type": "CHAINED_INVOKE", "Action": "START",
            "ChainedInvokeOptions": { "FunctionName": "n".repeat(name), "TenantId": "t".repeat(tenant),
                "XAmznTraceId": "x".repeat(trace) } }])
    };
    turn.checkpoint(options(257, 1, 8193)).await.assert_violations(&[
        "at 'updates.1.member.chainedInvokeOptions.functionName' failed to satisfy constraint: Member must \
         have length less than or equal to 256",
        "at 'updates.1.member.chainedInvokeOptions.xAmznTraceId' failed to satisfy constraint: Member must \
         have length less than or equal to 8192",
    ]);
    let tenant = "TenantId must be 1 to 256 characters matching [a-zA-Z0-9._:/=+-@ ].";
    turn.checkpoint(options(256, 257, 8192)).await.assert_error(400, INVALID, tenant);
    let reply = turn.checkpoint(options(256, 256, 8192)).await.ok();
    // There is no function of this name, so it has failed at once.
    assert_eq!(reply["NewExecutionState"]["Operations"][0]["Status"], "FAILED");
    held.server.close_at_once().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sdk_tells_a_refusal_for_size_by_its_type() {
    let mut held = Held::open().await;
    let (turn, _output) = held.start().await;
    let client = held.server.lambda();
    let error = aws_sdk_lambda::types::ErrorObject::builder().error_message(text(MIB + 1)).build();
    let stop =
        client.stop_durable_execution().durable_execution_arn(turn.arn()).error(error).send();
    let refused = within("stop", stop).await.unwrap_err().into_service_error();
    assert!(refused.is_invalid_parameter_value_exception(), "{:?}", refused.code());
    held.server.close_at_once().await;
}
