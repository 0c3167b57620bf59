//! The one thread that owns the database.
//!
//! The engine runs one request at a time and waits for the disk, so it must not run on the threads that serve everybody
//! else. A thread of its own with a bounded queue keeps the order and costs no lock.

use std::sync::Arc;

use durable_store::{DirectoryLock, WalKeeper};
use dynoxide::Database;
use tokio::sync::{mpsc, oneshot};

use crate::dynamodb::expiry::Expiry;
use crate::dynamodb::operations::{Answer, Tables};
use crate::dynamodb::unfinished::Unfinished;

/// Requests that may wait; further callers wait for a place.
const QUEUE_MAX: usize = 1024;

enum Message {
    Run { operation: String, body: String, answer: oneshot::Sender<Answer> },
    Close(oneshot::Sender<()>),
}

#[derive(Clone)]
pub(super) struct DatabaseThread {
    queue: mpsc::Sender<Message>,
}

impl DatabaseThread {
    /// The directory is held for as long as the database is open.
    pub(super) fn spawn(
        database: Database,
        unfinished: Unfinished,
        mut keeper: WalKeeper,
        hold: Arc<DirectoryLock>,
    ) -> Result<Self, String> {
        let expiry = Expiry::spawn(database.clone())?;
        let (queue, mut receiver) = mpsc::channel(QUEUE_MAX);
        std::thread::Builder::new()
            .name("dynamodb".to_owned())
            .spawn(move || {
                let mut tables = (Tables::new(database, unfinished), expiry, hold);
                while let Some(message) = receiver.blocking_recv() {
                    match message {
                        Message::Run { operation, body, answer } => {
                            // A caller that went away does not need its answer.
                            let _ = answer.send(tables.0.run(&operation, &body));
                            keeper.committed(1);
                        }
                        Message::Close(done) => {
                            drop(tables);
                            let _ = done.send(());
                            return;
                        }
                    }
                }
            })
            .map_err(|error| error.to_string())?;
        Ok(Self { queue })
    }

    pub(super) async fn run(&self, operation: &str, body: String) -> Answer {
        let (answer, answered) = oneshot::channel();
        let message = Message::Run { operation: operation.to_owned(), body, answer };
        if self.queue.send(message).await.is_err() {
            return Answer::unavailable();
        }
        answered.await.unwrap_or_else(|_| Answer::unavailable())
    }

    pub(super) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.queue.send(Message::Close(done)).await.is_ok() {
            // An error means that the thread has ended, which is what was asked for.
            let _ = closed.await;
        }
    }
}
