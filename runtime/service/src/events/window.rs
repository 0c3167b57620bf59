//! The events in memory, a bounded part of the outbox: which is next, and which waits for one of its own execution.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use durable_core::Millis;
use durable_store::{OutboxRow, StatusChange};

/// Events in memory; each takes about a kilobyte. The others wait on disk.
pub(super) const WINDOW_MAX: usize = 1024;

struct Pending {
    change: StatusChange,
    tries: u32,
    due: Millis,
    sending: bool,
}

#[derive(Default)]
pub(super) struct Window {
    /// By key, so the oldest is first.
    events: BTreeMap<i64, Pending>,
    /// The events of each execution, in their order. Only the first of them may be sent.
    lanes: HashMap<String, VecDeque<i64>>,
    /// Those that may be sent and are not being sent, by the time from which on they may.
    ready: BTreeSet<(Millis, i64)>,
}

impl Window {
    pub(super) fn space(&self) -> usize {
        WINDOW_MAX.saturating_sub(self.events.len())
    }

    /// An event that is younger than all that are there.
    pub(super) fn add(&mut self, row: OutboxRow) {
        let OutboxRow { key, change } = row;
        let lane = self.lanes.entry(change.execution.clone()).or_default();
        lane.push_back(key);
        if lane.len() == 1 {
            self.ready.insert((0, key));
        }
        self.events.insert(key, Pending { change, tries: 0, due: 0, sending: false });
    }

    /// The next one that may be sent now. Among those that have waited for a further try it is the one that has been ready
    /// longest; one that was never tried comes before them all.
    pub(super) fn next(&mut self, now: Millis) -> Option<(i64, StatusChange)> {
        let (due, key) = self.ready.first().copied().filter(|(due, _)| *due <= now)?;
        self.ready.remove(&(due, key));
        let pending = self.events.get_mut(&key)?;
        pending.sending = true;
        Some((key, pending.change.clone()))
    }

    /// When one may be sent.
    pub(super) fn next_due(&self) -> Option<Millis> {
        self.ready.first().map(|(due, _)| *due)
    }

    /// One was tried in vain. How often that makes.
    pub(super) fn count_try(&mut self, key: i64) -> u32 {
        self.events.get_mut(&key).map_or(0, |pending| {
            pending.tries += 1;
            pending.tries
        })
    }

    /// One is to be sent again.
    pub(super) fn again(&mut self, key: i64, due: Millis) {
        if let Some(pending) = self.events.get_mut(&key) {
            (pending.due, pending.sending) = (due, false);
            self.ready.insert((due, key));
        }
    }

    /// One was taken or given up: the next of its execution may be sent.
    pub(super) fn remove(&mut self, key: i64) {
        let Some(gone) = self.events.remove(&key) else { return };
        self.ready.remove(&(gone.due, key));
        let Some(lane) = self.lanes.get_mut(&gone.change.execution) else { return };
        lane.retain(|it| *it != key);
        match lane.front() {
            None => {
                self.lanes.remove(&gone.change.execution);
            }
            Some(first) => {
                if let Some(first) =
                    self.events.get(first).filter(|it| !it.sending).map(|it| (it.due, *first))
                {
                    self.ready.insert(first);
                }
            }
        }
    }

    /// Whoever waits for a further try need not.
    pub(super) fn hurry(&mut self) {
        for (_, key) in std::mem::take(&mut self.ready) {
            if let Some(pending) = self.events.get_mut(&key) {
                pending.due = 0;
                self.ready.insert((0, key));
            }
        }
    }

    /// The oldest, if it happened before this and is not being sent.
    pub(super) fn older_than(&self, time: Millis) -> Option<i64> {
        let (key, pending) = self.events.first_key_value()?;
        (pending.change.at < time && !pending.sending).then_some(*key)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn row(key: i64, execution: &str) -> OutboxRow {
        let change = StatusChange {
            id: key.to_string(),
            execution: execution.to_owned(),
            at: key,
            body: Vec::new(),
        };
        OutboxRow { key, change }
    }

    fn window(rows: &[(i64, &str)]) -> Window {
        let mut window = Window::default();
        rows.iter().for_each(|(key, execution)| window.add(row(*key, execution)));
        window
    }

    fn next(window: &mut Window, now: Millis) -> Option<i64> {
        window.next(now).map(|(key, _)| key)
    }

    #[test]
    fn an_execution_s_second_event_waits_for_its_first_and_holds_nobody_else_up() {
        let mut window = window(&[(1, "a"), (2, "a"), (3, "b")]);
        assert_eq!([next(&mut window, 5), next(&mut window, 5)], [Some(1), Some(3)]);
        assert_eq!(next(&mut window, 5), None);
        window.add(row(4, "a"));
        assert_eq!((window.count_try(1), next(&mut window, 5)), (1, None));
        window.again(1, 10);
        assert_eq!((window.next_due(), next(&mut window, 9)), (Some(10), None));
        assert_eq!(next(&mut window, 10), Some(1));
        assert_eq!(window.count_try(1), 2);
        window.remove(1);
        assert_eq!(next(&mut window, 10), Some(2));
        window.remove(2);
        window.remove(3);
        assert_eq!(next(&mut window, 10), Some(4));
        window.remove(4);
        assert_eq!((window.space(), window.lanes.len(), window.next_due()), (WINDOW_MAX, 0, None));
    }

    #[test]
    fn new_events_come_before_those_that_failed_and_all_hurry_when_the_receiver_is_back() {
        let mut window = window(&[(1, "a"), (2, "b"), (3, "c")]);
        for key in [1, 2] {
            assert_eq!(next(&mut window, 0), Some(key));
            window.again(key, 100 - key);
        }
        assert_eq!(next(&mut window, 1_000), Some(3));
        assert_eq!(next(&mut window, 50), None);
        window.hurry();
        assert_eq!([next(&mut window, 50), next(&mut window, 50)], [Some(1), Some(2)]);
        window.remove(1);
        window.again(2, 7);
        window.remove(2);
        assert_eq!(window.next_due(), None);
    }

    #[test]
    fn the_oldest_goes_unless_it_is_being_sent() {
        let mut window = window(&[(1, "a"), (2, "b")]);
        assert_eq!((window.older_than(1), window.older_than(2)), (None, Some(1)));
        assert_eq!(next(&mut window, 0), Some(1));
        assert_eq!(window.older_than(9), None);
        window.remove(1);
        assert_eq!(window.older_than(9), Some(2));
    }
}
