//! Waiting until an execution ends.
//!
//! The server is asked again and again: soon at first, because most orders take milliseconds, and
//! then less often. A server that goes away is waited for too: orders outlive a restart, and so does
//! whoever waits for one.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use aws_sdk_lambda::types::{Event, EventType};
use tokio::time::{Instant, sleep, timeout_at};

use super::execution;
use crate::client::Clients;
use crate::exit::{Failure, FailureKind};
use crate::output::note;
use crate::table::clean;
use crate::time;

/// The first pause between two questions.
const PAUSE_MIN: Duration = Duration::from_millis(25);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(1);
/// How long a server may be away.
const ABSENCE_MAX: Duration = Duration::from_secs(30);
/// What takes less time than this needs no live line.
const QUIET: Duration = Duration::from_millis(300);
/// Events among which there is one of a step, unless none has begun.
const NEWEST_EVENTS: i32 = 10;
/// Without a time limit: as good as never, and still a time that the clock can count to.
const FOREVER: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// How the waiting ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// The execution is over.
    Over,
    /// The time is over; the execution goes on.
    TimedOut,
}

/// Waits for an execution, with a live line on a terminal. Dropping the future ends the waiting.
///
/// # Errors
/// When the server stays away, or answers with an error.
pub async fn until_over(
    clients: &Clients,
    arn: &str,
    label: &str,
    limit: Option<Duration>,
) -> Result<Waited, Failure> {
    let mut line = LiveLine::new(label);
    let deadline = Instant::now() + limit.unwrap_or(FOREVER).min(FOREVER);
    match timeout_at(deadline, poll(clients, arn, &mut line)).await {
        Ok(over) => over.map(|()| Waited::Over),
        Err(_) => Ok(Waited::TimedOut),
    }
}

async fn poll(clients: &Clients, arn: &str, line: &mut LiveLine) -> Result<(), Failure> {
    let mut pause = PAUSE_MIN;
    let mut away_since = None;
    loop {
        match execution::load(clients, arn, false).await {
            Ok(execution) if execution.is_over() => return Ok(()),
            Ok(_) => away_since = None,
            Err(failure) if failure.kind() == FailureKind::Passing => {
                let since = *away_since.get_or_insert_with(|| {
                    line.clear();
                    note("the server does not answer; trying again");
                    Instant::now()
                });
                if since.elapsed() > ABSENCE_MAX {
                    return Err(failure);
                }
            }
            Err(failure) => return Err(failure),
        }
        if line.is_due() && away_since.is_none() {
            let newest = newest_step(clients, arn).await;
            line.show(newest.as_ref());
        }
        sleep(pause).await;
        pause = (pause * 3 / 2).min(PAUSE_MAX);
    }
}

/// What last happened to a step. Nothing is said if that cannot be told: it is for the live line only.
async fn newest_step(clients: &Clients, arn: &str) -> Option<Event> {
    let answer = clients
        .lambda
        .get_durable_execution_history()
        .durable_execution_arn(arn)
        .reverse_order(true)
        .include_execution_data(false)
        .max_items(NEWEST_EVENTS)
        .send()
        .await
        .ok()?;
    answer.events.into_iter().find(|event| {
        use EventType as E;
        matches!(event.event_type, Some(E::StepStarted | E::StepSucceeded | E::StepFailed))
    })
}

/// One line on the terminal that is written over.
struct LiveLine {
    label: String,
    begun: Instant,
    terminal: bool,
    shown: bool,
}

impl LiveLine {
    fn new(label: &str) -> Self {
        let terminal = io::stderr().is_terminal();
        Self { label: label.to_owned(), begun: Instant::now(), terminal, shown: false }
    }

    fn is_due(&self) -> bool {
        self.terminal && self.begun.elapsed() >= QUIET
    }

    fn show(&mut self, newest: Option<&Event>) {
        let waiting = i64::try_from(self.begun.elapsed().as_millis()).unwrap_or(i64::MAX);
        let doing = clean(&newest.map(describe).unwrap_or_default());
        self.shown = true;
        let line = format!("{}  {}  {doing}", self.label, time::duration(waiting));
        let _ = write!(io::stderr().lock(), "\r\x1b[2K{line}");
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            let _ = write!(io::stderr().lock(), "\r\x1b[2K");
        }
    }
}

impl Drop for LiveLine {
    fn drop(&mut self) {
        self.clear();
    }
}

/// What the last event means for whoever waits.
fn describe(event: &Event) -> String {
    let name = event.name().unwrap_or_default();
    match &event.event_type {
        Some(EventType::StepStarted) => name.to_owned(),
        Some(EventType::StepSucceeded) => format!("{name} done"),
        Some(EventType::StepFailed) => {
            let retry = event.step_failed_details().and_then(|details| details.retry_details());
            match retry.and_then(|retry| retry.next_attempt_delay_seconds) {
                Some(seconds) => format!("{name} failed, again after {seconds} s"),
                None => format!("{name} failed"),
            }
        }
        _ => String::new(),
    }
}
