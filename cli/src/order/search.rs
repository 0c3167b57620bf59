//! Finding orders among the executions of the order function.
//!
//! The server finds by status, time and the name of the execution. Customer, outcome and the id in the order itself are
//! looked for here: executions are read a few at a time and judged in the order in which the server lists them.

use std::time::{Duration, Instant};

use aws_sdk_lambda::primitives::DateTime;
use aws_sdk_lambda::types::{Execution as Listed, ExecutionStatus};
use futures_util::{StreamExt as _, stream};

use super::execution::{self, Execution};
use crate::client::Clients;
use crate::exit::{Failure, FailureKind};
use crate::output::note;
use crate::when::When;

/// Executions that one search looks at. Whoever wants to go on beyond them names a time.
pub const LOOKED_AT_MAX: usize = 10_000;
/// Executions that the server lists at a time, at most.
const PAGE_MAX: usize = 1_000;
/// The page of a search that throws most of them away.
const SEARCH_PAGE: usize = 200;
/// Executions that are read at one time: enough to hide the way to AWS, too few to be throttled there.
const READS_AT_ONCE: usize = 8;
/// Between two lines that say how far a search is.
const PROGRESS_PAUSE: Duration = Duration::from_secs(3);

/// What is looked for. All of it has to fit; what is not given always does.
#[derive(Clone, Debug)]
pub struct Search {
    /// How far the order is, or what became of it: any of these.
    pub states: Vec<State>,
    /// Who ordered.
    pub customer: Option<String>,
    /// How the order's id begins.
    pub id: Option<String>,
    /// Not placed before.
    pub since: Option<When>,
    /// Placed before.
    pub until: Option<When>,
    /// In which order; newest first otherwise.
    pub oldest_first: bool,
    /// How many, at most.
    pub limit: usize,
}

/// How far an order is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// The status of its execution.
    Execution(ExecutionStatus),
    /// What the order system says became of it; its execution has succeeded.
    Outcome(&'static str),
}

impl State {
    fn execution(&self) -> ExecutionStatus {
        match self {
            Self::Execution(status) => status.clone(),
            Self::Outcome(_) => ExecutionStatus::Succeeded,
        }
    }

    fn fits(&self, execution: &Execution) -> bool {
        match self {
            Self::Execution(status) => execution.status == *status,
            Self::Outcome(outcome) => execution.outcome() == *outcome,
        }
    }
}

/// How a search ended.
#[derive(Clone, Debug, Default)]
pub struct Searched {
    /// Orders that were found.
    pub found: usize,
    /// Executions that were looked at.
    pub looked_at: usize,
    /// Whether it ended at the limit with more to look at.
    pub more: bool,
    /// When the last one was placed that was looked at, if there were more than a search looks at.
    pub given_up_at: Option<DateTime>,
}

impl Search {
    /// Everything, newest first.
    #[must_use]
    pub fn all(limit: usize) -> Self {
        Self {
            states: Vec::new(),
            customer: None,
            id: None,
            since: None,
            until: None,
            oldest_first: false,
            limit,
        }
    }

    /// Whether executions have to be read to know that they fit.
    fn reads(&self) -> bool {
        let outcomes = self.states.iter().any(|state| matches!(state, State::Outcome(_)));
        outcomes || self.customer.is_some() || self.id.is_some()
    }

    /// Searches, and hands over each order as it is found.
    ///
    /// # Errors
    /// What keeps the server from answering, and what `take` fails with.
    pub async fn run(
        &self,
        clients: &Clients,
        mut take: impl FnMut(Execution) -> Result<(), Failure>,
    ) -> Result<Searched, Failure> {
        let mut searched = Searched::default();
        let mut progress = Progress::new();
        let mut marker = None;
        loop {
            let page = self.page(clients, &searched, marker.take()).await?;
            let listed = page.0;
            marker = page.1;
            let last = listed.last().map(|last| last.start_timestamp);
            let mut reads = stream::iter(listed)
                .map(|listed| self.read(clients, listed))
                .buffered(READS_AT_ONCE);
            while let Some(read) = reads.next().await {
                if searched.found == self.limit {
                    searched.more = true;
                    return Ok(searched);
                }
                searched.looked_at += 1;
                if let Some(execution) = read?.filter(|execution| self.fits(execution)) {
                    searched.found += 1;
                    take(execution)?;
                }
                progress.tell(&searched);
            }
            if marker.is_none() || searched.found == self.limit {
                searched.more = marker.is_some();
                return Ok(searched);
            }
            if searched.looked_at >= LOOKED_AT_MAX {
                searched.given_up_at = last;
                return Ok(searched);
            }
        }
    }

    /// The next executions of the server's list, and where it goes on.
    async fn page(
        &self,
        clients: &Clients,
        searched: &Searched,
        marker: Option<String>,
    ) -> Result<(Vec<Listed>, Option<String>), Failure> {
        let items = match self.reads() {
            true => SEARCH_PAGE,
            false => (self.limit - searched.found).min(PAGE_MAX),
        };
        let time = |when: Option<When>| when.map(|when| DateTime::from_millis(when.milliseconds));
        let function = clients.function().await?;
        let page = clients
            .lambda
            .list_durable_executions_by_function()
            .function_name(function.name)
            .set_qualifier(function.finds.map(str::to_owned))
            .set_statuses(self.status().map(|status| vec![status]))
            .set_started_after(time(self.since))
            .set_started_before(time(self.until))
            .reverse_order(self.oldest_first)
            .max_items(i32::try_from(items).unwrap_or(i32::MAX))
            .set_marker(marker)
            .send()
            .await
            .map_err(|error| clients.failure("list orders", &error))?;
        let marker = page.next_marker.filter(|marker| !marker.is_empty());
        Ok((page.durable_executions.unwrap_or_default(), marker))
    }

    /// The one status that all have; AWS takes no more than one.
    fn status(&self) -> Option<ExecutionStatus> {
        let mut statuses = self.states.iter().map(State::execution);
        let first = statuses.next()?;
        statuses.all(|status| status == first).then_some(first)
    }

    /// Reads an execution, unless what is listed of it tells that it does not fit. None if its time was up meanwhile.
    async fn read(&self, clients: &Clients, listed: Listed) -> Result<Option<Execution>, Failure> {
        let states = &self.states;
        if !states.is_empty() && states.iter().all(|state| state.execution() != listed.status) {
            return Ok(None);
        }
        match execution::load(clients, &listed.durable_execution_arn, true).await {
            Err(failure) if failure.kind() == FailureKind::Missing => Ok(None),
            execution => execution.map(Some),
        }
    }

    fn fits(&self, execution: &Execution) -> bool {
        let state = self.states.is_empty() || self.states.iter().any(|it| it.fits(execution));
        let customer = self.customer.as_ref();
        let customer = customer.is_none_or(|id| execution.customer_id().as_ref() == Some(id));
        let id = self.id.as_ref().is_none_or(|prefix| execution.order_id.starts_with(prefix));
        state && customer && id
    }
}

/// Says on stderr how far a search is, if it takes long.
struct Progress {
    told: Instant,
}

impl Progress {
    fn new() -> Self {
        Self { told: Instant::now() }
    }

    fn tell(&mut self, searched: &Searched) {
        if self.told.elapsed() >= PROGRESS_PAUSE {
            let Searched { looked_at, found, .. } = searched;
            note(&format!("looked at {looked_at} orders, found {found}"));
            self.told = Instant::now();
        }
    }
}
