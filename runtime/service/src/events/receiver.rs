//! Whether the receiver takes anything.
//!
//! One event that is refused says little. When several in a row are, with nothing taken in between, it is the receiver: then
//! it is asked by one event at a time, after ever longer pauses, until it takes one.

use std::time::Duration;

use durable_core::Millis;

use super::webhook::Patience;

/// Requests at one time. Enough for a receiver that answers within milliseconds; one that is slow is not flooded.
pub(super) const SENDING_MAX: usize = 8;
/// Refusals in a row after which it is the receiver.
const REFUSALS_MAX: u32 = 3;

#[derive(Debug, Default)]
pub(super) struct Receiver {
    /// In a row.
    refusals: u32,
    /// Not asked before.
    paused_until: Millis,
}

impl Receiver {
    /// How many requests it may have at one time.
    pub(super) fn places(&self, now: Millis) -> usize {
        match (self.is_in_trouble(), now < self.paused_until) {
            (false, _) => SENDING_MAX,
            (true, false) => 1,
            (true, true) => 0,
        }
    }

    /// When it may be asked again, if it may not now.
    pub(super) fn paused_until(&self, now: Millis) -> Option<Millis> {
        (self.places(now) == 0).then_some(self.paused_until)
    }

    pub(super) fn is_in_trouble(&self) -> bool {
        self.refusals >= REFUSALS_MAX
    }

    /// It took one. Whether that ends its trouble.
    pub(super) fn took(&mut self) -> bool {
        let recovered = self.is_in_trouble();
        *self = Self::default();
        recovered
    }

    /// It did not take one. Whether its trouble begins with that.
    pub(super) fn refused(&mut self, patience: &Patience, now: Millis, luck: f64) -> bool {
        self.refusals = self.refusals.saturating_add(1);
        if self.is_in_trouble() {
            let times = self.refusals - REFUSALS_MAX + 1;
            self.paused_until = now + delay(patience.delay_first, patience.pause_max, times, luck);
        }
        self.refusals == REFUSALS_MAX
    }
}

/// Before a further try, after so many: twice as long each time, and a quarter more or less as `luck` from 0 to 1 has it, so
/// that several senders that failed together do not come back together.
pub(super) fn delay(first: Duration, longest: Duration, tries: u32, luck: f64) -> Millis {
    let doubled =
        first.saturating_mul(1_u32.checked_shl(tries.saturating_sub(1)).unwrap_or(u32::MAX));
    (doubled.min(longest).as_millis() as f64 * (0.75 + luck / 2.0)) as Millis
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_that_refuses_three_in_a_row_is_asked_ever_more_rarely_until_it_takes_one() {
        let patience = Patience::default();
        let mut receiver = Receiver::default();
        assert!(!receiver.refused(&patience, 0, 0.5));
        assert!(!receiver.took());
        assert!(!receiver.refused(&patience, 0, 0.5));
        assert!(!receiver.refused(&patience, 0, 0.5));
        assert_eq!(receiver.places(0), SENDING_MAX);
        assert!(receiver.refused(&patience, 0, 0.5));
        assert_eq!((receiver.places(999), receiver.paused_until(999)), (0, Some(1_000)));
        assert_eq!((receiver.places(1_000), receiver.paused_until(1_000)), (1, None));
        assert!(!receiver.refused(&patience, 1_000, 0.5));
        assert_eq!(receiver.paused_until(1_000), Some(3_000));
        for _ in 0..100 {
            receiver.refused(&patience, 5_000, 0.5);
        }
        assert_eq!(receiver.paused_until(5_000), Some(65_000));
        assert!(receiver.took());
        assert_eq!(receiver.places(5_000), SENDING_MAX);
    }

    #[test]
    fn delays_double_to_the_longest_and_vary_by_a_quarter() {
        let (first, longest) = (Duration::from_secs(1), Duration::from_secs(480));
        let of = |tries| delay(first, longest, tries, 0.5);
        assert_eq!(
            [of(1), of(2), of(9), of(10), of(1_000)],
            [1_000, 2_000, 256_000, 480_000, 480_000]
        );
        assert_eq!((delay(first, longest, 1, 0.0), delay(first, longest, 1, 1.0)), (750, 1_250));
    }

    #[test]
    fn the_tries_of_an_event_last_about_as_long_as_it_may_become_old() {
        let patience = Patience::default();
        let of = |tries| delay(patience.delay_first, patience.delay_max, tries, 0.5);
        let all: Millis = (1..patience.tries_max).map(of).sum();
        let day = patience.age_max.as_millis() as Millis;
        assert!(all < day && all > day * 9 / 10, "{all}");
    }
}
