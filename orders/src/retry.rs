//! When a failed step runs again.
//!
//! Bounded exponential backoff. Errors that cannot go away end a step at once. The service counts
//! delays in whole seconds, from one.

use std::time::Duration;

use aws_durable_execution_sdk::{RetryDecision, StepError};

use crate::workers::is_permanent;

/// Attempts of a step on the way to a completed order: with delays of 1, 2, 4, 8 and 16 seconds,
/// half a minute of trouble is survived.
const FORWARD_ATTEMPTS: u32 = 6;
/// The longest delay on the way forward.
const FORWARD_DELAY_CAP: Duration = Duration::from_secs(30);
/// Attempts of a step that gives back what an order took. More patient than the way forward: the
/// customer is not waiting any more, and giving up leaves money or stock behind.
const COMPENSATION_ATTEMPTS: u32 = 10;
/// The longest delay on the way back.
const COMPENSATION_DELAY_CAP: Duration = Duration::from_secs(60);

/// Attempts of the capture: with delays that double to five minutes and then stay, half an hour of
/// trouble is survived. The goods are gone and nobody waits, but the order's own time is an hour
/// unless configured, and it must not run out on a capture.
const CAPTURE_ATTEMPTS: u32 = 14;
/// The longest delay before a capture is tried again.
const CAPTURE_DELAY_CAP: Duration = Duration::from_secs(300);

/// A schedule of attempts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backoff {
    attempts: u32,
    base: Duration,
    cap: Duration,
}

impl Backoff {
    /// For the steps of the order; `base` is the first delay.
    pub(crate) fn forward(base: Duration) -> Self {
        Self { attempts: FORWARD_ATTEMPTS, base, cap: FORWARD_DELAY_CAP }
    }

    /// For the steps that give back; `base` is the first delay.
    pub(crate) fn compensation(base: Duration) -> Self {
        Self { attempts: COMPENSATION_ATTEMPTS, base, cap: COMPENSATION_DELAY_CAP }
    }

    /// For the step that takes the money; `base` is the first delay.
    pub(crate) fn capture(base: Duration) -> Self {
        Self { attempts: CAPTURE_ATTEMPTS, base, cap: CAPTURE_DELAY_CAP }
    }

    /// As the SDK wants it.
    pub(crate) fn strategy(
        self,
    ) -> impl Fn(&StepError, u32) -> RetryDecision + Send + Sync + 'static {
        move |error, attempt| {
            if attempt >= self.attempts || is_permanent(error) {
                return RetryDecision::Stop;
            }
            RetryDecision::Retry { delay: self.delay_after(attempt) }
        }
    }

    /// The delay after a failed attempt, counting attempts from one.
    fn delay_after(self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1);
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        self.base.saturating_mul(factor).min(self.cap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_cap() {
        let seconds = |backoff: Backoff, attempts: u32| -> Vec<u64> {
            (1..=attempts).map(|attempt| backoff.delay_after(attempt).as_secs()).collect()
        };
        let base = Duration::from_secs(1);
        assert_eq!(seconds(Backoff::forward(base), 6), [1, 2, 4, 8, 16, 30]);
        assert_eq!(seconds(Backoff::compensation(base), 9), [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        let capture = seconds(Backoff::capture(base), CAPTURE_ATTEMPTS - 1);
        assert_eq!(capture.last(), Some(&300));
        assert_eq!(capture.iter().sum::<u64>(), 1_711);
    }
}
