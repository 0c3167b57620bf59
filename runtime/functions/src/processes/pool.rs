//! The processes of one function version, and the invocations that wait for a place in one.
//!
//! Every invocation queues, in order. It gets the open slot of a process, or the permission to start one while there are
//! fewer than `processes_max`; otherwise it waits until a slot opens or a process ends. [`Pool::settle`] is the one
//! place where that is decided; whoever changes something calls it.
//!
//! The lock is taken before that of a [`Process`], never after it, and never held across an `await`.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::failure::Exit;
use super::process::Process;
use super::slot::Slot;
use super::spec::ProcessSpec;
use crate::host::Processes;

/// Where an invocation can go.
pub(super) enum Place {
    /// Into a process that is ready.
    Warm(Slot),
    /// Into one that it has to start.
    Start(Permit),
}

/// Why there is no place.
pub(super) enum NoPlace {
    /// Too many wait, or this one has waited for too long.
    Throttled,
    /// The pool is closed.
    Closed,
}

/// The right to run one process, which is [`Permit::process`]. It lasts until it is dropped.
pub(super) struct Permit {
    pool: Arc<Pool>,
    pub(super) process: Arc<Process>,
    /// Set to drop it without taking the lock.
    taken_back: bool,
}

/// See the module.
pub(super) struct Pool {
    function_name: Arc<str>,
    slots: usize,
    idle_timeout: Duration,
    processes_max: usize,
    waiting_max: usize,
    waiting_time_max: Duration,
    board: Mutex<Board>,
}

#[derive(Default)]
struct Board {
    /// Those that run or may be started, oldest first.
    processes: Vec<Arc<Process>>,
    queue: VecDeque<oneshot::Sender<Place>>,
    closed: bool,
}

impl Pool {
    pub(super) fn new(spec: &ProcessSpec) -> Arc<Self> {
        Arc::new(Self {
            function_name: spec.function_name.as_str().into(),
            slots: spec.slots(),
            idle_timeout: spec.idle_timeout,
            processes_max: spec.processes_max.max(1),
            waiting_max: spec.waiting_max,
            waiting_time_max: spec.waiting_time_max,
            board: Mutex::default(),
        })
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a place.
    ///
    /// # Errors
    /// See [`NoPlace`].
    pub(super) async fn place(self: &Arc<Self>) -> Result<Place, NoPlace> {
        let (place, mut placed) = oneshot::channel();
        {
            let mut board = self.board();
            if board.closed {
                return Err(NoPlace::Closed);
            }
            board.queue.push_back(place);
            self.settle_board(&mut board);
            board.queue.retain(|waiting| !waiting.is_closed());
            if board.queue.len() > self.waiting_max {
                // The newest one, which is this: whoever came before has waited longer.
                board.queue.pop_back();
                return Err(NoPlace::Throttled);
            }
        }
        match timeout(self.waiting_time_max, &mut placed).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) => Err(NoPlace::Closed),
            Err(_) => Err(NoPlace::Throttled),
        }
    }

    /// Gives the invocations that wait what there is for them.
    pub(super) fn settle(self: &Arc<Self>) {
        self.settle_board(&mut self.board());
    }

    fn settle_board(self: &Arc<Self>, board: &mut Board) {
        while let Some(first) = board.queue.pop_front() {
            if first.is_closed() {
                continue;
            }
            let slot = board.processes.iter().find_map(Process::take_waiting);
            let place = match slot {
                Some(slot) => Place::Warm(slot),
                None if self.may_start(board) => Place::Start(self.permit(board)),
                None => {
                    board.queue.push_front(first);
                    return;
                }
            };
            if let Err(place) = first.send(place) {
                board.take_back(place);
            }
        }
    }

    /// Whether another process is allowed and wanted: not if those that start now will have slots for all that wait.
    /// The one at the head of the queue has been taken out of it.
    fn may_start(&self, board: &Board) -> bool {
        let promised: usize = board.processes.iter().map(|process| process.promised_slots()).sum();
        board.processes.len() < self.processes_max && board.queue.len() + 1 > promised
    }

    fn permit(self: &Arc<Self>, board: &mut Board) -> Permit {
        let name = Arc::clone(&self.function_name);
        let process = Process::new(Arc::downgrade(self), name, self.slots, self.idle_timeout);
        let process = Arc::new(process);
        board.processes.push(Arc::clone(&process));
        Permit { pool: Arc::clone(self), process, taken_back: false }
    }

    /// No more places, and the end of every process. Those that start just now end as well: their starters look.
    pub(super) fn close(&self) -> Vec<Arc<Process>> {
        let mut board = self.board();
        board.closed = true;
        board.queue.clear();
        for process in &board.processes {
            process.close();
        }
        board.processes.clone()
    }

    /// How many processes there are, and how many are at work.
    pub(super) fn processes(&self) -> Processes {
        let board = self.board();
        let busy = board.processes.iter().filter(|process| process.is_busy()).count();
        Processes { alive: board.processes.len(), busy }
    }

    /// Whether the pool is closed.
    pub(super) fn is_closed(&self) -> bool {
        self.board().closed
    }
}

impl Board {
    /// The one who was to get it is gone.
    fn take_back(&mut self, place: Place) {
        match place {
            Place::Start(mut permit) => {
                permit.taken_back = true;
                self.processes.retain(|process| !Arc::ptr_eq(process, &permit.process));
            }
            Place::Warm(slot) => {
                let process = Arc::clone(slot.process());
                if let Some(call) = slot.into_call() {
                    process.take_back(call);
                }
            }
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if !self.taken_back {
            // It has ended already, unless it could not be started at all.
            self.process.end(Exit::Unknown);
            let mut board = self.pool.board();
            board.processes.retain(|process| !Arc::ptr_eq(process, &self.process));
            self.pool.settle_board(&mut board);
        }
    }
}
