//! One process as the Runtime API sees it: what it waits for, what it runs, and what became of what it ran.
//!
//! ```text
//!                first /next                  timeout, idle, close, exit
//!   Starting ───────────────────► Serving ───────────────────────────────► Closing
//!      └───────────── exit, init error, no /next in time ────────────────────►┘
//! ```
//!
//! An open `/next` call is a *free slot*. It belongs to exactly one of: this process's `waiting` list, a [`Slot`] on its
//! way to an invocation, or the handler that answers it. A closing process gets no more work; it is stopped when the
//! last invocation in it is over.
//!
//! The lock is never held across an `await`, and no other lock is taken under it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use rustix::process::Pid;
use tokio::sync::{Notify, oneshot, watch};
use tokio::time::Instant;
use uuid::Uuid;

use super::failure::{self, Exit};
use super::launch;
use super::logs::LogLine;
use super::platform::{self, Begun, Ending, ProcessLog, Report};
use super::pool::Pool;
use super::pump::Readers;
use super::slot::{NextCall, Slot};
use crate::host::FunctionError;

/// Invocations of the past that a process's late or repeated answers are recognised by.
const PAST_MAX: usize = 256;

/// How long a process may have neither an open `/next` nor an invocation: work after the answer, such as the flushing of
/// telemetry, or an init that nobody waits for any more. After that it counts as stuck, since nothing else would ever
/// end it.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// How long after its first `/next` a process has for the others that it may open; until then nobody starts another
/// process for lack of slots.
const SLOTS_OPEN_MAX: Duration = Duration::from_millis(500);

/// How long after an answer a process has for its next `/next`, likewise. Most take less than a millisecond, and a
/// process takes longer to start.
const SLOT_RETURN_MAX: Duration = Duration::from_millis(100);

/// What an invocation came to.
pub(super) type Answer = Result<Bytes, FunctionError>;

/// Why the Runtime API refuses a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No such invocation in this process.
    UnknownRequest,
    /// Not at this time.
    WrongState,
    /// The invocation is over: it timed out, or it is run by somebody else now.
    TooLate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Starting,
    Serving,
    Closing,
}

#[derive(Clone, Copy, Debug)]
enum Past {
    Answered,
    Abandoned,
}

struct Running {
    /// This attempt; what an answer of an earlier attempt cannot know.
    attempt: String,
    answer: oneshot::Sender<Answer>,
    /// Taken by whoever writes its end to the log.
    begun: Option<Begun>,
}

struct State {
    phase: Phase,
    /// Gets the first slot: whoever had the process started.
    first: Option<oneshot::Sender<Slot>>,
    /// Open `/next` calls, oldest first.
    waiting: VecDeque<NextCall>,
    running: HashMap<Arc<str>, Running>,
    past: VecDeque<(Arc<str>, Past)>,
    /// What was handed over last; lines that come after its end are still its own.
    last_request: Option<Arc<str>>,
    init_error: Option<FunctionError>,
    exit: Option<Exit>,
    /// Since when nothing runs.
    quiet_since: Instant,
    /// Slots that were taken and are not used yet.
    on_the_way: usize,
    /// Until when the slots that are missing are expected to open.
    opening_until: Option<Instant>,
    extensions: Vec<Uuid>,
    /// How long its start took; taken by the report of its first invocation.
    init: Option<Duration>,
}

/// See the module.
pub(super) struct Process {
    pub(super) function_name: Arc<str>,
    slots: usize,
    idle_timeout: Duration,
    pool: Weak<Pool>,
    pid: OnceLock<Pid>,
    readers: OnceLock<Readers>,
    log: OnceLock<Arc<ProcessLog>>,
    launched_at: Instant,
    state: Mutex<State>,
    /// Wakes the supervisor when [`Process::review_at`] may have changed.
    pub(super) changed: Notify,
    stop: watch::Sender<bool>,
    ended: watch::Sender<bool>,
}

impl Process {
    pub(super) fn new(
        pool: Weak<Pool>,
        function_name: Arc<str>,
        slots: usize,
        idle_timeout: Duration,
    ) -> Self {
        Self {
            function_name,
            slots,
            idle_timeout,
            pool,
            pid: OnceLock::new(),
            readers: OnceLock::new(),
            log: OnceLock::new(),
            launched_at: Instant::now(),
            state: Mutex::new(State {
                phase: Phase::Starting,
                first: None,
                waiting: VecDeque::new(),
                running: HashMap::new(),
                past: VecDeque::new(),
                last_request: None,
                init_error: None,
                exit: None,
                quiet_since: Instant::now(),
                on_the_way: 0,
                opening_until: None,
                extensions: Vec::new(),
                init: None,
            }),
            changed: Notify::new(),
            stop: watch::Sender::new(false),
            ended: watch::Sender::new(false),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The process runs now.
    pub(super) fn launched(&self, pid: Pid, readers: Readers, log: Arc<ProcessLog>) {
        // Each is set once, by the task that started the process.
        let _ = self.pid.set(pid);
        let _ = self.readers.set(readers);
        let _ = self.log.set(log);
    }

    /// Who gets the first slot.
    pub(super) fn first_slot(&self) -> oneshot::Receiver<Slot> {
        let (first, slot) = oneshot::channel();
        self.state().first = Some(first);
        slot
    }

    /// The process waits for work. The receiver gets it; if it never comes, the call is to stay open until the process
    /// ends, because a runtime takes every answer for an event.
    pub(super) fn open_next(
        self: &Arc<Self>,
    ) -> Result<oneshot::Receiver<super::slot::Work>, Refusal> {
        let (call, work) = NextCall::new();
        {
            let mut state = self.state();
            if state.running.len() >= self.slots {
                return Err(Refusal::WrongState);
            }
            if state.phase == Phase::Starting {
                state.phase = Phase::Serving;
                state.init = Some(self.launched_at.elapsed());
                state.opening_until = Some(Instant::now() + SLOTS_OPEN_MAX);
            }
            state.offer(self, call);
        }
        self.settle();
        Ok(work)
    }

    /// A call that was taken and not used.
    pub(super) fn take_back(&self, call: NextCall) {
        let mut state = self.state();
        state.on_the_way = state.on_the_way.saturating_sub(1);
        if state.phase == Phase::Serving {
            state.waiting.push_front(call);
        }
    }

    /// Wakes the supervisor, and invocations for which there may be a place now.
    pub(super) fn settle(&self) {
        self.changed.notify_one();
        if let Some(pool) = self.pool.upgrade() {
            pool.settle();
        }
    }

    /// An open call, if there is one.
    pub(super) fn take_waiting(self: &Arc<Self>) -> Option<Slot> {
        let mut state = self.state();
        if state.phase != Phase::Serving {
            return None;
        }
        while let Some(call) = state.waiting.pop_front() {
            if !call.is_closed() {
                state.on_the_way += 1;
                return Some(Slot::new(Arc::clone(self), call));
            }
        }
        None
    }

    /// Slots that are expected to open soon. Those of a process that starts do not count the one for its starter.
    pub(super) fn promised_slots(&self) -> usize {
        let state = self.state();
        let opening = state.opening_until.is_some_and(|until| Instant::now() < until);
        match state.phase {
            Phase::Starting => self.slots - 1,
            Phase::Serving if opening => {
                let known = state.waiting.len() + state.running.len() + state.on_the_way;
                self.slots.saturating_sub(known)
            }
            _ => 0,
        }
    }

    /// Whether the process can take work: it serves, and it has not ended a moment ago.
    pub(super) fn is_alive(&self) -> bool {
        self.state().phase == Phase::Serving && self.pid.get().is_some_and(|pid| launch::runs(*pid))
    }

    /// Whether an invocation runs in it.
    pub(super) fn is_busy(&self) -> bool {
        !self.state().running.is_empty()
    }

    /// Waits until the lines of earlier invocations are read, and writes that this one begins.
    pub(super) async fn log_start(&self, request_id: &Arc<str>, begun: Begun) {
        if let (Some(readers), Some(log)) = (self.readers.get(), self.log.get()) {
            // Without readers the process has ended, and nothing begins.
            let _ = readers.catch_up(log.start(request_id, begun), false).await;
        }
    }

    /// Waits until the lines of an invocation are written, and so is that it ends.
    pub(super) async fn log_end(&self, report: &Report, ending: &Ending<'_>) {
        let (Some(readers), Some(log)) = (self.readers.get(), self.log.get()) else { return };
        if let Err(lines) = readers.catch_up(log.end(report, ending), true).await {
            write_directly(log, lines).await;
        }
    }

    /// What the end of an invocation is written from; once only. `attempt` as in [`finish`](Self::finish).
    pub(super) fn take_report(&self, request_id: &str, attempt: Option<&str>) -> Option<Report> {
        let memory_mb = self.pid.get().and_then(|pid| platform::memory_mb(*pid));
        let mut state = self.state();
        let (id, running) = state.running.get_key_value(request_id)?;
        if attempt.is_some_and(|attempt| attempt != running.attempt) {
            return None;
        }
        let id = Arc::clone(id);
        state.report(id, memory_mb)
    }

    /// The same for all that run, after the end of the process.
    pub(super) fn take_reports(&self) -> Vec<Report> {
        let mut state = self.state();
        let ids: Vec<_> = state.running.keys().cloned().collect();
        ids.into_iter().filter_map(|id| state.report(id, None)).collect()
    }

    /// An invocation is handed over.
    pub(super) fn begin(
        &self,
        request_id: &Arc<str>,
        attempt: String,
        begun: Begun,
    ) -> Option<oneshot::Receiver<Answer>> {
        let (answer, answered) = oneshot::channel();
        let mut state = self.state();
        state.on_the_way = state.on_the_way.saturating_sub(1);
        if state.phase != Phase::Serving {
            return None;
        }
        state
            .running
            .insert(Arc::clone(request_id), Running { attempt, answer, begun: Some(begun) });
        state.last_request = Some(Arc::clone(request_id));
        Some(answered)
    }

    /// It was not handed over after all.
    pub(super) fn not_begun(&self, request_id: &str) {
        self.state().running.remove(request_id);
    }

    /// The process has an answer. `attempt` is what it says the answer is for, if it says so.
    pub(super) fn finish(
        &self,
        request_id: &str,
        attempt: Option<&str>,
        answer: Answer,
    ) -> Result<(), Refusal> {
        let mut state = self.state();
        let Some(running) = state.running.get(request_id) else {
            return Err(state.refusal(request_id));
        };
        if attempt.is_some_and(|attempt| attempt != running.attempt) {
            return Err(Refusal::TooLate);
        }
        if let Some((request_id, running)) = state.running.remove_entry(request_id) {
            state.remember(request_id, Past::Answered);
            let soon = Instant::now() + SLOT_RETURN_MAX;
            state.opening_until = state.opening_until.max(Some(soon));
            // The caller may have gone; the answer is of no use then.
            let _ = running.answer.send(answer);
        }
        self.after_invocation(state);
        Ok(())
    }

    /// Nobody waits for this invocation any more. The process may be busy with it for ever, so it gets no more work.
    /// Says whether it is stopped now; it is not as long as it runs other invocations.
    pub(super) fn abandon(&self, request_id: &str) -> bool {
        let mut state = self.state();
        if let Some((request_id, _)) = state.running.remove_entry(request_id) {
            state.remember(request_id, Past::Abandoned);
        }
        state.close();
        let stops = state.running.is_empty();
        self.after_invocation(state);
        stops
    }

    fn after_invocation(&self, mut state: MutexGuard<'_, State>) {
        if !state.running.is_empty() {
            return;
        }
        state.quiet_since = Instant::now();
        if state.phase == Phase::Closing {
            self.stop();
        }
        drop(state);
        self.changed.notify_one();
    }

    /// The process says that it cannot start.
    pub(super) fn fail_init(&self, error: FunctionError) -> Result<(), Refusal> {
        let mut state = self.state();
        if state.phase != Phase::Starting {
            return Err(Refusal::WrongState);
        }
        state.init_error = Some(error);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// Whether it said so.
    pub(super) fn init_failed(&self) -> bool {
        self.state().init_error.is_some()
    }

    /// An extension is registered, so the process wants SIGTERM before SIGKILL.
    pub(super) fn add_extension(&self, limit: usize) -> Option<Uuid> {
        let mut state = self.state();
        if state.extensions.len() >= limit {
            return None;
        }
        let id = Uuid::new_v4();
        state.extensions.push(id);
        Some(id)
    }

    /// Whether this extension is registered.
    pub(super) fn has_extension(&self, id: Uuid) -> bool {
        self.state().extensions.contains(&id)
    }

    /// Whether there is an extension.
    pub(super) fn wants_warning(&self) -> bool {
        !self.state().extensions.is_empty()
    }

    /// Whose lines the process prints.
    pub(super) fn current_request(&self) -> Option<Arc<str>> {
        let state = self.state();
        let mut running = state.running.keys();
        match (running.next(), running.next()) {
            (None, _) => state.last_request.clone(),
            (Some(only), None) => Some(Arc::clone(only)),
            (Some(_), Some(_)) => None,
        }
    }

    /// When it may be time to end the process for lack of work, or to count its slots again.
    pub(super) fn review_at(&self) -> Option<Instant> {
        let state = self.state();
        if state.phase == Phase::Closing {
            return None;
        }
        let slots_open = state.opening_until.filter(|until| *until > Instant::now());
        let quiet_end =
            state.running.is_empty().then(|| state.quiet_since + self.quiet_max(&state));
        slots_open.into_iter().chain(quiet_end).min()
    }

    /// Ends the process if it has been without work for too long.
    pub(super) fn review(&self) {
        let mut state = self.state();
        let quiet = state.phase != Phase::Closing && state.running.is_empty();
        if quiet && state.quiet_since.elapsed() >= self.quiet_max(&state) {
            if state.first.as_ref().is_some_and(|first| !first.is_closed()) {
                // Its starter waits for it and has a limit of its own.
                state.quiet_since = Instant::now();
            } else {
                state.close();
                self.stop();
            }
        }
        drop(state);
        self.settle();
    }

    fn quiet_max(&self, state: &State) -> Duration {
        let waits = state.waiting.iter().any(|call| !call.is_closed());
        if waits { self.idle_timeout } else { SILENCE_MAX }
    }

    /// Has the supervisor stop the process.
    pub(super) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// No more work, and the end at once.
    pub(super) fn close(&self) {
        self.state().close();
        self.stop();
    }

    /// Waits until it is to be stopped.
    pub(super) async fn stop_wanted(&self) {
        // It fails only if the sender is gone, which is `self`.
        let _ = self.stop.subscribe().wait_for(|stop| *stop).await;
    }

    /// Waits until the process is gone and its log is read.
    pub(super) async fn wait_end(&self) {
        let _ = self.ended.subscribe().wait_for(|ended| *ended).await;
    }

    /// The process is gone. Everything that it ran fails with the way it went. Only the first call counts.
    pub(super) fn end(&self, exit: Exit) {
        let mut state = self.state();
        if state.exit.is_some() {
            return;
        }
        state.close();
        state.exit = Some(exit);
        state.first = None;
        for (request_id, running) in std::mem::take(&mut state.running) {
            let _ = running.answer.send(Err(failure::exited(&request_id, exit)));
        }
        drop(state);
        self.ended.send_replace(true);
    }

    /// Why the process, which is gone, could not run this invocation.
    pub(super) fn init_failure(&self, request_id: &str) -> FunctionError {
        let state = self.state();
        let reported = state.init_error.clone();
        reported.unwrap_or_else(|| failure::exited(request_id, state.exit.unwrap_or(Exit::Unknown)))
    }
}

/// Hands lines to the sink when the thread that does so has ended. It may block.
async fn write_directly(log: &Arc<ProcessLog>, lines: Vec<LogLine>) {
    let sink = Arc::clone(log.sink());
    let written =
        tokio::task::spawn_blocking(move || lines.into_iter().for_each(|line| sink.line(line)));
    // A sink that panics has lost them.
    let _ = written.await;
}

impl State {
    fn report(&mut self, request_id: Arc<str>, memory_mb: Option<u64>) -> Option<Report> {
        let begun = self.running.get_mut(&request_id)?.begun.take()?;
        Some(Report { request_id, begun, init: self.init.take(), memory_mb })
    }

    /// To the one who waits for this process, or to the list.
    fn offer(&mut self, process: &Arc<Process>, call: NextCall) {
        if self.phase != Phase::Serving {
            return;
        }
        let call = match self.first.take() {
            None => call,
            Some(first) => match first.send(Slot::new(Arc::clone(process), call)) {
                Ok(()) => {
                    self.on_the_way += 1;
                    return;
                }
                Err(slot) => match slot.into_call() {
                    Some(call) => call,
                    None => return,
                },
            },
        };
        self.waiting.retain(|call| !call.is_closed());
        // A runtime that repeats its call has lost the connection of the one before.
        while self.waiting.len() + self.running.len() >= process.slots
            && self.waiting.pop_front().is_some()
        {}
        self.waiting.push_back(call);
        if self.running.is_empty() {
            self.quiet_since = Instant::now();
        }
    }

    fn close(&mut self) {
        self.phase = Phase::Closing;
        self.waiting.clear();
    }

    fn remember(&mut self, request_id: Arc<str>, past: Past) {
        if self.past.len() >= PAST_MAX {
            self.past.pop_front();
        }
        self.past.push_back((request_id, past));
    }

    fn refusal(&self, request_id: &str) -> Refusal {
        let past = self.past.iter().rev().find(|(id, _)| &**id == request_id);
        match past {
            None => Refusal::UnknownRequest,
            Some((_, Past::Answered)) => Refusal::WrongState,
            Some((_, Past::Abandoned)) => Refusal::TooLate,
        }
    }
}
