//! Opening a data directory, serving it, and shutting down.

use std::future::Future;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use durable_functions::Door;
use durable_store::{Backend, DirectoryLock, Outcome, SqliteBackend, Store, Write};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use crate::cloudformation::{CloudFormation, Parts, StackSpec};
use crate::config::ServiceConfig;
use crate::deploy::{CodeStore, Deployer, tables as tables_of};
use crate::door::FrontDoor;
use crate::dynamodb::DynamoDb;
use crate::engine::{Engine, EngineOptions, Recovered};
use crate::events::Deliveries;
use crate::functions::{FunctionSpec, Functions, Hosting};
use crate::listener;
use crate::logs::{CloudWatchLogs, LogBounds};
use crate::watchers::Watchers;
use crate::wire::arn::Home;

/// How long a data directory may be in use before that is an error, and the time between two looks.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);
const LOCK_LOOK: Duration = Duration::from_millis(10);
/// Between two looks at whether the running invocations have ended.
const DRAIN_LOOK: Duration = Duration::from_millis(20);

/// Why a service could not be opened: one sentence for people.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct OpenError(String);

impl OpenError {
    pub(crate) fn new(error: impl std::fmt::Display) -> Self {
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

/// Takes the data directory. A server that was killed while it started a function's process leaves the lock, for the moment
/// until that process runs its own program, in the hands of the process.
async fn hold(data_dir: &Path) -> Result<DirectoryLock, OpenError> {
    let deadline = tokio::time::Instant::now() + LOCK_PATIENCE;
    loop {
        match DirectoryLock::acquire(data_dir) {
            Err(durable_store::OpenError::Locked { .. })
                if tokio::time::Instant::now() < deadline =>
            {
                tokio::time::sleep(LOCK_LOOK).await;
            }
            held => return held.map_err(OpenError::new),
        }
    }
}

/// What was deployed before, and then what the templates ask for.
async fn deploy(
    deployer: &Arc<Deployer>,
    logs: &CloudWatchLogs,
    templates: &[durable_template::Stack],
) -> Result<Vec<StackSpec>, OpenError> {
    deployer.load().await.map_err(OpenError::new)?;
    let mut stacks = Vec::new();
    for template in templates {
        for group in &template.log_groups {
            let made = logs.ensure_group(group.name.clone(), group.retention_days).await;
            made.map_err(OpenError::new)?;
        }
        stacks.push(deployer.deploy_stack(template).await.map_err(OpenError::new)?);
    }
    Ok(stacks)
}

/// An execution whose function is gone fails when it is to go on. That may be meant, but more likely somebody has mixed up
/// two directories or two templates.
async fn refuse_orphans(store: &Store, functions: &Functions) -> Result<(), OpenError> {
    let versions = store.open_versions().await.map_err(OpenError::new)?;
    let gone = |(function, version): &(String, String)| {
        let known = functions.get(function).is_some_and(|it| it.version(version).is_some());
        (!known).then(|| format!("{function}:{version}"))
    };
    let gone: Vec<_> = versions.iter().filter_map(gone).collect();
    if gone.is_empty() {
        return Ok(());
    }
    Err(OpenError(format!(
        "the data directory has open executions of {}, which this server would not know; start it with the template, or \
         the built-in functions, that they belong to, or use another data directory",
        gone.join(", ")
    )))
}

/// A running service.
///
/// [`Service::shut_down`] ends it in order. Dropped without that, it begins nothing new; what is running may end, and
/// the data directory is free once it has.
pub struct Service {
    engine: Arc<Engine>,
    dynamodb: DynamoDb,
    logs: CloudWatchLogs,
    door: Arc<dyn Door>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    recovered: Recovered,
    deliveries: Deliveries,
    watchers: Watchers,
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
        mut config: ServiceConfig,
        functions: Vec<FunctionSpec>,
        bind: impl FnOnce(&Arc<dyn Door>),
        wrap: impl FnOnce(SqliteBackend) -> Box<dyn Backend>,
    ) -> Result<Self, OpenError> {
        let lock = Arc::new(hold(&config.data_dir).await?);
        let hold = Arc::clone(&lock);
        let store = Store::open_with(&config.data_dir, |backend| {
            Box::new(Holding { backend: wrap(backend), _lock: hold })
        })
        .map_err(OpenError::new)?;
        let home = Home { region: config.region.clone(), account: config.account.clone() };
        let (watchers, observers) = Watchers::open(&mut config, &store, &home, &lock)?;
        let mut tables = config.tables;
        tables.extend(config.templates.iter().flat_map(tables_of));
        let dynamodb = DynamoDb::open(&config.data_dir, &tables, &home, Arc::clone(&lock))
            .await
            .map_err(OpenError::new)?;
        let code = CodeStore::open(&config.data_dir).map_err(OpenError::new)?;
        let clock = config.clock;
        let mut options = EngineOptions {
            limits: config.limits,
            retry: config.retry,
            resident_max: config.resident_max,
            async_retry_delay: config.async_retry_delay,
            chained_delay: config.chained_delay,
            observers,
            status_events: watchers.status_events(&home),
            rates: config.rates,
            open_max: config.open_executions_max,
        };
        let bounds = LogBounds {
            retention_days: config.log_retention_days,
            bytes_max: config.log_bytes_max,
        };
        let logs =
            CloudWatchLogs::open(&config.data_dir, bounds, home.clone(), clock.clone(), lock)
                .map_err(OpenError::new)?;
        let functions = functions.into_iter().map(|spec| logs.logged(spec)).collect();
        let functions = Arc::new(Functions::new(functions, clock.now()));
        options.observers.join(logs.durable(Arc::clone(&functions)));
        let hosting = Hosting {
            home: home.clone(),
            endpoint_url: config.endpoint_url,
            processes_max: config.processes_max,
            commands: config.runtime_commands,
            logs: logs.sink(),
            code,
        };
        let deployer = Deployer::new(Arc::clone(&functions), hosting, store.clone(), clock.clone());
        let deployed = deploy(&deployer, &logs, &config.templates).await;
        let checked = match deployed {
            Ok(deployed) if config.fail_orphans => Ok(deployed),
            Ok(deployed) => refuse_orphans(&store, &functions).await.map(|()| deployed),
            Err(error) => Err(error),
        };
        let stacks = match checked {
            Ok(deployed) => config.stacks.into_iter().chain(deployed).collect(),
            Err(error) => {
                // Whoever starts it again at once finds the directory free.
                store.close().await;
                dynamodb.close().await;
                logs.close().await;
                watchers.close().await;
                return Err(error);
            }
        };
        let engine = Engine::new(home, functions, deployer, clock, store, options);
        let parts =
            Parts { engine: Arc::clone(&engine), dynamodb: dynamodb.clone(), logs: logs.clone() };
        let door: Arc<dyn Door> = Arc::new(FrontDoor {
            engine: Arc::clone(&engine),
            dynamodb: dynamodb.clone(),
            cloudformation: CloudFormation::new(stacks, parts),
            logs: logs.clone(),
            prometheus: watchers.prometheus(),
            cloudwatch: watchers.cloudwatch(),
        });
        bind(&door);
        let recovered = engine.recover().await.map_err(|error| OpenError::new(error.message))?;
        let tasks = vec![
            tokio::spawn(Arc::clone(&engine).run_clock()),
            tokio::spawn(Arc::clone(&engine).run_sweeper()),
            tokio::spawn(Arc::clone(&engine).run_async_queue()),
            tokio::spawn(Arc::clone(&engine).run_chained()),
            tokio::spawn(watchers.sample(&engine)),
        ];
        let tasks = Mutex::new(tasks);
        let deliveries = watchers.begin_deliveries(&engine);
        Ok(Self { engine, dynamodb, logs, door, tasks, deliveries, watchers, recovered })
    }

    /// What answers its requests.
    pub fn door(&self) -> Arc<dyn Door> {
        Arc::clone(&self.door)
    }

    /// What the start found.
    pub fn recovered(&self) -> Recovered {
        self.recovered
    }

    /// How many status changes wait for a webhook that this start was not given, counted up to a thousand.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn untold(&self) -> Result<usize, OpenError> {
        self.deliveries.untold(&self.engine.store).await.map_err(OpenError::new)
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

    /// Begins no further invocation, gives the running ones `patience` to end, and ends the processes of functions.
    ///
    /// The socket has to be served meanwhile: functions in processes of their own send their checkpoints there, and one
    /// that is refused would fail for no fault of its own. So this belongs into the `shutdown` of
    /// [`serve`](Self::serve).
    pub fn drain(&self, patience: Duration) -> impl Future<Output = ()> + Send + use<> {
        let engine = Arc::clone(&self.engine);
        async move {
            engine.stop_dispatching();
            let deadline = tokio::time::Instant::now() + patience;
            while engine.running() > 0 && tokio::time::Instant::now() < deadline {
                tokio::time::sleep(DRAIN_LOOK).await;
            }
            let mut closing = JoinSet::new();
            for version in engine.functions.all().iter().flat_map(|function| function.versions()) {
                let host = Arc::clone(&version.host);
                closing.spawn(async move { host.close().await });
            }
            while closing.join_next().await.is_some() {}
        }
    }

    /// [Drains](Self::drain) the functions and closes the data directory. What is not finished by then is taken up by the
    /// next start.
    pub async fn shut_down(&self, patience: Duration) {
        self.drain(patience).await;
        self.abort_tasks();
        self.deliveries.end().await;
        self.engine.store.close().await;
        self.dynamodb.close().await;
        self.logs.close().await;
        self.watchers.close().await;
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
