//! The queue in front of the disk, and the thread behind it.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot};

use crate::error::{OpenError, StoreError};
use crate::model::{Outcome, Write};
use crate::sqlite::Backend;

/// Writes that may wait; further callers wait for a place. Large enough to fill a batch while one is being committed.
pub const WRITE_QUEUE_MAX: usize = 4096;

/// Writes committed with one fsync. A bound on how long the first of them waits for the last.
const BATCH_MAX: usize = 1024;

struct Request {
    write: Write,
    answer: oneshot::Sender<Result<Outcome, StoreError>>,
}

enum Message {
    Write(Box<Request>),
    Close(oneshot::Sender<()>),
}

/// A handle to the writer thread.
#[derive(Clone)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Message>,
    poison: Arc<Mutex<Option<String>>>,
}

impl Writer {
    pub(crate) fn spawn(backend: Box<dyn Backend>) -> Result<Self, OpenError> {
        let (queue, receiver) = mpsc::channel(WRITE_QUEUE_MAX);
        let poison = Arc::new(Mutex::new(None));
        let thread = WriterThread { backend, receiver, poison: Arc::clone(&poison) };
        std::thread::Builder::new()
            .name("journal-writer".to_owned())
            .spawn(move || thread.run())
            .map_err(|error| OpenError::Unusable {
            path: "the journal's writer thread".into(),
            reason: error.to_string(),
        })?;
        Ok(Self { queue, poison })
    }

    pub(crate) async fn write(&self, write: Write) -> Result<Outcome, StoreError> {
        let (answer, outcome) = oneshot::channel();
        let message = Message::Write(Box::new(Request { write, answer }));
        self.queue.send(message).await.map_err(|_| StoreError::Closed)?;
        outcome.await.unwrap_or(Err(StoreError::Closed))
    }

    pub(crate) fn poisoned(&self) -> Option<String> {
        self.poison.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
    backend: Box<dyn Backend>,
    receiver: mpsc::Receiver<Message>,
    poison: Arc<Mutex<Option<String>>>,
}

impl WriterThread {
    fn run(mut self) {
        while let Some(first) = self.receiver.blocking_recv() {
            let mut writes = Vec::new();
            let mut answers = Vec::new();
            let mut closing = None;
            let mut next = Some(first);
            while let Some(message) = next.take() {
                match message {
                    Message::Write(request) => {
                        writes.push(request.write);
                        answers.push(request.answer);
                    }
                    Message::Close(done) => {
                        closing = Some(done);
                        break;
                    }
                }
                if writes.len() < BATCH_MAX {
                    next = self.receiver.try_recv().ok();
                }
            }
            self.commit(&writes, answers);
            if let Some(done) = closing {
                self.backend.finish();
                // The receiver goes with it, so later writes are refused.
                drop(self);
                let _ = done.send(());
                return;
            }
        }
    }

    fn commit(
        &mut self,
        writes: &[Write],
        answers: Vec<oneshot::Sender<Result<Outcome, StoreError>>>,
    ) {
        if writes.is_empty() {
            return;
        }
        let result = match self.poison_reason() {
            Some(reason) => Err(reason),
            None => self.backend.commit(writes).inspect_err(|reason| self.set_poison(reason)),
        };
        match result {
            Ok(outcomes) => {
                for (answer, outcome) in answers.into_iter().zip(outcomes) {
                    // A caller that went away does not need its answer.
                    let _ = answer.send(Ok(outcome));
                }
            }
            Err(reason) => {
                for answer in answers {
                    let _ = answer.send(Err(StoreError::Unavailable(reason.clone())));
                }
            }
        }
    }

    fn poison_reason(&self) -> Option<String> {
        self.poison.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// After a failed commit nobody knows what the system's cache and the disk agree on, so nothing is written on top.
    fn set_poison(&self, reason: &str) {
        tracing::error!(reason, "a commit failed; the store refuses writes from now on");
        *self.poison.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason.to_owned());
    }
}
