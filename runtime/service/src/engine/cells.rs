//! Open executions in memory.
//!
//! A cell holds an execution's state behind its lock. Cells are loaded from the journal when somebody needs them and
//! evicted, least recently used first, when there are too many and they are idle: a suspended execution costs disk and
//! an index entry, not memory.

use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex as SyncMutex, PoisonError};

use durable_core::{Execution, Millis};
use lru::LruCache;
use tokio::sync::{Mutex, watch};

use crate::engine::Engine;
use crate::wire::error::AwsError;

/// An open execution, or one whose last invocation has not come back yet.
pub(crate) struct Cell {
    pub(crate) id: String,
    pub(crate) state: Mutex<CellState>,
    /// Turns true when the execution closes.
    pub(crate) closed: watch::Sender<bool>,
    /// Whether it waits in the dispatcher's queue already.
    pub(crate) queued: AtomicBool,
}

/// What the lock protects.
pub(crate) struct CellState {
    /// Its key in the store; of a new execution, known once its start is written.
    pub(crate) key: i64,
    pub(crate) execution: Execution,
    /// The wake time that the store's index has; never later than the true one.
    pub(crate) indexed_wake: Option<Millis>,
    /// Whether the store's index has it as something that a restart takes up.
    pub(crate) indexed_active: bool,
    /// Whether it has been deleted from the store, so that nothing may be written for it any more.
    pub(crate) deleted: bool,
}

impl Cell {
    pub(crate) fn new(key: i64, execution: Execution, indexed_active: bool) -> Self {
        let closed = !execution.status.is_open();
        Self {
            id: execution.start.id.clone(),
            state: Mutex::new(CellState {
                key,
                execution,
                indexed_wake: None,
                indexed_active,
                deleted: false,
            }),
            closed: watch::Sender::new(closed),
            queued: AtomicBool::new(false),
        }
    }
}

/// How many cells an eviction looks at before it lets the number exceed the bound for a while.
const EVICTION_TRIES: usize = 8;
/// Loads of different executions rarely share a lock; loads of the same one always do.
const LOAD_LOCKS: usize = 64;

pub(crate) struct Cells {
    resident: SyncMutex<LruCache<String, Arc<Cell>>>,
    resident_max: usize,
    /// While one task loads an execution, no other may: an older snapshot must not replace a newer state.
    loading: Vec<Mutex<()>>,
}

impl Cells {
    pub(crate) fn new(resident_max: usize) -> Self {
        Self {
            resident: SyncMutex::new(LruCache::unbounded()),
            resident_max: NonZeroUsize::new(resident_max).map_or(1, NonZeroUsize::get),
            loading: (0..LOAD_LOCKS).map(|_| Mutex::new(())).collect(),
        }
    }

    /// The cell if it is in memory.
    pub(crate) fn get(&self, id: &str) -> Option<Arc<Cell>> {
        self.lock().get(id).cloned()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    pub(crate) fn insert(&self, cell: Arc<Cell>) -> Arc<Cell> {
        let mut resident = self.lock();
        resident.put(cell.id.clone(), Arc::clone(&cell));
        for _ in 0..EVICTION_TRIES {
            if resident.len() <= self.resident_max {
                break;
            }
            let Some((id, oldest)) = resident.pop_lru() else { break };
            if !is_idle(&oldest) {
                resident.put(id, oldest);
            }
        }
        cell
    }

    pub(crate) fn remove(&self, id: &str) {
        self.lock().pop(id);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, LruCache<String, Arc<Cell>>> {
        self.resident.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn load_lock(&self, id: &str) -> Option<&Mutex<()>> {
        let hash = id
            .bytes()
            .fold(0usize, |hash, byte| hash.wrapping_mul(31).wrapping_add(usize::from(byte)));
        self.loading.get(hash % LOAD_LOCKS)
    }
}

/// Nobody but the map holds it, and nothing is in flight.
fn is_idle(cell: &Arc<Cell>) -> bool {
    Arc::strong_count(cell) == 1
        && cell.state.try_lock().is_ok_and(|state| {
            let execution = &state.execution;
            // Whatever a paused one still owes is in its journal.
            let paused = execution.is_paused() && execution.invocation().is_none();
            paused || !execution.is_active()
        })
}

impl Engine {
    /// The cell of an open execution; `None` if there is no such execution or it is closed.
    pub(crate) async fn cell(&self, id: &str) -> Result<Option<Arc<Cell>>, AwsError> {
        if let Some(cell) = self.cells.get(id) {
            return Ok(Some(cell));
        }
        let _loading = match self.cells.load_lock(id) {
            Some(lock) => Some(lock.lock().await),
            None => None,
        };
        if let Some(cell) = self.cells.get(id) {
            return Ok(Some(cell));
        }
        let Some(row) = self.store.execution(id).await? else { return Ok(None) };
        if !row.status.is_open() {
            return Ok(None);
        }
        let rows = self.store.journal(row.key).await?;
        let records = rows.iter().map(|row| row.record()).collect::<Result<Vec<_>, _>>()?;
        let execution = Execution::fold(&records)
            .ok_or_else(|| AwsError::service("The execution's journal has no beginning."))?;
        let active = execution.is_active();
        Ok(Some(self.cells.insert(Arc::new(Cell::new(row.key, execution, active)))))
    }

    /// Puts a new execution's cell where everybody looks for it. Its start need not be written yet, if its lock is
    /// held until it is.
    pub(crate) fn admit(&self, cell: &Arc<Cell>) {
        self.cells.insert(Arc::clone(cell));
    }

    /// The cell of an execution that may be closed, if it is in memory.
    pub(crate) fn resident(&self, id: &str) -> Option<Arc<Cell>> {
        self.cells.get(id)
    }

    pub(crate) fn forget(&self, id: &str) {
        self.cells.remove(id);
    }
}
