//! Opening a data directory, serving it, and shutting down.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use durable_core::{Limits, RetryPolicy};
use durable_functions::Door;
use durable_store::{Backend, DirectoryLock, Outcome, SqliteBackend, Store, Write};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use crate::clock::Clock;
use crate::cloudformation::{CloudFormation, Parts, StackSpec};
use crate::cloudwatch::CloudWatch;
use crate::deploy::{CodeStore, Deployer, tables as tables_of};
use crate::door::FrontDoor;
use crate::dynamodb::{DynamoDb, TableSpec};
use crate::engine::{Engine, EngineOptions, Recovered};
use crate::events::{Deliveries, StatusWebhook, Telling};
use crate::functions::{FunctionSpec, Functions, Hosting, RuntimeCommands};
use crate::listener;
use crate::logs::{CloudWatchLogs, LogBounds};
use crate::measures::{Measures, sample};
use crate::observe::Observers;
use crate::prometheus::Prometheus;
use crate::rates::Rates;
use crate::traces::{Exporter, TraceSettings};
use crate::wire::arn::Home;

/// Executions kept in memory while they are idle. A suspended one beyond this is read from disk when it wakes.
const RESIDENT_MAX: usize = 10_000;
/// As AWS waits before it repeats an asynchronous invocation.
const ASYNC_RETRY_DELAY: Duration = Duration::from_secs(60);
/// What a target of a chained invocation waits at most: SDKs end an invocation within milliseconds of the checkpoint after
/// which it has nothing left to do.
const CHAINED_DELAY: Duration = Duration::from_millis(250);
/// Processes of one function version. A developer's machine has few cores, and durable executions that wait hold none.
const PROCESSES_MAX: usize = 10;
/// How long a log group keeps events that does not say so itself, and what all of them may take on disk.
const LOG_RETENTION_DAYS: u32 = 7;
const LOG_BYTES_MAX: u64 = 1024 * 1024 * 1024;
/// How long a data directory may be in use before that is an error, and the time between two looks.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);
const LOCK_LOOK: Duration = Duration::from_millis(10);
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
    /// The stacks that CloudFormation's operations describe.
    pub stacks: Vec<StackSpec>,
    /// Executions kept in memory while they are idle.
    pub resident_max: usize,
    /// The time that executions live by.
    pub clock: Clock,
    /// What templates ask for. It is deployed at the start, and described by CloudFormation's operations.
    pub templates: Vec<durable_template::Stack>,
    /// Where functions in processes of their own find this server, such as `http://127.0.0.1:6737`. Empty for a service
    /// without a socket: its processes can do no durable work.
    pub endpoint_url: String,
    /// Processes of one function version at one time.
    pub processes_max: usize,
    /// What runs functions of a runtime, where it is not the usual command.
    pub runtime_commands: RuntimeCommands,
    /// Days for which a log group keeps events if it does not say so itself.
    pub log_retention_days: u32,
    /// What the file with the log may hold; the oldest events go first.
    pub log_bytes_max: u64,
    /// Whether to open a data directory with open executions of functions that are not there, which fails them. Refused
    /// unless set: a server that is started with the wrong template must not end what it does not know.
    pub fail_orphans: bool,
    /// How often operations may be called; no bounds unless set.
    pub rates: Rates,
    /// Open executions beyond which Invoke starts none; no bound unless set.
    pub open_executions_max: Option<u64>,
    /// Who is told of every change of an execution's status; nobody unless set.
    pub status_webhook: Option<StatusWebhook>,
    /// Where traces go; none are made unless set.
    pub traces: Option<TraceSettings>,
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
            stacks: Vec::new(),
            resident_max: RESIDENT_MAX,
            clock: Clock::default(),
            templates: Vec::new(),
            endpoint_url: String::new(),
            processes_max: PROCESSES_MAX,
            runtime_commands: RuntimeCommands::default(),
            log_retention_days: LOG_RETENTION_DAYS,
            log_bytes_max: LOG_BYTES_MAX,
            fail_orphans: false,
            rates: Rates::default(),
            open_executions_max: None,
            status_webhook: None,
            traces: None,
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

/// Has whatever happens from now on traced, if that is asked for.
fn trace(
    settings: Option<TraceSettings>,
    home: &Home,
    observers: &mut Observers,
) -> Result<Option<Exporter>, OpenError> {
    let Some(settings) = settings else { return Ok(None) };
    let (exporter, traces) = Exporter::start(settings, home.clone()).map_err(OpenError::new)?;
    observers.join(traces);
    Ok(Some(exporter))
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
    cloudwatch: CloudWatch,
    door: Arc<dyn Door>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    traces: Mutex<Option<Exporter>>,
    recovered: Recovered,
    deliveries: Deliveries,
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
        let lock = Arc::new(hold(&config.data_dir).await?);
        let hold = Arc::clone(&lock);
        let store = Store::open_with(&config.data_dir, |backend| {
            Box::new(Holding { backend: wrap(backend), _lock: hold })
        })
        .map_err(OpenError::new)?;
        let home = Home { region: config.region, account: config.account };
        let prometheus = Prometheus::new(config.data_dir.clone());
        store.observe(prometheus.commit_observer());
        let mut observers = Observers::default();
        prometheus.observers().into_iter().for_each(|observer| observers.join(observer));
        let mut tables = config.tables;
        tables.extend(config.templates.iter().flat_map(tables_of));
        let dynamodb = DynamoDb::open(&config.data_dir, &tables, &home, Arc::clone(&lock))
            .await
            .map_err(OpenError::new)?;
        let code = CodeStore::open(&config.data_dir).map_err(OpenError::new)?;
        let clock = config.clock;
        let telling =
            config.status_webhook.map(Telling::new).transpose().map_err(OpenError::new)?;
        if let Some(telling) = &telling {
            observers.join(telling.observer());
        }
        let traces = trace(config.traces, &home, &mut observers)?;
        let cloudwatch = CloudWatch::open(&config.data_dir, clock.clone(), Arc::clone(&lock))
            .map_err(OpenError::new)?;
        let metrics = cloudwatch.store().clone();
        observers.join(Arc::new(Measures::new(metrics.clone(), clock.clone())));
        let mut options = EngineOptions {
            limits: config.limits,
            retry: config.retry,
            resident_max: config.resident_max,
            async_retry_delay: config.async_retry_delay,
            chained_delay: config.chained_delay,
            observers,
            status_events: telling.as_ref().map(|telling| telling.events(&home)),
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
                cloudwatch.close().await;
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
            prometheus,
            cloudwatch: cloudwatch.clone(),
        });
        bind(&door);
        let recovered = engine.recover().await.map_err(|error| OpenError::new(error.message))?;
        let tasks = vec![
            tokio::spawn(Arc::clone(&engine).run_clock()),
            tokio::spawn(Arc::clone(&engine).run_sweeper()),
            tokio::spawn(Arc::clone(&engine).run_async_queue()),
            tokio::spawn(Arc::clone(&engine).run_chained()),
            tokio::spawn(sample(Arc::clone(&engine), metrics)),
        ];
        let tasks = Mutex::new(tasks);
        let deliveries = Deliveries::begin(telling, &engine.store, &engine.clock);
        let traces = Mutex::new(traces);
        Ok(Self { engine, dynamodb, logs, cloudwatch, door, tasks, deliveries, traces, recovered })
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
        let traces = self.traces.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(traces) = traces {
            traces.close().await;
        }
        self.cloudwatch.close().await;
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
