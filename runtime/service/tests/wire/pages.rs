//! Goal: state and history are the same however they are cut into pages, in both directions, with and without data, while
//! they grow, and around what a replay does not need; and only the invocation in flight reads the state.
//!
//! Method: a function that waits for the test, so that its invocation is in flight while the test reads.

use serde_json::{Value, json};

use crate::support::{Held, Server, Turn, crashed, encode, pending, succeeded};

fn update(id: &str, kind: &str, action: &str, parent: Option<&str>) -> Value {
    let mut update = json!({ "Id": id, "Type": kind, "Action": action });
    if let Some(parent) = parent {
        update["ParentId"] = parent.into();
    }
    update
}

fn closed(id: &str, parent: Option<&str>, replay: bool) -> Value {
    let mut update = update(id, "CONTEXT", "SUCCEED", parent);
    update["ContextOptions"] = json!({ "ReplayChildren": replay });
    update
}

/// The ids of the operations, page by page, the execution's own first.
async fn state(turn: &Turn, items: usize) -> Vec<String> {
    let (mut ids, mut marker) = (Vec::new(), String::new());
    loop {
        let page = turn.state(&format!("&MaxItems={items}&Marker={marker}")).await.ok();
        let operations = page["Operations"].as_array().unwrap();
        assert!(operations.len() <= items, "{items} at once");
        ids.extend(operations.iter().map(|op| op["Id"].as_str().unwrap().to_owned()));
        marker = page["NextMarker"].as_str().unwrap().to_owned();
        if marker.is_empty() {
            return ids;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_the_state_leave_out_what_lies_in_closed_contexts_at_every_depth() {
    let mut held = Held::open().await;
    let (mut turn, _output) = held.start().await;
    let step = |id: &str, parent: &str| update(id, "STEP", "SUCCEED", Some(parent));
    turn.checkpoint(json!([
        // Everything in here is hidden, also the context that would replay its own children.
        update("outer", "CONTEXT", "START", None),
        step("outer-step", "outer"),
        update("inner", "CONTEXT", "START", Some("outer")),
        step("inner-step", "inner"),
        closed("inner", Some("outer"), true),
        closed("outer", None, false),
        // Of this one the children are replayed, but not those of its closed child.
        update("shown", "CONTEXT", "START", None),
        step("shown-step", "shown"),
        update("shut", "CONTEXT", "START", Some("shown")),
        step("shut-step", "shut"),
        closed("shut", Some("shown"), false),
        closed("shown", None, true),
        // An open one hides nothing.
        update("open", "CONTEXT", "START", None),
        step("open-step", "open"),
    ]))
    .await
    .ok();
    let own = turn.arn().rsplit('/').next().unwrap().to_owned();
    let expected = [&own, "outer", "shown", "shown-step", "shut", "open", "open-step"];
    for items in 1..=8 {
        assert_eq!(state(&turn, items).await, expected, "{items} at once");
    }

    // A failed context hides, too. What a page has shown is not taken back, and what comes later is on a later page.
    let first = turn.state("&MaxItems=5").await.ok();
    assert_eq!(first["Operations"].as_array().unwrap().len(), 5);
    let marker = first["NextMarker"].as_str().unwrap().to_owned();
    turn.checkpoint(json!([
        update("open", "CONTEXT", "FAIL", None),
        update("late", "STEP", "START", None)
    ]))
    .await
    .ok();
    let rest = turn.state(&format!("&Marker={marker}")).await.ok();
    let rest: Vec<_> = rest["Operations"].as_array().unwrap().iter().map(|op| &op["Id"]).collect();
    assert_eq!(rest, ["open", "late"]);
    held.server.close_at_once().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_token_of_the_invocation_in_flight_reads_the_state_and_no_other() {
    let mut held = Held::open().await;
    let (mut turn, output) = held.start().await;
    let read = async |server: &Server, arn: &str, token: &str| {
        server.read(arn, &format!("/state?CheckpointToken={token}")).await
    };
    let arn = turn.arn().to_owned();
    let first = turn.token.clone();
    turn.checkpoint(json!([update("a", "STEP", "START", None)])).await.ok();
    let second = turn.token.clone();
    for token in [&first, &second] {
        let page = read(&held.server, &arn, token).await.ok();
        assert_eq!(page["Operations"].as_array().unwrap().len(), 2);
        assert_eq!(page["NextMarker"], "");
    }
    // Reading has used up no token.
    turn.checkpoint(json!([])).await.ok();

    output.send(crashed("Runtime.ExitError")).unwrap();
    let (again, output) = held.turn().await;
    let stale = "Invalid checkpoint token";
    for token in [&first, &second, &turn.token] {
        let refused = read(&held.server, &arn, token).await;
        refused.assert_error(400, "InvalidParameterValueException", stale);
    }
    read(&held.server, &arn, &again.token).await.ok();
    for garbage in ["abc", &"0".repeat(2048)] {
        let refused = read(&held.server, &arn, garbage).await;
        assert_eq!((refused.status, refused.code()), (400, "InvalidParameterValueException"));
    }
    for malformed in ["", "a b", &"0".repeat(2049)] {
        let refused = read(&held.server, &arn, &encode(malformed)).await;
        assert_eq!((refused.status, refused.code()), (400, "ValidationException"));
    }
    output.send(succeeded("1")).unwrap();
    held.server.closed(&arn).await;
    let refused = read(&held.server, &arn, &again.token).await;
    refused.assert_error(400, "InvalidParameterValueException", stale);
    held.server.close_at_once().await;
}

/// Every event, page by page.
async fn history(server: &Server, arn: &str, items: usize, query: &str) -> Vec<Value> {
    let (mut events, mut marker) = (Vec::new(), String::new());
    loop {
        let query = format!("/history?MaxItems={items}{query}&Marker={marker}");
        let page = server.read(arn, &query).await.ok();
        let shown = page["Events"].as_array().unwrap();
        assert!(shown.len() <= items, "{items} at once");
        events.extend(shown.iter().cloned());
        let Some(next) = page["NextMarker"].as_str() else { return events };
        marker = encode(next);
    }
}

/// The event with its payloads hidden, whatever kind it is of.
fn hidden(mut event: Value) -> Value {
    let kind = event["EventType"].as_str().unwrap().to_owned();
    for wrapper in ["Input", "Result", "Error", "Reason"] {
        if let Some(payload) = event[format!("{kind}Details")].get_mut(wrapper) {
            *payload = json!({ "Truncated": true });
        }
    }
    event
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_is_the_same_in_both_directions_with_and_without_data() {
    let mut held = Held::open().await;
    let (mut turn, output) = held.start().await;
    let with = |mut update: Value, member: &str, value: Value| {
        update[member] = value;
        update
    };
    let error = json!({ "ErrorType": "E", "ErrorMessage": "secret" });
    // Several events of one commit, so that pages end within a record as well as between records.
    turn.checkpoint(json!([
        update("c", "CONTEXT", "START", None),
        with(update("a", "STEP", "SUCCEED", Some("c")), "Payload", "\"secret\"".into()),
        with(update("b", "STEP", "FAIL", Some("c")), "Error", error.clone()),
        with(update("c", "CONTEXT", "FAIL", None), "Error", error.clone()),
        with(update("k", "CALLBACK", "START", None), "CallbackOptions", json!({})),
    ]))
    .await
    .ok();
    let arn = turn.arn().to_owned();
    let path = format!("/2025-12-01/durable-executions/{}", encode(&arn));
    for operation in ["pause", "resume"] {
        let reply =
            held.server.post(&format!("{path}/{operation}"), r#"{"Reason":"secret"}"#).await;
        assert_eq!(reply.status, 202);
    }
    let callback = held.server.callback_id(&arn, "k").await;
    held.server.callback(&callback, "fail", error.to_string()).await.ok();
    output.send(pending()).unwrap();
    let (_turn, output) = held.turn().await;
    output.send(crate::support::failed("E", "secret")).unwrap();
    let all = held.server.history_until(&arn, "ExecutionFailed").await;
    let ids: Vec<_> = all.iter().map(|event| event["EventId"].as_u64().unwrap()).collect();
    assert_eq!(ids, (1..=all.len() as u64).collect::<Vec<_>>());
    assert!(json!(all).to_string().contains("secret"));
    let bare: Vec<_> = all.iter().cloned().map(hidden).collect();
    assert!(!json!(bare).to_string().contains("secret"));
    for (query, forwards) in
        [("&IncludeExecutionData=true", &all), ("&IncludeExecutionData=false", &bare), ("", &bare)]
    {
        let backwards: Vec<_> = forwards.iter().rev().cloned().collect();
        for items in [1, 2, 3, 5, 100, 1000] {
            let read = async |reverse: &str| {
                history(&held.server, &arn, items, &format!("{query}{reverse}")).await
            };
            assert_eq!(&read("").await, forwards, "{items} at once");
            assert_eq!(&read("&ReverseOrder=false").await, forwards, "{items} at once");
            assert_eq!(read("&ReverseOrder=true").await, backwards, "{items} at once");
        }
    }
    held.server.close_at_once().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_marker_of_the_history_stays_good_while_it_grows() {
    let mut held = Held::open().await;
    let (mut turn, _output) = held.start().await;
    let arn = turn.arn().to_owned();
    let mut start = async |id: &str| {
        turn.checkpoint(json!([update(id, "STEP", "START", None)])).await.ok();
    };
    for id in ["a", "b", "c"] {
        start(id).await;
    }
    let page = async |query: &str| held.server.read(&arn, &format!("/history?{query}")).await.ok();
    let ids = |page: &Value| -> Vec<u64> {
        let events = page["Events"].as_array().unwrap();
        events.iter().map(|event| event["EventId"].as_u64().unwrap()).collect()
    };
    let forwards = page("MaxItems=2").await;
    let backwards = page("MaxItems=2&ReverseOrder=true").await;
    assert_eq!((ids(&forwards), ids(&backwards)), (vec![1, 2], vec![4, 3]));
    start("d").await;
    start("e").await;
    let next = |page: &Value| encode(page["NextMarker"].as_str().unwrap());
    let rest = page(&format!("Marker={}", next(&forwards))).await;
    assert_eq!(ids(&rest), [3, 4, 5, 6]);
    // Backwards, what is new lies before the first page.
    let rest = page(&format!("ReverseOrder=true&Marker={}", next(&backwards))).await;
    assert_eq!(ids(&rest), [2, 1]);
    held.server.close_at_once().await;
}
