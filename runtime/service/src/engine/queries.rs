//! What the store can answer alone: every acknowledged change is there, so no lock is needed.

use durable_core::{
    ErrorObject, Execution, ExecutionStarted, Fact, Millis, PauseRequest, Record, Rejection,
};
use durable_store::{ExecutionRow, JournalRow};
use serde_json::Value;

use crate::engine::Engine;
use crate::wire::arn::ExecutionArn;
use crate::wire::error::AwsError;
use crate::wire::event::{self, EventContext};

/// Journal rows read at a time for a page of history; a row holds one event or a few.
const ROWS_AT_ONCE: u64 = 256;
/// Where a page of history is cut: AWS keeps answers below 6 MB.
const PAGE_BYTES_MAX: usize = 5 * 1024 * 1024;

/// About the size of an event without payloads.
const EVENT_BYTES: usize = 256;

/// How a closed execution ended.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ending {
    pub(crate) result: Option<String>,
    pub(crate) error: Option<ErrorObject>,
}

/// Whether an execution is paused, and for how long its timeout has stood still.
#[derive(Clone, Debug, Default)]
pub(crate) struct PauseState {
    pub(crate) request: Option<PauseRequest>,
    pub(crate) extension: Millis,
}

/// Where a page of history begins: a record of the journal and an event in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HistoryPosition {
    pub(crate) seq: u64,
    pub(crate) event_id: u64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct HistoryQuery {
    pub(crate) from: Option<HistoryPosition>,
    pub(crate) newest_first: bool,
    pub(crate) with_data: bool,
    pub(crate) events_max: usize,
}

impl Engine {
    /// The index row of an execution.
    ///
    /// # Errors
    /// `ResourceNotFoundException`, also for an ARN whose other parts do not fit its id.
    pub(crate) async fn row(&self, arn: &ExecutionArn) -> Result<ExecutionRow, AwsError> {
        if !arn.is_of(&self.home) {
            return Err(AwsError::function_not_found(&arn.function_arn()));
        }
        let row = self.store.execution(&arn.id).await?;
        row.filter(|row| arn.fits(&row.function, &row.version, &row.name))
            .ok_or_else(AwsError::no_such_execution)
    }

    /// Refuses a checkpoint token's request whose ARN has the execution's id and says otherwise what it is not.
    pub(crate) fn check_arn(
        &self,
        execution: &Execution,
        arn: &ExecutionArn,
    ) -> Result<(), AwsError> {
        let start = &execution.start;
        if arn.is_of(&self.home) && arn.fits(&start.function, &start.version, &start.name) {
            return Ok(());
        }
        Err(Rejection::wrong_arn().into())
    }

    pub(crate) fn arn_of(&self, row: &ExecutionRow) -> String {
        self.home.execution_arn(&row.function, &row.version, &row.name, &row.id)
    }

    /// How an execution began.
    pub(crate) async fn start_of(&self, row: &ExecutionRow) -> Result<ExecutionStarted, AwsError> {
        let record = self.record(row, 0).await?;
        match record.facts.into_iter().next() {
            Some(Fact::ExecutionStarted(start)) => Ok(start),
            _ => Err(AwsError::service("The execution's journal has no beginning.")),
        }
    }

    /// How an execution ended; empty while it is open.
    pub(crate) async fn ending_of(&self, row: &ExecutionRow) -> Result<Ending, AwsError> {
        let Some(seq) = row.closing_seq else { return Ok(Ending::default()) };
        let facts = self.record(row, seq).await?.facts;
        let closing = facts.into_iter().find(Fact::is_closing);
        Ok(match closing {
            Some(Fact::ExecutionSucceeded { result }) => Ending { result, error: None },
            Some(
                Fact::ExecutionFailed { error }
                | Fact::ExecutionTimedOut { error }
                | Fact::ExecutionStopped { error },
            ) => Ending { result: None, error: Some(error) },
            _ => Ending::default(),
        })
    }

    /// What pauses mean for an execution now.
    pub(crate) async fn pause_of(&self, row: &ExecutionRow) -> Result<PauseState, AwsError> {
        let Some(seq) = row.pause_seq else { return Ok(PauseState::default()) };
        let record = self.record(row, seq).await?;
        let pause = record.facts.into_iter().rev().find(|fact| fact.pause_status().is_some());
        Ok(match pause {
            Some(Fact::ExecutionPaused { request, extension, .. }) => {
                let still = if request.timeout_paused { self.clock.now() - record.at } else { 0 };
                PauseState { request: Some(request), extension: extension + still }
            }
            Some(Fact::ExecutionPausing { request, extension }) => {
                PauseState { request: Some(request), extension }
            }
            Some(Fact::ExecutionResumed { extension, .. }) => {
                PauseState { request: None, extension }
            }
            _ => PauseState::default(),
        })
    }

    async fn record(&self, row: &ExecutionRow, seq: u64) -> Result<Record, AwsError> {
        let rows = self.store.journal_page(row.key, seq, false, 1).await?;
        match rows.first().filter(|found| found.seq == seq) {
            Some(found) => Ok(found.record()?),
            None => Err(AwsError::service("The execution's journal is incomplete.")),
        }
    }

    /// A page of events, and where the next one begins.
    pub(crate) async fn history(
        &self,
        row: &ExecutionRow,
        query: HistoryQuery,
    ) -> Result<(Vec<Value>, Option<HistoryPosition>), AwsError> {
        let start = if query.newest_first { i64::MAX as u64 } else { 0 };
        let mut seq = query.from.map_or(start, |from| from.seq);
        let mut page = Page { row, query, events: Vec::new(), bytes: 0 };
        loop {
            let rows =
                self.store.journal_page(row.key, seq, query.newest_first, ROWS_AT_ONCE).await?;
            for journal_row in &rows {
                if let Some(next) = page.add(journal_row)? {
                    return Ok((page.events, Some(next)));
                }
            }
            let Some(last) = rows.last() else { return Ok((page.events, None)) };
            let next =
                if query.newest_first { last.seq.checked_sub(1) } else { Some(last.seq + 1) };
            match next {
                Some(next) if rows.len() as u64 == ROWS_AT_ONCE => seq = next,
                _ => return Ok((page.events, None)),
            }
        }
    }
}

struct Page<'a> {
    row: &'a ExecutionRow,
    query: HistoryQuery,
    events: Vec<Value>,
    bytes: usize,
}

impl Page<'_> {
    /// Adds the events of a record; gives the position of the first one that has no room.
    fn add(&mut self, journal_row: &JournalRow) -> Result<Option<HistoryPosition>, AwsError> {
        let record = journal_row.record()?;
        let facts = record.facts.iter().filter(|fact| fact.is_event());
        let mut numbered: Vec<(u64, &Fact)> = (journal_row.first_event..).zip(facts).collect();
        if self.query.newest_first {
            numbered.reverse();
        }
        // The record's size in equal parts: close enough to cut a page, and nothing has to be written twice.
        let share = journal_row.body.len() / numbered.len().max(1);
        let size = if self.query.with_data { share } else { EVENT_BYTES };
        for (event_id, fact) in numbered {
            if self.is_before_start(journal_row.seq, event_id) {
                continue;
            }
            let full = self.events.len() >= self.query.events_max
                || (self.bytes + size > PAGE_BYTES_MAX && !self.events.is_empty());
            if full {
                return Ok(Some(HistoryPosition { seq: journal_row.seq, event_id }));
            }
            self.bytes += size;
            let context = EventContext {
                event_id,
                at: record.at,
                execution_id: &self.row.id,
                execution_name: &self.row.name,
                with_data: self.query.with_data,
            };
            self.events.extend(event::event(fact, context));
        }
        Ok(None)
    }

    fn is_before_start(&self, seq: u64, event_id: u64) -> bool {
        self.query.from.is_some_and(|from| {
            from.seq == seq
                && if self.query.newest_first {
                    event_id > from.event_id
                } else {
                    event_id < from.event_id
                }
        })
    }
}
