//! Commands that end even if their caller goes away.
//!
//! A commit that was begun must be applied, so a command must not stop in the middle because a client hung up. A task of
//! its own for each would do; it would also cost a switch between threads per command. So a command runs where it is
//! called, and only if it is dropped unfinished does it go on in a task.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

use crate::wire::error::AwsError;

/// Runs a command to its end, whatever becomes of the caller.
pub(crate) fn to_the_end<T, F>(command: F) -> ToTheEnd<F>
where
    F: Future<Output = Result<T, AwsError>> + Send + 'static,
    T: Send + 'static,
{
    ToTheEnd { command: Some(Box::pin(command)) }
}

/// See [`to_the_end`].
pub(crate) struct ToTheEnd<F>
where
    F: Future<Output: Send> + Send + 'static,
{
    /// Gone once it has ended.
    command: Option<Pin<Box<F>>>,
}

impl<F> Future for ToTheEnd<F>
where
    F: Future<Output: Send> + Send + 'static,
{
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let Some(command) = &mut self.command else { return Poll::Pending };
        let polled = command.as_mut().poll(context);
        if polled.is_ready() {
            self.command = None;
        }
        polled
    }
}

impl<F> Drop for ToTheEnd<F>
where
    F: Future<Output: Send> + Send + 'static,
{
    fn drop(&mut self) {
        // Without a runtime the process is ending, and the next start finds what was committed.
        if let (Some(command), Ok(runtime)) = (self.command.take(), Handle::try_current()) {
            runtime.spawn(async move { drop(command.await) });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn a_command_that_is_dropped_in_the_middle_ends_all_the_same() {
        let (go_on, ended) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let command = {
            let (go_on, ended) = (Arc::clone(&go_on), Arc::clone(&ended));
            to_the_end(async move {
                go_on.notified().await;
                ended.notify_one();
                Ok(())
            })
        };
        assert!(tokio::time::timeout(Duration::from_millis(1), command).await.is_err());
        go_on.notify_one();
        let deadline = Duration::from_secs(10);
        assert!(tokio::time::timeout(deadline, ended.notified()).await.is_ok());
    }

    #[tokio::test]
    async fn a_command_that_is_waited_for_gives_its_result() {
        assert_eq!(to_the_end(async { Ok(7) }).await, Ok(7));
    }
}
