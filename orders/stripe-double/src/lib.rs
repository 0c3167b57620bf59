//! A double of Stripe for tests: PaymentIntents with manual capture, over HTTP, with a memory.
//!
//! It does what Stripe's documentation says and what a gateway relies on: states and their errors,
//! idempotency keys (`keys.rs`), test cards (`intents.rs`), and authorization by a bearer key. What
//! Stripe only does now and then it does when told to (`faults.rs`): lose an answer, fail, be slow,
//! stand still. It keeps a record of every intent and call, so that a test can say how often money
//! moved.
//!
//! It runs on a thread of its own: a test that blocks does not hold it up.

// JSON is indexed with the names of its own members.
#![allow(clippy::indexing_slicing)]

mod faults;
mod http_api;
mod intents;
mod keys;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

pub use faults::Fault;
pub use intents::{Intent, Status};

use faults::Faults;
use intents::Intents;
use keys::Keys;

/// What is asked of Stripe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Make an intent.
    Create,
    /// Confirm one with a card.
    Confirm,
    /// Take what it holds.
    Capture,
    /// Let go of it.
    Cancel,
}

/// A call as it arrived.
#[derive(Clone, Debug)]
pub struct Call {
    /// What was asked.
    pub operation: Operation,
    /// Under which key.
    pub key: String,
    /// `Stripe-Version`.
    pub version: Option<String>,
    /// `User-Agent`.
    pub agent: Option<String>,
}

/// A running double; it ends when dropped.
#[derive(Debug)]
pub struct StripeDouble {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    secret_key: String,
    state: Mutex<State>,
    /// How often held calls were let go.
    released: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    intents: Intents,
    keys: Keys,
    faults: Faults,
    calls: Vec<Call>,
    /// Calls that stand still now.
    held: usize,
    requests: u64,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StripeDouble {
    /// Starts one on a free port of this machine, which knows this secret key.
    ///
    /// # Errors
    /// When there is no port or no thread.
    pub fn start(secret_key: &str) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            secret_key: secret_key.to_owned(),
            state: Mutex::default(),
            released: watch::Sender::new(0),
        });
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let served = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("stripe".to_owned()).spawn(move || {
            runtime.block_on(async {
                let Ok(listener) = TcpListener::from_std(listener) else { return };
                tokio::select! {
                    () = http_api::serve(listener, served) => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Self { address, shared, stop: Some(stop), thread: Some(thread) })
    }

    /// Scheme and host.
    #[must_use]
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Makes the next `times` calls of this operation go wrong.
    pub fn plan(&self, operation: Operation, fault: Fault, times: u32) {
        self.shared.state().faults.plan(operation, fault, times);
    }

    /// Calls that stand still now.
    #[must_use]
    pub fn held(&self) -> usize {
        self.shared.state().held
    }

    /// Lets calls that stand still go on.
    pub fn release(&self) {
        self.shared.released.send_modify(|times| *times += 1);
    }

    /// Every intent, in the order of creation.
    #[must_use]
    pub fn intents(&self) -> Vec<Intent> {
        self.shared.state().intents.all().to_vec()
    }

    /// The intents of an order.
    #[must_use]
    pub fn intents_of(&self, order_id: &str) -> Vec<Intent> {
        let of_order = |intent: &Intent| intent.order_id == order_id;
        self.intents().into_iter().filter(of_order).collect()
    }

    /// Every call that had the right key, in the order of arrival.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.shared.state().calls.clone()
    }

    /// How often an operation was called.
    #[must_use]
    pub fn count(&self, operation: Operation) -> usize {
        self.calls().iter().filter(|call| call.operation == operation).count()
    }

    /// Forgets all keys, as Stripe does after a day.
    pub fn forget_keys(&self) {
        self.shared.state().keys = Keys::default();
    }
}

impl Drop for StripeDouble {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
