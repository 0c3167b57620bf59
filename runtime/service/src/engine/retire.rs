//! Taking the functions of a stack away, without losing an execution that was accepted.
//!
//! The look at what is open and the mark that lets a function take nothing more are one step to whoever starts an
//! execution: it is either seen by the look or refused. Durable functions go first, because their executions need the
//! others.

use std::sync::Arc;

use durable_core::{ErrorObject, Millis};
use durable_store::ExecutionRow;
use tokio::task::{JoinError, JoinSet};

use crate::engine::Engine;
use crate::wire::arn::ExecutionArn;
use crate::wire::error::AwsError;

/// Open executions that a refusal names.
const OPEN_SHOWN_MAX: usize = 3;
/// Executions that are stopped at one time; each is a commit, and commits share their fsync.
const STOPS_AT_ONCE_MAX: usize = 64;
/// Open executions that are read at a time to be stopped.
const STOP_PAGE_MAX: usize = 1000;
/// Rounds without progress after which stopping is given up: only children that others start can come in between.
const FRUITLESS_ROUNDS_MAX: usize = 10;

/// What is open of some functions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Open {
    /// How many executions.
    pub(crate) count: u64,
    /// The ARNs of a few of them.
    pub(crate) first: Vec<String>,
}

impl Engine {
    /// Takes functions away. With `stop`, their open executions are stopped with this reason; without, nothing changes if
    /// there is one, and the answer is what is open. A function that is not there is taken away already.
    ///
    /// # Errors
    /// When the store cannot be read or written. Then some of the functions may be gone; the rest takes no further work.
    pub(crate) async fn retire(
        self: &Arc<Self>,
        functions: &[String],
        stop: Option<ErrorObject>,
    ) -> Result<Option<Open>, AwsError> {
        let is_durable =
            |name: &&String| self.functions.get(name).is_some_and(|it| it.is_durable());
        let (durable, plain): (Vec<_>, Vec<_>) = functions.iter().partition(is_durable);
        let no_starts = self.functions.no_starts().await;
        if stop.is_none() && self.any_open(&durable).await? {
            drop(no_starts);
            return self.open_of(&durable).await.map(Some);
        }
        for name in &durable {
            self.deployer.mark_deleting(name).await?;
        }
        drop(no_starts);
        if let Some(reason) = stop {
            self.stop_all(&durable, &reason).await?;
        }
        for name in durable.into_iter().chain(plain) {
            self.deployer.mark_deleting(name).await?;
            self.deployer.finish_deletion(name).await?;
        }
        Ok(None)
    }

    async fn any_open(&self, functions: &[&String]) -> Result<bool, AwsError> {
        for name in functions {
            if self.store.has_open(name, None).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn open_of(&self, functions: &[&String]) -> Result<Open, AwsError> {
        let mut open = Open::default();
        for name in functions {
            let (count, rows) = self.store.open_of(name, OPEN_SHOWN_MAX).await?;
            open.count += count;
            open.first.extend(rows.iter().map(|row| self.arn_of(row)));
        }
        open.first.truncate(OPEN_SHOWN_MAX);
        Ok(open)
    }

    async fn stop_all(
        self: &Arc<Self>,
        functions: &[&String],
        reason: &ErrorObject,
    ) -> Result<(), AwsError> {
        let (mut fewest, mut fruitless) = (u64::MAX, 0);
        while fruitless < FRUITLESS_ROUNDS_MAX {
            let mut left = 0;
            for name in functions {
                let (count, rows) = self.store.open_of(name, STOP_PAGE_MAX).await?;
                left += count;
                self.stop_these(rows, reason).await?;
            }
            if left == 0 {
                return Ok(());
            }
            fruitless = if left < fewest { 0 } else { fruitless + 1 };
            fewest = fewest.min(left);
        }
        Err(AwsError::service("Other functions start executions faster than they are stopped."))
    }

    async fn stop_these(
        self: &Arc<Self>,
        rows: Vec<ExecutionRow>,
        reason: &ErrorObject,
    ) -> Result<(), AwsError> {
        let mut stops = JoinSet::new();
        for row in rows {
            while stops.len() >= STOPS_AT_ONCE_MAX {
                stopped(stops.join_next().await)?;
            }
            let (engine, reason) = (Arc::clone(self), reason.clone());
            stops.spawn(async move {
                let arn = ExecutionArn::parse(&engine.arn_of(&row))?;
                engine.stop(arn, reason).await
            });
        }
        while let Some(ended) = stops.join_next().await {
            stopped(Some(ended))?;
        }
        Ok(())
    }
}

fn stopped(ended: Option<Result<Result<Millis, AwsError>, JoinError>>) -> Result<(), AwsError> {
    match ended {
        Some(Ok(Err(error))) => Err(error),
        Some(Err(failure)) => Err(AwsError::service(failure.to_string())),
        Some(Ok(Ok(_))) | None => Ok(()),
    }
}
