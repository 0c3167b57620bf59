//! The handle.

use std::any::Any;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;

use crate::error::{CallError, OpenError};
use crate::format::Format;
use crate::keeper::{self, Keeper};
use crate::queue::Queue;
use crate::readers::Readers;

/// How long a call waits for the thread.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// What a file is opened with.
pub struct Start<'a> {
    /// Where it is; its directory must exist.
    pub file: &'a Path,
    /// What is in it.
    pub format: Format,
    /// The name of the thread, and what it is called in messages.
    pub name: &'static str,
    /// Kept until everything is written: what holds the directory.
    pub hold: Option<Box<dyn Any + Send>>,
}

/// A file and its thread. When it is dropped, what waits is written and the file closed.
pub struct SideFile<K: Keeper> {
    name: &'static str,
    queue: Arc<Queue<K>>,
    readers: Readers,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl<K: Keeper> Drop for SideFile<K> {
    fn drop(&mut self) {
        self.queue.close();
    }
}

impl<K: Keeper> SideFile<K> {
    /// Opens a file, or makes it, and starts the thread with the keeper of its connection.
    ///
    /// # Errors
    /// When the file cannot be used or was written by a newer version.
    pub fn open(start: Start<'_>, keeper: impl FnOnce(Connection) -> K) -> Result<Self, OpenError> {
        let Start { file, format, name, hold } = start;
        let keeper = keeper(format.open_writer(file)?);
        let readers = Readers::open(file)?;
        let queue = Arc::new(Queue::default());
        let worked_off = Arc::clone(&queue);
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                keeper::run(keeper, &worked_off);
                drop(hold);
            })
            .map_err(|error| OpenError::unusable(file, &error))?;
        Ok(Self { name, queue, readers, thread: Mutex::new(Some(thread)) })
    }

    /// Where things collect.
    pub fn queue(&self) -> &Arc<Queue<K>> {
        &self.queue
    }

    /// Reads, with everything that was collected before this call.
    ///
    /// # Errors
    /// What `read` says, and [`CallError`] if it could not be asked.
    pub fn read<T, E: From<CallError> + Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        self.flush::<E>()?;
        self.readers.with(read)
    }

    /// Waits until everything that was collected before is in the file.
    ///
    /// # Errors
    /// [`CallError::Busy`] if that takes too long.
    pub fn flush<E: From<CallError> + Send + 'static>(&self) -> Result<(), E> {
        self.run(|_| Ok(()))
    }

    /// Runs something on the thread, after what was collected before, and waits for what comes of it.
    ///
    /// # Errors
    /// What `command` says, and [`CallError`] if it was not run or takes too long.
    pub fn run<T: Send + 'static, E: From<CallError> + Send + 'static>(
        &self,
        command: impl FnOnce(&mut K) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let (answer, answered) = mpsc::sync_channel(1);
        self.queue.command(Box::new(move |keeper| {
            // Whoever asked may have given up.
            let _ = answer.send(command(keeper));
        }))?;
        match answered.recv_timeout(WAIT_MAX) {
            Ok(result) => result,
            Err(mpsc::RecvTimeoutError::Timeout) => Err(CallError::Busy.into()),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(CallError::Closed.into()),
        }
    }

    /// Writes what waits and closes the file. What is collected later is lost.
    pub fn close(&self) {
        self.queue.close();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::warn!("the thread of the {} has panicked", self.name);
        }
    }
}
