//! The handle.

use std::any::Any;
use std::path::PathBuf;
use std::sync::Arc;

use durable_sidefile::{OpenError, SideFile, Start};

use crate::changed::{Changed, Dropped};
use crate::database::{Addition, Database};
use crate::error::MetricsError;
use crate::keeper::Keeper;
use crate::meter::Meter;
use crate::model::{ListQuery, MetricId, Minute, PointsQuery, SeriesId, SeriesPoints};
use crate::reader;
use crate::retention::Bounds;
use crate::schema;
use crate::summary::Summary;

/// The file inside the data directory.
const FILE: &str = "metrics.db";
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
    file: SideFile<Keeper>,
    dropped: Arc<Dropped>,
    clock: Clock,
    bounds: Bounds,
}

impl Metrics {
    /// Opens the store in a directory; creates it if there is none.
    ///
    /// # Errors
    /// When the file cannot be used or was written by a newer version.
    pub fn open(options: Options) -> Result<Self, OpenError> {
        let Options { directory, clock, retention_days, bytes_max, series_max, hold } = options;
        let bounds = Bounds { retention_days, bytes_max };
        let dropped = Arc::new(Dropped::default());
        let start =
            Start { file: &directory.join(FILE), format: schema::FORMAT, name: "metrics", hold };
        let file = SideFile::open(start, |connection| {
            let database = Database::new(connection, series_max);
            Keeper::new(database, Arc::clone(&clock), bounds, Arc::clone(&dropped))
        })?;
        Ok(Self(Arc::new(Shared { file, dropped, clock, bounds })))
    }

    /// Something to record values with, for all of these series. Series need not exist.
    pub fn meter(&self, feeds: Vec<SeriesId>) -> Arc<Meter> {
        let queue = Arc::clone(self.0.file.queue());
        let changed = Changed { queue, dropped: Arc::clone(&self.0.dropped) };
        Arc::new(Meter::new(feeds, changed))
    }

    /// Adds what somebody else has measured, and waits for it. Either all of it is written or nothing.
    ///
    /// # Errors
    /// [`MetricsError::TooManySeries`] and whatever keeps the file from being written.
    pub fn put(&self, data: Vec<(SeriesId, Minute, Summary)>) -> Result<(), MetricsError> {
        let addition = |(series, minute, summary)| Addition { series, minute, summary };
        let additions: Vec<_> = data.into_iter().map(addition).collect();
        self.0.file.run(move |keeper| keeper.database.write_all(&additions))
    }

    /// A page of the metrics there are, with everything that was recorded before this call; so for all that reads.
    ///
    /// # Errors
    /// [`MetricsError::Unusable`].
    pub fn list(&self, query: &ListQuery) -> Result<Vec<MetricId>, MetricsError> {
        self.0.file.read(|connection| reader::list(connection, query))
    }

    /// The points of several metrics, as of one moment: for each query those of each unit.
    ///
    /// # Errors
    /// [`MetricsError::Unusable`].
    pub fn points(&self, queries: &[PointsQuery]) -> Result<Vec<Vec<SeriesPoints>>, MetricsError> {
        self.0.file.read(|connection| {
            queries.iter().map(|query| reader::points(connection, query)).collect()
        })
    }

    /// The first minute that is kept.
    pub fn kept_from(&self) -> Minute {
        self.0.bounds.kept_from((self.0.clock)())
    }

    /// How many values were dropped since the store was opened.
    pub fn dropped(&self) -> u64 {
        self.0.dropped.count()
    }

    /// Waits until everything that was recorded before is in the file.
    ///
    /// # Errors
    /// [`MetricsError::Busy`] if that takes too long.
    pub fn flush(&self) -> Result<(), MetricsError> {
        self.0.file.flush()
    }

    /// Writes what waits and closes the file. What is recorded later is lost.
    pub fn close(&self) {
        self.0.file.close();
    }
}
