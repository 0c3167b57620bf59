//! Goal: every operation on an execution finds it by its ARN however a client writes it into the path, and by nothing
//! else: each part of the ARN counts.
//!
//! Method: raw requests, because the path is what is tested; one execution that is running, so that all operations make
//! sense.

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use crate::support::{Held, Reply, Server, Turn, encode};

const EXECUTIONS: &str = "/2025-12-01/durable-executions";
const WRONG_ARN: &str = "Checkpoint token is not valid for the durable execution ARN";

/// Method, last segment of the path, and whether the request carries a checkpoint token.
const OPERATIONS: [(&str, &str, bool); 8] = [
    ("POST", "/checkpoint", true),
    ("GET", "/state", true),
    ("GET", "", false),
    ("GET", "/history", false),
    ("POST", "/pause", false),
    ("POST", "/resume", false),
    ("POST", "/stop", false),
    ("DELETE", "", false),
];

/// Sends an operation; `label` stands in the path as it is.
async fn send(
    server: &Server,
    (method, last, with_token): (&str, &str, bool),
    label: &str,
    token: &str,
) -> Reply {
    let (mut query, mut body) = (String::new(), Bytes::new());
    if with_token && method == "GET" {
        query = format!("?CheckpointToken={token}");
    } else if with_token {
        body = Bytes::from(json!({ "CheckpointToken": token }).to_string());
    }
    let uri = format!("{EXECUTIONS}/{label}{last}{query}");
    server.send(Request::builder().method(method).uri(uri).body(body).unwrap()).await
}

/// What each operation answers to this spelling, in an order in which all of them are accepted.
async fn all(server: &Server, turn: &Turn, label: &str) -> Vec<u16> {
    let mut statuses = Vec::new();
    let mut token = turn.token.clone();
    for operation in OPERATIONS {
        let reply = send(server, operation, label, &token).await;
        if operation.1 == "/checkpoint" && reply.status == 200 {
            token = reply.json()["CheckpointToken"].as_str().unwrap().to_owned();
        }
        statuses.push(reply.status);
    }
    statuses
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_takes_an_arn_in_every_spelling() {
    let mut held = Held::open().await;
    for spell in [
        |arn: &str| arn.to_owned(),
        |arn: &str| encode(arn),
        |arn: &str| arn.replace('$', "%24"),
        |arn: &str| arn.replace(':', "%3A").replace('/', "%2f"),
    ] {
        let (turn, _output) = held.start().await;
        let statuses = all(&held.server, &turn, &spell(turn.arn())).await;
        assert_eq!(statuses, [200, 200, 200, 200, 202, 202, 200, 202], "{}", spell(turn.arn()));
        let gone = held.server.read(turn.arn(), "").await;
        assert_eq!(gone.status, 404, "the last operation deleted it");
    }
    held.server.close_at_once().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_arn_is_decoded_once() {
    let mut held = Held::open().await;
    let (turn, _output) = held.start().await;
    let twice = encode(&encode(turn.arn()));
    for operation in OPERATIONS {
        let reply = send(&held.server, operation, &twice, &turn.token).await;
        reply.assert_violations(&["at 'durableExecutionArn'"]);
    }
    held.server.close_at_once().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_arn_that_is_wrong_in_any_part_leads_to_nothing() {
    let mut held = Held::open().await;
    held.server.start("held", Some("mine"), &json!({})).await;
    let (turn, _output) = held.turn().await;
    let arn = turn.arn();
    let elsewhere = [
        arn.replace("arn:aws:", "arn:aws-cn:"),
        arn.replace("us-east-1", "eu-west-1"),
        arn.replace("000000000000", "111111111111"),
    ];
    let other = [
        arn.replace(":held:", ":other:"),
        arn.replace("$LATEST", "1"),
        arn.replace("$LATEST", "$LATEST.PUBLISHED"),
        arn.replace("/mine/", "/yours/"),
    ];
    for (wrong, is_elsewhere) in
        elsewhere.iter().map(|arn| (arn, true)).chain(other.iter().map(|arn| (arn, false)))
    {
        assert_ne!(wrong, arn);
        for operation in OPERATIONS {
            let reply = send(&held.server, operation, &encode(wrong), &turn.token).await;
            if operation.2 {
                reply.assert_error(400, "InvalidParameterValueException", WRONG_ARN);
            } else if is_elsewhere {
                assert_eq!((reply.status, reply.code()), (404, "ResourceNotFoundException"));
                let function = wrong.split(":$LATEST").next().unwrap();
                assert_eq!(reply.message(), format!("Function not found: {function}"));
            } else {
                let text = "Durable Execution does not exist";
                reply.assert_error(404, "ResourceNotFoundException", text);
            }
        }
    }
    // None of them did anything.
    assert_eq!(held.server.event_types(arn).await, ["ExecutionStarted"]);
    let reply = send(&held.server, OPERATIONS[0], &encode(arn), &turn.token).await;
    assert_eq!(reply.status, 200);
    held.server.close_at_once().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_arn_and_the_other_members_are_complained_of_together() {
    let held = Held::open().await;
    let server = &held.server;
    let arn = "at 'durableExecutionArn' failed to satisfy constraint: Member must satisfy regular \
               expression pattern: arn:([a-zA-Z0-9-]+):lambda:";
    let path = |last: &str| format!("{EXECUTIONS}/nonsense{last}");
    server
        .post(&path("/checkpoint"), r#"{"CheckpointToken":"a b","Updates":[{}]}"#)
        .await
        .assert_violations(&[
            arn,
            "'checkpointToken'",
            "'updates.1.member.id'",
            "'updates.1.member.type'",
            "'updates.1.member.action'",
        ]);
    let state = server.get(&path("/state?MaxItems=1001")).await;
    state.assert_violations(&[arn, "'checkpointToken'", "'maxItems'"]);
    server.get(&path("/history?MaxItems=-1")).await.assert_violations(&[arn, "'maxItems'"]);
    let reason = json!({ "Reason": "x".repeat(1025), "ClientToken": "" }).to_string();
    server.post(&path("/pause"), reason.clone()).await.assert_violations(&[
        arn,
        "'reason'",
        "at 'clientToken' failed to satisfy constraint: Member must have length greater than or equal to 1",
        "at 'clientToken' failed to satisfy constraint: Member must satisfy regular expression pattern",
    ]);

    // What is of the wrong type comes first.
    for (method, last, body) in [
        ("POST", "/checkpoint", "{\"CheckpointToken\":1}"),
        ("GET", "/state?CheckpointToken=a%20b&MaxItems=x", ""),
        ("GET", "/history?MaxItems=1001&ReverseOrder=x", ""),
        ("GET", "?IncludeExecutionData=x", ""),
        ("POST", "/stop", "[]"),
        ("POST", "/pause", "{\"Reason\":1}"),
        ("POST", "/resume", "1"),
    ] {
        let request = Request::builder().method(method).uri(path(last));
        let reply = server.send(request.body(Bytes::from(body)).unwrap()).await;
        assert_eq!((reply.status, reply.code()), (400, "SerializationException"), "{last}");
    }

    // An ARN has a length, too.
    let long = format!(
        "arn:aws:lambda:us-east-1:000000000000:function:held:1/durable-execution/a/{}",
        "b".repeat(1000)
    );
    let reply = server.get(&format!("{EXECUTIONS}/{long}")).await;
    reply.assert_violations(&["Member must have length less than or equal to 1024"]);
    held.server.close_at_once().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_callback_is_found_by_its_id_raw_and_encoded() {
    let mut held = Held::open().await;
    let (mut turn, _output) = held.start().await;
    let start = |id: &str| {
        json!({ "Id": id, "Type": "CALLBACK", "Action": "START",
        "CallbackOptions": { "HeartbeatTimeoutSeconds": 100 } })
    };
    let reply = turn.checkpoint(json!([start("a"), start("b"), start("c")])).await.ok();
    let operations = reply["NewExecutionState"]["Operations"].as_array().unwrap().clone();
    let ids: Vec<&str> =
        operations.iter().map(|op| op["CallbackDetails"]["CallbackId"].as_str().unwrap()).collect();
    let post = async |label: &str, operation: &str, body: &str| -> Value {
        let path = format!("/2025-12-01/durable-execution-callbacks/{label}/{operation}");
        held.server.post(&path, body.to_owned()).await.ok()
    };
    // Every character of it in percent-encoding, as a client that encodes all would write it.
    let encoded = |id: &str| id.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    for id in &ids {
        assert_eq!(post(id, "heartbeat", "").await, json!({}));
        assert_eq!(post(&encoded(id), "heartbeat", "").await, json!({}));
    }
    post(ids[0], "succeed", "1").await;
    post(&encoded(ids[1]), "succeed", "1").await;
    post(&encoded(ids[2]), "fail", "{}").await;
    let reply = turn.checkpoint(json!([])).await.ok();
    let operations = reply["NewExecutionState"]["Operations"].as_array().unwrap();
    let statuses: Vec<_> = operations.iter().map(|op| op["Status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["SUCCEEDED", "SUCCEEDED", "FAILED"]);
    held.server.close_at_once().await;
}
