//! The task that sends events.
//!
//! It alone reads the outbox and clears it. What it waits for: something new, the end of a request, the time at which
//! something may be sent again, and the time to clear what was taken.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use durable_core::{Fact, Millis};
use durable_store::{Store, StoreError, Write};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;
use uuid::Uuid;

use super::client::{Client, Refusal};
use super::event::StatusEvents;
use super::receiver::{Receiver, delay};
use super::webhook::{Patience, StatusWebhook, WebhookError};
use super::window::{WINDOW_MAX, Window};
use crate::clock::Clock;
use crate::observe::{Observer, Recorded};
use crate::wire::arn::Home;

/// Free places at which more events are read: reading one at a time for each that was taken would cost more than sending.
const READ_MIN: usize = WINDOW_MAX / 4;
/// What was taken is cleared so long afterwards, all together, so that orders need not share the disk with a commit per
/// event. What a crash finds uncleared is sent again.
const CLEAR_AFTER: Duration = Duration::from_millis(50);
/// Events cleared with one commit; so many are cleared at once.
const CLEAR_MAX: usize = 512;
/// The longest sleep. A clock that is set forward is noticed after this time at the latest.
const SLEEP_MAX_MS: Millis = 30_000;
/// Events without a receiver that are counted.
const UNTOLD_MAX: usize = 1_000;
/// Between two warnings that events are lost because too many wait.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// Wakes the task; it joins the engine's observers.
#[derive(Default)]
struct Signal {
    new: Notify,
    stop: Notify,
}

impl Observer for Signal {
    fn recorded(&self, recorded: &Recorded<'_>) {
        let told = |fact: &Fact| matches!(fact, Fact::ExecutionStarted(_)) || fact.is_closing();
        if recorded.record.facts.iter().any(told) {
            self.new.notify_one();
        }
    }
}

/// A webhook before its task runs: what the engine has to know of it.
pub(crate) struct Telling {
    webhook: StatusWebhook,
    client: Client,
    signal: Arc<Signal>,
}

impl Telling {
    /// # Errors
    /// [`WebhookError::Certificates`].
    pub(crate) fn new(webhook: StatusWebhook) -> Result<Self, WebhookError> {
        let client = Client::new(webhook.clone())?;
        Ok(Self { webhook, client, signal: Arc::default() })
    }

    /// What makes the events.
    pub(crate) fn events(&self, home: &Home) -> StatusEvents {
        StatusEvents::new(home.clone(), self.webhook.statuses())
    }

    /// What wakes the task.
    pub(crate) fn observer(&self) -> Arc<dyn Observer> {
        Arc::clone(&self.signal) as Arc<dyn Observer>
    }
}

/// The task, if there is somebody to tell.
pub(crate) struct Deliveries {
    stop: Option<Arc<Signal>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Deliveries {
    /// Begins with what an earlier start has left. Without a webhook that stays where it is.
    pub(crate) fn begin(telling: Option<Telling>, store: &Store, clock: &Clock) -> Self {
        let Some(telling) = telling else { return Self { stop: None, task: Mutex::default() } };
        let delivery = Delivery {
            patience: telling.webhook.patience,
            shown: telling.webhook.shown(),
            client: Arc::new(telling.client),
            store: store.clone(),
            clock: clock.clone(),
            window: Window::default(),
            receiver: Receiver::default(),
            requests: JoinSet::new(),
            read: 0,
            unread: true,
            taken: Vec::new(),
            clear_at: None,
            dropped: 0,
            warn_after: None,
        };
        let task = tokio::spawn(delivery.run(Arc::clone(&telling.signal)));
        Self { stop: Some(telling.signal), task: Mutex::new(Some(task)) }
    }

    /// How many events wait although there is nobody to tell; counted up to a bound.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub(crate) async fn untold(&self, store: &Store) -> Result<usize, StoreError> {
        match self.stop {
            Some(_) => Ok(0),
            None => store.outbox_count(UNTOLD_MAX).await,
        }
    }

    /// Ends it; what was taken is cleared, what is being sent is sent again by the next start.
    pub(crate) async fn end(&self) {
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let (Some(signal), Some(task)) = (&self.stop, task) {
            signal.stop.notify_one();
            // An error means that it has ended, which is what was asked for.
            let _ = task.await;
        }
    }
}

impl Drop for Deliveries {
    fn drop(&mut self) {
        if let Some(task) = self.task.lock().unwrap_or_else(PoisonError::into_inner).take() {
            task.abort();
        }
    }
}

type Ended = (i64, Result<(), Refusal>);

struct Delivery {
    store: Store,
    clock: Clock,
    client: Arc<Client>,
    patience: Patience,
    /// The receiver, for the log.
    shown: String,
    window: Window,
    receiver: Receiver,
    requests: JoinSet<Ended>,
    /// The last key that was read.
    read: i64,
    /// There may be more.
    unread: bool,
    /// Taken or given up, and not cleared yet.
    taken: Vec<i64>,
    clear_at: Option<Instant>,
    /// Of the events that were pushed out of the outbox, those that the log knows of.
    dropped: u64,
    warn_after: Option<Instant>,
}

impl Delivery {
    async fn run(mut self, signal: Arc<Signal>) {
        if let Err(error) = self.deliver(&signal).await {
            tracing::error!(%error, receiver = self.shown, "status changes are not sent any more");
        }
    }

    async fn deliver(&mut self, signal: &Signal) -> Result<(), StoreError> {
        loop {
            self.give_up_old();
            self.read_more().await?;
            self.send_ready();
            self.warn_of_dropped();
            let clear_at = self.clear_at;
            let pause = self.pause();
            tokio::select! {
                () = signal.new.notified() => self.unread = true,
                Some(ended) = self.requests.join_next() => match ended {
                    Ok((key, result)) => self.ended(key, result),
                    Err(error) => self.begin_again(&error),
                },
                () = tokio::time::sleep(pause) => {}
                () = tokio::time::sleep_until(clear_at.unwrap_or_else(Instant::now)), if clear_at.is_some() => {
                    self.clear().await?;
                }
                () = signal.stop.notified() => return self.clear().await,
            }
            if self.taken.len() >= CLEAR_MAX {
                self.clear().await?;
            }
        }
    }

    /// Until something may be sent, if nothing else happens.
    fn pause(&self) -> Duration {
        let now = self.clock.now();
        let ready = self.window.next_due().unwrap_or(Millis::MAX);
        let due = match self.receiver.paused_until(now) {
            Some(until) => ready.max(until),
            // Its places are taken; the end of a request is waited for anyway.
            None if self.requests.len() >= self.receiver.places(now) => Millis::MAX,
            None => ready,
        };
        self.clock.pause_until(due, SLEEP_MAX_MS)
    }

    async fn read_more(&mut self) -> Result<(), StoreError> {
        while self.unread && self.window.space() >= READ_MIN {
            let space = self.window.space();
            let rows = self.store.outbox(self.read, space).await?;
            self.unread = rows.len() == space;
            for row in rows {
                self.read = row.key;
                self.window.add(row);
            }
            self.give_up_old();
        }
        Ok(())
    }

    fn send_ready(&mut self) {
        let now = self.clock.now();
        while self.requests.len() < self.receiver.places(now) {
            let Some((key, change)) = self.window.next(now) else { return };
            let client = Arc::clone(&self.client);
            self.requests.spawn(async move { (key, client.send(change, now / 1000).await) });
        }
    }

    fn ended(&mut self, key: i64, result: Result<(), Refusal>) {
        let now = self.clock.now();
        let Err(refusal) = result else {
            self.done(key);
            if self.receiver.took() {
                tracing::warn!(
                    receiver = self.shown,
                    "the receiver of status changes takes them again"
                );
                self.window.hurry();
            }
            return;
        };
        let (tries, luck) = (self.window.count_try(key), luck());
        if self.receiver.refused(&self.patience, now, luck) {
            tracing::warn!(receiver = self.shown, reason = %refusal, "the receiver of status changes takes none; they wait");
        } else {
            tracing::debug!(receiver = self.shown, reason = %refusal, tries, "a status change was not taken");
        }
        if tries >= self.patience.tries_max {
            tracing::warn!(receiver = self.shown, reason = %refusal, tries, "a status change is given up");
            self.done(key);
        } else {
            let Patience { delay_first, delay_max, .. } = self.patience;
            self.window.again(key, now + delay(delay_first, delay_max, tries, luck));
        }
    }

    fn give_up_old(&mut self) {
        let age_max = self.patience.age_max.as_millis() as Millis;
        let time = self.clock.now() - age_max;
        let mut given_up = 0_u64;
        while let Some(key) = self.window.older_than(time) {
            self.done(key);
            given_up += 1;
        }
        if given_up > 0 {
            tracing::warn!(receiver = self.shown, given_up, age = ?self.patience.age_max, "status changes were given up because of their age");
        }
    }

    fn done(&mut self, key: i64) {
        self.window.remove(key);
        self.taken.push(key);
        self.clear_at.get_or_insert_with(|| Instant::now() + CLEAR_AFTER);
    }

    async fn clear(&mut self) -> Result<(), StoreError> {
        self.clear_at = None;
        let mut taken = std::mem::take(&mut self.taken);
        while !taken.is_empty() {
            let rest = taken.split_off(taken.len().min(CLEAR_MAX));
            self.store.write(Write::ClearOutbox { keys: taken }).await?;
            taken = rest;
        }
        Ok(())
    }

    /// A request that ended in no known way: nobody can say which event it was, so all are read again.
    fn begin_again(&mut self, error: &tokio::task::JoinError) {
        tracing::error!(%error, "a status change was not sent to its end; all that wait are read again");
        self.requests.abort_all();
        self.requests = JoinSet::new();
        self.window = Window::default();
        (self.read, self.unread) = (0, true);
    }

    fn warn_of_dropped(&mut self) {
        let dropped = self.store.outbox_dropped();
        let now = Instant::now();
        if dropped > self.dropped && self.warn_after.is_none_or(|time| now >= time) {
            let lost = dropped - self.dropped;
            tracing::warn!(
                receiver = self.shown,
                lost,
                "the oldest status changes were given up because too many wait"
            );
            (self.dropped, self.warn_after) = (dropped, Some(now + WARN_EVERY));
        }
    }
}

/// From 0 to 1.
fn luck() -> f64 {
    f64::from(Uuid::new_v4().as_fields().0) / f64::from(u32::MAX)
}
