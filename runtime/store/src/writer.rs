//! The queue in front of the disk, and the thread behind it.
//!
//! A caller that finds nobody committing and nobody waiting commits by itself: handing one write to a thread and being
//! woken by it costs more than a fast disk's fsync. As soon as two meet, the thread takes all that wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicIsize, Ordering};
use std::time::Duration;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::{mpsc, oneshot};

use crate::committer::Committer;
use crate::error::{OpenError, StoreError};
use crate::model::{Outcome, Write};
use crate::observe::CommitObserver;
use crate::sqlite::Backend;

/// Writes that may wait; further callers wait for a place. Large enough to fill a batch while one is being committed.
pub const WRITE_QUEUE_MAX: usize = 4096;

/// Writes committed with one fsync. A bound on how long the first of them waits for the last.
const BATCH_MAX: usize = 1024;

/// A disk that took longer for the last commit is left to the thread.
const QUICK_COMMIT_MAX: Duration = Duration::from_millis(1);

type Answer = oneshot::Sender<Result<Outcome, StoreError>>;

enum Message {
    Write(Box<Write>, Answer),
    Close(oneshot::Sender<()>),
}

/// A handle to the writer thread.
#[derive(Clone)]
pub(crate) struct Writer {
    committer: Committer,
    queue: mpsc::Sender<Message>,
    /// Writes in the queue. Counted behind the queue's back, so below zero for a moment when one is taken at once.
    waiting: Arc<AtomicIsize>,
}

impl Writer {
    pub(crate) fn spawn(backend: Box<dyn Backend>) -> Result<Self, OpenError> {
        let (queue, receiver) = mpsc::channel(WRITE_QUEUE_MAX);
        let writer = Self { committer: Committer::new(backend), queue, waiting: Arc::default() };
        let thread = WriterThread {
            committer: writer.committer.clone(),
            receiver,
            waiting: Arc::clone(&writer.waiting),
        };
        std::thread::Builder::new()
            .name("journal-writer".to_owned())
            .spawn(move || thread.run())
            .map_err(|error| OpenError::Unusable {
            path: "the journal's writer thread".into(),
            reason: error.to_string(),
        })?;
        Ok(writer)
    }

    pub(crate) async fn write(&self, write: Write) -> Result<Outcome, StoreError> {
        let write = match self.write_alone(write) {
            Ok(outcome) => return outcome,
            Err(write) => write,
        };
        let (answer, outcome) = oneshot::channel();
        self.queue.send(Message::Write(write, answer)).await.map_err(|_| StoreError::Closed)?;
        self.waiting.fetch_add(1, Ordering::AcqRel);
        outcome.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Commits on this thread if nobody else wants to and the disk is quick; otherwise gives the write back.
    ///
    /// This blocks a thread of the runtime for as long as an fsync takes. On a runtime with several threads and a disk
    /// that answers within [`QUICK_COMMIT_MAX`] that is less than two switches between threads would cost.
    fn write_alone(&self, write: Write) -> Result<Result<Outcome, StoreError>, Box<Write>> {
        let write = Box::new(write);
        let may_block = Handle::try_current()
            .is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::MultiThread);
        if !may_block
            || self.waiting.load(Ordering::Acquire) > 0
            || self.committer.last_commit() > QUICK_COMMIT_MAX
        {
            return Err(write);
        }
        let Some(mut turn) = self.committer.try_turn() else { return Err(write) };
        let outcomes = turn.commit(std::slice::from_ref(&write));
        turn.answered(1);
        Ok(outcomes.and_then(|outcomes| outcomes.first().copied().ok_or(StoreError::Closed)))
    }

    pub(crate) fn poisoned(&self) -> Option<String> {
        self.committer.poisoned()
    }

    pub(crate) fn observe(&self, observer: Arc<dyn CommitObserver>) {
        self.committer.observe(observer);
    }

    /// Writes that wait for the thread.
    pub(crate) fn waiting(&self) -> usize {
        usize::try_from(self.waiting.load(Ordering::Acquire)).unwrap_or(0)
    }

    pub(crate) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.queue.send(Message::Close(done)).await.is_ok() {
            // An error means that the thread has ended, which is what was asked for.
            let _ = closed.await;
        }
    }
}

struct WriterThread {
    committer: Committer,
    receiver: mpsc::Receiver<Message>,
    waiting: Arc<AtomicIsize>,
}

impl WriterThread {
    fn run(mut self) {
        while let Some(first) = self.receiver.blocking_recv() {
            // The turn first, then the batch: what comes in while another commits is part of it.
            let committer = self.committer.clone();
            let mut turn = committer.turn();
            let (writes, answers, closing) = self.take_batch(first);
            if !writes.is_empty() {
                let outcomes = turn.commit(&writes);
                give_answers(outcomes, answers);
                turn.answered(writes.len());
            }
            if let Some(done) = closing {
                turn.close();
                // The receiver goes with it, so later writes are refused.
                drop(self);
                let _ = done.send(());
                return;
            }
        }
    }

    fn take_batch(
        &mut self,
        first: Message,
    ) -> (Vec<Write>, Vec<Answer>, Option<oneshot::Sender<()>>) {
        let (mut writes, mut answers) = (Vec::new(), Vec::new());
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Write(write, answer) => {
                    writes.push(*write);
                    answers.push(answer);
                }
                Message::Close(done) => return (writes, answers, Some(done)),
            }
            next = if writes.len() < BATCH_MAX { self.receiver.try_recv().ok() } else { None };
        }
        self.waiting.fetch_sub(writes.len() as isize, Ordering::AcqRel);
        (writes, answers, None)
    }
}

fn give_answers(outcomes: Result<Vec<Outcome>, StoreError>, answers: Vec<Answer>) {
    // A caller that went away does not need its answer.
    match outcomes {
        Ok(outcomes) => {
            for (answer, outcome) in answers.into_iter().zip(outcomes) {
                let _ = answer.send(Ok(outcome));
            }
        }
        Err(error) => {
            for answer in answers {
                let _ = answer.send(Err(error.clone()));
            }
        }
    }
}
