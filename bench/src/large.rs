//! One execution that becomes large: the cost of a checkpoint must not grow with what is there already.
//!
//! The function runs in this process and speaks to the service without a socket and without an SDK, so that a
//! checkpoint's time is the runtime's. After its last step it suspends for a second; the next invocation is given the
//! whole state, whose pages it reads as SDKs do.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use durable_functions::{FunctionError, FunctionHost};
use durable_service::{DurableConfig, FunctionSpec, Service, ServiceConfig};
use http::Request;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::figures::percentile;
use crate::turn::{DoorSlot, Function, Turn, pending, succeeded};

const FUNCTION: &str = "Grows";
/// The wait behind the last step.
const WAIT: &str = "rest";
/// The first and the last fifth of the steps are compared.
const SHARE: usize = 5;

/// A shape of execution.
#[derive(Clone, Copy)]
struct Case {
    name: &'static str,
    steps: usize,
    result_bytes: usize,
}

/// The first one's results are more than an invocation's envelope holds; the second one comes close to the most
/// operations that an execution may have.
const CASES: [Case; 2] = [
    Case { name: "60 steps of 100 KiB", steps: 60, result_bytes: 100 * 1024 },
    Case { name: "2,900 steps of 10 bytes", steps: 2_900, result_bytes: 10 },
];

/// What the last invocation was given.
struct Replay {
    /// Operations in the envelope, and in the pages behind it.
    operations: usize,
    pages: usize,
    reading: Duration,
}

/// What one execution took.
struct Measured {
    /// Each step's two checkpoints together.
    steps: Vec<Duration>,
    replay: Replay,
}

/// Measures both cases and prints a table.
pub(crate) async fn measure() -> anyhow::Result<()> {
    println!(
        "{:<24} {:>12} {:>12} {:>7} {:>6} {:>14}",
        "", "first, ms", "last, ms", "ratio", "pages", "all pages, ms"
    );
    for case in CASES {
        let mut measured = run(case).await?;
        let fifth = case.steps / SHARE;
        let last = measured.steps.split_off(case.steps - fifth);
        measured.steps.truncate(fifth);
        // A step makes two checkpoints.
        let [first, last] =
            [measured.steps, last].map(|mut steps| percentile(&mut steps, 0.5) / 2.0);
        let Replay { pages, reading, operations } = measured.replay;
        // The execution itself and the wait are operations, too.
        ensure!(operations == case.steps + 2, "{operations} operations are in the state");
        let (ratio, reading) = (last / first, reading.as_secs_f64() * 1000.0);
        let name = case.name;
        println!("{name:<24} {first:>12.3} {last:>12.3} {ratio:>7.2} {pages:>6} {reading:>14.1}");
    }
    Ok(())
}

async fn run(case: Case) -> anyhow::Result<Measured> {
    let directory = tempfile::tempdir()?;
    let (slot, steps) = (DoorSlot::default(), Arc::new(Mutex::new(Vec::new())));
    let (ended, mut end) = mpsc::channel(1);
    let code = {
        let steps = Arc::clone(&steps);
        move |turn: Turn| {
            let (steps, ended) = (Arc::clone(&steps), ended.clone());
            async move {
                let outcome = grow(turn, case, &steps).await;
                let (answer, message) = match outcome {
                    Ok(None) => return Ok(pending()),
                    Ok(Some(replay)) => (Ok(succeeded("null")), Ok(replay)),
                    Err(error) => (Err(error.clone()), Err(error)),
                };
                // Nobody waits any more once an earlier invocation has failed.
                let _ = ended.try_send(message);
                answer
            }
        }
    };
    let functions = vec![function(Arc::new(Function { slot: slot.clone(), code }))];
    let config = ServiceConfig::new(directory.path());
    let bind = |door: &_| slot.bind(door);
    let service = Service::open_with(config, functions, bind, |backend| Box::new(backend)).await?;
    let path = format!("/2015-03-31/functions/{FUNCTION}/invocations?Qualifier=%24LATEST");
    let request = Request::post(path)
        .header("x-amz-invocation-type", "Event")
        .body(Bytes::from_static(b"{}"))?;
    let response = service.door().answer(request).await;
    ensure!(response.status().is_success(), "the start was refused: {:?}", response.body());
    let replay = end.recv().await.context("the function has gone")?;
    let replay = replay.map_err(|error| anyhow::anyhow!(error.error_message))?;
    service.shut_down(Duration::from_secs(1)).await;
    let steps = std::mem::take(&mut *steps.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(Measured { steps, replay })
}

fn function(host: Arc<dyn FunctionHost>) -> FunctionSpec {
    FunctionSpec {
        name: FUNCTION.to_owned(),
        description: "Records many operations".to_owned(),
        timeout: Duration::from_secs(900),
        memory_mb: 128,
        environment: BTreeMap::new(),
        durable: Some(DurableConfig { execution_timeout_seconds: 3600, retention_days: 1 }),
        concurrency_max: 1,
        host,
    }
}

/// The function: all its steps and a wait, then a look at the whole state.
async fn grow(
    mut turn: Turn,
    case: Case,
    steps: &Mutex<Vec<Duration>>,
) -> Result<Option<Replay>, FunctionError> {
    if turn.state.operations.len() > 1 {
        return Ok(Some(replay(&turn).await?));
    }
    let result = Value::String("x".repeat(case.result_bytes)).to_string();
    for number in 0..case.steps {
        let id = format!("step-{number}");
        let begun = Instant::now();
        turn.checkpoint(json!([{ "Id": id, "Type": "STEP", "Action": "START" }])).await?;
        let succeed = json!([{ "Id": id, "Type": "STEP", "Action": "SUCCEED", "Payload": result }]);
        turn.checkpoint(succeed).await?;
        steps.lock().unwrap_or_else(PoisonError::into_inner).push(begun.elapsed());
    }
    let wait = json!([{ "Id": WAIT, "Type": "WAIT", "Action": "START",
                        "WaitOptions": { "WaitSeconds": 1 } }]);
    turn.checkpoint(wait).await?;
    Ok(None)
}

/// Reads the pages of the state that had no room in the envelope.
async fn replay(turn: &Turn) -> Result<Replay, FunctionError> {
    let begun = Instant::now();
    let (mut operations, mut pages) = (turn.state.operations.len(), 0);
    let mut marker = turn.state.next_marker.clone();
    while !marker.is_empty() {
        let page = turn.state_at(&marker).await?;
        operations += page.operations.len();
        pages += 1;
        marker = page.next_marker;
    }
    Ok(Replay { operations, pages, reading: begun.elapsed() })
}
