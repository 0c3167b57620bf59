//! Goal: a checkpoint is accepted or refused as AWS's service does, with its texts, and a refused one changes nothing;
//! the state can be read back in pages of any size, also when it does not fit the envelope.
//!
//! Method: a function that gives its invocation to the test and waits, so that the test can send whatever it wants with
//! a token that is valid, and look at the history in between.

use serde_json::{Value, json};

use crate::support::{Held, Reply, Turn, encode, pending, succeeded};

fn step(id: &str, action: &str) -> Value {
    json!({ "Id": id, "Type": "STEP", "Action": action })
}

fn with(mut update: Value, members: Value) -> Value {
    for (name, value) in members.as_object().unwrap() {
        update[name] = value.clone();
    }
    update
}

const STALE: &str = "Invalid checkpoint token";

#[track_caller]
fn assert_invalid(reply: &Reply, message: &str) {
    reply.assert_error(400, "InvalidParameterValueException", message);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_of_the_wrong_shape_is_a_serialization_error() {
    let mut held = Held::open().await;
    let (turn, _output) = held.start().await;
    let token = turn.token.clone();
    let updates =
        |updates: &str| format!("{{\"CheckpointToken\":\"{token}\",\"Updates\":{updates}}}");
    let before = held.server.history(turn.arn()).await;
    for body in [
        "".to_owned(),
        "nope".to_owned(),
        "[]".to_owned(),
        format!("[\"{token}\", null, null]"),
        "{\"CheckpointToken\":1}".to_owned(),
        updates("{}"),
        updates("[1]"),
        updates("[[]]"),
        updates(r#"[["a",null,null,"STEP",null,"START",null,null,null,null,null,null]]"#),
        updates(r#"[{"Id":1,"Type":"STEP","Action":"START"}]"#),
        updates(r#"[{"Id":"a","Type":"STEP","Action":"START","Payload":{}}]"#),
        updates(r#"[{"Id":"a","Type":"STEP","Action":"FAIL","Error":"text"}]"#),
        updates(r#"[{"Id":"a","Type":"STEP","Action":"FAIL","Error":["text"]}]"#),
        updates(r#"[{"Id":"a","Type":"STEP","Action":"FAIL","Error":{"ErrorMessage":1}}]"#),
        updates(r#"[{"Id":"a","Type":"WAIT","Action":"START","WaitOptions":{"WaitSeconds":"1"}}]"#),
        updates(r#"[{"Id":"a","Type":"WAIT","Action":"START","WaitOptions":{"WaitSeconds":1.5}}]"#),
        updates(r#"[{"Id":"a","Type":"WAIT","Action":"START","WaitOptions":[1]}]"#),
    ] {
        let reply = held.server.checkpoint(turn.arn(), body.clone()).await;
        assert_eq!((reply.status, reply.code()), (400, "SerializationException"), "{body}");
    }
    assert_eq!(held.server.history(turn.arn()).await, before);
    held.server.close_at_once().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_broken_constraint_is_named_in_one_answer() {
    let mut held = Held::open().await;
    let (turn, _output) = held.start().await;
    let long = "x".repeat(257);
    let body = json!({
        "CheckpointToken": "not base64!",
        "ClientToken": "with space",
        "Updates": [
            { "Id": "a b", "Type": "NAP", "Action": "REST", "SubType": "x".repeat(33) },
            { "Type": "STEP", "Action": "START", "Name": long },
            { "Id": "w", "Type": "WAIT", "Action": "START", "WaitOptions": { "WaitSeconds": 0 } },
            { "Id": "s", "Type": "STEP", "Action": "RETRY",
              "StepOptions": { "NextAttemptDelaySeconds": 31_622_401 } },
            { "Id": "c", "Type": "CALLBACK", "Action": "START",
              "CallbackOptions": { "TimeoutSeconds": -1, "HeartbeatTimeoutSeconds": 100_000_000 } },
        ],
    });
    turn.send(body).await.assert_violations(&[
        "Value 'not base64!' at 'checkpointToken' failed to satisfy constraint: Member must \
         satisfy regular expression pattern: [A-Za-z0-9+/]+={0,2}",
        "Value 'with space' at 'clientToken'",
        "Value 'a b' at 'updates.1.member.id' failed to satisfy constraint: Member must satisfy \
         regular expression pattern: [a-zA-Z0-9-_]+",
        "Value 'NAP' at 'updates.1.member.type' failed to satisfy constraint: Member must satisfy \
         enum value set: [EXECUTION, CONTEXT, STEP, WAIT, CALLBACK, CHAINED_INVOKE]",
        "Value 'REST' at 'updates.1.member.action' failed to satisfy constraint: Member must \
         satisfy enum value set: [START, SUCCEED, FAIL, RETRY, CANCEL]",
        "at 'updates.1.member.subType' failed to satisfy constraint: Member must have length less \
         than or equal to 32",
        "Value at 'updates.2.member.id' failed to satisfy constraint: Member must not be null",
        "at 'updates.2.member.name' failed to satisfy constraint: Member must have length less \
         than or equal to 256",
        "Value '0' at 'updates.3.member.waitOptions.waitSeconds' failed to satisfy constraint: \
         Member must have value greater than or equal to 1",
        "Value '31622401' at 'updates.4.member.stepOptions.nextAttemptDelaySeconds' failed to \
         satisfy constraint: Member must have value less than or equal to 31622400",
        "Value '-1' at 'updates.5.member.callbackOptions.timeoutSeconds'",
        "Value '100000000' at 'updates.5.member.callbackOptions.heartbeatTimeoutSeconds'",
    ]);
    held.server.close_at_once().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_breaks_a_rule_is_refused_as_a_whole_and_its_token_stays_good() {
    let mut held = Held::open().await;
    let (mut turn, _output) = held.start().await;
    turn.checkpoint(json!([with(step("done", "SUCCEED"), json!({ "Payload": "1" }))])).await.ok();
    let before = held.server.history(turn.arn()).await;
    let good = step("fresh", "START");
    let execution = json!({ "Id": "e", "Type": "EXECUTION", "Action": "SUCCEED" });
    let error = json!({ "Error": { "ErrorType": "E" } });
    for (updates, message) in [
        (json!([good, execution, execution]), "Cannot checkpoint multiple EXECUTION updates."),
        (json!([execution, good]), "EXECUTION checkpoint must be the last update."),
        (json!([good, good]), "Cannot update the same operation twice in a single request."),
        (
            json!([good, with(step("b", "START"), json!({ "ParentId": "none" }))]),
            "Invalid parent operation id.",
        ),
        (
            json!([good, { "Id": "done", "Type": "CONTEXT", "Action": "START" }]),
            "Inconsistent operation type.",
        ),
        (
            json!([good, with(step("done", "SUCCEED"), json!({ "Name": "other" }))]),
            "Inconsistent operation name.",
        ),
        (json!([good, step("done", "START")]), "Invalid current STEP state to start."),
        (json!([good, step("done", "SUCCEED")]), "Invalid current STEP state to close."),
        (json!([good, step("b", "CANCEL")]), "Invalid action for the given operation type."),
        (
            json!([good, with(step("b", "SUCCEED"), error.clone())]),
            "Cannot provide an Error for SUCCEED action.",
        ),
        (
            json!([good, with(step("b", "FAIL"), json!({ "Payload": "1" }))]),
            "Cannot provide a Payload for FAIL action.",
        ),
        (json!([good, step("b", "RETRY")]), "Invalid StepOptions for the given action."),
        (
            json!([good, { "Id": "w", "Type": "WAIT", "Action": "START" }]),
            "Update for WAIT operation requires WaitOptions.",
        ),
        (
            json!([
                good,
                with(step("b", "SUCCEED"), json!({ "Payload": "x".repeat(1024 * 1024 + 1) }))
            ]),
            "STEP payload size must be less than or equal to 1048576 bytes.",
        ),
    ] {
        let reply = turn.checkpoint(updates).await;
        assert_invalid(&reply, message);
    }
    assert_eq!(held.server.history(turn.arn()).await, before);
    // The token was not used up.
    let reply = turn.checkpoint(json!([good])).await.ok();
    assert_eq!(reply["NewExecutionState"]["Operations"].as_array().unwrap().len(), 1);
    held.server.close_at_once().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_may_start_and_end_a_step_and_a_poll_only_rotates_the_token() {
    let mut held = Held::open().await;
    let (mut turn, output) = held.start().await;
    let first = turn.token.clone();
    let batch =
        json!([step("s", "START"), with(step("s", "SUCCEED"), json!({ "Payload": "\"r\"" }))]);
    let reply = turn.checkpoint(batch).await.ok();
    let operations = reply["NewExecutionState"]["Operations"].as_array().unwrap();
    assert_eq!(operations.len(), 1);
    assert_eq!(operations[0]["Status"], "SUCCEEDED");
    assert_eq!(operations[0]["StepDetails"], json!({ "Attempt": 1, "Result": "\"r\"" }));
    assert!(operations[0]["StartTimestamp"].is_f64(), "seconds, with a fraction");
    let second = turn.token.clone();
    assert_ne!(first, second);

    let before = held.server.event_types(turn.arn()).await;
    assert_eq!(before, ["ExecutionStarted", "StepStarted", "StepSucceeded"]);
    let polled = turn.checkpoint(json!([])).await.ok();
    assert_eq!(polled["NewExecutionState"]["Operations"], json!([]));
    assert_ne!(turn.token, second);
    let without_list = turn.send(json!({ "CheckpointToken": turn.token })).await.ok();
    turn.token = without_list["CheckpointToken"].as_str().unwrap().to_owned();
    assert_eq!(held.server.event_types(turn.arn()).await, before);

    // Everything older than the newest is stale, also a poll's.
    for old in [&first, &second] {
        let reply = turn.send(json!({ "CheckpointToken": old, "Updates": [] })).await;
        assert_invalid(&reply, STALE);
    }
    output.send(succeeded("1")).unwrap();
    held.server.closed(turn.arn()).await;
    let reply = turn.checkpoint(json!([])).await;
    assert_invalid(&reply, STALE);
    held.server.close_at_once().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_good_for_its_execution_and_its_invocation_only() {
    let mut held = Held::open().await;
    let (one, one_output) = held.start().await;
    let (two, _two_output) = held.start().await;
    let body = |token: &str| json!({ "CheckpointToken": token, "Updates": [] }).to_string();

    let mixed = held.server.checkpoint(one.arn(), body(&two.token)).await;
    assert_invalid(&mixed, "Checkpoint token is not valid for the durable execution ARN");
    let read = held.server.read(one.arn(), &format!("/state?CheckpointToken={}", two.token)).await;
    assert_invalid(&read, "Checkpoint token is not valid for the durable execution ARN");
    for garbage in ["abc", "QUJD", &"a".repeat(65), &"0".repeat(2048)] {
        let reply = held.server.checkpoint(one.arn(), body(garbage)).await;
        assert_eq!((reply.status, reply.code()), (400, "InvalidParameterValueException"));
    }
    assert_invalid(&held.server.checkpoint(one.arn(), body("QUJD")).await, STALE);
    let unknown = one.arn().replace(one.arn().rsplit('/').next().unwrap(), "no-such-id");
    assert_invalid(&held.server.checkpoint(&unknown, body(&one.token)).await, STALE);

    // The next invocation's token replaces this one's, whatever the older process still wants to say.
    one_output.send(crate::support::crashed("Runtime.ExitError")).unwrap();
    let (again, _again_output) = held.turn().await;
    assert_eq!(again.arn(), one.arn());
    assert_invalid(&held.server.checkpoint(one.arn(), body(&one.token)).await, STALE);
    held.server.checkpoint(one.arn(), body(&again.token)).await.ok();
    held.server.close_at_once().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_garbage_arn_is_refused_raw_and_encoded() {
    let mut held = Held::open().await;
    let (turn, _output) = held.start().await;
    let body = json!({ "CheckpointToken": turn.token, "Updates": [] }).to_string();
    for garbage in ["nonsense", "arn:aws:lambda:us-east-1:1:function:f:1/durable-execution/a/b"] {
        for label in [garbage.to_owned(), encode(garbage)] {
            let path = format!("/2025-12-01/durable-executions/{label}/checkpoint");
            let reply = held.server.post(&path, body.clone()).await;
            let violation = format!("Value '{garbage}' at 'durableExecutionArn' failed to satisfy");
            reply.assert_violations(&[&violation]);
        }
    }
    // The right one works in both spellings, too.
    let path = format!("/2025-12-01/durable-executions/{}/checkpoint", turn.arn());
    let reply = held.server.post(&path, body).await.ok();
    let body = json!({ "CheckpointToken": reply["CheckpointToken"] }).to_string();
    held.server.checkpoint(turn.arn(), body).await.ok();
    held.server.close_at_once().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_request_gets_the_stored_answer_and_changes_nothing() {
    let mut held = Held::open().await;
    let (mut turn, _output) = held.start().await;
    let request = json!({
        "CheckpointToken": turn.token,
        "ClientToken": "once",
        "Updates": [step("s", "START")],
    });
    let first = turn.send(request.clone()).await;
    let again = turn.send(request.clone()).await;
    assert_eq!((first.status, &first.body), (again.status, &again.body));
    let types = held.server.event_types(turn.arn()).await;
    assert_eq!(types, ["ExecutionStarted", "StepStarted"]);

    let mut other = request.clone();
    other["ClientToken"] = "twice".into();
    assert_invalid(&turn.send(other).await, STALE);
    turn.token = first.json()["CheckpointToken"].as_str().unwrap().to_owned();
    turn.checkpoint(json!([])).await.ok();
    assert_invalid(&turn.send(request).await, STALE);

    // The checkpoint that closes the execution is answered again while its invocation lasts.
    let closing = json!({
        "CheckpointToken": turn.token,
        "ClientToken": "last",
        "Updates": [{ "Id": "e", "Type": "EXECUTION", "Action": "SUCCEED", "Payload": "9" }],
    });
    let first = turn.send(closing.clone()).await.ok();
    assert_eq!(first.get("CheckpointToken"), None);
    assert_eq!(turn.send(closing).await.ok(), first);
    assert_eq!(held.server.execution(turn.arn()).await["Result"], "9");
    held.server.close_at_once().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quota_closes_the_execution_and_withholds_the_token() {
    let mut held = Held::open_with(|setup| setup.config.limits.operations_max = 3).await;
    let (mut turn, _output) = held.start().await;
    turn.checkpoint(json!([step("a", "START"), step("b", "START")])).await.ok();
    let reply = turn.checkpoint(json!([step("c", "START")])).await.ok();
    assert_eq!(reply.get("CheckpointToken"), None);
    let shown = held.server.execution(turn.arn()).await;
    assert_eq!(shown["Status"], "FAILED");
    assert_eq!(shown["Error"]["ErrorType"], "ServiceQuotaExceededException");
    held.server.close_at_once().await;
}

/// Every operation in pages; gives the ids in order.
async fn page_through(turn: &Turn, items: usize) -> Vec<String> {
    let (mut ids, mut marker) = (Vec::new(), String::new());
    loop {
        let page = turn.state(&format!("&MaxItems={items}&Marker={marker}")).await.ok();
        let operations = page["Operations"].as_array().unwrap();
        assert!(operations.len() <= items);
        ids.extend(operations.iter().map(|op| op["Id"].as_str().unwrap().to_owned()));
        marker = page["NextMarker"].as_str().unwrap().to_owned();
        if marker.is_empty() {
            return ids;
        }
        assert_eq!(operations.len(), items, "only the last page may be short");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_state_is_read_in_pages_of_any_size() {
    let mut held = Held::open().await;
    let (mut turn, _output) = held.start().await;
    let own_id = turn.arn().rsplit('/').next().unwrap().to_owned();
    let mut expected = vec![own_id];
    for number in 0..7 {
        let id = format!("s{number}");
        turn.checkpoint(json!([step(&id, "START")])).await.ok();
        expected.push(id);
    }
    for items in [1, 2, 3, 4, 8, 100] {
        assert_eq!(page_through(&turn, items).await, expected, "{items} at once");
    }
    assert_eq!(turn.state("").await.ok()["Operations"].as_array().unwrap().len(), 8);
    assert_eq!(turn.state("&MaxItems=0").await.ok()["Operations"].as_array().unwrap().len(), 8);

    // A marker stays valid while the list grows, and reading does not use up the token.
    let marker = turn.state("&MaxItems=8").await.ok()["NextMarker"].clone();
    assert_eq!(marker, "");
    let marker = turn.state("&MaxItems=4").await.ok()["NextMarker"].as_str().unwrap().to_owned();
    turn.checkpoint(json!([step("late", "START")])).await.ok();
    let rest = turn.state(&format!("&Marker={marker}")).await.ok();
    let rest = rest["Operations"].as_array().unwrap().clone();
    assert_eq!((rest.len(), rest[4]["Id"].as_str()), (5, Some("late")));

    let path = format!("/state?CheckpointToken={}", turn.token);
    for (query, code) in [
        ("&MaxItems=x", "SerializationException"),
        ("&MaxItems=1001", "ValidationException"),
        ("&MaxItems=-1", "ValidationException"),
        ("&Marker=!", "InvalidParameterValueException"),
    ] {
        let reply = held.server.read(turn.arn(), &format!("{path}{query}")).await;
        assert_eq!((reply.status, reply.code()), (400, code), "{query}");
    }
    held.server.read(turn.arn(), "/state").await.assert_violations(&["'checkpointToken'"]);
    held.server.close_at_once().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn children_of_a_closed_context_are_left_out_unless_they_are_replayed() {
    let mut held = Held::open().await;
    let (mut turn, output) = held.start().await;
    let context = |id: &str, action: &str| json!({ "Id": id, "Type": "CONTEXT", "Action": action });
    let replayed = json!({ "ContextOptions": { "ReplayChildren": true } });
    turn.checkpoint(json!([
        context("hides", "START"),
        with(step("hidden", "SUCCEED"), json!({ "ParentId": "hides" })),
        with(context("hides", "SUCCEED"), json!({ "Payload": "1" })),
        context("shows", "START"),
        with(step("shown", "SUCCEED"), json!({ "ParentId": "shows" })),
        with(context("shows", "SUCCEED"), replayed),
        { "Id": "w", "Type": "WAIT", "Action": "START", "WaitOptions": { "WaitSeconds": 1 } },
    ]))
    .await
    .ok();
    let listed = page_through(&turn, 100).await;
    assert_eq!(listed[1..], ["hides", "shows", "shown", "w"]);
    output.send(pending()).unwrap();
    let (next, _output) = held.turn().await;
    assert_eq!(next.updated(), ["w"]);
    let operations = next.envelope["InitialExecutionState"]["Operations"].as_array().unwrap();
    let ids: Vec<_> = operations[1..].iter().map(|op| op["Id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["hides", "shows", "shown", "w"]);
    assert!(operations[1]["StartTimestamp"].is_i64(), "whole milliseconds");
    held.server.close_at_once().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_envelope_is_cut_at_five_mebibytes_and_the_rest_is_read_from_its_marker() {
    let mut held = Held::open().await;
    let (mut turn, output) = held.start().await;
    let payload = "x".repeat(1024 * 1024);
    let error = json!({ "ErrorMessage": "x".repeat(1024 * 1024 - 1), "ErrorType": "E" });
    for number in 0..8 {
        // Half of the weight is in errors: they count like results.
        let update = match number % 2 {
            0 => with(step(&format!("s{number}"), "SUCCEED"), json!({ "Payload": payload })),
            _ => with(step(&format!("s{number}"), "FAIL"), json!({ "Error": error })),
        };
        turn.checkpoint(json!([update])).await.ok();
    }
    output.send(crate::support::crashed("Runtime.ExitError")).unwrap();
    let (next, _output) = held.turn().await;
    assert!(next.invocation.payload.len() < 6 * 1024 * 1024);
    let state = &next.envelope["InitialExecutionState"];
    let operations = state["Operations"].as_array().unwrap();
    assert_eq!(operations[0]["Type"], "EXECUTION");
    let mut ids: Vec<_> = operations[1..].iter().map(|op| op["Id"].clone()).collect();
    assert_eq!(ids, ["s0", "s1", "s2", "s3"]);

    // The pages of the API are cut by size as well.
    let mut marker = state["NextMarker"].as_str().unwrap().to_owned();
    while !marker.is_empty() {
        let reply = next.state(&format!("&Marker={marker}")).await;
        assert!(reply.body.len() < 6 * 1024 * 1024);
        let page = reply.ok();
        ids.extend(page["Operations"].as_array().unwrap().iter().map(|op| op["Id"].clone()));
        marker = page["NextMarker"].as_str().unwrap().to_owned();
    }
    let expected: Vec<_> = (0..8).map(|number| json!(format!("s{number}"))).collect();
    assert_eq!(ids, expected);
    let from_start = next.state("").await;
    assert!(from_start.body.len() < 6 * 1024 * 1024);
    assert_ne!(from_start.ok()["NextMarker"], "");
    held.server.close_at_once().await;
}
