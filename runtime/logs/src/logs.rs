//! The handle.

use std::any::Any;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use durable_sidefile::{OpenError, SideFile, Start};

use crate::database::Database;
use crate::error::LogsError;
use crate::keeper::Keeper;
use crate::model::{
    Entry, EventsPage, EventsQuery, FilterPage, FilterQuery, Group, GroupsQuery, Stream,
    StreamName, StreamsQuery,
};
use crate::retention::Bounds;
use crate::{directory, reader, schema};

/// The file inside the data directory.
const FILE: &str = "logs.db";
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
    file: SideFile<Keeper>,
    dropped: Arc<AtomicU64>,
    /// Goes up with whatever comes.
    arrivals: AtomicU64,
    clock: Clock,
}

impl Logs {
    /// Opens the store in a directory; creates it if there is none.
    ///
    /// # Errors
    /// When the file cannot be used or was written by a newer version.
    pub fn open(options: Options) -> Result<Self, OpenError> {
        let Options { directory, clock, retention_days, bytes_max, hold } = options;
        let bounds = Bounds { retention_days, bytes_max };
        let dropped = Arc::new(AtomicU64::new(0));
        let start =
            Start { file: &directory.join(FILE), format: schema::FORMAT, name: "logs", hold };
        let file = SideFile::open(start, |connection| {
            let database = Database::new(connection);
            Keeper::new(database, Arc::clone(&clock), bounds, Arc::clone(&dropped))
        })?;
        Ok(Self(Arc::new(Shared { file, dropped, arrivals: AtomicU64::new(0), clock })))
    }

    /// Takes an event that happened now, and never waits. Its group and its stream need not exist.
    pub fn put(&self, stream: &Arc<StreamName>, message: String) {
        self.0.file.queue().collect(|pending| {
            // Here, so that times are in the order of events: nobody who reads misses one that came late.
            let now = (self.0.clock)();
            if !pending.put(stream, Entry::new(now, now, message)) {
                self.0.dropped.fetch_add(1, Ordering::Relaxed);
            }
            true
        });
        self.0.arrivals.fetch_add(1, Ordering::Relaxed);
    }

    /// A number that is another one as soon as there may be something new to read.
    pub fn arrivals(&self) -> u64 {
        self.0.arrivals.load(Ordering::Relaxed)
    }

    /// How many events were dropped since the store was opened.
    pub fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
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
        let written = self.run(move |database| {
            database.check(&name)?;
            Ok(database.write(&entries)?)
        });
        self.0.arrivals.fetch_add(1, Ordering::Relaxed);
        written
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
        self.0.file.read(|connection| directory::groups(connection, query))
    }

    /// A page of a group's streams.
    ///
    /// # Errors
    /// [`LogsError::NoSuchGroup`].
    pub fn streams(&self, query: &StreamsQuery) -> Result<Vec<Stream>, LogsError> {
        self.0.file.read(|connection| directory::streams(connection, query))
    }

    /// A page of a group's events.
    ///
    /// # Errors
    /// [`LogsError::NoSuchGroup`], [`LogsError::NoSuchStream`] for a stream that is named.
    pub fn filter(&self, query: &FilterQuery) -> Result<FilterPage, LogsError> {
        self.0.file.read(|connection| reader::filter(connection, query))
    }

    /// A page of a stream's events.
    ///
    /// # Errors
    /// [`LogsError::NoSuchGroup`], [`LogsError::NoSuchStream`].
    pub fn events(&self, query: &EventsQuery) -> Result<EventsPage, LogsError> {
        self.0.file.read(|connection| reader::events(connection, query))
    }

    /// Waits until everything that was put before is in the file.
    ///
    /// # Errors
    /// [`LogsError::Busy`] if that takes too long.
    pub fn flush(&self) -> Result<(), LogsError> {
        self.0.file.flush()
    }

    /// Writes what waits and closes the file. What is put later is lost.
    pub fn close(&self) {
        self.0.file.close();
    }

    /// Runs something on the thread and waits for what comes of it.
    fn run<T: Send + 'static>(
        &self,
        command: impl FnOnce(&mut Database) -> Result<T, LogsError> + Send + 'static,
    ) -> Result<T, LogsError> {
        self.0.file.run(move |keeper| command(&mut keeper.database))
    }
}
