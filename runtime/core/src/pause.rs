//! Pausing and resuming: while an execution is paused its function is not invoked, but everything that it waits for goes
//! on completing.
//!
//! A pause that meets an invocation takes hold at that invocation's next checkpoint, which is answered without a token,
//! or at its end. An invocation that was cut off so is owed another one: its own end says nothing about the workflow.

use serde::{Deserialize, Serialize};

use crate::execution::Execution;
use crate::fact::Fact;
use crate::types::{ExecutionStatus, Millis, Rejection};

/// However long an execution is paused, it ends 366 days after its start.
const LIFETIME_MAX: Millis = 366 * 24 * 60 * 60 * 1000;
/// For so long a request with the same client token is the same request.
const SAME_REQUEST: Millis = 15 * 60 * 1000;

/// A request to pause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PauseRequest {
    /// When it was made.
    pub requested: Millis,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether the execution timeout stands still meanwhile.
    pub timeout_paused: bool,
    /// Makes repeating it harmless.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_token: Option<String>,
}

/// A request to resume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResumeRequest {
    /// When it was made.
    pub requested: Millis,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Makes repeating it harmless.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_token: Option<String>,
}

/// What pauses have left in the state.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pauses {
    /// Whether the timeout has stood still since then.
    pub(crate) still_since: Option<Millis>,
    /// For how long it had stood still before.
    pub(crate) extension: Millis,
    /// The invocation whose token was withheld, until another one begins or it is given a token after all.
    pub(crate) cut_off: Option<String>,
    last_pause: Option<PauseRequest>,
    last_resume: Option<ResumeRequest>,
}

impl Pauses {
    pub(crate) fn pausing(&mut self, request: &PauseRequest) {
        self.last_pause = Some(request.clone());
    }

    pub(crate) fn paused(&mut self, request: &PauseRequest, cut_off: &Option<String>, at: Millis) {
        self.last_pause = Some(request.clone());
        self.still_since = request.timeout_paused.then_some(at);
        // Whoever an earlier pause cut off is still owed an invocation.
        if cut_off.is_some() {
            self.cut_off.clone_from(cut_off);
        }
    }

    pub(crate) fn resumed(&mut self, request: &ResumeRequest, extension: Millis) {
        self.last_resume = Some(request.clone());
        self.still_since = None;
        self.extension = extension;
    }
}

/// When an execution times out that started then and whose timeout stood still for so long.
pub fn timeout_at(started: Millis, timeout_seconds: u32, extension: Millis) -> Millis {
    let longest = LIFETIME_MAX.max(Millis::from(timeout_seconds) * 1000);
    started + (Millis::from(timeout_seconds) * 1000).saturating_add(extension).min(longest)
}

impl Execution {
    /// When the execution times out, as it stands.
    pub fn deadline(&self) -> Millis {
        let extension = match self.pauses.still_since {
            Some(_) => LIFETIME_MAX,
            None => self.pauses.extension,
        };
        timeout_at(self.started, self.start.timeout_seconds, extension)
    }

    /// Pauses an open execution: at once, or as soon as its invocation lets go. Nothing to do for a repeated request.
    ///
    /// # Errors
    /// [`Rejection::Conflict`] when it is closed, or paused already.
    pub fn decide_pause(&self, request: PauseRequest) -> Result<Vec<Fact>, Rejection> {
        let repeated = self.pauses.last_pause.as_ref().is_some_and(|last| {
            is_repeated(
                &last.client_token,
                &request.client_token,
                last.requested,
                request.requested,
            ) && last.reason == request.reason
                && last.timeout_paused == request.timeout_paused
        });
        if repeated {
            return Ok(Vec::new());
        }
        if self.status != ExecutionStatus::Running || self.deadline() <= request.requested {
            return Err(Rejection::Conflict("The durable execution is not running.".to_owned()));
        }
        Ok(vec![match self.invocation {
            Some(_) => Fact::ExecutionPausing { request, extension: self.pauses.extension },
            None => self.pause_fact(request, None),
        }])
    }

    /// Resumes a paused execution, or takes back a pause that has not taken hold. Nothing to do for a repeated request.
    ///
    /// # Errors
    /// [`Rejection::Conflict`] when it is not paused.
    pub fn decide_resume(&self, request: ResumeRequest) -> Result<Vec<Fact>, Rejection> {
        let repeated = self.pauses.last_resume.as_ref().is_some_and(|last| {
            is_repeated(
                &last.client_token,
                &request.client_token,
                last.requested,
                request.requested,
            ) && last.reason == request.reason
        });
        if repeated {
            return Ok(Vec::new());
        }
        if !self.is_paused() || self.deadline() <= request.requested {
            return Err(Rejection::Conflict("The durable execution is not paused.".to_owned()));
        }
        let still = self.pauses.still_since.map_or(0, |since| (request.requested - since).max(0));
        Ok(vec![Fact::ExecutionResumed { request, extension: self.pauses.extension + still }])
    }

    /// Lets a pause take hold whose invocation was lost with the process that ran it.
    pub fn decide_orphaned_pause(&self) -> Option<Fact> {
        if self.invocation.is_some() { None } else { self.pause_takes_hold(None) }
    }

    /// Whether a pause was asked for and not taken back.
    pub fn is_paused(&self) -> bool {
        matches!(self.status, ExecutionStatus::Pausing | ExecutionStatus::Paused)
    }

    /// What lets a pause take hold that waits for the invocation in flight; `None` if there is none.
    pub(crate) fn pause_takes_hold(&self, cut_off: Option<String>) -> Option<Fact> {
        let request = self.pauses.last_pause.clone();
        let request = request.filter(|_| self.status == ExecutionStatus::Pausing)?;
        Some(self.pause_fact(request, cut_off))
    }

    fn pause_fact(&self, request: PauseRequest, cut_off: Option<String>) -> Fact {
        Fact::ExecutionPaused { request, cut_off, extension: self.pauses.extension }
    }
}

fn is_repeated(
    last: &Option<String>,
    given: &Option<String>,
    last_requested: Millis,
    requested: Millis,
) -> bool {
    given.is_some() && given == last && requested - last_requested < SAME_REQUEST
}
