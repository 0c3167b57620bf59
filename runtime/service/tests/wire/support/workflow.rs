//! A workflow that its input describes: a list of operations, gone through in order on each invocation, as an SDK
//! replays a handler.
//!
//! `{"step": id}`, `{"flaky": id, "fails": n, "delay": seconds}`, `{"wait": id, "seconds": n}`,
//! `{"callback": id, "timeout": n, "heartbeat": n}`, `{"invoke": id, "function": name, "input": text, "caught": true}`,
//! `{"open": id}` and `{"close": id}` for a context around what lies between, `{"fail": type}`, and for a process that is going to be killed
//! `{"hang": true}`, also as a member of a step.

use serde_json::{Value, json};

use super::script::{Answer, Turn, failed, pending, succeeded};

/// What a workflow tells while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note<'a> {
    /// The body of this step begins.
    Run(&'a str),
    /// The end of this step was acknowledged.
    Done(&'a str),
    /// It goes no further until its process is killed.
    Hangs,
}

/// Set in a process that is going to be killed: only there anything hangs.
pub const MORTAL: &str = "DURABLE_TEST_MORTAL";

async fn hang_if_mortal(item: &Value, note: &mut impl FnMut(Note<'_>)) {
    if item["hang"] == true && std::env::var_os(MORTAL).is_some() {
        note(Note::Hangs);
        std::future::pending::<()>().await;
    }
}

pub async fn run(mut turn: Turn, mut note: impl FnMut(Note<'_>)) -> Answer {
    let input = turn.input();
    for item in input["plan"].as_array().into_iter().flatten() {
        let verdict = if let Some(id) = item["step"].as_str().or(item["flaky"].as_str()) {
            step(&mut turn, id, item, &mut note).await?
        } else if item["hang"] == true {
            hang_if_mortal(item, &mut note).await;
            None
        } else if let Some(id) = item["wait"].as_str() {
            let options = json!({ "WaitSeconds": item["seconds"] });
            pause(&mut turn, id, "WAIT", "Wait", json!({ "WaitOptions": options })).await?
        } else if let Some(id) = item["callback"].as_str() {
            let mut options = json!({});
            for (ours, theirs) in
                [("timeout", "TimeoutSeconds"), ("heartbeat", "HeartbeatTimeoutSeconds")]
            {
                if let Some(seconds) = item[ours].as_u64() {
                    options[theirs] = seconds.into();
                }
            }
            let options = json!({ "CallbackOptions": options });
            pause(&mut turn, id, "CALLBACK", "Callback", options).await?
        } else if let Some(id) = item["invoke"].as_str() {
            invoke(&mut turn, id, item).await?
        } else if let Some(id) = item["open"].as_str() {
            context(&mut turn, id, "START", &["STARTED", "SUCCEEDED"]).await?
        } else if let Some(id) = item["close"].as_str() {
            context(&mut turn, id, "SUCCEED", &["SUCCEEDED"]).await?
        } else {
            Some(failed(item["fail"].as_str().unwrap_or("Unknown"), "as planned")?)
        };
        if let Some(output) = verdict {
            return Ok(output);
        }
    }
    succeeded(input["result"].as_str().unwrap_or("\"done\""))
}

type Verdict = Result<Option<Value>, durable_functions::FunctionError>;

async fn step(turn: &mut Turn, id: &str, item: &Value, note: &mut impl FnMut(Note<'_>)) -> Verdict {
    let update = |action: &str| json!({ "Id": id, "Name": id, "Type": "STEP", "SubType": "Step", "Action": action });
    match turn.status(id) {
        "SUCCEEDED" => return Ok(None),
        "PENDING" => return pending().map(Some),
        "STARTED" => {}
        _ => turn.write(json!([update("START")])).await?,
    }
    note(Note::Run(id));
    hang_if_mortal(item, note).await;
    let attempts = turn.operation(id).and_then(|step| step["StepDetails"]["Attempt"].as_u64());
    if attempts.unwrap_or(0) < item["fails"].as_u64().unwrap_or(0) {
        let mut retry = update("RETRY");
        retry["Error"] = json!({ "ErrorType": "Error", "ErrorMessage": "boom" });
        retry["StepOptions"] = json!({ "NextAttemptDelaySeconds": item["delay"] });
        turn.write(json!([retry])).await?;
        return pending().map(Some);
    }
    let mut end = update("SUCCEED");
    end["Payload"] = format!("\"{id}\"").into();
    turn.write(json!([end])).await?;
    note(Note::Done(id));
    Ok(None)
}

async fn pause(turn: &mut Turn, id: &str, kind: &str, sub_type: &str, options: Value) -> Verdict {
    if turn.status(id).is_empty() {
        let mut update = options;
        update["Id"] = id.into();
        update["Name"] = id.into();
        update["Type"] = kind.into();
        update["SubType"] = sub_type.into();
        update["Action"] = "START".into();
        turn.write(json!([update])).await?;
    }
    match turn.status(id) {
        "SUCCEEDED" => Ok(None),
        "STARTED" => pending().map(Some),
        _ => {
            let error = &turn.operation(id).unwrap()["CallbackDetails"]["Error"];
            failed(error["ErrorType"].as_str().unwrap_or("Failed"), "not caught").map(Some)
        }
    }
}

/// Another function; its error ends the workflow unless it is caught.
async fn invoke(turn: &mut Turn, id: &str, item: &Value) -> Verdict {
    if turn.status(id).is_empty() {
        let mut update = json!({ "Id": id, "Name": id, "Type": "CHAINED_INVOKE", "SubType": "ChainedInvoke",
            "Action": "START", "ChainedInvokeOptions": { "FunctionName": item["function"] } });
        if let Some(parent) = item["within"].as_str() {
            update["ParentId"] = parent.into();
        }
        if let Some(input) = item["input"].as_str() {
            update["Payload"] = input.into();
        }
        turn.write(json!([update])).await?;
    }
    match turn.status(id) {
        "SUCCEEDED" => Ok(None),
        "STARTED" => pending().map(Some),
        _ if item["caught"] == true => Ok(None),
        _ => {
            let error = &turn.operation(id).unwrap()["ChainedInvokeDetails"]["Error"];
            Ok(Some(json!({ "Status": "FAILED", "Error": error })))
        }
    }
}

async fn context(turn: &mut Turn, id: &str, action: &str, done: &[&str]) -> Verdict {
    if !done.contains(&turn.status(id)) {
        turn.write(json!([{ "Id": id, "Type": "CONTEXT", "Action": action }])).await?;
    }
    Ok(None)
}
