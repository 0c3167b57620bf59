//! The handle.

use std::any::Any;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::database::{Addition, Database};
use crate::error::{MetricsError, OpenError};
use crate::keeper::Keeper;
use crate::meter::Meter;
use crate::model::{ListQuery, MetricId, Minute, PointsQuery, SeriesId, SeriesPoints};
use crate::queue::Queue;
use crate::reader::{self, Readers};
use crate::retention::Bounds;
use crate::schema;
use crate::summary::Summary;

/// The file inside the data directory.
const FILE: &str = "metrics.db";
/// How long a call waits for the thread.
const WAIT_MAX: Duration = Duration::from_secs(10);
/// What is kept, unless the options say otherwise: one-minute points for as long as CloudWatch keeps them.
const RETENTION_DAYS: u32 = 15;
const BYTES_MAX: u64 = 512 * 1024 * 1024;
const SERIES_MAX: usize = 10_000;

/// Tells the time in milliseconds since the epoch.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// How a store is set up.
pub struct Options {
    /// Where the file is; it must exist.
    pub directory: PathBuf,
    /// The time.
    pub clock: Clock,
    /// For how many days points are kept.
    pub retention_days: u32,
    /// What the file may hold, in bytes; the oldest points go first.
    pub bytes_max: u64,
    /// How many series there may be; values of a further one are dropped.
    pub series_max: usize,
    /// Kept until the last point is written: what holds the directory.
    pub hold: Option<Box<dyn Any + Send>>,
}

impl Options {
    /// The defaults: fifteen days, 512 MiB and 10,000 series.
    pub fn new(directory: impl Into<PathBuf>, clock: Clock) -> Self {
        Self {
            directory: directory.into(),
            clock,
            retention_days: RETENTION_DAYS,
            bytes_max: BYTES_MAX,
            series_max: SERIES_MAX,
            hold: None,
        }
    }
}

/// A store of metrics; cheap to clone. When the last clone is dropped, what waits is written and the file closed.
#[derive(Clone)]
pub struct Metrics(Arc<Shared>);

struct Shared {
    queue: Arc<Queue>,
    readers: Readers,
    clock: Clock,
    bounds: Bounds,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.queue.close();
    }
}

impl Metrics {
    /// Opens the store in a directory; creates it if there is none.
    ///
    /// # Errors
    /// When the file cannot be used or was written by a newer version.
    pub fn open(options: Options) -> Result<Self, OpenError> {
        let Options { directory, clock, retention_days, bytes_max, series_max, hold } = options;
        let file = directory.join(FILE);
        let database = Database::new(schema::open_writer(&file)?, series_max);
        let readers = Readers::open(&file)?;
        let queue = Arc::new(Queue::default());
        let bounds = Bounds { retention_days, bytes_max };
        let keeper = Keeper::new(database, Arc::clone(&queue), Arc::clone(&clock), bounds);
        let thread = std::thread::Builder::new()
            .name("metrics".to_owned())
            .spawn(move || {
                let hold = hold;
                keeper.run();
                drop(hold);
            })
            .map_err(|error| OpenError::Unusable { path: file, reason: error.to_string() })?;
        let thread = Mutex::new(Some(thread));
        Ok(Self(Arc::new(Shared { queue, readers, clock, bounds, thread })))
    }

    /// Something to record values with, for all of these series. Series need not exist.
    pub fn meter(&self, feeds: Vec<SeriesId>) -> Arc<Meter> {
        Arc::new(Meter::new(feeds, Arc::clone(&self.0.queue)))
    }

    /// Adds what somebody else has measured, and waits for it. Either all of it is written or nothing.
    ///
    /// # Errors
    /// [`MetricsError::TooManySeries`] and whatever keeps the file from being written.
    pub fn put(&self, data: Vec<(SeriesId, Minute, Summary)>) -> Result<(), MetricsError> {
        let addition = |(series, minute, summary)| Addition { series, minute, summary };
        let additions: Vec<_> = data.into_iter().map(addition).collect();
        self.run(move |database| database.write_all(&additions))
    }

    /// A page of the metrics there are, with everything that was recorded before this call; so for all that reads.
    ///
    /// # Errors
    /// [`MetricsError::Unusable`].
    pub fn list(&self, query: &ListQuery) -> Result<Vec<MetricId>, MetricsError> {
        self.flush()?;
        self.0.readers.with(|connection| reader::list(connection, query))
    }

    /// The points of several metrics, as of one moment: for each query those of each unit.
    ///
    /// # Errors
    /// [`MetricsError::Unusable`].
    pub fn points(&self, queries: &[PointsQuery]) -> Result<Vec<Vec<SeriesPoints>>, MetricsError> {
        self.flush()?;
        self.0.readers.with(|connection| {
            queries.iter().map(|query| reader::points(connection, query)).collect()
        })
    }

    /// The first minute that is kept.
    pub fn kept_from(&self) -> Minute {
        self.0.bounds.kept_from((self.0.clock)())
    }

    /// How many values were dropped since the store was opened.
    pub fn dropped(&self) -> u64 {
        self.0.queue.dropped()
    }

    /// Waits until everything that was recorded before is in the file.
    ///
    /// # Errors
    /// [`MetricsError::Busy`] if that takes too long.
    pub fn flush(&self) -> Result<(), MetricsError> {
        self.run(|_| Ok(()))
    }

    /// Writes what waits and closes the file. What is recorded later is lost.
    pub fn close(&self) {
        self.0.queue.close();
        let thread = self.0.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::warn!("the thread of the metrics has panicked");
        }
    }

    /// Runs something on the thread and waits for what comes of it.
    fn run<T: Send + 'static>(
        &self,
        command: impl FnOnce(&mut Database) -> Result<T, MetricsError> + Send + 'static,
    ) -> Result<T, MetricsError> {
        let (answer, answered) = mpsc::sync_channel(1);
        self.0.queue.command(Box::new(move |database| {
            // Whoever asked may have given up.
            let _ = answer.send(command(database));
        }))?;
        match answered.recv_timeout(WAIT_MAX) {
            Ok(result) => result,
            Err(mpsc::RecvTimeoutError::Timeout) => Err(MetricsError::Busy),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(MetricsError::Closed),
        }
    }
}
