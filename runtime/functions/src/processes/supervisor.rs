//! The life of one process, from its start to the moment when nothing is left of it.
//!
//! The task here owns the process and is the only one that stops it. It ends in this order, which must stay: the whole
//! group is dead, the pipes are read to their end, the log has its last lines, and only then is the end reported to the
//! invocations that ran in it, and only then may another process take its place.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep_until, timeout};

use super::api;
use super::environment::environment;
use super::failure::{self, Exit};
use super::launch::{Ended, Launch, Launched};
use super::logs::LogStream;
use super::platform::{Ending, ProcessLog};
use super::pool::Permit;
use super::process::Process;
use super::pump::LogPump;
use super::slot::Slot;
use super::spec::ProcessSpec;

/// How long a process that has reported a failed init may take to end by itself.
const INIT_FAILED_EXIT_MAX: Duration = Duration::from_secs(1);

/// A process that was started: the first slot comes here, or nothing if the process ends before it has one.
pub(super) struct Starting {
    pub(super) process: Arc<Process>,
    pub(super) first_slot: oneshot::Receiver<Slot>,
}

/// Starts a process. `now_ms` is about the time on the wall; it names the log stream.
///
/// # Errors
/// If there is no port for its Runtime API, or what the operating system says of the program.
pub(super) async fn start(
    spec: &Arc<ProcessSpec>,
    permit: Permit,
    now_ms: u64,
) -> io::Result<Starting> {
    let process = Arc::clone(&permit.process);
    // Each process has a port of its own: a runtime's base address has no room for anything that tells them apart.
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let log = Arc::new(ProcessLog::new(spec, now_ms));
    let launch = Launch {
        program: spec.command.program.clone(),
        arguments: spec.command.arguments.clone(),
        directory: spec.working_directory.clone().unwrap_or_else(|| spec.task_root.clone()),
        environment: environment(spec, listener.local_addr()?, &log),
    };
    let first_slot = process.first_slot();
    let mut launched = launch.start().await?;
    let pipes = launched.take_output().ok_or_else(|| io::Error::other("no pipes"))?;
    let pipes = [(LogStream::Stdout, pipes.0), (LogStream::Stderr, pipes.1)];
    let (pump, readers) = LogPump::start(&process, &log, pipes)?;
    process.launched(launched.pid, readers, log);
    let api = tokio::spawn(api::serve(listener, Arc::clone(spec), Arc::clone(&process)));
    tokio::spawn(supervise(launched, pump, api, permit, spec.stop_grace));
    Ok(Starting { process, first_slot })
}

async fn supervise(
    mut launched: Launched,
    pump: LogPump,
    api: JoinHandle<()>,
    permit: Permit,
    stop_grace: Duration,
) {
    let process = Arc::clone(&permit.process);
    let exit = live(&mut launched, &process, stop_grace).await;
    launched.kill();
    pump.drain().await;
    for report in process.take_reports() {
        let error = failure::exited(&report.request_id, exit);
        let how = format!("{}\n{}", error.error_message, error.error_type);
        process.log_end(&report, &Ending::Exited(how)).await;
    }
    api.abort();
    tracing::debug!(function = &*process.function_name, ?exit, "a function's process has ended");
    // The watchdog is reaped by the thread; nothing of the process can run any more.
    drop(launched);
    process.end(exit);
    drop(permit);
}

/// Until the process has ended, by itself or because it was to.
async fn live(launched: &mut Launched, process: &Process, stop_grace: Duration) -> Exit {
    loop {
        let review = process.review_at();
        let review_due = async {
            match review {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            ended = launched.ended() => match ended {
                Ended::Function(exit) => return exit,
                Ended::Watchdog => {
                    let function = &*process.function_name;
                    tracing::warn!(function, "a watchdog was killed, and its process with it");
                    return stop(launched, Duration::ZERO).await;
                }
            },
            () = process.stop_wanted() => {
                let grace = if process.wants_warning() { stop_grace } else { Duration::ZERO };
                return stop(launched, grace).await;
            }
            () = process.changed.notified() => {
                if process.init_failed() {
                    return or_kill(launched, INIT_FAILED_EXIT_MAX).await;
                }
            }
            () = review_due => process.review(),
        }
    }
}

/// With a warning, if there is time for one.
async fn stop(launched: &mut Launched, grace: Duration) -> Exit {
    if grace.is_zero() {
        launched.kill();
        return launched.exited().await;
    }
    launched.ask_to_end();
    or_kill(launched, grace).await
}

/// Waits for the end of the process, and kills it if that does not come in time.
async fn or_kill(launched: &mut Launched, grace: Duration) -> Exit {
    if let Ok(exit) = timeout(grace, launched.exited()).await {
        return exit;
    }
    launched.kill();
    launched.exited().await
}
