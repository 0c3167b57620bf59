//! Who is told of what happens, from the opening of the data directory to its end: metrics, the webhook, traces.
//!
//! The log is told too, but functions write to it, so it is opened where they are.

use std::sync::{Arc, Mutex, PoisonError};

use durable_store::{DirectoryLock, Store};

use crate::cloudwatch::CloudWatch;
use crate::config::ServiceConfig;
use crate::engine::Engine;
use crate::events::{Deliveries, StatusEvents, Telling};
use crate::measures::{Measures, sample};
use crate::observe::Observers;
use crate::prometheus::Prometheus;
use crate::service::OpenError;
use crate::traces::Exporter;
use crate::wire::arn::Home;

/// What has to be kept and closed of them.
pub(crate) struct Watchers {
    prometheus: Arc<Prometheus>,
    cloudwatch: CloudWatch,
    telling: Mutex<Option<Telling>>,
    traces: Mutex<Option<Exporter>>,
}

impl Watchers {
    /// Opens those that the configuration asks for, and says whom the engine is to tell.
    ///
    /// # Errors
    /// A sentence that says what cannot be used.
    pub(crate) fn open(
        config: &mut ServiceConfig,
        store: &Store,
        home: &Home,
        lock: &Arc<DirectoryLock>,
    ) -> Result<(Self, Observers), OpenError> {
        let mut observers = Observers::default();
        let prometheus = Arc::new(Prometheus::new(config.data_dir.clone()));
        store.observe(prometheus.commit_observer());
        prometheus.observers().into_iter().for_each(|observer| observers.join(observer));
        let telling = config.status_webhook.take().map(Telling::new);
        let telling = telling.transpose().map_err(OpenError::new)?;
        if let Some(telling) = &telling {
            observers.join(telling.observer());
        }
        let mut traces = None;
        if let Some(settings) = config.traces.take() {
            let started = Exporter::start(settings, home.clone());
            let (exporter, observer) = started.map_err(OpenError::new)?;
            observers.join(observer);
            traces = Some(exporter);
        }
        let clock = &config.clock;
        let cloudwatch = CloudWatch::open(&config.data_dir, clock.clone(), Arc::clone(lock))
            .map_err(OpenError::new)?;
        observers.join(Arc::new(Measures::new(cloudwatch.store().clone(), clock.clone())));
        let (telling, traces) = (Mutex::new(telling), Mutex::new(traces));
        Ok((Self { prometheus, cloudwatch, telling, traces }, observers))
    }

    /// What answers Prometheus.
    pub(crate) fn prometheus(&self) -> Arc<Prometheus> {
        Arc::clone(&self.prometheus)
    }

    /// What answers CloudWatch's requests for metrics.
    pub(crate) fn cloudwatch(&self) -> CloudWatch {
        self.cloudwatch.clone()
    }

    /// How status changes are written into the outbox, if somebody is to be told of them.
    pub(crate) fn status_events(&self, home: &Home) -> Option<StatusEvents> {
        let telling = self.telling.lock().unwrap_or_else(PoisonError::into_inner);
        telling.as_ref().map(|telling| telling.events(home))
    }

    /// Begins to tell whoever is to be told.
    pub(crate) fn begin_deliveries(&self, engine: &Engine) -> Deliveries {
        let telling = self.telling.lock().unwrap_or_else(PoisonError::into_inner).take();
        Deliveries::begin(telling, &engine.store, &engine.clock)
    }

    /// Looks once a minute at what no event tells.
    pub(crate) fn sample(&self, engine: &Arc<Engine>) -> impl Future<Output = ()> + Send + use<> {
        sample(Arc::clone(engine), self.cloudwatch.store().clone())
    }

    /// Sends and writes what waits.
    pub(crate) async fn close(&self) {
        let traces = self.traces.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(traces) = traces {
            traces.close().await;
        }
        self.cloudwatch.close().await;
    }
}
