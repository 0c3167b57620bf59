//! A place in a process: one open `/next` call, taken by one invocation.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use super::event;
use super::platform::{Begun, Ending};
use super::process::{Answer, Process};
use crate::host::{FunctionError, Invocation};

/// What answers a `/next` call.
pub(super) struct Work {
    pub(super) headers: HeaderMap,
    pub(super) event: Bytes,
}

/// An open `/next` call. Dropping it leaves the call open and without an answer.
pub(super) struct NextCall(oneshot::Sender<Work>);

impl NextCall {
    pub(super) fn new() -> (Self, oneshot::Receiver<Work>) {
        let (call, work) = oneshot::channel();
        (Self(call), work)
    }

    /// Whether the process has hung up.
    pub(super) fn is_closed(&self) -> bool {
        self.0.is_closed()
    }
}

/// An open call that belongs to one invocation now. If it is not used, it goes back.
pub(super) struct Slot {
    process: Arc<Process>,
    call: Option<NextCall>,
}

/// The slot's process ended before it got the event.
pub(super) struct Gone;

impl Slot {
    pub(super) fn new(process: Arc<Process>, call: NextCall) -> Self {
        Self { process, call: Some(call) }
    }

    /// Whose it is.
    pub(super) fn process(&self) -> &Arc<Process> {
        &self.process
    }

    /// Takes the call out. Unlike dropping the slot, this takes no lock.
    pub(super) fn into_call(mut self) -> Option<NextCall> {
        self.call.take()
    }

    /// Gives the process the event.
    ///
    /// # Errors
    /// If the process is gone: nobody has seen the event, so another process may have it.
    pub(super) async fn hand_over(
        mut self,
        invocation: &Invocation,
        deadline_ms: u64,
    ) -> Result<Handed, Gone> {
        let process = Arc::clone(&self.process);
        let request_id: Arc<str> = invocation.request_id.as_str().into();
        let timeout_ms = u64::try_from(invocation.timeout.as_millis()).unwrap_or(u64::MAX);
        let begun = Begun { at: Instant::now(), ms: deadline_ms.saturating_sub(timeout_ms) };
        process.log_start(&request_id, begun).await;
        if !process.is_alive() {
            // The call goes with the process.
            self.call = None;
            process.close();
            return Err(Gone);
        }
        let attempt = Uuid::new_v4().to_string();
        let work = Work {
            headers: event::headers(invocation, &attempt, deadline_ms),
            event: invocation.payload.clone(),
        };
        let (Some(call), Some(answer)) =
            (self.call.take(), process.begin(&request_id, attempt, begun))
        else {
            return Err(Gone);
        };
        let timeout = invocation.timeout;
        let handed = Handed { process, request_id, timeout, answer, over: false };
        if call.0.send(work).is_err() {
            handed.take_back();
            return Err(Gone);
        }
        Ok(handed)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(call) = self.call.take() {
            self.process.take_back(call);
            self.process.settle();
        }
    }
}

/// An invocation that runs. If it is dropped, the process gets no more work: it may be busy with this one for ever.
pub(super) struct Handed {
    process: Arc<Process>,
    request_id: Arc<str>,
    timeout: Duration,
    answer: oneshot::Receiver<Answer>,
    over: bool,
}

impl Handed {
    /// Waits for the answer or the end of the time. An invocation that used up its time has ended when this returns,
    /// unless others run in its process: then they go on, and so may this one, unheard.
    pub(super) async fn finish(mut self, time_is_up: Instant, timed_out: FunctionError) -> Answer {
        match timeout_at(time_is_up, &mut self.answer).await {
            Ok(answer) => {
                self.over = true;
                // Every way in which a process ends answers first.
                answer.unwrap_or(Err(timed_out))
            }
            Err(_) => {
                self.over = true;
                // It may have come at the last moment.
                if let Ok(answer) = self.answer.try_recv() {
                    return answer;
                }
                let report = self.process.take_report(&self.request_id, None);
                if self.process.abandon(&self.request_id) {
                    self.process.wait_end().await;
                }
                if let Some(report) = report {
                    self.process.log_end(&report, &Ending::TimedOut(self.timeout)).await;
                }
                Err(timed_out)
            }
        }
    }

    /// Undoes the start: the process has not seen the event.
    fn take_back(mut self) {
        self.over = true;
        self.process.not_begun(&self.request_id);
    }
}

impl Drop for Handed {
    fn drop(&mut self) {
        if !self.over {
            self.process.abandon(&self.request_id);
        }
    }
}
