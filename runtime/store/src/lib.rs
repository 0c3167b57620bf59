//! The journal of durable executions: SQLite, with group commit.
//!
//! One writer thread owns the only connection that writes. It takes everything that waits, commits it in one
//! transaction with one fsync, and then answers everybody: nothing is acknowledged before it is durable, and the cost
//! of an fsync is shared by all who wait for it. Readers have connections of their own and never wait for the writer.
//!
//! ```text
//!   callers ──Write──► queue (bounded) ──batch──► writer thread ──COMMIT+fsync──► answers
//!   callers ◄──rows─── reader connections (WAL snapshots)
//! ```
//!
//! A failed commit *poisons* the store: nothing of that batch is applied, every later write is refused with the reason,
//! and readers keep working. What was acknowledged is on disk.
//!
//! | file | job |
//! |---|---|
//! | `model` | what is written and read |
//! | `committer` | the one holder of the connection that writes |
//! | `writer` | the queue and the batches |
//! | `sqlite` | a batch as SQL; the seam behind which faults are injected |
//! | `reader` | look-ups and pages |
//! | `chained` | chained invocations that have not ended |
//! | `deployments` | functions, versions and aliases, as documents |
//! | `queue` | asynchronous invocations that wait |
//! | `outbox` | status changes that somebody outside is to be told of |
//! | `schema` | tables, indexes, pragmas |
//! | `observe` | telling whoever counts commits |
//! | `wal` | keeps the write-ahead log short |
//! | `lock` | one process per data directory |
//! | `error` | what can go wrong |

mod chained;
mod committer;
mod deployments;
mod error;
mod lock;
mod model;
mod observe;
mod outbox;
mod queue;
mod reader;
mod schema;
mod sqlite;
mod wal;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub use error::{OpenError, StoreError};
pub use lock::DirectoryLock;
pub use model::{
    ChainedChange, ChainedRow, ChainedWork, Closing, DeployedItem, DeploymentChange, ExecutionRow,
    IndexChange, JournalRow, ListFilter, ListPosition, NewExecution, OutboxRow, Outcome,
    PauseChange, QueuedInvocation, StatusChange, Write,
};
pub use observe::{Backlog, Commit, CommitObserver};
pub use outbox::OUTBOX_ROWS_MAX;
pub use sqlite::{Backend, SqliteBackend};
pub use wal::WalKeeper;
pub use writer::WRITE_QUEUE_MAX;

use reader::Readers;
use writer::Writer;

/// The file inside the data directory.
const FILE: &str = "journal.db";

/// A handle to the journal; cheap to clone.
#[derive(Clone)]
pub struct Store {
    writer: Writer,
    readers: Arc<Readers>,
    outbox_dropped: Arc<AtomicU64>,
}

impl Store {
    /// Opens the journal in this directory, which must exist; creates it if there is none.
    ///
    /// # Errors
    /// When the file cannot be opened or was written by a newer version.
    pub fn open(directory: &Path) -> Result<Self, OpenError> {
        Self::open_with(directory, |backend| Box::new(backend))
    }

    /// Opens the journal with something around its backend: how tests inject a full disk or a failing fsync.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_with(
        directory: &Path,
        wrap: impl FnOnce(SqliteBackend) -> Box<dyn Backend>,
    ) -> Result<Self, OpenError> {
        let file = directory.join(FILE);
        let backend = SqliteBackend::open(&file)?;
        let readers = Arc::new(Readers::open(&file)?);
        let outbox_dropped = backend.dropped();
        Ok(Self { writer: Writer::spawn(wrap(backend))?, readers, outbox_dropped })
    }

    /// Writes durably. When this returns `Ok`, the write survives a crash of the process and of the machine; when it
    /// returns an error, the write is not applied. Dropping the future does not take the write back.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when this or an earlier commit failed.
    pub async fn write(&self, write: Write) -> Result<Outcome, StoreError> {
        self.writer.write(write).await
    }

    /// Why the store refuses writes; `None` while it takes them.
    pub fn poisoned(&self) -> Option<String> {
        self.writer.poisoned()
    }

    /// Tells this one of every commit from now on. There can be one; a second one is told nothing.
    pub fn observe(&self, observer: Arc<dyn CommitObserver>) {
        self.writer.observe(observer);
    }

    /// Writes that wait to be committed.
    pub fn writes_waiting(&self) -> usize {
        self.writer.waiting()
    }

    /// Commits what waits and closes the journal. Later writes are refused.
    pub async fn close(&self) {
        self.writer.close().await;
    }

    /// The execution with this id.
    ///
    /// # Errors
    /// [`StoreError::Read`] when the file cannot be read; so for every look-up.
    pub async fn execution(&self, id: &str) -> Result<Option<ExecutionRow>, StoreError> {
        let id = id.to_owned();
        self.read(move |reader| reader.execution(&id)).await
    }

    /// The execution of this function with this name.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn execution_named(
        &self,
        function: &str,
        name: &str,
    ) -> Result<Option<ExecutionRow>, StoreError> {
        let (function, name) = (function.to_owned(), name.to_owned());
        self.read(move |reader| reader.execution_named(&function, &name)).await
    }

    /// The whole journal of an execution, in order. For executions that are open: closed ones are read in pages.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn journal(&self, key: i64) -> Result<Vec<JournalRow>, StoreError> {
        self.read(move |reader| reader.journal(key, 0, i64::MAX as u64)).await
    }

    /// Up to `limit` rows of an execution's journal, from this number on; `descending` counts down from it.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn journal_page(
        &self,
        key: i64,
        from: u64,
        descending: bool,
        limit: u64,
    ) -> Result<Vec<JournalRow>, StoreError> {
        self.read(move |reader| {
            if descending {
                reader.journal_descending(key, from, limit)
            } else {
                reader.journal(key, from, limit)
            }
        })
        .await
    }

    /// A page of the executions of a function.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn list(&self, filter: ListFilter) -> Result<Vec<ExecutionRow>, StoreError> {
        self.read(move |reader| reader.list(&filter)).await
    }

    /// Up to `limit` executions whose wake time has come, the earliest first.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn due(&self, now: i64, limit: usize) -> Result<Vec<ExecutionRow>, StoreError> {
        self.read(move |reader| reader.due(now, limit)).await
    }

    /// The earliest wake time of all executions.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn next_wake(&self) -> Result<Option<i64>, StoreError> {
        self.read(|reader| reader.next_wake()).await
    }

    /// Up to `limit` executions that have something left to do, with a key above `after`: what a restart takes up.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn active(&self, after: i64, limit: usize) -> Result<Vec<ExecutionRow>, StoreError> {
        self.read(move |reader| reader.active(after, limit)).await
    }

    /// Up to `limit` keys of executions whose retention has ended.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn expired(&self, now: i64, limit: usize) -> Result<Vec<i64>, StoreError> {
        self.read(move |reader| reader.expired(now, limit)).await
    }

    /// The next `limit` asynchronous invocations, in the order in which they are due.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn queued_invocations(
        &self,
        limit: usize,
    ) -> Result<Vec<QueuedInvocation>, StoreError> {
        self.read(move |reader| reader.queued_invocations(limit)).await
    }

    /// The next `limit` chained invocations with something to do, in the order in which they are due.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn chained_work(&self, limit: usize) -> Result<Vec<ChainedRow>, StoreError> {
        self.read(move |reader| reader.chained_work(limit)).await
    }

    /// What is to do for one chained invocation.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn chained_work_of(
        &self,
        parent: &str,
        operation: &str,
    ) -> Result<Option<ChainedRow>, StoreError> {
        let (parent, operation) = (parent.to_owned(), operation.to_owned());
        self.read(move |reader| reader.chained_work_of(&parent, &operation)).await
    }

    /// How much waits to be done, counting no further than `most` of each: the price of a count grows with what it counts.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn backlog(&self, most: usize) -> Result<Backlog, StoreError> {
        self.read(move |reader| reader.backlog(most)).await
    }

    /// The next `limit` status changes behind this key, in the order in which they happened.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn outbox(&self, after: i64, limit: usize) -> Result<Vec<OutboxRow>, StoreError> {
        self.read(move |reader| reader.outbox(after, limit)).await
    }

    /// How many status changes wait, counted up to `limit`.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn outbox_count(&self, limit: usize) -> Result<usize, StoreError> {
        self.read(move |reader| reader.outbox_count(limit)).await
    }

    /// How many status changes were pushed out by newer ones since the journal was opened.
    pub fn outbox_dropped(&self) -> u64 {
        self.outbox_dropped.load(Ordering::Relaxed)
    }

    /// How many executions are open. Its cost grows with them: for a start, not for a request.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn open_count(&self) -> Result<u64, StoreError> {
        self.read(|reader| reader.open_count()).await
    }

    /// How many executions of a function are open, and up to `limit` of them. Its cost grows with their number.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn open_of(
        &self,
        function: &str,
        limit: usize,
    ) -> Result<(u64, Vec<ExecutionRow>), StoreError> {
        let function = function.to_owned();
        self.read(move |reader| reader.open_of(&function, limit)).await
    }

    /// Everything that is deployed.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn deployed(&self) -> Result<Vec<DeployedItem>, StoreError> {
        self.read(|reader| reader.deployed()).await
    }

    /// The functions and versions that open executions run on. Its cost grows with their number, not with that of the
    /// executions.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn open_versions(&self) -> Result<Vec<(String, String)>, StoreError> {
        self.read(|reader| reader.open_versions()).await
    }

    /// Whether an open execution runs on this function, or on this version of it.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn has_open(
        &self,
        function: &str,
        version: Option<&str>,
    ) -> Result<bool, StoreError> {
        let (function, version) = (function.to_owned(), version.map(str::to_owned));
        self.read(move |reader| reader.has_open(&function, version.as_deref())).await
    }

    async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&reader::Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let readers = Arc::clone(&self.readers);
        tokio::task::spawn_blocking(move || readers.with(query))
            .await
            .map_err(|failure| StoreError::Read(failure.to_string()))?
    }
}
