//! The lines of one group, from where the last look ended.
//!
//! A line may become visible a little after lines that are newer than it. So each look begins a little before the newest
//! line of the last one, and what has been seen is left out by its id.

use std::collections::BTreeSet;

use crate::client::Clients;
use crate::client::logs::{EventsQuery, LogEvent, LogsClient};
use crate::exit::{Failure, FailureKind};

/// How much later than a newer line one may become visible, in milliseconds.
const OVERLAP_MS: i64 = 2_000;
/// The same on AWS, where lines travel.
const OVERLAP_AWS_MS: i64 = 15_000;
/// Ids of lines that are remembered. Beyond it the oldest are forgotten, and their time is not looked at again.
const SEEN_MAX: usize = 50_000;
/// Pages of one look. More of a burst comes with the next.
const PAGES_MAX: usize = 20;

/// Where the reading of one group stands.
#[derive(Debug)]
pub struct Follower {
    group: String,
    pattern: Option<String>,
    /// Not before this.
    start: i64,
    end: Option<i64>,
    overlap: i64,
    /// Lines that were given out and may come again, by time.
    seen: BTreeSet<(i64, String)>,
    /// Where the last look ended, if it did not reach the end.
    token: Option<String>,
}

/// What one look has found.
#[derive(Debug, Default)]
pub struct Found {
    /// By time.
    pub events: Vec<LogEvent>,
    /// Whether there is more right now.
    pub more: bool,
}

impl Follower {
    /// From this time on; up to the end, if there is one.
    #[must_use]
    pub fn new(clients: &Clients, group: String, pattern: Option<String>, start: i64) -> Self {
        let overlap = if clients.target.aws { OVERLAP_AWS_MS } else { OVERLAP_MS };
        let (seen, token) = (BTreeSet::new(), None);
        Self { group, pattern, start, end: None, overlap, seen, token }
    }

    /// Up to this time.
    #[must_use]
    pub fn until(self, end: Option<i64>) -> Self {
        Self { end, ..self }
    }

    /// The group.
    #[must_use]
    pub fn group(&self) -> &str {
        &self.group
    }

    /// What is new since the last look. A group that is not there (yet) has nothing.
    ///
    /// # Errors
    /// What keeps the server from answering.
    pub async fn look(&mut self, clients: &Clients, logs: &LogsClient) -> Result<Found, Failure> {
        let mut found = Found::default();
        for _ in 0..PAGES_MAX {
            let query = EventsQuery {
                group: &self.group,
                start: self.start,
                end: self.end,
                pattern: self.pattern.as_deref(),
            };
            let page = match logs.events(clients, &query, self.token.as_deref()).await {
                Err(failure) if failure.kind() == FailureKind::Missing => return Ok(found),
                page => page?,
            };
            let new = page
                .events
                .into_iter()
                .filter(|event| self.seen.insert((event.timestamp, event.event_id.clone())));
            found.events.extend(new);
            self.token = page.next_token.filter(|token| !token.is_empty());
            if self.token.is_none() {
                self.go_on();
                break;
            }
        }
        found.more = self.token.is_some();
        Ok(found)
    }

    /// The next look begins a little before the newest line.
    fn go_on(&mut self) {
        let Some(newest) = self.seen.last().map(|(time, _)| *time) else { return };
        self.start = self.start.max(newest.saturating_sub(self.overlap));
        self.seen = self.seen.split_off(&(self.start, String::new()));
        while self.seen.len() > SEEN_MAX {
            if let Some((time, _)) = self.seen.pop_first() {
                self.start = time.saturating_add(1);
            }
        }
    }
}
