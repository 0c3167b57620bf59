//! The handlers of the suite `plugin`: instrumentation that hears of an execution without its handler knowing.
//!
//! The SDK tells instrumentation what happens as spans and events of `tracing`, with names and fields that it documents
//! (its module `observability`). [`hooks`] turns them into calls of plugins; [`recorder`] has the plugins. The handlers here
//! are ordinary ones, served by [`hooks::serve`] in place of `durable::run`.

mod hooks;
mod recorder;

use std::time::Duration;

use aws_durable_execution_sdk::{BoxError, DurableContext};
use lambda_runtime::Error;
use serde_json::Value;

use crate::support::{TransientError, every_second, no_retry};
use hooks::Plugin;
use recorder::{Faulty, Recorder};

/// Serves one handler of this suite.
pub(crate) async fn run(name: &str) -> Result<(), Error> {
    match name {
        "recorded" => hooks::serve(greet, vec![recorder("CONFPLUGIN")]).await,
        "retried" => hooks::serve(second_time_lucky, vec![recorder("CONFPLUGIN")]).await,
        "faulty" => hooks::serve(greet, vec![Box::new(Faulty::new("CONFPLUGIN-FAULTY"))]).await,
        "two" => {
            hooks::serve(greet, vec![recorder("CONFPLUGIN-A"), recorder("CONFPLUGIN-B")]).await
        }
        "resumed" => hooks::serve(wait, vec![recorder("CONFPLUGIN")]).await,
        "failed" => hooks::serve(fail, vec![recorder("CONFPLUGIN")]).await,
        _ => Err(crate::unknown(name)),
    }
}

fn recorder(name: &'static str) -> Box<dyn Plugin> {
    Box::new(Recorder::new(name))
}

/// 10-1, 10-2, 10-4, 10-5: one step, which writes to the log itself.
async fn greet(name: String, ctx: DurableContext) -> Result<String, BoxError> {
    let greeting = ctx
        .step(move |_| async move {
            tracing::info!("Greeting step running for: {name}");
            Ok(format!("Hello, {name}!"))
        })
        .name("greet")
        .await?;
    Ok(greeting)
}

/// 10-3: a step that fails once and is tried again.
async fn second_time_lucky(_event: Value, ctx: DurableContext) -> Result<String, BoxError> {
    let result = ctx
        .step(|step| async move {
            match step.attempt() {
                1 => Err(TransientError::boxed()),
                _ => Ok("Operation succeeded".to_owned()),
            }
        })
        .name("unreliable")
        .retry_strategy_config(every_second(2))
        .await?;
    Ok(result)
}

/// 10-6: a wait, after which the handler is run again.
async fn wait(_event: Value, ctx: DurableContext) -> Result<(), BoxError> {
    ctx.wait(Duration::from_secs(2)).name("pause").await?;
    Ok(())
}

/// 10-7: a step that fails for good, and the execution with it.
async fn fail(_event: Value, ctx: DurableContext) -> Result<(), BoxError> {
    ctx.step(|_| async { Err::<(), _>(TransientError::boxed()) })
        .name("failing")
        .retry_strategy(no_retry)
        .await?;
    Ok(())
}
