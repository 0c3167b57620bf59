//! How often operations may be called: AWS's rate quotas, for those who want to meet them before AWS does
//! (specification section 9.1). Off unless set.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::str::FromStr;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use crate::wire::error::AwsError;

/// An operation with a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rated {
    /// Starting durable executions by Invoke.
    StartExecution,
    /// CheckpointDurableExecution.
    Checkpoint,
    /// GetDurableExecutionState.
    GetState,
    /// GetDurableExecution.
    Get,
    /// GetDurableExecutionHistory.
    GetHistory,
    /// ListDurableExecutionsByFunction.
    List,
    /// SendDurableExecutionCallbackSuccess.
    CallbackSuccess,
    /// SendDurableExecutionCallbackFailure.
    CallbackFailure,
    /// SendDurableExecutionCallbackHeartbeat.
    CallbackHeartbeat,
    /// StopDurableExecution.
    Stop,
}

impl Rated {
    /// Every operation with a rate, its name, and AWS's default per second.
    pub const ALL: [(Self, &'static str, u32); 10] = [
        (Self::StartExecution, "StartDurableExecution", 300),
        (Self::Checkpoint, "CheckpointDurableExecution", 10_000),
        (Self::GetState, "GetDurableExecutionState", 10_000),
        (Self::Get, "GetDurableExecution", 30),
        (Self::GetHistory, "GetDurableExecutionHistory", 15),
        (Self::List, "ListDurableExecutionsByFunction", 15),
        (Self::CallbackSuccess, "SendDurableExecutionCallbackSuccess", 3_000),
        (Self::CallbackFailure, "SendDurableExecutionCallbackFailure", 3_000),
        (Self::CallbackHeartbeat, "SendDurableExecutionCallbackHeartbeat", 3_000),
        (Self::Stop, "StopDurableExecution", 300),
    ];
}

/// A name that is no operation with a rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no operation with a rate; these are: {all}", all = names())]
pub struct NotRated(String);

fn names() -> String {
    Rated::ALL.map(|(_, name, _)| name).join(", ")
}

impl FromStr for Rated {
    type Err = NotRated;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|(_, known, _)| *known == name);
        found.map(|(rated, _, _)| rated).ok_or_else(|| NotRated(name.to_owned()))
    }
}

/// Calls per second, for the operations that have a bound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    per_second: BTreeMap<Rated, NonZeroU32>,
}

impl Rates {
    /// AWS's defaults.
    pub fn of_aws() -> Self {
        let bounds = Rated::ALL.into_iter();
        let per_second = bounds.filter_map(|(it, _, rate)| Some((it, NonZeroU32::new(rate)?)));
        Self { per_second: per_second.collect() }
    }

    /// Bounds one operation.
    pub fn set(&mut self, operation: Rated, per_second: NonZeroU32) {
        self.per_second.insert(operation, per_second);
    }
}

/// Counts the calls.
#[derive(Debug, Default)]
pub(crate) struct RateLimits {
    limiters: BTreeMap<Rated, DefaultDirectRateLimiter>,
}

impl RateLimits {
    pub(crate) fn new(rates: &Rates) -> Self {
        let limiter = |rate: &NonZeroU32| RateLimiter::direct(Quota::per_second(*rate));
        Self { limiters: rates.per_second.iter().map(|(it, rate)| (*it, limiter(rate))).collect() }
    }

    /// Takes note of a call.
    ///
    /// # Errors
    /// `TooManyRequestsException` for one too many.
    pub(crate) fn check(&self, operation: Rated) -> Result<(), AwsError> {
        match self.limiters.get(&operation) {
            Some(limiter) if limiter.check().is_err() => {
                Err(AwsError::too_many_requests("CallerRateLimitExceeded"))
            }
            _ => Ok(()),
        }
    }
}
