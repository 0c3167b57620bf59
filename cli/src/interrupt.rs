//! Ctrl-C.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::Failure;

/// Listens for Ctrl-C from when it is made, which keeps it from ending the process there and then.
pub struct Interrupt {
    signal: Signal,
}

impl Interrupt {
    /// Begins to listen.
    ///
    /// # Errors
    /// When the system does not let it.
    pub fn listen() -> Result<Self, Failure> {
        signal(SignalKind::interrupt())
            .map(|signal| Self { signal })
            .map_err(|error| Failure::new(format!("cannot listen for Ctrl-C: {error}")))
    }

    /// Returns when Ctrl-C arrives, at once if it has arrived before.
    pub async fn arrived(&mut self) {
        self.signal.recv().await;
    }
}
