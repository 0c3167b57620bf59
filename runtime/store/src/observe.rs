//! Telling whoever counts what the disk does.

use std::time::Duration;

/// Someone who is told of every commit. It is called by the thread that commits, before anybody else can: it must not
/// wait.
pub trait CommitObserver: Send + Sync + 'static {
    /// A transaction is on disk, or has failed.
    fn committed(&self, commit: &Commit);
}

/// One transaction.
#[derive(Clone, Copy, Debug)]
pub struct Commit {
    /// Writes that shared it.
    pub writes: usize,
    /// Bytes of the records among them; what SQLite writes is more.
    pub record_bytes: usize,
    /// How long it took, its fsync included.
    pub duration: Duration,
    /// Whether it is on disk.
    pub ok: bool,
}

/// What waits in the journal to be done, each counted up to a bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Asynchronous invocations of plain functions.
    pub invocations: u64,
    /// Chained invocations to start or to report.
    pub chained: u64,
}
