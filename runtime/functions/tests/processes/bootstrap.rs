//! The functions of the tests. Each is the test below, run alone in a process of its own; what it does is said by the
//! event, and before that by the variable `INIT`.

use std::io::Write;
use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

use crate::raw;

/// Set for a process that is a function.
pub const MODE: &str = "TEST_BOOTSTRAP";
/// What goes wrong in the init.
pub const INIT: &str = "TEST_INIT";

/// Not a test but the entry into a function's process.
#[test]
#[ignore = "this is the function that the tests start"]
fn bootstrap() {
    let Ok(mode) = std::env::var(MODE) else { return };
    // The test harness has begun a line.
    println!();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        init().await;
        match mode.as_str() {
            "sequential" => lambda_runtime::run(service_fn(handle)).await.unwrap(),
            "concurrent" => lambda_runtime::run_concurrent(service_fn(handle)).await.unwrap(),
            "graceful" => {
                lambda_runtime::spawn_graceful_shutdown_handler(|| async {
                    println!("the hook has run");
                })
                .await;
                lambda_runtime::run(service_fn(handle)).await.unwrap();
            }
            "raw" => raw::run().await,
            other => panic!("no mode {other}"),
        }
    });
}

async fn init() {
    match std::env::var(INIT).as_deref() {
        Ok("exit") => {
            println!("init is about to fail");
            std::process::exit(3)
        }
        Ok("exit 0") => std::process::exit(0),
        Ok("report") => {
            let error = json!({"errorType": "Extraordinary", "errorMessage": "no luck"});
            raw::post("/2018-06-01/runtime/init/error", &[], error.to_string().as_bytes()).await;
            std::process::exit(1)
        }
        Ok("report and stay") => {
            let error = json!({"errorType": "Extraordinary", "errorMessage": "no luck"});
            raw::post("/2018-06-01/runtime/init/error", &[], error.to_string().as_bytes()).await;
            std::future::pending().await
        }
        Ok("hang") => std::future::pending().await,
        // Slow the first time, which the marker file remembers.
        Ok(marker) if marker.starts_with('/') && std::fs::File::create_new(marker).is_ok() => {
            std::future::pending().await
        }
        _ => {}
    }
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let (event, context) = event.into_parts();
    match event["do"].as_str().unwrap_or_default() {
        "echo" => Ok(event),
        "pid" => Ok(json!(std::process::id())),
        "context" => Ok(json!({
            "requestId": context.request_id,
            "deadline": context.deadline,
            "arn": context.invoked_function_arn,
            "trace": context.xray_trace_id,
            "tenant": context.tenant_id,
            "clientContext": context.client_context,
        })),
        "environment" => Ok(json!(std::env::vars().collect::<std::collections::BTreeMap<_, _>>())),
        "directory" => Ok(json!(std::env::current_dir()?)),
        "fail" => Err("it was not meant to be".into()),
        "panic" => panic!("a bug"),
        "exit" => std::process::exit(event["status"].as_i64().unwrap_or_default() as i32),
        "abort" => std::process::abort(),
        "sleep" => {
            println!("asleep");
            tokio::time::sleep(Duration::from_secs(3600)).await;
            Ok(Value::Null)
        }
        "wait for file" => {
            let path = event["path"].as_str().unwrap_or_default().to_owned();
            println!("at the gate");
            while !std::path::Path::new(&path).exists() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Ok(json!(std::process::id()))
        }
        "print" => {
            print(&event);
            Ok(Value::Null)
        }
        "print and exit" => {
            print(&event);
            std::process::exit(1)
        }
        "large" => Ok(json!("x".repeat(event["bytes"].as_u64().unwrap_or_default() as usize - 2))),
        "grandchild" => {
            let child = std::process::Command::new("sleep").arg("3600").spawn()?;
            Ok(json!([std::process::id(), child.id()]))
        }
        other => Err(format!("cannot do {other}").into()),
    }
}

fn print(event: &Value) {
    for line in event["stdout"].as_array().into_iter().flatten() {
        println!("{}", line.as_str().unwrap_or_default());
    }
    for line in event["stderr"].as_array().into_iter().flatten() {
        eprintln!("{}", line.as_str().unwrap_or_default());
    }
    if let Some(text) = event["unfinished"].as_str() {
        print!("{text}");
        std::io::stdout().flush().unwrap();
    }
}
