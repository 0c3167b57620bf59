//! A server whose function hands its invocations to the test, which sends what it wants with a token that is valid.

use serde_json::json;
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot};

use super::script::{Answer, Turn, pending};
use super::server::{Server, Setup};
use super::within;

/// Where the test says what an invocation answers.
pub type Output = oneshot::Sender<Answer>;

/// A server whose function `held` waits for the test.
pub struct Held {
    pub server: Server,
    turns: mpsc::UnboundedReceiver<(Turn, Output)>,
    _directory: TempDir,
}

impl Held {
    pub async fn open() -> Self {
        Self::open_with(|_| {}).await
    }

    pub async fn open_with(change: impl FnOnce(&mut Setup)) -> Self {
        let directory = TempDir::new().unwrap();
        let (hand_out, turns) = mpsc::unbounded_channel();
        let setup = Setup::new(directory.path()).durable("held", move |turn| {
            let (output, answer) = oneshot::channel();
            let handed = hand_out.send((turn, output));
            async move {
                handed.ok();
                answer.await.unwrap_or_else(|_| pending())
            }
        });
        Self { server: setup.with(change).open().await, turns, _directory: directory }
    }

    /// The next invocation.
    pub async fn turn(&mut self) -> (Turn, Output) {
        within("the function is invoked", self.turns.recv()).await.unwrap()
    }

    /// The first invocation of a new execution.
    pub async fn start(&mut self) -> (Turn, Output) {
        self.server.start("held", None, &json!({})).await;
        self.turn().await
    }
}
