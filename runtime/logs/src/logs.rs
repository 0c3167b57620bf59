//! The handle.

use std::any::Any;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::database::Database;
use crate::error::{LogsError, OpenError};
use crate::keeper::Keeper;
use crate::model::{
    Entry, EventsPage, EventsQuery, FilterPage, FilterQuery, Group, GroupsQuery, Stream,
    StreamName, StreamsQuery,
};
use crate::queue::Queue;
use crate::reader::{self, Readers};
use crate::retention::Bounds;
use crate::{directory, schema};

/// The file inside the data directory.
const FILE: &str = "logs.db";
/// How long a call waits for the thread.
const WAIT_MAX: Duration = Duration::from_secs(10);
/// What is kept, unless the options say otherwise.
const RETENTION_DAYS: u32 = 7;
const BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// Tells the time in milliseconds since the epoch.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// How a store is set up.
pub struct Options {
    /// Where the file is; it must exist.
    pub directory: PathBuf,
    /// The time.
    pub clock: Clock,
    /// For how many days a group keeps events if it does not say so itself.
    pub retention_days: u32,
    /// What the file may hold, in bytes; the oldest events go first.
    pub bytes_max: u64,
    /// Kept until the last event is written: what holds the directory.
    pub hold: Option<Box<dyn Any + Send>>,
}

impl Options {
    /// The defaults: seven days and 1 GiB.
    pub fn new(directory: impl Into<PathBuf>, clock: Clock) -> Self {
        Self {
            directory: directory.into(),
            clock,
            retention_days: RETENTION_DAYS,
            bytes_max: BYTES_MAX,
            hold: None,
        }
    }
}

/// A store of log events; cheap to clone. When the last clone is dropped, what waits is written and the file closed.
#[derive(Clone)]
pub struct Logs(Arc<Shared>);

struct Shared {
    queue: Arc<Queue>,
    readers: Readers,
    clock: Clock,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.queue.close();
    }
}

impl Logs {
    /// Opens the store in a directory; creates it if there is none.
    ///
    /// # Errors
    /// When the file cannot be used or was written by a newer version.
    pub fn open(options: Options) -> Result<Self, OpenError> {
        let Options { directory, clock, retention_days, bytes_max, hold } = options;
        let file = directory.join(FILE);
        let database = Database::new(schema::open_writer(&file)?);
        let readers = Readers::open(&file)?;
        let queue = Arc::new(Queue::default());
        let bounds = Bounds { retention_days, bytes_max };
        let keeper = Keeper::new(database, Arc::clone(&queue), Arc::clone(&clock), bounds);
        let thread = std::thread::Builder::new()
            .name("logs".to_owned())
            .spawn(move || {
                let hold = hold;
                keeper.run();
                drop(hold);
            })
            .map_err(|error| OpenError::Unusable { path: file, reason: error.to_string() })?;
        Ok(Self(Arc::new(Shared { queue, readers, clock, thread: Mutex::new(Some(thread)) })))
    }

    /// Takes an event that happened now, and never waits. Its group and its stream need not exist.
    pub fn put(&self, stream: &Arc<StreamName>, message: String) {
        let now = (self.0.clock)();
        self.0.queue.put(stream, Entry::new(now, now, message));
    }

    /// How many events were dropped since the store was opened.
    pub fn dropped(&self) -> u64 {
        self.0.queue.dropped_total()
    }

    /// Writes events with their times to a stream that exists, and waits for it. None of them is dropped.
    ///
    /// # Errors
    /// [`LogsError`]; then nothing is written.
    pub fn write(&self, name: StreamName, events: Vec<(i64, String)>) -> Result<(), LogsError> {
        let now = (self.0.clock)();
        let name = Arc::new(name);
        let entry = |(at, message)| (Arc::clone(&name), Entry::new(at, now, message));
        let entries: Vec<_> = events.into_iter().map(entry).collect();
        self.run(move |database| {
            database.check(&name)?;
            Ok(database.write(&entries)?)
        })
    }

    /// Creates a group.
    ///
    /// # Errors
    /// [`LogsError::GroupExists`].
    pub fn create_group(&self, name: String) -> Result<(), LogsError> {
        let now = (self.0.clock)();
        self.run(move |database| database.create_group(&name, now))
    }

    /// Creates a stream.
    ///
    /// # Errors
    /// [`LogsError::NoSuchGroup`], [`LogsError::StreamExists`].
    pub fn create_stream(&self, name: StreamName) -> Result<(), LogsError> {
        let now = (self.0.clock)();
        self.run(move |database| database.create_stream(&name, now))
    }

    /// Deletes a group with all that is in it.
    ///
    /// # Errors
    /// [`LogsError::NoSuchGroup`].
    pub fn delete_group(&self, name: String) -> Result<(), LogsError> {
        self.run(move |database| database.delete_group(&name))
    }

    /// Deletes a stream with all that is in it.
    ///
    /// # Errors
    /// [`LogsError::NoSuchGroup`], [`LogsError::NoSuchStream`].
    pub fn delete_stream(&self, name: StreamName) -> Result<(), LogsError> {
        self.run(move |database| database.delete_stream(&name))
    }

    /// Sets for how many days a group keeps events; `None` for the default.
    ///
    /// # Errors
    /// [`LogsError::NoSuchGroup`].
    pub fn set_retention(&self, name: String, days: Option<u32>) -> Result<(), LogsError> {
        self.run(move |database| database.set_retention(&name, days))
    }

    /// A page of groups, with everything that was put before this call; so for all that reads.
    ///
    /// # Errors
    /// [`LogsError::Unusable`].
    pub fn groups(&self, query: &GroupsQuery) -> Result<Vec<Group>, LogsError> {
        self.flush()?;
        self.0.readers.with(|connection| directory::groups(connection, query))
    }

    /// A page of a group's streams.
    ///
    /// # Errors
    /// [`LogsError::NoSuchGroup`].
    pub fn streams(&self, query: &StreamsQuery) -> Result<Vec<Stream>, LogsError> {
        self.flush()?;
        self.0.readers.with(|connection| directory::streams(connection, query))
    }

    /// A page of a group's events.
    ///
    /// # Errors
    /// [`LogsError::NoSuchGroup`], [`LogsError::NoSuchStream`] for a stream that is named.
    pub fn filter(&self, query: &FilterQuery) -> Result<FilterPage, LogsError> {
        self.flush()?;
        self.0.readers.with(|connection| reader::filter(connection, query))
    }

    /// A page of a stream's events.
    ///
    /// # Errors
    /// [`LogsError::NoSuchGroup`], [`LogsError::NoSuchStream`].
    pub fn events(&self, query: &EventsQuery) -> Result<EventsPage, LogsError> {
        self.flush()?;
        self.0.readers.with(|connection| reader::events(connection, query))
    }

    /// Waits until everything that was put before is in the file.
    ///
    /// # Errors
    /// [`LogsError::Busy`] if that takes too long.
    pub fn flush(&self) -> Result<(), LogsError> {
        self.run(|_| Ok(()))
    }

    /// Writes what waits and closes the file. What is put later is lost.
    pub fn close(&self) {
        self.0.queue.close();
        let thread = self.0.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::warn!("the thread of the log has panicked");
        }
    }

    /// Runs something on the thread and waits for what comes of it.
    fn run<T: Send + 'static>(
        &self,
        command: impl FnOnce(&mut Database) -> Result<T, LogsError> + Send + 'static,
    ) -> Result<T, LogsError> {
        let (answer, answered) = mpsc::sync_channel(1);
        self.0.queue.command(Box::new(move |database| {
            // Whoever asked may have given up.
            let _ = answer.send(command(database));
        }))?;
        match answered.recv_timeout(WAIT_MAX) {
            Ok(result) => result,
            Err(mpsc::RecvTimeoutError::Timeout) => Err(LogsError::Busy),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(LogsError::Closed),
        }
    }
}
