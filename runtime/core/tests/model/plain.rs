//! The rules of an execution once more, as plainly as they can be said: vectors, loops and copies, statuses as words.
//!
//! Nothing here is shared with the crate, and nothing is fast. An operation knows whether a handler has seen it; time is
//! looked up by searching; a batch is tried on a copy.

use crate::commands::{Ask, Ending};

pub(crate) const ATTEMPTS_MAX: u32 = 4;

#[derive(Clone, Debug)]
pub(crate) struct Op {
    pub(crate) id: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) parent: Option<&'static str>,
    pub(crate) status: &'static str,
    pub(crate) attempt: u32,
    pub(crate) result: Option<String>,
    /// The type of the error; empty for an error without any.
    pub(crate) error: Option<&'static str>,
    pub(crate) started: i64,
    pub(crate) ended: Option<i64>,
    /// When a retry, a wait or a callback's timeout is due.
    pub(crate) due: Option<i64>,
    pub(crate) heartbeat_due: Option<i64>,
    heartbeat: u32,
    unseen: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Plain {
    pub(crate) status: &'static str,
    pub(crate) result: Option<String>,
    pub(crate) error: Option<&'static str>,
    pub(crate) ended: Option<i64>,
    pub(crate) deadline: i64,
    started: i64,
    timeout: i64,
    /// For how long the timeout stood still.
    extension: i64,
    still_since: Option<i64>,
    /// Whether the timeout is to stand still once a pause takes hold.
    stand_still: bool,
    /// The invocation was given no token, or nothing to wait for, by a pause: it is owed another one.
    cut_off: bool,
    pub(crate) ops: Vec<Op>,
    pub(crate) events: Vec<String>,
    pub(crate) records: u64,
    pub(crate) in_flight: bool,
    /// Changes that make no event.
    silent: u64,
    start_unseen: bool,
    /// What a handler has seen since is not known after a restart during an invocation.
    pub(crate) sure: bool,
    owed: bool,
    failures: u32,
    empty_suspensions: u32,
    retry_at: Option<i64>,
    metered: u64,
    operations_max: u64,
}

impl Plain {
    pub(crate) fn new(started: i64, timeout: i64, operations_max: u64) -> Self {
        Self {
            status: "RUNNING",
            result: None,
            error: None,
            ended: None,
            deadline: started + timeout,
            started,
            timeout,
            extension: 0,
            still_since: None,
            stand_still: false,
            cut_off: false,
            ops: Vec::new(),
            events: vec!["ExecutionStarted".into()],
            records: 1,
            in_flight: false,
            silent: 0,
            start_unseen: true,
            sure: true,
            owed: false,
            failures: 0,
            empty_suspensions: 0,
            retry_at: None,
            metered: 1,
            operations_max,
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.status, "RUNNING" | "PAUSING" | "PAUSED")
    }

    pub(crate) fn is_paused(&self) -> bool {
        matches!(self.status, "PAUSING" | "PAUSED")
    }

    // Pauses.

    /// Whether the request is accepted.
    pub(crate) fn pause(&mut self, stand_still: bool, now: i64) -> bool {
        if self.status != "RUNNING" || self.deadline <= now {
            return false;
        }
        self.stand_still = stand_still;
        self.records += 1;
        if self.in_flight {
            self.status = "PAUSING";
        } else {
            self.hold(false, now);
        }
        true
    }

    fn hold(&mut self, cut_off: bool, now: i64) {
        self.status = "PAUSED";
        self.cut_off |= cut_off;
        self.events.push("ExecutionPaused".into());
        if self.stand_still {
            self.still_since = Some(now);
            self.deadline = self.started + 366 * 24 * 60 * 60 * 1_000;
        }
    }

    /// A restart finds a pause that waits for an invocation of the life before.
    pub(crate) fn hold_orphaned(&mut self, now: i64) {
        if self.status == "PAUSING" {
            self.hold(false, now);
            self.records += 1;
        }
    }

    pub(crate) fn unpause(&mut self, now: i64) -> bool {
        if !self.is_paused() || self.deadline <= now {
            return false;
        }
        self.extension += self.still_since.take().map_or(0, |since| now - since);
        self.deadline = self.started + self.timeout + self.extension;
        self.status = "RUNNING";
        self.events.push("ExecutionResumed".into());
        self.records += 1;
        true
    }

    fn find(&mut self, id: &str) -> Option<&mut Op> {
        self.ops.iter_mut().find(|op| op.id == id)
    }

    pub(crate) fn unseen(&self) -> Vec<&'static str> {
        self.ops.iter().filter(|op| op.unseen).map(|op| op.id).collect()
    }

    pub(crate) fn wants_invocation(&self, now: i64) -> bool {
        let because = self.start_unseen || self.owed || self.cut_off || !self.unseen().is_empty();
        let delayed = self.retry_at.is_some_and(|at| at > now);
        self.status == "RUNNING" && now < self.deadline && !self.in_flight && because && !delayed
    }

    pub(crate) fn next_due_after(&self, now: i64) -> Option<i64> {
        let timers = self.ops.iter().filter_map(due_of);
        let retry_at = self.retry_at.filter(|_| !self.is_paused());
        let all = timers.chain(retry_at).chain([self.deadline]).filter(|due| *due > now);
        if self.is_open() { all.min() } else { None }
    }

    /// Returns what the envelope names as changed.
    pub(crate) fn invoke(&mut self) -> Vec<&'static str> {
        let mut changed = self.unseen();
        if self.start_unseen {
            changed.insert(0, "EXECUTION");
        }
        self.see_all();
        self.cut_off = false;
        (self.in_flight, self.sure, self.owed, self.retry_at) = (true, true, false, None);
        changed
    }

    fn see_all(&mut self) {
        self.start_unseen = false;
        self.ops.iter_mut().for_each(|op| op.unseen = false);
    }

    pub(crate) fn crash(&mut self) {
        if self.in_flight {
            (self.in_flight, self.owed, self.sure) = (false, true, false);
        }
    }

    fn close(&mut self, status: &'static str, error: Option<&'static str>, now: i64) {
        (self.status, self.error, self.ended) = (status, error, Some(now));
        (self.owed, self.retry_at) = (false, None);
        let event = match status {
            "SUCCEEDED" => "ExecutionSucceeded",
            "FAILED" => "ExecutionFailed",
            "TIMED_OUT" => "ExecutionTimedOut",
            _ => "ExecutionStopped",
        };
        self.events.push(event.into());
    }

    /// Counts a record if anything was written since.
    fn commit(&mut self, before: (usize, u64)) {
        if before != (self.events.len(), self.silent) {
            self.records += 1;
        }
    }

    // The clock.

    pub(crate) fn tick(&mut self, now: i64) {
        let before = (self.events.len(), self.silent);
        if self.is_open() && self.deadline <= now {
            self.close("TIMED_OUT", Some(""), now);
        } else if self.is_open() {
            self.fire(now);
        }
        self.commit(before);
    }

    fn fire(&mut self, now: i64) {
        let mut due: Vec<(i64, usize)> = Vec::new();
        for (place, op) in self.ops.iter().enumerate() {
            due.extend(due_of(op).filter(|at| *at <= now).map(|at| (at, place)));
        }
        due.sort_unstable();
        for (_, place) in due {
            let op = &mut self.ops[place];
            op.unseen = true;
            match op.kind {
                "STEP" => {
                    (op.status, op.due) = ("READY", None);
                    self.silent += 1;
                }
                "WAIT" => {
                    (op.status, op.ended) = ("SUCCEEDED", Some(now));
                    self.events.push(format!("WaitSucceeded {}", op.id));
                }
                _ => {
                    let by_heartbeat = match (op.due, op.heartbeat_due) {
                        (Some(timeout), Some(heartbeat)) => heartbeat < timeout,
                        (timeout, _) => timeout.is_none(),
                    };
                    let error =
                        if by_heartbeat { "Callback.Heartbeat" } else { "Callback.Timeout" };
                    (op.status, op.ended, op.error) = ("TIMED_OUT", Some(now), Some(error));
                    self.events.push(format!("CallbackTimedOut {}", op.id));
                }
            }
        }
    }

    // Outside parties.

    pub(crate) fn stop(&mut self, now: i64) {
        if self.is_open() {
            self.close("STOPPED", Some("Cancelled"), now);
            self.records += 1;
        }
    }

    fn open_callback(&mut self, id: &str, now: i64) -> Option<&mut Op> {
        if !self.is_open() || self.deadline <= now {
            return None;
        }
        self.find(id).filter(|op| op.status == "STARTED" && due_of(op).is_none_or(|at| at > now))
    }

    /// Whether the answer is accepted.
    pub(crate) fn answer(&mut self, id: &'static str, success: bool, now: i64) -> bool {
        let Some(op) = self.open_callback(id, now) else { return false };
        (op.ended, op.unseen) = (Some(now), true);
        if success {
            (op.status, op.result) = ("SUCCEEDED", Some("answer".into()));
            self.events.push(format!("CallbackSucceeded {id}"));
        } else {
            (op.status, op.error) = ("FAILED", Some("Refused"));
            self.events.push(format!("CallbackFailed {id}"));
        }
        self.records += 1;
        true
    }

    /// The target of a chained invocation ends.
    pub(crate) fn report(&mut self, id: &'static str, how: usize, now: i64) {
        let over = !self.is_open() || self.deadline <= now;
        let open = |op: &&mut Op| op.kind == "CHAINED_INVOKE" && op.status == "STARTED";
        let Some(op) = self.find(id).filter(open).filter(|_| !over) else { return };
        let (status, event) = [
            ("SUCCEEDED", "Succeeded"),
            ("FAILED", "Failed"),
            ("TIMED_OUT", "TimedOut"),
            ("STOPPED", "Stopped"),
        ][how];
        (op.status, op.ended, op.unseen) = (status, Some(now), true);
        if how == 0 {
            op.result = Some("child".into());
        } else {
            op.error = Some("Child");
        }
        self.events.push(format!("ChainedInvoke{event} {id}"));
        self.records += 1;
    }

    pub(crate) fn heartbeat(&mut self, id: &str, now: i64) -> bool {
        let Some(op) = self.open_callback(id, now) else { return false };
        if op.heartbeat > 0 {
            op.heartbeat_due = Some(now + i64::from(op.heartbeat) * 1_000);
            self.silent += 1;
            self.records += 1;
        }
        true
    }

    // The end of an invocation.

    pub(crate) fn end(&mut self, how: Ending, now: i64) {
        let (open, empty) =
            (self.is_open(), how == Ending::Suspend && !self.has_something_to_wait_for());
        let pausing = self.status == "PAUSING";
        self.in_flight = false;
        self.records += 1;
        let error = match how {
            Ending::HandlerError => Some("Handler"),
            Ending::ProcessExit => Some("Runtime.ExitError"),
            Ending::Fail if open && !self.cut_off => Some("Own"),
            Ending::Nonsense if open => Some("InvalidParameterValueException"),
            Ending::Suspend if open && empty && !self.cut_off && !pausing => {
                Some("InvalidParameterValueException")
            }
            _ => None,
        };
        self.metered += u64::from(error.is_some());
        self.events.push(format!("InvocationCompleted {}", error.unwrap_or("-")));
        if !open {
            return;
        }
        match how {
            Ending::Succeed => {
                self.result = Some("out".into());
                self.close("SUCCEEDED", None, now);
            }
            Ending::Fail | Ending::Suspend if self.cut_off => {
                (self.failures, self.empty_suspensions) = (0, 0);
            }
            Ending::Suspend if pausing && empty => {
                (self.failures, self.empty_suspensions) = (0, 0);
                self.hold(true, now);
            }
            Ending::Fail | Ending::Nonsense => self.close("FAILED", error, now),
            Ending::Suspend if !empty => (self.failures, self.empty_suspensions) = (0, 0),
            Ending::Suspend => {
                (self.failures, self.empty_suspensions) = (0, self.empty_suspensions + 1);
                if self.empty_suspensions == 3 {
                    self.close("FAILED", error, now);
                } else {
                    (self.owed, self.retry_at) = (true, Some(now));
                }
            }
            Ending::HandlerError | Ending::ProcessExit => {
                self.failures += 1;
                let delay = match (how, self.failures) {
                    (Ending::ProcessExit, 1) => 0,
                    (_, 1) => 1_000,
                    (_, 2) => 2_000,
                    _ => 3_000,
                };
                if self.failures == ATTEMPTS_MAX {
                    self.close("FAILED", error, now);
                } else {
                    (self.owed, self.retry_at) = (true, Some(now + delay));
                }
            }
        }
        if self.status == "PAUSING" {
            self.hold(false, now);
        }
    }

    fn has_something_to_wait_for(&self) -> bool {
        self.ops.iter().any(|op| {
            op.unseen
                || (op.kind == "STEP" && op.status == "PENDING")
                || (matches!(op.kind, "WAIT" | "CALLBACK" | "CHAINED_INVOKE")
                    && op.status == "STARTED")
        })
    }

    // Checkpoints.

    /// What the answer shows, or `None` if the checkpoint is refused.
    pub(crate) fn checkpoint(&mut self, asks: &[Ask], now: i64) -> Option<Vec<&'static str>> {
        if !self.in_flight || !self.is_open() || self.deadline <= now {
            return None;
        }
        let mut draft = self.clone();
        let before = (draft.events.len(), draft.silent);
        draft.fire(now);
        for (place, ask) in asks.iter().enumerate() {
            if ask.kind == "EXECUTION" && place + 1 < asks.len() {
                return None;
            }
            let same: Vec<&Ask> = asks
                .iter()
                .filter(|other| other.id == ask.id && other.kind != "EXECUTION")
                .collect();
            let is_pair = same.len() == 2
                && matches!(same[0].kind, "STEP" | "CONTEXT")
                && same[0].kind == same[1].kind
                && same[0].action == "START"
                && same[1].action != "START";
            if same.len() > 1 && !is_pair {
                return None;
            }
        }
        for ask in asks {
            draft.update(ask, now)?;
        }
        if draft.is_open() && draft.metered > draft.operations_max {
            draft.close("FAILED", Some("ServiceQuotaExceededException"), now);
        }
        if draft.status == "PAUSING" {
            draft.hold(true, now);
        } else if draft.status == "RUNNING" && before != (draft.events.len(), draft.silent) {
            draft.cut_off = false;
        }
        draft.commit(before);
        let mut shown = Vec::new();
        if !draft.is_paused() {
            shown = draft.unseen();
            draft.see_all();
        }
        *self = draft;
        Some(shown)
    }

    fn update(&mut self, ask: &Ask, now: i64) -> Option<()> {
        if let Some(parent) = ask.parent {
            self.ops.iter().find(|op| op.id == parent && op.kind == "CONTEXT")?;
        }
        if ask.kind == "EXECUTION" {
            return self.close_by(ask, now);
        }
        let known = self.ops.iter().find(|op| op.id == ask.id);
        if known.is_some_and(|op| op.kind != ask.kind) {
            return None;
        }
        if known.is_some_and(|op| ask.parent.is_some() && ask.parent != op.parent) {
            return None;
        }
        let status = known.map_or("absent", |op| op.status);
        let (event, next) = match (ask.kind, ask.action, status) {
            ("STEP", "START", "absent" | "READY") if ask.seconds.is_none() => {
                ("StepStarted", "STARTED")
            }
            ("STEP", "SUCCEED", "absent" | "STARTED" | "READY")
                if ask.seconds.is_none() && !ask.error =>
            {
                ("StepSucceeded", "SUCCEEDED")
            }
            ("STEP", "FAIL", "absent" | "STARTED" | "READY")
                if ask.seconds.is_none() && ask.payload.is_none() =>
            {
                ("StepFailed", "FAILED")
            }
            ("STEP", "RETRY", "absent" | "STARTED" | "READY")
                if ask.seconds.is_some() && !(ask.error && ask.payload.is_some()) =>
            {
                (if ask.error { "StepFailed" } else { "StepSucceeded" }, "PENDING")
            }
            ("WAIT", "START", "absent") if ask.seconds.is_some() => ("WaitStarted", "STARTED"),
            ("WAIT", "CANCEL", "STARTED") => ("WaitCancelled", "CANCELLED"),
            ("CALLBACK", "START", "absent") => ("CallbackStarted", "STARTED"),
            ("CHAINED_INVOKE", "START", "absent") => ("ChainedInvokeStarted", "STARTED"),
            ("CONTEXT", "START", "absent") => ("ContextStarted", "STARTED"),
            ("CONTEXT", "SUCCEED", "absent" | "STARTED") if !ask.error => {
                ("ContextSucceeded", "SUCCEEDED")
            }
            ("CONTEXT", "FAIL", "absent" | "STARTED") if ask.payload.is_none() => {
                ("ContextFailed", "FAILED")
            }
            _ => return None,
        };
        self.events.push(format!("{event} {}", ask.id));
        self.metered += u64::from(status == "absent") + u64::from(ask.action == "RETRY");
        if status == "absent" {
            self.ops.push(begun(ask, now));
        }
        change(self.find(ask.id)?, ask, next, now);
        if ask.kind == "CHAINED_INVOKE" && ask.seconds.is_some() {
            let op = self.find(ask.id)?;
            (op.status, op.ended) = ("FAILED", Some(now));
            op.error = Some("ResourceNotFoundException");
            self.events.push(format!("ChainedInvokeFailed {}", ask.id));
        }
        Some(())
    }

    fn close_by(&mut self, ask: &Ask, now: i64) -> Option<()> {
        match ask.action {
            "SUCCEED" if !ask.error => {
                self.result = payload(ask);
                self.close("SUCCEEDED", None, now);
            }
            "FAIL" if ask.payload.is_none() => self.close("FAILED", Some(error(ask)), now),
            _ => return None,
        }
        Some(())
    }
}

fn begun(ask: &Ask, now: i64) -> Op {
    Op {
        id: ask.id,
        kind: ask.kind,
        parent: ask.parent,
        status: "STARTED",
        attempt: 0,
        result: None,
        error: None,
        started: now,
        ended: None,
        due: None,
        heartbeat_due: None,
        heartbeat: 0,
        unseen: true,
    }
}

fn change(op: &mut Op, ask: &Ask, next: &'static str, now: i64) {
    (op.status, op.unseen) = (next, true);
    let later = |seconds: u32| (seconds > 0).then(|| now + i64::from(seconds) * 1_000);
    match ask.action {
        "START" if ask.kind != "STEP" => {
            op.due =
                ask.seconds.filter(|_| matches!(ask.kind, "WAIT" | "CALLBACK")).and_then(later);
            if ask.kind == "CALLBACK" {
                (op.heartbeat, op.heartbeat_due) = (ask.heartbeat, later(ask.heartbeat));
            }
        }
        "CANCEL" => op.ended = Some(now),
        "SUCCEED" => {
            (op.result, op.error, op.ended) = (payload(ask), None, Some(now));
            op.attempt += 1;
        }
        "FAIL" => {
            (op.result, op.error, op.ended) = (None, Some(error(ask)), Some(now));
            op.attempt += 1;
        }
        "RETRY" => {
            (op.result, op.error) = (payload(ask), ask.error.then(|| error(ask)));
            op.due = ask.seconds.and_then(later);
            op.attempt += 1;
        }
        _ => {}
    }
}

fn payload(ask: &Ask) -> Option<String> {
    ask.payload.map(|payload| payload.to_string())
}

fn error(ask: &Ask) -> &'static str {
    if ask.error { "Boom" } else { "" }
}

/// When the clock changes this operation next.
fn due_of(op: &Op) -> Option<i64> {
    let waits =
        matches!((op.kind, op.status), ("STEP", "PENDING") | ("WAIT" | "CALLBACK", "STARTED"));
    op.due.into_iter().chain(op.heartbeat_due).min().filter(|_| waits)
}
