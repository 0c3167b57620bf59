//! What the tests share: a server in a directory, functions written as scripts, and clients.

pub mod collector;
pub mod exposition;
pub mod held;
pub mod package;
pub mod receiver;
pub mod reply;
pub mod script;
pub mod server;
pub mod workflow;

use std::future::Future;
use std::time::Duration;

pub use held::Held;
pub use reply::Reply;
pub use script::{Answer, Turn, crashed, failed, pending, succeeded};
pub use server::{Server, Setup, encode, spec};

/// No wait of a test lasts longer: a hang fails with the name of what it waited for.
pub const DEADLINE: Duration = Duration::from_secs(90);
/// Between two looks at something that has to become true.
const LOOK: Duration = Duration::from_millis(10);

/// Waits for a future, but not forever.
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(DEADLINE, future).await {
        Ok(value) => value,
        Err(_) => panic!("deadline passed: {what}"),
    }
}

/// Looks again and again until there is something to see.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    within(what, async {
        loop {
            if let Some(value) = look().await {
                return value;
            }
            tokio::time::sleep(LOOK).await;
        }
    })
    .await
}
