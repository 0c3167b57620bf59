//! `execution watch`: stay with an execution until it ends.
//!
//! The history is read from the last page on: an execution with many events costs no more to stay with than one with
//! few. On a terminal the operations are one block that is written over; elsewhere each change is a line.

use std::collections::HashSet;
use std::io::{self, IsTerminal as _};
use std::time::{Duration, SystemTime};

use aws_sdk_lambda::primitives::DateTime;
use aws_sdk_lambda::types::ExecutionStatus;
use clap::Args;
use tokio::time::{Instant, sleep};

use crate::client::Clients;
use crate::execution::document::{EVENTS_PER_PAGE, is_over};
use crate::execution::operations::{Operation, Operations};
use crate::execution::reference::{WRITTEN, name_of, resolve};
use crate::exit::{Exit, Failure, FailureKind};
use crate::format::{self, Format};
use crate::interrupt::Interrupt;
use crate::output::{note, print, reader_is_gone};
use crate::table::clean;
use crate::time::{duration, milliseconds_between};

/// The first pause between two looks, and the longest.
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_millis(500);
/// How long a server may be away: executions outlive a restart, and so does whoever watches one.
const ABSENCE_MAX: Duration = Duration::from_secs(30);
/// Operations that the block on a terminal shows, the newest; it must fit on a screen.
const BLOCK_LINES_MAX: usize = 30;
/// How wide names are before the columns move.
const NAME_WIDTH: usize = 28;

/// Options of `execution watch`.
#[derive(Args, Clone, Debug)]
#[command(after_help = format!("\
Examples:
  durable-orders execution watch ORDER-001
  durable-orders execution watch ORDER-001 --output jsonl

An execution is written as {WRITTEN}. It goes on when the watching ends with Ctrl-C. The exit code is 3 if it did not
succeed."))]
pub struct Watch {
    /// The execution
    #[arg(value_name = "EXECUTION")]
    execution: String,
    #[command(flatten)]
    format: Format,
}

impl Watch {
    pub(super) async fn run(self, clients: &Clients) -> Result<Exit, Failure> {
        let mut interrupt = Interrupt::listen()?;
        let arn = resolve(clients, &self.execution).await?;
        let mut view = View::new(self.format);
        let watching = watch(clients, &arn, &mut view);
        tokio::select! {
            ended = watching => ended,
            () = interrupt.arrived() => {
                let again = clients.target.command(&format!("execution watch {arn}"));
                note(&format!("\n{} goes on; look again with `{again}`", name_of(&arn)));
                Ok(Exit::Interrupted)
            }
        }
    }
}

async fn watch(clients: &Clients, arn: &str, view: &mut View) -> Result<Exit, Failure> {
    let mut known = Known::default();
    let mut pause = PAUSE_MIN;
    let mut away_since: Option<Instant> = None;
    loop {
        match look(clients, arn, &mut known).await {
            Ok(Look { status, started, ended, changed }) => {
                away_since = None;
                pause = if changed.is_empty() { (pause * 3 / 2).min(PAUSE_MAX) } else { PAUSE_MIN };
                let over = is_over(&status);
                view.show(&known.operations, &changed, over)?;
                if over {
                    view.end(arn, &status, &known.operations, &started, ended.as_ref())?;
                    let succeeded = status == ExecutionStatus::Succeeded;
                    return Ok(if succeeded { Exit::Done } else { Exit::NotCompleted });
                }
            }
            Err(failure) if failure.kind() == FailureKind::Passing => {
                let since = *away_since.get_or_insert_with(|| {
                    note("the server does not answer; trying again");
                    Instant::now()
                });
                if since.elapsed() > ABSENCE_MAX {
                    return Err(failure);
                }
            }
            Err(failure) => return Err(failure),
        }
        if reader_is_gone() {
            return Ok(Exit::Done);
        }
        sleep(pause).await;
    }
}

/// What was read of the history so far.
#[derive(Default)]
struct Known {
    operations: Operations,
    /// Where the last page begins.
    marker: Option<String>,
    /// Events of the last page that were taken up.
    events: HashSet<i32>,
}

/// What one look shows.
struct Look {
    status: ExecutionStatus,
    started: DateTime,
    ended: Option<DateTime>,
    /// Ids of operations that changed since the last look, as often as they did.
    changed: Vec<Operation>,
}

/// The status first: what it ended with is in the history by then.
async fn look(clients: &Clients, arn: &str, known: &mut Known) -> Result<Look, Failure> {
    let request = clients.lambda.get_durable_execution().durable_execution_arn(arn);
    let answer = request.include_execution_data(false).send().await;
    let answer = answer.map_err(|error| clients.failure(&format!("watch {arn}"), &error))?;
    let mut changed = Vec::new();
    loop {
        let page = clients
            .lambda
            .get_durable_execution_history()
            .durable_execution_arn(arn)
            .include_execution_data(true)
            .max_items(EVENTS_PER_PAGE)
            .set_marker(known.marker.clone())
            .send()
            .await
            .map_err(|error| clients.failure(&format!("watch {arn}"), &error))?;
        for event in page.events() {
            if known.events.insert(event.event_id) {
                changed.extend(known.operations.add(event).cloned());
            }
        }
        match page.next_marker.filter(|marker| !marker.is_empty()) {
            Some(marker) => {
                known.marker = Some(marker);
                known.events.clear();
            }
            None => break,
        }
    }
    Ok(Look {
        status: answer.status,
        started: answer.start_timestamp,
        ended: answer.end_timestamp,
        changed,
    })
}

/// How the changes are shown.
struct View {
    format: Format,
    block: bool,
    /// Lines of the block on the screen.
    lines: usize,
}

impl View {
    fn new(format: Format) -> Self {
        let block = io::stdout().is_terminal() && !format.is_json();
        Self { format, block, lines: 0 }
    }

    fn show(
        &mut self,
        operations: &Operations,
        changed: &[Operation],
        over: bool,
    ) -> Result<(), Failure> {
        if self.format.is_json() {
            return changed.iter().try_for_each(format::line);
        }
        let now = DateTime::from(SystemTime::now());
        if !self.block {
            // What has just begun has taken no time, however late that is read.
            return changed.iter().try_for_each(|it| print(&line(operations, it, it.started())));
        }
        let all = operations.list();
        let shown = all.get(all.len().saturating_sub(BLOCK_LINES_MAX)..).unwrap_or_default();
        let mut text = String::new();
        if self.lines > 0 {
            // Up to the first line of the block, and away with what is below.
            text.push_str(&format!("\x1b[{}A\x1b[J", self.lines));
        }
        text.extend(shown.iter().map(|operation| line(operations, operation, &now)));
        self.lines = if over { 0 } else { shown.len() };
        print(&text)
    }

    /// The last line.
    fn end(
        &self,
        arn: &str,
        status: &ExecutionStatus,
        operations: &Operations,
        started: &DateTime,
        ended: Option<&DateTime>,
    ) -> Result<(), Failure> {
        if self.format.is_json() {
            return Ok(());
        }
        let took = ended.map(|ended| duration(milliseconds_between(started, ended)));
        let count = operations.list().len();
        let retries: i32 = operations.list().iter().map(|it| (it.attempts - 1).max(0)).sum();
        print(&format!(
            "{} {status} after {}: {count} operations, {retries} retries\n",
            clean(name_of(arn)),
            took.unwrap_or_default()
        ))
    }
}

/// One operation: name, state, attempt, and how long it has taken or when it goes on.
fn line(operations: &Operations, operation: &Operation, now: &DateTime) -> String {
    let name = format!("{}{}", "  ".repeat(operations.depth(operation)), clean(&operation.name));
    let attempt = if operation.attempts > 1 {
        format!("attempt {}", operation.attempts)
    } else {
        String::new()
    };
    let time = match (operation.wakes_in_ms(now), operation.elapsed_ms(now)) {
        (Some(wakes), _) => format!("wakes in {}", duration(wakes)),
        (None, 0) if !operation.state.is_over() => String::new(),
        (None, elapsed) => duration(elapsed),
    };
    let line = format!("{name:<NAME_WIDTH$}  {:<9}  {attempt:<10}  {time}", operation.state.name());
    format!("{}\n", line.trim_end())
}
