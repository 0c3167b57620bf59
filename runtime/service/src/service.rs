//! Opening a data directory, serving it, and shutting down.

use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use durable_core::{Limits, RetryPolicy};
use durable_functions::Door;
use durable_store::{Backend, DirectoryLock, Outcome, SqliteBackend, Store, Write};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::door::FrontDoor;
use crate::dynamodb::{DynamoDb, TableSpec};
use crate::engine::{Engine, EngineOptions, Recovered};
use crate::functions::{FunctionSpec, Functions};
use crate::listener;
use crate::wire::arn::Home;

/// Executions kept in memory while they are idle. A suspended one beyond this is read from disk when it wakes.
const RESIDENT_MAX: usize = 10_000;
/// As AWS waits before it repeats an asynchronous invocation.
const ASYNC_RETRY_DELAY: Duration = Duration::from_secs(60);
/// What a target of a chained invocation waits at most: SDKs end an invocation within milliseconds of the checkpoint after
/// which it has nothing left to do.
const CHAINED_DELAY: Duration = Duration::from_millis(250);
/// Between two looks at whether the running invocations have ended.
const DRAIN_LOOK: Duration = Duration::from_millis(20);

/// How a service is set up.
#[derive(Clone, Debug)]
pub struct ServiceConfig {
    /// Where everything is kept; created if there is none.
    pub data_dir: PathBuf,
    /// The AWS region that it claims to be.
    pub region: String,
    /// The AWS account that it claims to be: twelve digits.
    pub account: String,
    /// Bounds on each execution.
    pub limits: Limits,
    /// How often a failed invocation is repeated.
    pub retry: RetryPolicy,
    /// How long after its failure an asynchronous invocation of a plain function is tried again; the second time
    /// twice as long.
    pub async_retry_delay: Duration,
    /// How long the target of a chained invocation waits for the end of the invocation that asked for it, so that the
    /// history shows them in this order.
    pub chained_delay: Duration,
    /// Tables that must exist.
    pub tables: Vec<TableSpec>,
    /// Executions kept in memory while they are idle.
    pub resident_max: usize,
}

impl ServiceConfig {
    /// The defaults for a data directory: us-east-1, account 000000000000, AWS's limits.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            region: "us-east-1".to_owned(),
            account: "000000000000".to_owned(),
            limits: Limits::default(),
            retry: RetryPolicy::default(),
            async_retry_delay: ASYNC_RETRY_DELAY,
            chained_delay: CHAINED_DELAY,
            tables: Vec::new(),
            resident_max: RESIDENT_MAX,
        }
    }
}

/// Why a service could not be opened: one sentence for people.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct OpenError(String);

impl OpenError {
    fn new(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// A backend that holds the data directory, so that nobody else gets it while something can still be written.
struct Holding {
    backend: Box<dyn Backend>,
    _lock: Arc<DirectoryLock>,
}

impl Backend for Holding {
    fn commit(&mut self, batch: &[Write]) -> Result<Vec<Outcome>, String> {
        self.backend.commit(batch)
    }

    fn answered(&mut self, writes: usize) {
        self.backend.answered(writes);
    }

    fn finish(&mut self) {
        self.backend.finish();
    }

    fn limit_pages(&mut self, pages: u32) -> Result<(), String> {
        self.backend.limit_pages(pages)
    }
}

/// A running service.
///
/// [`Service::shut_down`] ends it in order. Dropped without that, it begins nothing new; what is running may end, and
/// the data directory is free once it has.
pub struct Service {
    engine: Arc<Engine>,
    dynamodb: DynamoDb,
    door: Arc<dyn Door>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    recovered: Recovered,
}

impl Service {
    /// Opens a data directory, takes up what a crash or a shutdown left, and starts the timers.
    ///
    /// # Errors
    /// [`OpenError`] when the directory is in use, unusable, or of a newer version.
    pub async fn open(
        config: ServiceConfig,
        functions: Vec<FunctionSpec>,
    ) -> Result<Self, OpenError> {
        Self::open_with(config, functions, |_| {}, |backend| Box::new(backend)).await
    }

    /// As [`Service::open`], with two seams: `bind` is given the door before anything is resumed, so that functions
    /// in this process have somewhere to call; `wrap` puts something around the journal's backend, which is how tests
    /// inject a full disk.
    ///
    /// # Errors
    /// As [`Service::open`].
    pub async fn open_with(
        config: ServiceConfig,
        functions: Vec<FunctionSpec>,
        bind: impl FnOnce(&Arc<dyn Door>),
        wrap: impl FnOnce(SqliteBackend) -> Box<dyn Backend>,
    ) -> Result<Self, OpenError> {
        let lock = DirectoryLock::acquire(&config.data_dir).map_err(OpenError::new)?;
        let lock = Arc::new(lock);
        let hold = Arc::clone(&lock);
        let store = Store::open_with(&config.data_dir, |backend| {
            Box::new(Holding { backend: wrap(backend), _lock: hold })
        })
        .map_err(OpenError::new)?;
        let dynamodb =
            DynamoDb::open(&config.data_dir, &config.tables, lock).await.map_err(OpenError::new)?;
        let home = Home { region: config.region, account: config.account };
        let clock = Clock::default();
        let options = EngineOptions {
            limits: config.limits,
            retry: config.retry,
            resident_max: config.resident_max,
            async_retry_delay: config.async_retry_delay,
            chained_delay: config.chained_delay,
        };
        let functions = Functions::new(functions, clock.now());
        let engine = Engine::new(home, functions, clock, store, options);
        let door: Arc<dyn Door> =
            Arc::new(FrontDoor { engine: Arc::clone(&engine), dynamodb: dynamodb.clone() });
        bind(&door);
        let recovered = engine.recover().await.map_err(|error| OpenError::new(error.message))?;
        let tasks = vec![
            tokio::spawn(Arc::clone(&engine).run_clock()),
            tokio::spawn(Arc::clone(&engine).run_sweeper()),
            tokio::spawn(Arc::clone(&engine).run_async_queue()),
            tokio::spawn(Arc::clone(&engine).run_chained()),
        ];
        let tasks = Mutex::new(tasks);
        Ok(Self { engine, dynamodb, door, tasks, recovered })
    }

    /// What answers its requests.
    pub fn door(&self) -> Arc<dyn Door> {
        Arc::clone(&self.door)
    }

    /// What the start found.
    pub fn recovered(&self) -> Recovered {
        self.recovered
    }

    /// Serves a socket until `shutdown` resolves.
    ///
    /// # Errors
    /// What the socket says.
    pub async fn serve(
        &self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        listener::serve(listener, self.door(), shutdown).await
    }

    /// Begins no further invocation, gives the running ones `patience` to end, and closes the data directory. What is
    /// not finished by then is taken up by the next start.
    pub async fn shut_down(&self, patience: Duration) {
        self.engine.stop_dispatching();
        let deadline = tokio::time::Instant::now() + patience;
        while self.engine.running() > 0 && tokio::time::Instant::now() < deadline {
            tokio::time::sleep(DRAIN_LOOK).await;
        }
        self.abort_tasks();
        self.engine.store.close().await;
        self.dynamodb.close().await;
    }

    fn abort_tasks(&self) {
        for task in self.tasks.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            task.abort();
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.engine.stop_dispatching();
        self.abort_tasks();
    }
}
